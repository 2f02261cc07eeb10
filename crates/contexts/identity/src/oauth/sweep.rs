//! What has expired is removed, tenant by tenant, now and then.

use std::sync::Arc;
use std::time::Duration;

use mt_kernel::TenantId;
use mt_store::TenantState;

use super::Provider;
use crate::IdentityError;

const EVERY: Duration = Duration::from_secs(300);

/// Tables whose rows mean nothing after `expires_at`. A family goes last: its handles name it.
const TABLES: [&str; 6] = ["request", "launch", "seen", "revoked", "handle", "family"];

impl Provider {
    /// Removes what has expired, until the process ends.
    pub async fn sweep_forever(self: Arc<Self>) {
        let mut interval = tokio::time::interval(EVERY);
        loop {
            interval.tick().await;
            self.rates.forget_idle();
            self.refusals.forget_idle();
            let tenants = match self.identity.tenants.list().await {
                Ok(tenants) => tenants,
                Err(error) => {
                    tracing::warn!(%error, "expired tokens cannot be removed");
                    continue;
                }
            };
            for info in tenants {
                if info.state == TenantState::Active
                    && let Err(error) = self.sweep(info.id).await
                {
                    tracing::warn!(%error, "expired tokens cannot be removed");
                }
            }
        }
    }

    /// Removes what has expired in one tenant; the number of rows.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn sweep(&self, tenant: TenantId) -> Result<u64, IdentityError> {
        let now = self.identity.clock.now();
        let tx = self.identity.database.tenant(tenant).await?;
        let mut removed = 0;
        for table in TABLES {
            let sql = format!("delete from oauth.{table} where tenant = $1 and expires_at < $2");
            removed += tx.execute(&sql, &[&tenant.0, &now.0]).await?;
        }
        tx.commit().await?;
        Ok(removed)
    }
}
