//! The privacy office: consents on every read, rules over every audit log, erasures that were ordered.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use mt_audit::Audit;
use mt_database::Database;
use mt_identity::administration::Administration;
use mt_kernel::{Clock, Fault, TenantId};
use mt_privacy::{Forgets, Privacy, PrivacyError, Restrictions, Watch};
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
        administration: &Administration,
    ) -> Self {
        store.restrict(Arc::new(Restrictions::new(store.clone())));
        Self {
            privacy: Privacy::new(
                database.clone(),
                Arc::clone(audit),
                store.clone(),
                Arc::clone(clock),
            )
            .with_forgetting(vec![Arc::new(Contexts {
                store: store.clone(),
                administration: administration.clone(),
            })]),
            tenants: store.tenants().clone(),
        }
    }

    /// Judges the audit logs of all active tenants, again and again, until `stop`.
    pub(crate) fn watch(
        &self,
        stop: CancellationToken,
    ) -> impl Future<Output = ()> + Send + 'static {
        let privacy = self.privacy.clone();
        let (watch, tenants) = (privacy.watch(), self.tenants.clone());
        async move {
            walk(
                tenants,
                EVERY,
                stop,
                |tenant| visit(&watch, &privacy, tenant),
                |tenant, failures: Vec<Failure>| {
                    for (counted, what, error) in failures {
                        metrics::counter!(counted).increment(1);
                        tracing::error!(%tenant, %error, "{what}");
                    }
                },
            )
            .await
        }
    }
}

/// What contexts keep about a patient beside the records.
struct Contexts {
    store: Store,
    administration: Administration,
}

impl Forgets for Contexts {
    fn release<'a>(
        &'a self,
        tenant: TenantId,
        patient: &'a str,
    ) -> BoxFuture<'a, Result<(), Fault>> {
        async move { Ok(self.administration.release_reviews(tenant, patient).await?) }.boxed()
    }

    fn forget<'a>(
        &'a self,
        tenant: TenantId,
        patient: &'a str,
    ) -> BoxFuture<'a, Result<u64, Fault>> {
        async move {
            let keys = self.store.tenants().keys(tenant).await?;
            let tx = self.store.database().tenant(tenant).await?;
            let mut gone = mt_coordination::forget_patient(&tx, &keys, patient).await?;
            gone += mt_notifications::forget_patient(&tx, &keys, patient).await?;
            let now = self.store.clock().now();
            gone += mt_identity::forget_patient(&tx, &keys, patient, now).await?;
            gone += mt_patients::forget_patient(&tx, &keys, patient).await?;
            gone += mt_scheduling::forget_patient(&tx, &keys, patient).await?;
            gone += mt_charting::forget_patient(&tx, &keys, patient).await?;
            tx.commit().await?;
            Ok(gone)
        }
        .boxed()
    }
}

/// What failed: its counter, what is not done, why.
type Failure = (&'static str, &'static str, PrivacyError);

async fn visit(watch: &Watch, privacy: &Privacy, tenant: TenantId) -> Result<(), Vec<Failure>> {
    let rules = watch.run(tenant).await.map(drop);
    let erasures = privacy.carry_out_erasures(tenant).await.map(drop);
    let failed = |counted, what, outcome: Result<(), PrivacyError>| {
        outcome.err().map(|error| (counted, what, error))
    };
    let rules = failed(
        "privacy_watch_failures_total",
        "the privacy rules did not run",
        rules,
    );
    let erasures = failed(
        "privacy_erasure_failures_total",
        "an erasure is not carried out",
        erasures,
    );
    let failures: Vec<Failure> = rules.into_iter().chain(erasures).collect();
    if failures.is_empty() {
        Ok(())
    } else {
        Err(failures)
    }
}
