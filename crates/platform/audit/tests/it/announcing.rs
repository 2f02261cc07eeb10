//! What entries mean is said once, in the transaction that makes them part of the log.

use std::sync::Arc;

use mt_audit::{Announced, Announcer, Audit, Keyring};
use mt_store::DomainEvent;

use crate::fixture::{Fixture, ONE, TWO};

/// Says one event for every entry.
struct EveryEntry;

impl Announcer for EveryEntry {
    fn events(&self, entry: &Announced<'_>) -> Vec<DomainEvent> {
        vec![DomainEvent {
            name: "phi.record.accessed.v1",
            key: String::new(),
            payload: entry.correlation.as_bytes().to_vec(),
        }]
    }
}

/// Events that lie in the outbox of a tenant, by the requests that they name.
async fn said(fixture: &Fixture, tenant: mt_kernel::TenantId) -> Vec<Vec<u8>> {
    let sql = "select at, correlation, events from records.txlog where tenant = $1 order by seq";
    let rows = fixture.database.readers();
    let rows = rows.query(tenant, sql, &[&tenant.0]).await.unwrap();
    let keys = fixture.keys.loaded(tenant).unwrap();
    let mut said = Vec::new();
    for row in rows {
        let at = mt_kernel::Instant(row.get(0));
        let sealed: Vec<u8> = row.get(2);
        let events = mt_store::open_events(&keys, at, row.get(1), &sealed).unwrap();
        said.extend(events.into_iter().map(|event| event.payload));
    }
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn every_entry_is_said_once_although_the_trail_is_closed_in_between() {
    let mut fixture = Fixture::new().await;
    for round in 1..=3 {
        fixture.audit.close().await;
        let directory = fixture.directory.path().join("audit");
        let audit = Audit::open(&directory, fixture.database.clone()).await;
        fixture.audit = Arc::new(audit.unwrap());
        fixture.audit.announce_by(Arc::new(EveryEntry));
        let keys = Arc::clone(&fixture.keys) as Arc<dyn Keyring>;
        fixture.audit.follow_keyring(keys);
        for tenant in [ONE, TWO] {
            fixture.enter_reads(tenant, 40);
        }
        for tenant in [ONE, TWO] {
            fixture.logged(tenant, 40 * round).await;
        }
    }
    for tenant in [ONE, TWO] {
        let mut said = said(&fixture, tenant).await;
        assert_eq!(said.len(), 120);
        said.sort_unstable();
        said.dedup();
        assert_eq!(said.len(), 120, "something was said twice");
    }
}
