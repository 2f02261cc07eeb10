//! A consumer that keeps a ledger of what it did, and fails as it is told.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use futures::future::BoxFuture;
use mt_database::{Migration, Migrations, TenantTx};
use mt_events::catalogue::{Topic, Value};
use mt_events::{Consumer, Event, HandlerError, Transaction};

/// What consumers did, in the order in which they did it.
pub(crate) const LEDGER: Migrations = Migrations {
    schema: "ledger",
    files: &[Migration::new(
        1,
        "ledger",
        "create table ledger.entry (tenant int4 not null, n int8 generated always as identity,
             consumer text not null, id uuid not null, key text not null, version int8 not null,
             xid xid8 not null default pg_current_xact_id(), primary key (tenant, n));
         select meditrack.isolate('ledger.entry');
         grant select, insert on ledger.entry to meditrack_app;",
    )],
};

/// Writes what it takes into the ledger; fails as it is told.
#[derive(Debug, Default)]
pub struct Ledger {
    /// Name of the consumer.
    pub name: &'static str,
    /// Key that is poison, from a version on, for as long as `healed` is zero.
    pub poison: Option<(String, i64)>,
    /// Failures to come before anything works.
    pub failures: AtomicU32,
    /// Whether the poison has lost its effect.
    pub healed: Arc<AtomicU32>,
}

impl Consumer for Ledger {
    fn name(&self) -> &'static str {
        self.name
    }

    fn topics(&self) -> Vec<&'static Topic> {
        vec![Topic::named("patient-events").unwrap()]
    }

    fn transaction(&self) -> Transaction {
        Transaction::Shared
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
            tx.execute(
                "insert into ledger.entry (tenant, consumer, id, key, version) values ($1, $2, $3, $4, $5)",
                &[&event.tenant.0, &self.name, &event.id, &&*event.key, &version(event)],
            )
            .await?;
            if failing.is_ok() {
                return Err(HandlerError::Retry("told to fail"));
            }
            let healed = self.healed.load(Ordering::SeqCst) > 0;
            let is_poison =
                |(key, from): &(String, i64)| **key == *event.key && version(event) >= *from;
            if !healed && self.poison.as_ref().is_some_and(is_poison) {
                return Err(HandlerError::Poison("told to be poisoned"));
            }
            Ok(())
        })
    }
}

/// Which version of its subject an event is about.
pub(crate) fn version(event: &Event) -> i64 {
    let values = event.values().unwrap();
    let found = values.into_iter().find_map(|(name, value)| match value {
        Value::Whole(version) if name == "subject_version" => Some(version),
        _ => None,
    });
    found.unwrap()
}
