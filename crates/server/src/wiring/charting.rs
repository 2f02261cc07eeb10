//! Notes: their routes, and whose notes need a co-signature, kept in memory.

use std::time::Duration;

use mt_api::Routes;
use mt_charting::{Charting, api};
use mt_store::Store;
use tokio_util::sync::CancellationToken;

use super::rounds::walk;
use crate::assembly::Installation;

/// How soon a process learns of rules that were changed in another one.
const INTERVAL: Duration = Duration::from_secs(15);

/// Every route with its state.
pub(crate) fn routes(installation: &Installation) -> Routes {
    api::table().with_state(installation.charting.clone())
}

/// Reads the rules of all organisations, at once and again and again.
pub(crate) async fn follow(charting: Charting, store: Store, stop: CancellationToken) {
    let charting = &charting;
    walk(
        store.tenants().clone(),
        INTERVAL,
        stop,
        |tenant| charting.refresh(tenant),
        |tenant, error| tracing::warn!(%tenant, %error, "the rules of co-signatures cannot be read"),
    )
    .await;
}
