//! An organisation with people who are told things, and ways out that remember what left.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use futures::future::BoxFuture;
use mt_access::{
    Authenticated, Authentication, AuthenticationError, Authenticator, Grant, LaunchContext, Role,
};
use mt_api::{Gate, Idempotency};
use mt_audit::Audit;
use mt_database::Database;
use mt_events::catalogue::{EventType, Value, encode};
use mt_events::{Consumer, Event};
use mt_kernel::{Actor, Clock, Fault, Instant, TenantId};
use mt_notifications::{
    Dispatch, NotificationCourier, Notifications, NotificationsParts, Organisation, Organisations,
    ReceiptKeys, Sent, Transport, Transports, announcer, api,
};
use mt_outbound::{Desk, Guard, Queue};
use mt_testkit::TestStore;
use serde_json::{Value as Json, json};
use tower::ServiceExt as _;
use uuid::Uuid;

/// A way out that remembers, and answers as it is told.
#[derive(Default)]
pub(crate) struct Way {
    left: Mutex<Vec<Dispatch>>,
    answers: Mutex<VecDeque<Sent>>,
}

impl Way {
    pub(crate) fn answers(&self, sent: Sent) {
        self.answers.lock().unwrap().push_back(sent);
    }

    pub(crate) fn take(&self) -> Vec<Dispatch> {
        std::mem::take(&mut self.left.lock().unwrap())
    }
}

impl Transport for Way {
    fn send<'a>(&'a self, dispatch: &'a Dispatch) -> BoxFuture<'a, Sent> {
        self.left.lock().unwrap().push(dispatch.clone());
        let answer = self.answers.lock().unwrap().pop_front();
        Box::pin(std::future::ready(answer.unwrap_or(Sent::Taken(Some(202)))))
    }
}

/// What organisations decided.
struct Decided;

impl Organisations for Decided {
    fn of(&self, _: TenantId) -> BoxFuture<'_, Result<Organisation, Fault>> {
        Box::pin(std::future::ready(Ok(Organisation {
            name: "North Clinic".to_owned(),
            language: "en-GB".to_owned(),
            time_zone: "UTC".to_owned(),
            reminder_minutes: vec![1_440, 120],
        })))
    }
}

/// Tokens are `role|reference`.
struct Named(TenantId);

impl Authenticator for Named {
    fn authenticate<'a>(&'a self, token: &'a str) -> Authentication<'a> {
        Box::pin(async move {
            let (role, who) = token.split_once('|').ok_or(AuthenticationError::Invalid)?;
            let role = Role::from_code(role).ok_or(AuthenticationError::Invalid)?;
            let actor = Actor {
                id: Arc::from(format!("account-of-{who}")),
                fhir_user: who.contains('/').then(|| Arc::from(who)),
                ..Actor::system("test")
            };
            Ok(Arc::new(Authenticated {
                tenant: self.0,
                actor,
                grant: Grant::new(vec![role], None, Vec::new(), LaunchContext::default()),
                credential: [0; 32],
                client_key: 1,
            }))
        })
    }
}

pub(crate) struct World {
    pub(crate) test: TestStore,
    pub(crate) database: Database,
    pub(crate) tenant: TenantId,
    pub(crate) notifications: Notifications,
    pub(crate) desk: Desk,
    pub(crate) email: Arc<Way>,
    pub(crate) sms: Arc<Way>,
    pub(crate) push: Arc<Way>,
    router: Router,
    _folder: tempfile::TempDir,
}

/// Noon, so that nobody's quiet hours hold unless a test wants them to.
const NOON: &str = "2027-03-15T12:00:00Z";

impl World {
    /// With ways out that remember.
    pub(crate) async fn new() -> Self {
        let ways = [(); 3].map(|()| Arc::new(Way::default()));
        let [email, sms, push] = ways.clone();
        let transports = Transports {
            email: Some(email),
            sms: Some(sms),
            fcm: Some(push.clone()),
            web: Some(push),
        };
        let mut world = Self::with(|_, _| (transports, ReceiptKeys::default())).await;
        [world.email, world.sms, world.push] = ways;
        world
    }

