//! A store whose patients say that they were registered, a relay, and a consumer that keeps a ledger.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures::future::BoxFuture;
use mt_database::{Database, Migration, Migrations, TenantTx};
use mt_events::catalogue::{EventType, Topic, Value, encode};
use mt_events::{
    Consumer, ConsumerOptions, DeadLetters, Event, EventBus, HandlerError, Keys, LogBus, Relay,
    RelayOptions, Runtime,
};
use mt_fhir::ResourceType;
use mt_kernel::{Fault, OpCtx, TenantId};
use mt_store::{Caller, DomainEvent, Policy, ProposedChange};
use mt_testkit::TestStore;

/// What consumers did, in the order in which they did it.
const LEDGER: Migrations = Migrations {
    schema: "ledger",
    files: &[Migration::new(
        1,
        "ledger",
        "create table ledger.entry (tenant int4 not null, n int8 generated always as identity,
             consumer text not null, id uuid not null, key text not null, version int8 not null, primary key (tenant, n));
         select meditrack.isolate('ledger.entry');
         grant select, insert on ledger.entry to meditrack_app;",
    )],
};

/// Says `patient.registered.v1` for a new patient, `patient.updated.v1` for later versions.
struct Registration;

impl Policy for Registration {
    fn decide(&self, _: &OpCtx, change: &ProposedChange<'_>) -> Result<Vec<DomainEvent>, Fault> {
        let version = change
            .old
            .and_then(|old| old.get("meta")?.str("versionId")?.parse::<i64>().ok())
            .unwrap_or_default();
        let name = if change.old.is_none() {
            "patient.registered.v1"
        } else {
            "patient.updated.v1"
        };
        Ok(vec![said(name, change.id, version + 1)])
    }
}

pub(crate) fn said(name: &'static str, patient: &str, version: i64) -> DomainEvent {
    let payload = encode(
        EventType::named(name).unwrap(),
        &[
            ("subject_type", "Patient".into()),
            ("subject_id", patient.into()),
            ("subject_version", Value::Whole(version)),
            ("patient_id", patient.into()),
        ],
    );
    DomainEvent {
        name,
        key: patient.to_owned(),
        payload: payload.unwrap(),
    }
}

pub(crate) struct Fixture {
    pub(crate) test: TestStore,
    pub(crate) database: Database,
    pub(crate) tenant: TenantId,
    pub(crate) caller: Caller,
    pub(crate) bus: LogBus,
}

impl Fixture {
    pub(crate) async fn new() -> Self {
        let test = TestStore::with_schemas(&[mt_events::MIGRATIONS, LEDGER], |hooks| {
            hooks
                .policies
                .register(ResourceType::PATIENT, Arc::new(Registration));
        })
        .await;
        let tenant = test.tenant("north").await;
        let database = test.database.open().await;
        let caller = test.caller(tenant);
        let bus = LogBus::new(database.clone(), keys(&test), Arc::new(test.clock.clone()));
        Self {
            test,
            database,
            tenant,
            caller,
            bus,
        }
    }

    pub(crate) fn keys(&self) -> Arc<dyn Keys> {
        keys(&self.test)
    }

    /// A relay whose place is kept for `lease`.
    pub(crate) fn relay(&self, lease: Duration) -> Relay {
        let options = RelayOptions {
            lease,
            batch: 7,
            ..RelayOptions::default()
        };
        Relay::new(
            self.database.clone(),
            self.keys(),
            Arc::new(self.test.clock.clone()),
            Arc::new(self.bus.clone()),
            options,
        )
    }

    /// Registers a patient and returns the id.
    pub(crate) async fn register(&self) -> String {
        let json = r#"{"resourceType":"Patient","active":true}"#;
        self.test.create(&self.caller, json).await.id.to_string()
    }

    /// A new version of a patient.
    pub(crate) async fn change(&self, id: &str, round: u32) {
        let json = format!(
            r#"{{"resourceType":"Patient","id":"{id}","gender":"unknown","multipleBirthInteger":{round}}}"#
        );
        self.test.put(&self.caller, &json, None).await.unwrap();
    }

