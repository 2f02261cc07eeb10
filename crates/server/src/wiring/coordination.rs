//! What works by itself: the care coordinator and the stream of pre-authorisations, where an organisation wants them.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use mt_coordination::care;
use mt_coordination::preauth::Preauthorization;
use mt_coordination::{Automation, Switches};
use mt_events::Consumer;
use mt_identity::administration::Administration;
use mt_kernel::{Fault, TenantId};
use mt_store::Store;
use tokio_util::sync::CancellationToken;

use super::events::keys;
use super::rounds::walk;
use crate::assembly::Installation;

/// How often orders are looked for that have waited long enough.
const INTERVAL: Duration = Duration::from_secs(60);

/// What takes events.
pub(super) fn consumers(installation: &Installation) -> [Arc<dyn Consumer>; 2] {
    [
        care::coordinator(installation.store.clone(), switches(installation)),
        Arc::new(preauthorization(installation)),
    ]
}

/// The stream of pre-authorisations.
pub(crate) fn preauthorization(installation: &Installation) -> Preauthorization {
    let store = installation.store.clone();
    Preauthorization::new(store, keys(installation), switches(installation))
}

/// Ends the waiting of orders, in every organisation.
pub(crate) async fn work(stream: Preauthorization, store: Store, stop: CancellationToken) {
    let stream = &stream;
    walk(
        store.tenants().clone(),
        INTERVAL,
        stop,
        |tenant| stream.expire(tenant),
        |tenant, error| tracing::warn!(%tenant, %error, "orders that wait for a coverage cannot be looked at"),
    )
    .await;
}

fn switches(installation: &Installation) -> Arc<dyn Switches> {
    Arc::new(Settled(installation.administration.clone()))
}

/// What organisations decided in their settings.
struct Settled(Administration);

impl Switches for Settled {
    fn is_on(&self, tenant: TenantId, what: Automation) -> BoxFuture<'_, Result<bool, Fault>> {
        Box::pin(async move {
            let settings = self.0.settings(tenant).await?;
            Ok(match what {
                Automation::CareCoordination => settings.care_coordination,
                Automation::Preauthorization => settings.preauthorization,
            })
        })
    }
}