    /// With these ways out.
    pub(crate) async fn with(
        make: impl FnOnce(&Guard, Arc<dyn Clock>) -> (Transports, ReceiptKeys),
    ) -> Self {
        let schemas = [
            mt_audit::MIGRATIONS,
            mt_outbound::MIGRATIONS,
            mt_api::MIGRATIONS,
            mt_notifications::MIGRATIONS,
        ];
        let test = TestStore::with_schemas(&schemas, |_| {}).await;
        let noon: jiff::Timestamp = NOON.parse().unwrap();
        test.clock
            .advance_seconds(noon.as_second() - test.clock.now().unix_seconds());
        let tenant = test.tenant("north").await;
        let database = test.database.open().await;
        let folder = tempfile::tempdir().unwrap();
        let audit = Audit::open(folder.path(), database.clone()).await.unwrap();
        let audit = Arc::new(audit);
        audit.follow(&test.store);
        let queue = Queue::new(database.clone(), test.store.tenants().clone());
        let [email, sms, push] = [(); 3].map(|()| Arc::new(Way::default()));
        // A development installation may call vendors that are on this machine.
        let guard = Guard::new("http://localhost:3000", &[]).unwrap();
        let clock: Arc<dyn Clock> = Arc::new(test.clock.clone());
        let (transports, receipts) = make(&guard, clock.clone());
        let notifications = Notifications::new(NotificationsParts {
            store: test.store.clone(),
            audit,
            queue: queue.clone(),
            organisations: Arc::new(Decided),
            transports,
            receipts,
            push_key: None,
            guard,
            origin: "https://ehr.example.org".to_owned(),
        });
        let quota = mt_http::Quota {
            per_second: 1_000.try_into().unwrap(),
            burst: 1_000.try_into().unwrap(),
        };
        let tenants = test.store.tenants().clone();
        let gate = Gate {
            authenticator: Arc::new(Named(tenant)),
            rates: mt_http::RateLimits::new(quota, quota),
            idempotency: Idempotency::new(database.clone(), tenants),
            clock: clock.clone(),
        };
        let courier = Arc::new(NotificationCourier::new(notifications.clone()));
        Self {
            desk: Desk::new(queue, courier, clock),
            router: api::table().with_state(notifications.clone()).serve(gate),
            test,
            database,
            tenant,
            notifications,
            email,
            sms,
            push,
            _folder: folder,
        }
    }

    pub(crate) fn now(&self) -> Instant {
        self.test.clock.now()
    }

    pub(crate) async fn put(&self, record: &Json) {
        let caller = self.test.caller(self.tenant);
        self.test
            .put(&caller, &record.to_string(), None)
            .await
            .unwrap();
    }

    /// Ana, who has an address of every kind.
    pub(crate) async fn ana(&self) {
        self.put(&json!({
            "resourceType": "Patient", "id": "ana", "name": [{"given": ["Ana"], "family": "Canary"}],
            "telecom": [
                {"system": "email", "value": "ana@example.org"},
                {"system": "phone", "use": "mobile", "value": "+1 555 123 4567"},
            ],
            "generalPractitioner": [{"reference": "Practitioner/gp"}],
        }))
        .await;
    }

    /// An appointment of Ana with Dr. Ruiz, some minutes from now. Returns its start.
    pub(crate) async fn appointment(&self, minutes: i64, status: &str) -> Instant {
        // Records tell time to the millisecond.
        let start = self.now().plus_seconds(minutes * 60);
        let start = Instant(start.0 - start.0 % 1_000_000);
        self.put(&json!({
            "resourceType": "Appointment", "id": "a1", "status": status,
            "start": start.to_fhir(), "end": start.plus_seconds(1_800).to_fhir(),
            "participant": [
                {"actor": {"reference": "Patient/ana", "display": "Ana Canary"}, "status": "accepted"},
                {"actor": {"reference": "Practitioner/ruiz", "display": "Dr. Ruiz"}, "status": "accepted"},
                {"actor": {"reference": "Location/l1", "display": "Room 7"}, "status": "accepted"},
            ],
        }))
        .await;
        start
    }

