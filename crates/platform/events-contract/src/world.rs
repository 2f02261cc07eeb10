//! A store whose patients say that they were registered or changed, with what carries that further.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant as Monotonic};

use mt_crypto::TenantKeys;
use mt_database::Database;
use mt_events::catalogue::{EventType, Value, encode};
use mt_events::{
    Consumer, ConsumerOptions, DeadLetters, Event, EventBus, Group, Keys, Relay, RelayOptions,
    Runtime, Subscription,
};
use mt_fhir::ResourceType;
use mt_kernel::{Fault, OpCtx, TenantId};
use mt_store::{Caller, DomainEvent, Policy, ProposedChange};
use mt_testkit::TestStore;

use crate::ledger::{LEDGER, Ledger};

/// After this long, a bus does not get on.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);

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
        let values = [
            ("subject_type", "Patient".into()),
            ("subject_id", change.id.into()),
            ("subject_version", Value::Whole(version + 1)),
            ("patient_id", change.id.into()),
        ];
        Ok(vec![DomainEvent {
            name,
            key: change.id.to_owned(),
            payload: encode(EventType::named(name).unwrap(), &values)?,
        }])
    }
}

/// A store of its own, with one tenant.
pub struct World {
    /// The store.
    pub test: TestStore,
    /// Its database.
    pub database: Database,
    /// The tenant.
    pub tenant: TenantId,
    /// Who writes.
    pub caller: Caller,
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").finish_non_exhaustive()
    }
}

impl World {
    /// An empty store.
    pub async fn new() -> Self {
        let test = TestStore::with_schemas(&[mt_events::MIGRATIONS, LEDGER], |hooks| {
            hooks
                .policies
                .register(ResourceType::PATIENT, Arc::new(Registration));
        })
        .await;
        let tenant = test.tenant("north").await;
        Self {
            database: test.database.open().await,
            caller: test.caller(tenant),
            tenant,
            test,
        }
    }

    /// The keys of those who serve.
    pub fn keys(&self) -> Arc<dyn Keys> {
        Arc::new(self.test.store.tenants().clone())
    }

    /// A relay to `bus` whose place is kept for `lease`; it takes seven rows at a time.
    pub fn relay(&self, bus: Arc<dyn EventBus>, lease: Duration) -> Relay {
        let options = RelayOptions {
            lease,
            batch: 7,
            ..RelayOptions::default()
        };
        let clock = Arc::new(self.test.clock.clone());
        Relay::new(self.database.clone(), self.keys(), clock, bus, options)
    }

    /// Registers a patient and returns the id.
    pub async fn register(&self) -> String {
        let json = r#"{"resourceType":"Patient","active":true}"#;
        self.test.create(&self.caller, json).await.id.to_string()
    }

    /// Registers as many patients.
    pub async fn register_all(&self, count: usize) -> Vec<String> {
        let mut patients = Vec::new();
        for _ in 0..count {
            patients.push(self.register().await);
        }
        patients
    }

    /// A new version of a patient.
    pub async fn change(&self, id: &str, round: u32) {
        let json = format!(
            r#"{{"resourceType":"Patient","id":"{id}","gender":"unknown","multipleBirthInteger":{round}}}"#
        );
        self.test.put(&self.caller, &json, None).await.unwrap();
    }

    /// New versions of all these patients, a version of each at a time.
    pub async fn change_all(&self, patients: &[String], rounds: std::ops::Range<u32>) {
        for round in rounds {
            for patient in patients {
                self.change(patient, round).await;
            }
        }
    }

    /// Relays until nothing is left, and returns how many events that were. Transactions of other tests hold
    /// the horizon back, too: what is committed but not settled is waited for.
    pub async fn relay_all(&self, relay: &mut Relay) -> usize {
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

    /// A runtime over `bus` with this consumer, which tries three times.
    pub fn run(&self, bus: Arc<dyn EventBus>, consumer: Ledger) -> (Runtime, Arc<dyn Consumer>) {
        let consumer: Arc<dyn Consumer> = Arc::new(consumer);
        (self.run_any(bus, &consumer), consumer)
    }

    /// The same with a consumer of any kind.
    pub fn run_any(&self, bus: Arc<dyn EventBus>, consumer: &Arc<dyn Consumer>) -> Runtime {
        let mut runtime = Runtime::new(self.database.clone(), self.keys(), bus);
        let options = ConsumerOptions {
            attempts: 3,
            pause: (Duration::from_millis(1), Duration::from_millis(5)),
            ..ConsumerOptions::default()
        };
        runtime.start(consumer, options);
        runtime
    }

    /// The dead letters.
    pub fn letters(&self) -> DeadLetters {
        DeadLetters::new(self.database.clone(), self.keys())
    }

    /// The ledger of a consumer: key and version, in order.
    pub async fn ledger(&self, consumer: &str) -> Vec<(String, i64)> {
        let sql = "select key, version from ledger.entry where consumer = $1 order by n";
        let readers = self.database.readers();
        let rows = readers.query(self.tenant, sql, &[&consumer]).await.unwrap();
        rows.iter().map(|row| (row.get(0), row.get(1))).collect()
    }

    /// Waits until a consumer has done as much.
    pub async fn ledger_of(&self, consumer: &str, count: usize) -> Vec<(String, i64)> {
        let begun = Monotonic::now();
        loop {
            let entries = self.ledger(consumer).await;
            if entries.len() >= count {
                return entries;
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "it does not get on: {entries:?}"
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Waits until a bus says that a group is this far behind.
    pub async fn behind(&self, bus: &dyn EventBus, group: Group, count: i64) {
        let begun = Monotonic::now();
        loop {
            let groups = bus.groups().await.unwrap();
            let of_ours = |status: &&mt_events::GroupStatus| {
                status.consumer == group.consumer && status.topic == Some(group.topic)
            };
            let found = groups.iter().find(of_ours).map(|status| status.behind);
            if found == Some(count) {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "{found:?} instead of {count}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Takes events until there are as many different ones, and settles them when told to.
    pub async fn take(
        &self,
        subscription: &mut dyn Subscription,
        count: usize,
        settle: bool,
    ) -> Vec<Event> {
        let (mut events, mut ids) = (Vec::new(), HashSet::new());
        let begun = Monotonic::now();
        while events.len() < count {
            assert!(begun.elapsed() < PATIENCE, "{} of {count}", events.len());
            for event in self.poll(subscription, 50, settle).await {
                if ids.insert(event.id) {
                    events.push(event);
                }
            }
        }
        events
    }

    /// Takes what there is at the moment, up to a limit.
    pub async fn poll(
        &self,
        subscription: &mut dyn Subscription,
        limit: usize,
        settle: bool,
    ) -> Vec<Event> {
        let found = subscription.poll(limit).await.unwrap();
        assert!(found.len() <= limit);
        if found.is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let keys = self.tenant_keys().await;
        let events = found.iter().map(|found| found.open(&keys).unwrap());
        let events = events.collect();
        if settle {
            let spots: Vec<_> = found.iter().map(|delivery| delivery.spot).collect();
            subscription.settle(&spots).await.unwrap();
        }
        events
    }

    /// The keys of the tenant.
    pub async fn tenant_keys(&self) -> TenantKeys {
        self.keys().of(self.tenant).await.unwrap()
    }
}
