//! Removal of the rows of a tenant whose keys are destroyed.

use mt_kernel::TenantId;

use crate::tenants::column;
use crate::usage::FORGET;
use crate::{Result, Store};

/// Rows of each table removed in one transaction.
const ROWS: i32 = 5_000;

impl Store {
    /// Removes the rows of a tenant that [`Tenants::shred`](crate::Tenants::shred) has made unreadable;
    /// returns how many. Audit rows stay.
    ///
    /// # Errors
    /// When the tenant is not being deleted; calling it again goes on.
    pub async fn remove_shredded(&self, tenant: TenantId) -> Result<u64> {
        let mut removed = 0;
        loop {
            let tx = self.database().tenant(tenant).await?;
            let row = tx
                .query_one("select records.purge($1, $2)", &[&tenant.0, &ROWS])
                .await?;
            let count: i64 = column(&row, 0)?;
            tx.commit().await?;
            removed += count.unsigned_abs();
            if count == 0 {
                break;
            }
        }
        let tx = self.database().tenant(tenant).await?;
        tx.execute(FORGET, &[&tenant.0]).await?;
        tx.commit().await?;
        self.tenants().finish_deletion(tenant).await?;
        Ok(removed)
    }
}
