//! What is done by itself in every organisation, again and again.

use std::time::Duration;

use mt_kernel::TenantId;
use mt_store::{TenantState, Tenants};
use tokio_util::sync::CancellationToken;

/// Visits every active tenant, one after the other: at once, then each `every` until `stop`. A visit that fails is tried
/// again the next time; `failed` says so, unless the organisation was suspended while it went on.
pub(crate) async fn walk<F, T, E>(
    tenants: Tenants,
    every: Duration,
    stop: CancellationToken,
    visit: impl Fn(TenantId) -> F,
    failed: impl Fn(TenantId, E),
) where
    F: Future<Output = Result<T, E>>,
{
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
            if let Err(error) = visit(tenant.id).await
                && is_active(&tenants, tenant.id).await
            {
                failed(tenant.id, error);
            }
        }
    }
}

/// Whether a tenant serves now; one of which that cannot be told counts as one that does.
pub(crate) async fn is_active(tenants: &Tenants, tenant: TenantId) -> bool {
    let Ok(known) = tenants.list().await else {
        return true;
    };
    let mut active = known.iter().filter(|one| one.state == TenantState::Active);
    active.any(|one| one.id == tenant)
}
