//! A server with a hub, people who may connect, and a store whose patients say what happens to them.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::BoxFuture;
use mt_access::{
    Authenticated, Authentication, AuthenticationError, Authenticator, Decision, Grant,
    Interaction, LaunchContext, RequestHead, Role,
};
use mt_api::{Gate, Idempotency};
use mt_database::Database;
use mt_events::catalogue::{EventType, Value, encode};
use mt_events::{EventBus, Keys, LogBus, Relay, RelayOptions};
use mt_fhir::ResourceType;
use mt_http::{Quota, RateLimits};
use mt_kernel::{Actor, ActorKind, Clock, Fault, OpCtx, SystemClock, TenantId};
use mt_live::{Hub, HubLimits, HubParts, Records};
use mt_store::{DomainEvent, Policy, ProposedChange};
use mt_testkit::TestStore;

/// Says what happens to patients.
struct Registration;

impl Policy for Registration {
    fn decide(&self, _: &OpCtx, change: &ProposedChange<'_>) -> Result<Vec<DomainEvent>, Fault> {
        let name = "patient.registered.v1";
        let payload = encode(
            EventType::named(name).unwrap(),
            &[
                ("subject_type", "Patient".into()),
                ("subject_id", change.id.into()),
                ("subject_version", Value::Whole(1)),
                ("patient_id", change.id.into()),
            ],
        );
        Ok(vec![DomainEvent {
            name,
            key: change.id.to_owned(),
            payload: payload.unwrap(),
        }])
    }
}

/// People by token or cookie; a test changes what they may do.
#[derive(Clone, Default)]
pub(crate) struct People(Arc<Mutex<HashMap<String, Authenticated>>>);

impl People {
    /// Somebody with this token and these roles.
    pub(crate) fn add(&self, token: &str, tenant: TenantId, roles: &[Role], own: &[&str]) {
        let own = own.iter().map(|id| Arc::from(*id)).collect();
        let grant = Grant::new(roles.to_vec(), None, own, LaunchContext::default());
        let who = Authenticated {
            tenant,
            actor: Actor {
                id: Arc::from(token),
                kind: ActorKind::User,
                ..Actor::system(token)
            },
            grant,
            credential: [0; 32],
            client_key: 7,
        };
        self.0.lock().unwrap().insert(token.to_owned(), who);
    }

    /// Ends somebody's session.
    pub(crate) fn remove(&self, token: &str) {
        self.0.lock().unwrap().remove(token);
    }

    fn find(&self, token: &str) -> Result<Arc<Authenticated>, AuthenticationError> {
        let people = self.0.lock().unwrap();
        let found = people.get(token).cloned().map(Arc::new);
        found.ok_or(AuthenticationError::Invalid)
    }
}

impl Authenticator for People {
    fn authenticate<'a>(&'a self, token: &'a str) -> Authentication<'a> {
        Box::pin(async move { self.find(token) })
    }

    fn authenticate_head<'a>(&'a self, head: RequestHead<'a>) -> Authentication<'a> {
        Box::pin(async move {
            if let Some(token) = head.bearer() {
                return self.find(token);
            }
            let cookie = head.headers.get("cookie").and_then(|c| c.to_str().ok());
            let token = cookie.and_then(|cookie| cookie.strip_prefix("session="));
            self.find(token.ok_or(AuthenticationError::Missing)?)
        })
    }
}

/// Every record exists, and is read by whom the grant lets.
struct Granted;

impl Records for Granted {
    fn may_read<'a>(
        &'a self,
        who: &'a Authenticated,
        kind: ResourceType,
        id: &'a str,
    ) -> BoxFuture<'a, Result<bool, Fault>> {
        Box::pin(async move {
            Ok(match who.grant.decide(kind, Interaction::Read) {
                Decision::Denied => false,
                Decision::Allowed(reaches) => reaches.iter().any(|reach| {
                    let within = reach.compartments.as_deref();
                    within.is_none_or(|all| all.iter().any(|one| *one.id == *id))
                }),
            })
        })
    }
}

