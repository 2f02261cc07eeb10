//! Patients: their routes, and how organisations write record numbers, kept in memory.

use std::time::Duration;

use mt_api::Routes;
use mt_patients::{Patients, api};
use mt_store::Store;
use tokio_util::sync::CancellationToken;

use super::rounds::walk;
use crate::assembly::Installation;

/// How soon a process learns of a format that was changed in another one.
const INTERVAL: Duration = Duration::from_secs(15);

/// Every route with its state.
pub(crate) fn routes(installation: &Installation) -> Routes {
    api::table().with_state(installation.patients.clone())
}

/// Reads the formats of all organisations, at once and again and again.
pub(crate) async fn follow(patients: Patients, store: Store, stop: CancellationToken) {
    let patients = &patients;
    walk(
        store.tenants().clone(),
        INTERVAL,
        stop,
        |tenant| patients.refresh(tenant),
        |tenant, error| tracing::warn!(%tenant, %error, "the format of record numbers cannot be read"),
    )
    .await;
}
