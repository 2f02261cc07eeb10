//! Scheduling: the rules of appointments at the store, its routes, and what happens by itself.

use std::time::Duration;

use mt_api::Routes;
use mt_scheduling::{Scheduling, api};
use mt_store::Store;
use tokio_util::sync::CancellationToken;

use super::rounds::walk;
use crate::assembly::Installation;

/// How soon an offer that has run out goes to the next who waits, and what else is due comes about.
const INTERVAL: Duration = Duration::from_secs(15);

/// Every route with its state.
pub(crate) fn routes(installation: &Installation) -> Routes {
    api::table().with_state(Scheduling::new(installation.store.clone()))
}

/// What is due now and then in every organisation, such as offers that have run out.
pub(crate) async fn work(store: Store, stop: CancellationToken) {
    let tenants = store.tenants().clone();
    let scheduling = &Scheduling::new(store);
    walk(
        tenants,
        INTERVAL,
        stop,
        |tenant| scheduling.round(tenant),
        |tenant, error| tracing::warn!(%tenant, %error, "what is due in scheduling cannot be done"),
    )
    .await;
}
