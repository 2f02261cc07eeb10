//! What is done by itself in every organisation, again and again.

use std::time::Duration;

use mt_kernel::TenantId;
use mt_store::{TenantState, Tenants};
use tokio_util::sync::CancellationToken;

/// Visits every active tenant, one after the other: at once, then each `every` until `stop`.
pub(crate) async fn walk<F: Future<Output = ()>>(
    tenants: Tenants,
    every: Duration,
    stop: CancellationToken,
    visit: impl Fn(TenantId) -> F,
) {
    let mut interval = tokio::time::interval(every);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = interval.tick() => {}
        }
        let known = match tenants.list().await {
            Ok(known) => known,
            Err(error) => {
                tracing::warn!(%error, "the organisations cannot be listed");
                continue;
            }
        };
        for tenant in known.iter().filter(|one| one.state == TenantState::Active) {
            visit(tenant.id).await;
        }
    }
}
