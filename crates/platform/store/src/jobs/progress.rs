//! Where jobs stand.

use mt_kernel::{Instant, TenantId};

use crate::tenants::column;
use crate::{Result, Store};

/// Where a job stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobStatus {
    /// What it does.
    pub name: String,
    /// Rows handled.
    pub done: u64,
    /// Rows there are to handle, as estimated at the start.
    pub total: u64,
    /// Whether it came to its end.
    pub finished: bool,
    /// When it last made progress.
    pub updated_at: Instant,
}

impl Store {
    /// The jobs that were begun for a tenant.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn jobs(&self, tenant: TenantId) -> Result<Vec<JobStatus>> {
        let sql = "select name, done, total, finished, updated_at from tenancy.jobs \
                   where tenant = $1 order by name";
        let rows = self.shared(tenant).query(sql, &[&tenant.0]).await?;
        rows.iter()
            .map(|row| {
                let (done, total): (i64, i64) = (column(row, 1)?, column(row, 2)?);
                Ok(JobStatus {
                    name: column(row, 0)?,
                    done: done.unsigned_abs(),
                    total: total.unsigned_abs(),
                    finished: column(row, 3)?,
                    updated_at: Instant(column(row, 4)?),
                })
            })
            .collect()
    }

    /// Begins a job, or resumes one that was not finished: returns its place.
    pub(super) async fn begin_job(
        &self,
        tenant: TenantId,
        name: &str,
        total: i64,
    ) -> Result<Option<Vec<u8>>> {
        let now = self.clock().now().0;
        let tx = self.database().tenant(tenant).await?;
        let sql = "insert into tenancy.jobs (tenant, name, started_at, updated_at, total) \
                   values ($1, $2, $3, $3, $4) on conflict (tenant, name) do update set \
                   started_at = case when jobs.finished then excluded.started_at else jobs.started_at end, \
                   done = case when jobs.finished then 0 else jobs.done end, \
                   cursor = case when jobs.finished then null else jobs.cursor end, \
                   total = excluded.total, finished = false, updated_at = excluded.updated_at \
                   returning cursor";
        let row = tx.query_one(sql, &[&tenant.0, &name, &now, &total]).await?;
        let place = column(&row, 0)?;
        tx.commit().await?;
        Ok(place)
    }

    /// Notes how far a job has come; without a place it is finished.
    pub(super) async fn note_job(
        &self,
        tenant: TenantId,
        name: &str,
        handled: usize,
        place: Option<&[u8]>,
    ) -> Result<()> {
        let (now, handled) = (
            self.clock().now().0,
            i64::try_from(handled).unwrap_or(i64::MAX),
        );
        let tx = self.database().tenant(tenant).await?;
        let sql = "update tenancy.jobs set done = done + $3, cursor = $4::bytea, finished = $4::bytea is null, \
                   updated_at = $5 where tenant = $1 and name = $2";
        tx.execute(sql, &[&tenant.0, &name, &handled, &place, &now])
            .await?;
        Ok(tx.commit().await?)
    }

    /// How many rows a tenant has in a table, roughly: for progress only.
    pub(super) async fn rows_of(&self, tenant: TenantId, table: &str) -> Result<i64> {
        let sql = format!("select count(*) from {table} where tenant = $1");
        let tx = self.database().tenant(tenant).await?;
        let row = tx.query_one(&sql, &[&tenant.0]).await?;
        let count = column(&row, 0)?;
        tx.rollback().await;
        Ok(count)
    }
}
