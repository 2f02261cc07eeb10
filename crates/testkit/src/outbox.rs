//! What was said through the outbox.

use mt_kernel::{Instant, TenantId};
use mt_store::{Store, StoredEvent, open_events};

/// Every event that was said in a tenant, in the order of the outbox.
///
/// # Panics
/// When the outbox cannot be read.
pub async fn said(store: &Store, tenant: TenantId) -> Vec<StoredEvent> {
    let sql = "select at, correlation, events from records.txlog \
               where tenant = $1 and events is not null order by seq";
    let readers = store.database().readers();
    let rows = readers.query(tenant, sql, &[&tenant.0]).await;
    let keys = store.tenants().keys(tenant).await.expect("keys");
    let opened = rows.expect("the outbox").into_iter().flat_map(|row| {
        let sealed: Vec<u8> = row.get(2);
        open_events(&keys, Instant(row.get(0)), row.get(1), &sealed).expect("events of this tenant")
    });
    opened.collect()
}
