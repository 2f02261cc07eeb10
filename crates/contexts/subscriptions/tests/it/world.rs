//! A store with subscriptions, a receiver that answers as it is told, and a bus between them.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{OriginalUri, State};
use axum::http::{HeaderMap, Method, StatusCode};
use futures::future::BoxFuture;
use mt_access::{Authenticated, Grant, LaunchContext, Role};
use mt_database::Database;
use mt_events::{Consumer, ConsumerOptions, EventBus, Keys, LogBus, Relay, RelayOptions, Runtime};
use mt_fhir::ResourceType;
use mt_kernel::{Actor, ActorKind, Fault, OpCtx, TenantId};
use mt_outbound::{Courier, Desk, Guard, Queue};
use mt_store::Caller;
use mt_subscriptions::{
    Matcher, Owner, Subscribers, SubscriptionCourier, SubscriptionPolicy, Subscriptions,
    SubscriptionsParts,
};
use mt_testkit::TestStore;
use serde_json::{Value, json};

pub(crate) const BACKPORT: &str =
    "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/";

/// What a receiver got.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Received {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// A parameter of the status that begins a notification.
    pub(crate) fn status(&self, name: &str) -> String {
        let bundle = self.json();
        let parameters = bundle["entry"][0]["resource"]["parameter"].clone();
        let found = parameters
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["name"] == name);
        let fields = found.unwrap().as_object().unwrap();
        let (_, value) = fields
            .iter()
            .find(|(key, _)| key.starts_with("value"))
            .unwrap();
        value.as_str().unwrap().to_owned()
    }
}

/// A server of somebody else.
#[derive(Clone)]
pub(crate) struct Receiver {
    address: SocketAddr,
    got: Arc<Mutex<Vec<Received>>>,
    status: Arc<Mutex<u16>>,
}

impl Receiver {
    pub(crate) async fn new() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let receiver = Self {
            address: listener.local_addr().unwrap(),
            got: Arc::default(),
            status: Arc::new(Mutex::new(200)),
        };
        let router = Router::new().fallback(receive).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        receiver
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    pub(crate) fn answers(&self, status: u16) {
        *self.status.lock().unwrap() = status;
    }

    pub(crate) fn take(&self) -> Vec<Received> {
        std::mem::take(&mut self.got.lock().unwrap())
    }
}

async fn receive(
    State(receiver): State<Receiver>,
    method: Method,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let received = Received {
        method,
        path: uri.path().to_owned(),
        headers,
        body,
    };
    receiver.got.lock().unwrap().push(received);
    StatusCode::from_u16(*receiver.status.lock().unwrap()).unwrap()
}

/// Subscribers hold the role that a test gives them.
#[derive(Clone, Default)]
pub(crate) struct Roles(Arc<Mutex<Option<Role>>>);

impl Roles {
    pub(crate) fn set(&self, role: Option<Role>) {
        *self.0.lock().unwrap() = role;
    }
}

impl Subscribers for Roles {
    fn standing<'a>(
        &'a self,
        tenant: TenantId,
        owner: &'a Owner,
    ) -> BoxFuture<'a, Result<Option<Arc<Authenticated>>, Fault>> {
        Box::pin(async move {
            assert_eq!(owner.actor, "integration");
            let role = *self.0.lock().unwrap();
            Ok(role.map(|role| {
                Arc::new(Authenticated {
                    tenant,
                    actor: Actor::system("integration"),
                    grant: Grant::new(vec![role], None, Vec::new(), LaunchContext::default()),
                    credential: [0; 32],
                    client_key: 0,
                })
            }))
        })
    }
}

pub(crate) struct World {
    pub(crate) test: TestStore,
    pub(crate) tenant: TenantId,
    pub(crate) subscriptions: Subscriptions,
    pub(crate) roles: Roles,
    desk: Desk,
    database: Database,
    relay: tokio::sync::Mutex<Relay>,
    _runtime: Runtime,
}