/// One process: a hub behind a listener.
pub(crate) struct Process {
    pub(crate) hub: Hub,
    pub(crate) address: SocketAddr,
}

pub(crate) struct World {
    pub(crate) test: TestStore,
    pub(crate) database: Database,
    pub(crate) people: People,
    bus: LogBus,
    relay: tokio::sync::Mutex<Relay>,
}

fn quota(n: u32) -> Quota {
    let n = n.try_into().unwrap();
    Quota {
        per_second: n,
        burst: n,
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        let schemas = [mt_events::MIGRATIONS, mt_api::MIGRATIONS];
        let test = TestStore::with_schemas(&schemas, |hooks| {
            hooks
                .policies
                .register(ResourceType::PATIENT, Arc::new(Registration));
        })
        .await;
        let database = test.database.open().await;
        let keys: Arc<dyn Keys> = Arc::new(test.store.tenants().clone());
        let clock = Arc::new(test.clock.clone());
        let bus = LogBus::new(database.clone(), clock.clone());
        let relay = Relay::new(
            database.clone(),
            keys,
            clock,
            Arc::new(bus.clone()),
            RelayOptions::default(),
        );
        Self {
            test,
            database,
            people: People::default(),
            bus,
            relay: tokio::sync::Mutex::new(relay),
        }
    }

    /// Starts a process that follows the bus.
    pub(crate) async fn process(&self, limits: HubLimits) -> Process {
        let hub = Hub::new(HubParts {
            authenticator: Arc::new(self.people.clone()),
            records: Arc::new(Granted),
            origin: "https://ehr.example.org".to_owned(),
            limits,
        });
        let feed = self.bus.feed().await.unwrap();
        let keys = Arc::new(self.test.store.tenants().clone());
        tokio::spawn(mt_live::follow(hub.clone(), keys, feed, || ()));
        let gate = Gate {
            authenticator: Arc::new(self.people.clone()),
            rates: RateLimits::new(quota(10_000), quota(10_000)),
            idempotency: Idempotency::new(self.database.clone(), self.test.store.tenants().clone()),
            clock: Arc::new(SystemClock),
        };
        let router = mt_live::socket_io(hub.clone())
            .merge(mt_live::table().with_state(hub.clone()).serve(gate));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Process { hub, address }
    }

    /// Registers a patient of a tenant and relays what is said of it; returns the id.
    pub(crate) async fn register(&self, tenant: TenantId) -> String {
        let id = uuid::Uuid::now_v7().to_string();
        self.touch(tenant, &id).await;
        id
    }

    /// Writes a patient with this id, and relays.
    pub(crate) async fn touch(&self, tenant: TenantId, id: &str) {
        let caller = self.test.caller(tenant);
        let number = uuid::Uuid::now_v7();
        let json = format!(
            r#"{{"resourceType":"Patient","id":"{id}","identifier":[{{"value":"secret-{number}"}}]}}"#
        );
        let written = self.test.put(&caller, &json, None).await.unwrap();
        drop(written);
        self.relay().await;
    }

    /// Says that something of a video visit is new, and relays.
    pub(crate) async fn rings(&self, tenant: TenantId, encounter: &str, appointment: &str) {
        let name = "telehealth.room.changed.v1";
        let payload = encode(
            EventType::named(name).unwrap(),
            &[
                ("subject_type", "Appointment".into()),
                ("subject_id", appointment.into()),
                ("subject_version", Value::Whole(0)),
                ("encounter_id", encounter.into()),
            ],
        );
        let event = DomainEvent {
            name,
            key: appointment.to_owned(),
            payload: payload.unwrap(),
        };
        let tx = self.database.tenant(tenant).await.unwrap();
        let (id, now) = (uuid::Uuid::now_v7(), self.test.clock.now());
        let said = self.test.store.say(&tx, id, now, &[event]).await;
        said.unwrap();
        tx.commit().await.unwrap();
        self.relay().await;
    }

    async fn relay(&self) {
        let mut relay = self.relay.lock().await;
        let mut events = 0;
        // Transactions of other tests hold the horizon back for a moment.
        while events == 0 {
            events += relay.step().await.unwrap().events;
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}
