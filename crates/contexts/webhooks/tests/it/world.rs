//! An organisation with webhooks, and a receiver that answers as it is told.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use mt_audit::Audit;
use mt_database::Database;
use mt_events::catalogue::{EventType, Value, encode};
use mt_events::{Consumer as _, Event};
use mt_kernel::{Actor, Clock, OpCtx, PurposeOfUse, TenantId};
use mt_outbound::{Desk, Guard, Queue};
use mt_testkit::TestStore;
use mt_webhooks::{Changed, Created, Fanout, WebhookCourier, Webhooks, WebhooksParts};
use uuid::Uuid;

/// What a receiver got.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap().to_str().unwrap()
    }
}

/// A server of somebody else.
#[derive(Clone)]
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    got: Arc<Mutex<Vec<Received>>>,
    status: Arc<Mutex<u16>>,
}

impl Receiver {
    pub(crate) async fn new() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let receiver = Self {
            address: listener.local_addr().unwrap(),
            got: Arc::default(),
            status: Arc::new(Mutex::new(204)),
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
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, &'static str) {
    let received = Received { headers, body };
    receiver.got.lock().unwrap().push(received);
    let status = *receiver.status.lock().unwrap();
    (StatusCode::from_u16(status).unwrap(), "an inside secret")
}

pub(crate) struct World {
    pub(crate) test: TestStore,
    pub(crate) database: Database,
    pub(crate) tenant: TenantId,
    pub(crate) webhooks: Webhooks,
    pub(crate) desk: Desk,
    folder: tempfile::TempDir,
}

impl World {
    pub(crate) async fn new() -> Self {
        let schemas = [
            mt_audit::MIGRATIONS,
            mt_outbound::MIGRATIONS,
            mt_webhooks::MIGRATIONS,
            mt_api::MIGRATIONS,
        ];
        let test = TestStore::with_schemas(&schemas, |_| {}).await;
        let tenant = test.tenant("north").await;
        let database = test.database.open().await;
        let folder = tempfile::tempdir().unwrap();
        let audit = Audit::open(folder.path(), database.clone()).await.unwrap();
        let audit = Arc::new(audit);
        audit.follow(&test.store);
        let queue = Queue::new(database.clone(), test.store.tenants().clone());
        let clock = Arc::new(test.clock.clone());
        let webhooks = Webhooks::new(WebhooksParts {
            database: database.clone(),
            tenants: test.store.tenants().clone(),
            audit,
            clock: clock.clone(),
            queue: queue.clone(),
            // A development installation may call the receiver, which is on this machine.
            guard: Guard::new("http://localhost:3000", &[]).unwrap(),
            origin: "https://ehr.example.org".to_owned(),
        });
        let courier = Arc::new(WebhookCourier::new(webhooks.clone()));
        Self {
            desk: Desk::new(queue, courier, clock),
            test,
            database,
            tenant,
            webhooks,
            folder,
        }
    }

    pub(crate) fn ctx(&self) -> OpCtx {
        OpCtx {
            tenant: self.tenant,
            actor: Actor::system("test"),
            purpose: PurposeOfUse::Operations,
            correlation_id: Uuid::now_v7(),
            now: self.test.clock.now(),
        }
    }

    pub(crate) async fn endpoint(&self, url: &str, events: &[&str]) -> Created {
        assert!(self.folder.path().exists());
        self.webhooks
            .create(&self.ctx(), said(url, events))
            .await
            .unwrap()
    }

    /// Something happens, and is taken by the consumer.
    pub(crate) async fn happens(&self, event: &Event) {
        let tx = self.database.tenant(event.tenant).await.unwrap();
        let fanout = Fanout::new(self.webhooks.clone());
        fanout.handle(event, &tx).await.unwrap();
        tx.commit().await.unwrap();
    }

    pub(crate) fn checked_in(&self) -> Event {
        self.event("appointment.checked_in.v1", &[])
    }

    pub(crate) fn event(&self, name: &str, more: &[(&str, Value)]) -> Event {
        let kind = EventType::named(name).unwrap();
        let mut values = vec![
            ("subject_type", Value::from("Appointment")),
            ("subject_id", "a1".into()),
            ("subject_version", Value::Whole(3)),
            ("patient_id", "canary-patient".into()),
        ];
        values.extend(more.iter().cloned());
        Event {
            id: Uuid::now_v7(),
            kind,
            tenant: self.tenant,
            at: self.test.clock.now(),
            correlation: Uuid::now_v7(),
            key: Arc::from("p1"),
            payload: encode(kind, &values).unwrap(),
        }
    }
}

pub(crate) fn said(url: &str, events: &[&str]) -> Changed {
    Changed {
        url: url.to_owned(),
        description: "test".to_owned(),
        events: events.iter().map(|&event| event.to_owned()).collect(),
        active: true,
    }
}