impl World {
    pub(crate) async fn new() -> Self {
        let schemas = [
            mt_events::MIGRATIONS,
            mt_outbound::MIGRATIONS,
            mt_subscriptions::MIGRATIONS,
            mt_api::MIGRATIONS,
        ];
        // A development installation may call the receiver, which is on this machine.
        let guard = Guard::new("http://localhost:3000", &[]).unwrap();
        let policy = SubscriptionPolicy::new(guard.clone());
        let test = TestStore::with_schemas(&schemas, |hooks| {
            hooks
                .policies
                .register(ResourceType::SUBSCRIPTION, Arc::new(policy));
        })
        .await;
        let tenant = test.tenant("north").await;
        let database = test.database.open().await;
        let tenants = test.store.tenants().clone();
        let queue = Queue::new(database.clone(), tenants.clone());
        let clock = Arc::new(test.clock.clone());
        let roles = Roles::default();
        roles.set(Some(Role::Service));
        let subscriptions = Subscriptions::new(SubscriptionsParts {
            database: database.clone(),
            store: test.store.clone(),
            subscribers: Arc::new(roles.clone()),
            clock: clock.clone(),
            queue: queue.clone(),
            guard,
            origin: "https://ehr.example.org".to_owned(),
        });
        let courier: Arc<dyn Courier> = Arc::new(SubscriptionCourier::new(subscriptions.clone()));
        let keys: Arc<dyn Keys> = Arc::new(tenants);
        let bus: Arc<dyn EventBus> = Arc::new(LogBus::new(database.clone(), clock.clone()));
        let relay = Relay::new(
            database.clone(),
            Arc::clone(&keys),
            clock.clone(),
            Arc::clone(&bus),
            RelayOptions::default(),
        );
        let mut runtime = Runtime::new(database.clone(), keys, bus);
        let matcher: Arc<dyn Consumer> = Arc::new(Matcher::new(subscriptions.clone()));
        runtime.start(&matcher, ConsumerOptions::default());
        Self {
            desk: Desk::new(queue, courier, clock),
            test,
            tenant,
            subscriptions,
            roles,
            database,
            relay: tokio::sync::Mutex::new(relay),
            _runtime: runtime,
        }
    }

    /// An integration that writes what it wants.
    pub(crate) fn integration(&self) -> Caller {
        let caller = self.test.caller(self.tenant);
        let ctx = OpCtx {
            actor: Actor {
                kind: ActorKind::Service,
                roles: Arc::from([Arc::from("service")]),
                ..Actor::system("integration")
            },
            ..caller.ctx.clone()
        };
        Caller { ctx, ..caller }
    }

    /// Writes a record as the integration; its id.
    pub(crate) async fn write(&self, record: &Value) -> String {
        let caller = self.integration();
        self.test
            .create(&caller, &record.to_string())
            .await
            .id
            .to_string()
    }

    /// Carries what has been said so far through the bus and to the endpoints.
    pub(crate) async fn settle(&self) {
        let mut relay = self.relay.lock().await;
        for _ in 0..2_000 {
            // Asked before: what settles in between is relayed by this step.
            let is_read = self.is_read().await;
            let relayed = relay.step().await.unwrap();
            if relayed.rows == 0 && is_read {
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        while self.desk.carry_due().await.unwrap() > 0 {}
    }

    /// Carries what is due, once.
    pub(crate) async fn carry(&self) -> usize {
        self.desk.carry_due().await.unwrap()
    }

    /// Whether all that is committed was relayed, and all that was relayed was taken.
    async fn is_read(&self) -> bool {
        const BEHIND: &str = "select (select count(*) from \
              records.tail(pg_snapshot_xmin(pg_current_snapshot())::text) t where t.tenant is not null) \
            + (select count(*) from events.log l where l.tenant = $1 and l.topic = 11 and not exists ( \
              select from events.inbox i where i.tenant = $1 and i.consumer = 'subscriptions' and i.id = l.id) \
               and l.event in (1, 2))";
        let rows = self.database.readers();
        let rows = rows
            .query(self.tenant, BEHIND, &[&self.tenant.0])
            .await
            .unwrap();
        rows[0].get::<_, i64>(0) == 0
    }

    /// A Subscription as it is now.
    pub(crate) async fn read(&self, id: &str) -> Value {
        let caller = self.test.caller(self.tenant);
        let stored = self
            .test
            .store
            .read(&caller, ResourceType::SUBSCRIPTION, id)
            .await;
        serde_json::from_slice(&stored.unwrap().body).unwrap()
    }
}

pub(crate) fn plain(url: &str, criteria: &str, payload: bool) -> Value {
    let mut asked = json!({
        "resourceType": "Subscription", "status": "requested", "reason": "test", "criteria": criteria,
        "channel": {"type": "rest-hook", "endpoint": url, "header": ["X-Own: yes"]}
    });
    if payload {
        asked["channel"]["payload"] = "application/fhir+json".into();
    }
    asked
}

pub(crate) fn topical(url: &str, content: &str, filter: &str) -> Value {
    let topic = "http://hl7.org/fhir/us/core/SubscriptionTopic/patient-data-feed";
    let mut asked = plain(url, topic, true);
    asked["_criteria"] = json!({"extension": [
        {"url": format!("{BACKPORT}backport-filter-criteria"), "valueString": filter}]});
    asked["channel"]["extension"] = json!([
        {"url": format!("{BACKPORT}backport-heartbeat-period"), "valueUnsignedInt": 60}]);
    asked["channel"]["_payload"] = json!({"extension": [
        {"url": format!("{BACKPORT}backport-payload-content"), "valueCode": content}]});
    asked
}

pub(crate) fn patient(family: &str) -> Value {
    json!({"resourceType": "Patient", "active": true, "name": [{"family": family}]})
}