    pub(crate) fn event(&self, name: &str, subject: &str, more: &[(&str, Value)]) -> Event {
        let kind = EventType::named(name).unwrap();
        let (subject_type, subject_id) = subject.split_once('/').unwrap();
        let mut values = vec![
            ("subject_type", Value::from(subject_type)),
            ("subject_id", subject_id.into()),
            ("subject_version", Value::Whole(1)),
            ("patient_id", "ana".into()),
        ];
        values.extend(more.iter().cloned());
        Event {
            id: Uuid::now_v7(),
            kind,
            tenant: self.tenant,
            at: self.now(),
            correlation: Uuid::now_v7(),
            key: Arc::from("ana"),
            payload: encode(kind, &values).unwrap(),
        }
    }

    /// An event of the appointment that starts at `start`.
    pub(crate) fn visit(&self, name: &str, start: Instant) -> Event {
        let times = [
            ("start", Value::Whole(start.0)),
            ("end", Value::Whole(start.plus_seconds(1_800).0)),
        ];
        self.event(name, "Appointment/a1", &times)
    }

    /// Something happens, and is taken by the consumer.
    pub(crate) async fn happens(&self, event: &Event) {
        let consumer: Arc<dyn Consumer> = announcer(self.notifications.clone());
        assert!(consumer.wants(event.kind), "{}", event.kind.name);
        let tx = self.database.tenant(event.tenant).await.unwrap();
        consumer.handle(event, &tx).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Events that were said through the outbox, as `(name, fields)`.
    pub(crate) async fn said(&self) -> Vec<(String, Vec<(String, Value)>)> {
        let sql = "select at, correlation, events from records.txlog \
            where tenant = $1 and events is not null and cardinality(ids) = 0 order by seq";
        let tenant = self.tenant.0;
        let params: mt_database::Params<'_> = &[&tenant];
        let rows = self.database.readers().query(self.tenant, sql, params);
        let keys = self.test.store.tenants().keys(self.tenant).await.unwrap();
        let mut said = Vec::new();
        for row in rows.await.unwrap() {
            let (at, correlation, sealed): (i64, Uuid, Vec<u8>) =
                (row.get(0), row.get(1), row.get(2));
            let opened = mt_store::open_events(&keys, Instant(at), correlation, &sealed).unwrap();
            for event in opened {
                let kind = EventType::named(&event.name).unwrap();
                let values = mt_events::catalogue::decode(kind, &event.payload).unwrap();
                said.push((event.name, values));
            }
        }
        said
    }

    /// Calls the API as `role|reference`.
    pub(crate) async fn call(
        &self,
        who: &str,
        (method, path): (&str, &str),
        body: &Json,
    ) -> (StatusCode, Json) {
        self.call_at(who, (method, path), None, body).await
    }

    /// The same, about a version that was seen.
    pub(crate) async fn call_at(
        &self,
        who: &str,
        (method, path): (&str, &str),
        seen: Option<u32>,
        body: &Json,
    ) -> (StatusCode, Json) {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("/api/v1{path}"))
            .header(header::AUTHORIZATION, format!("Bearer {who}"))
            .header(header::CONTENT_TYPE, "application/json");
        if let Some(seen) = seen {
            request = request.header(header::IF_MATCH, format!("\"{seen}\""));
        }
        let request = request.body(Body::from(body.to_string())).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let body = axum::body::to_bytes(response.into_body(), 1 << 20)
            .await
            .unwrap();
        let text = || Json::String(String::from_utf8_lossy(&body).into_owned());
        (
            status,
            serde_json::from_slice(&body).unwrap_or_else(|_| text()),
        )
    }

    /// A vendor calls with its headers. Returns the status.
    pub(crate) async fn post(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> StatusCode {
        let form = "application/x-www-form-urlencoded";
        let mut request =
            Request::post(format!("/api/v1{path}")).header(header::CONTENT_TYPE, form);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body.to_owned())).unwrap();
        self.router.clone().oneshot(request).await.unwrap().status()
    }

    /// The messages of somebody, the latest first.
    pub(crate) async fn inbox(&self, who: &str) -> Vec<Json> {
        let (status, page) = self
            .call(who, ("GET", "/notifications"), &json!(null))
            .await;
        assert_eq!(status, StatusCode::OK, "{page}");
        page["items"].as_array().unwrap().clone()
    }
}

pub(crate) const ANA: &str = "patient|Patient/ana";
pub(crate) const RUIZ: &str = "doctor|Practitioner/ruiz";
pub(crate) const ADMIN: &str = "org_admin|Practitioner/boss";
