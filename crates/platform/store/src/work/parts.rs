//! Files of jobs, in parts that fit into memory.

use mt_database::TenantTx;
use mt_kernel::TenantId;
use uuid::Uuid;

use super::{Work, place};
use crate::tenants::column;
use crate::{Result, StoreError};

/// Plain bytes of a part at most; what claims more when it is opened is damaged.
const MOST: usize = 80 << 20;

impl Work<'_> {
    /// Adds a part to a file of a job whose input is arriving.
    ///
    /// # Errors
    /// When the tenant does not serve or the database does not answer.
    pub async fn receive_part(
        &self,
        tenant: TenantId,
        id: Uuid,
        (file, part): (i32, i32),
        plain: &[u8],
    ) -> Result<()> {
        let sealed = self
            .seal(tenant, &place(id, (file, part)), &compressed(plain)?)
            .await?;
        let tx = self.0.database().tenant(tenant).await?;
        insert(&tx, tenant, id, (file, part), &sealed).await?;
        Ok(tx.commit().await?)
    }

    /// A part of a file; `None` behind the last one.
    ///
    /// # Errors
    /// When the tenant does not serve or the database does not answer.
    pub async fn part(
        &self,
        tenant: TenantId,
        id: Uuid,
        (file, part): (i32, i32),
    ) -> Result<Option<Vec<u8>>> {
        let sql = "select sealed from records.work_part \
                   where tenant = $1 and job = $2 and file = $3 and part = $4";
        let rows = self
            .0
            .shared(tenant)
            .query(sql, &[&tenant.0, &id, &file, &part])
            .await?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        let packed = self
            .open(tenant, &place(id, (file, part)), column(row, 0)?)
            .await?;
        let plain = zstd::bulk::decompress(&packed, MOST);
        plain
            .map(Some)
            .map_err(|_| StoreError::Damaged("part of a job"))
    }
}

pub(super) fn compressed(plain: &[u8]) -> Result<Vec<u8>> {
    zstd::bulk::compress(plain, 1).map_err(|_| StoreError::Damaged("part of a job"))
}

pub(super) async fn insert(
    tx: &TenantTx,
    tenant: TenantId,
    id: Uuid,
    (file, part): (i32, i32),
    sealed: &[u8],
) -> Result<()> {
    let sql = "insert into records.work_part (tenant, job, file, part, sealed) \
               values ($1, $2, $3, $4, $5) \
               on conflict (tenant, job, file, part) do update set sealed = excluded.sealed";
    tx.execute(sql, &[&tenant.0, &id, &file, &part, &sealed])
        .await?;
    Ok(())
}