    /// Relays until nothing is left. Transactions of other tests hold the horizon back, too: what is
    /// committed but not settled is waited for.
    pub(crate) async fn relay_all(&self, relay: &mut Relay) -> usize {
        const UNSETTLED: &str = "select count(*) from \
            records.tail(pg_snapshot_xmin(pg_current_snapshot())::text) t where t.tenant is not null";
        let mut events = 0;
        loop {
            let readers = self.database.readers();
            let rows = readers.query(self.tenant, UNSETTLED, &[]).await.unwrap();
            let unsettled: i64 = rows[0].get(0);
            let relayed = relay.step().await.unwrap();
            events += relayed.events;
            if relayed.rows == 0 && unsettled == 0 {
                return events;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// Everything that lies in a topic, in order: name, key, version.
    pub(crate) async fn logged(&self, topic: &'static str) -> Vec<Event> {
        let topic = Topic::named(topic).unwrap();
        let mut events = Vec::new();
        self.age_leases("reader").await;
        let mut found = self.bus.subscribe("reader", topic).await.unwrap();
        loop {
            let deliveries = found.poll(1_000).await.unwrap();
            if deliveries.is_empty() {
                break;
            }
            for delivery in deliveries {
                let keys = self.keys().of(delivery.tenant()).await.unwrap();
                events.push(delivery.open(&keys).unwrap());
            }
        }
        events
    }

    /// A runtime with this consumer.
    pub(crate) fn run(&self, consumer: Ledger) -> (Runtime, Arc<dyn Consumer>) {
        let consumer: Arc<dyn Consumer> = Arc::new(consumer);
        let bus: Arc<dyn EventBus> = Arc::new(self.bus.clone());
        let mut runtime = Runtime::new(self.database.clone(), self.keys(), bus);
        let options = ConsumerOptions {
            attempts: 3,
            pause: (Duration::from_millis(1), Duration::from_millis(5)),
            ..ConsumerOptions::default()
        };
        runtime.start(&consumer, options);
        (runtime, consumer)
    }

    pub(crate) fn letters(&self) -> DeadLetters {
        DeadLetters::new(self.database.clone(), self.keys())
    }

    /// Ends the leases of a group, as time would.
    pub(crate) async fn age_leases(&self, consumer: &str) {
        let tx = self.database.admin().await.unwrap();
        for sql in [
            "update events.progress set until = '-infinity' where consumer = $1",
            "update events.member set until = '-infinity' where consumer = $1",
        ] {
            tx.execute(sql, &[&consumer]).await.unwrap();
        }
        tx.commit().await.unwrap();
    }

    /// How many partitions each living process holds.
    pub(crate) async fn held(&self, consumer: &str) -> Vec<i64> {
        let sql = "select count(*) from events.progress \
             where consumer = $1 and until > clock_timestamp() group by holder order by 1";
        let rows = self
            .database
            .readers()
            .query(self.tenant, sql, &[&consumer])
            .await
            .unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// The furthest progress of a group.
    pub(crate) async fn progress(&self, consumer: &str) -> i64 {
        let sql = "select max(position) from events.progress where consumer = $1";
        let rows = self
            .database
            .readers()
            .query(self.tenant, sql, &[&consumer])
            .await
            .unwrap();
        rows[0].get(0)
    }

    /// The ledger of a consumer: key and version, in order.
    pub(crate) async fn ledger(&self, consumer: &str) -> Vec<(String, i64)> {
        let rows = self
            .database
            .readers()
            .query(
                self.tenant,
                "select key, version from ledger.entry where consumer = $1 order by n",
                &[&consumer],
            )
            .await
            .unwrap();
        rows.iter().map(|row| (row.get(0), row.get(1))).collect()
    }

    /// Waits until a consumer has done as much.
    pub(crate) async fn ledger_of(&self, consumer: &str, count: usize) -> Vec<(String, i64)> {
        for _ in 0..2_000 {
            let entries = self.ledger(consumer).await;
            if entries.len() >= count {
                return entries;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!(
            "the consumer does not get on: {:?}",
            self.ledger(consumer).await
        );
    }
}

fn keys(test: &TestStore) -> Arc<dyn Keys> {
    Arc::new(test.store.tenants().clone())
}

/// Writes what it takes into the ledger; fails as it is told.
#[derive(Default)]
pub(crate) struct Ledger {
    pub(crate) name: &'static str,
    /// Key that is poison for as long as `healed` is zero.
    pub(crate) poison: Option<String>,
    /// Failures to come before anything works.
    pub(crate) failures: AtomicU32,
    pub(crate) healed: Arc<AtomicU32>,
}

impl Consumer for Ledger {
    fn name(&self) -> &'static str {
        self.name
    }

    fn topics(&self) -> Vec<&'static Topic> {
        vec![Topic::named("patient-events").unwrap()]
    }

    fn handle<'a>(
        &'a self,
        event: &'a Event,
        tx: &'a TenantTx,
    ) -> BoxFuture<'a, Result<(), HandlerError>> {
        Box::pin(async move {
            let one_less = |n: u32| n.checked_sub(1);
            let failing = self
                .failures
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less);
            let version = event
                .values()
                .unwrap()
                .into_iter()
                .find_map(|(name, value)| match (name.as_str(), value) {
                    ("subject_version", Value::Whole(version)) => Some(version),
                    _ => None,
                });
            tx.execute(
                "insert into ledger.entry (tenant, consumer, id, key, version) values ($1, $2, $3, $4, $5)",
                &[&event.tenant.0, &self.name, &event.id, &&*event.key, &version.unwrap_or_default()],
            )
            .await?;
            if failing.is_ok() {
                return Err(HandlerError::Retry("told to fail"));
            }
            let healed = self.healed.load(Ordering::SeqCst) > 0;
            if !healed && self.poison.as_deref() == Some(&*event.key) {
                return Err(HandlerError::Poison("told to be poisoned"));
            }
            Ok(())
        })
    }
}
