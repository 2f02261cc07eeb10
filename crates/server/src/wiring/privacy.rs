//! The privacy office: consents on every read, rules over every audit log.

use std::sync::Arc;
use std::time::Duration;

use mt_audit::Audit;
use mt_database::Database;
use mt_kernel::{Clock, TenantId};
use mt_privacy::{Privacy, Restrictions, Watch};
use mt_store::{Store, Tenants};
use tokio_util::sync::CancellationToken;

use super::rounds::walk;

/// How often the rules look at what is new.
const EVERY: Duration = Duration::from_secs(5);

/// The privacy office of the installation.
pub(crate) struct Office {
    pub(crate) privacy: Privacy,
    tenants: Tenants,
}

impl Office {
    /// Opens the office; from now on consents hold on every read.
    pub(crate) fn open(
        database: &Database,
        audit: &Arc<Audit>,
        store: &Store,
        clock: &Arc<dyn Clock>,
    ) -> Self {
        store.restrict(Arc::new(Restrictions::new(store.clone())));
        Self {
            privacy: Privacy::new(
                database.clone(),
                Arc::clone(audit),
                store.clone(),
                Arc::clone(clock),
            ),
            tenants: store.tenants().clone(),
        }
    }

    /// Judges the audit logs of all active tenants, again and again, until `stop`.
    pub(crate) fn watch(
        &self,
        stop: CancellationToken,
    ) -> impl Future<Output = ()> + Send + 'static {
        let (watch, tenants) = (self.privacy.watch(), self.tenants.clone());
        async move { walk(tenants, EVERY, stop, |tenant| judge(&watch, tenant)).await }
    }
}

async fn judge(watch: &Watch, tenant: TenantId) {
    if let Err(error) = watch.run(tenant).await {
        metrics::counter!("privacy_watch_failures_total").increment(1);
        tracing::error!(%tenant, %error, "the privacy rules did not run");
    }
}
