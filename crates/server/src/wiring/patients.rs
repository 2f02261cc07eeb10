//! Patients: their routes, and how organisations write record numbers, kept in memory.

use std::time::Duration;

use mt_api::Routes;
use mt_patients::{Patients, api};
use mt_store::{Store, TenantState};
use tokio_util::sync::CancellationToken;

use crate::assembly::Installation;

/// How soon a process learns of a format that was changed in another one.
const INTERVAL: Duration = Duration::from_secs(15);

/// Every route with its state.
pub(crate) fn routes(installation: &Installation) -> Routes {
    api::table().with_state(installation.patients.clone())
}

/// Reads the formats of all organisations, at once and again and again.
pub(crate) async fn follow(patients: Patients, store: Store, stop: CancellationToken) {
    let mut interval = tokio::time::interval(INTERVAL);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = interval.tick() => {}
        }
        let tenants = match store.tenants().list().await {
            Ok(tenants) => tenants,
            Err(error) => {
                tracing::warn!(%error, "the organisations cannot be listed");
                continue;
            }
        };
        let active = tenants
            .iter()
            .filter(|one| one.state == TenantState::Active);
        for tenant in active {
            if let Err(error) = patients.refresh(tenant.id).await {
                tracing::warn!(%error, "the format of record numbers cannot be read");
            }
        }
    }
}
