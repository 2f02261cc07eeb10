//! A job in the hands of a worker.

use mt_kernel::{ErrorKind, TenantId};
use uuid::Uuid;

use super::parts::{compressed, insert};
use super::{ATTEMPTS, Job, LEASE, RESULT, Work, WorkState, place};
use crate::tenants::column;
use crate::{Result, Store, StoreError};

/// A job that this process works on, for as long as it reports.
#[derive(Clone, Debug)]
pub struct Claim {
    /// Whose job it is.
    pub tenant: TenantId,
    /// The job as it was when it was claimed.
    pub job: Job,
    worker: Uuid,
}

impl Work<'_> {
    /// Takes a job that waits or whose worker is gone, and removes expired ones on the way.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn claim(&self) -> Result<Option<Claim>> {
        let now = self.0.clock().now().0;
        let tx = self.0.database().admin().await?;
        let due = tx
            .query(
                "select tenant, id, expired from records.work_due($1)",
                &[&now],
            )
            .await?;
        tx.rollback().await;
        for row in &due {
            let (tenant, id, expired) =
                (TenantId(column(row, 0)?), column(row, 1)?, column(row, 2)?);
            if expired {
                self.remove(tenant, id).await?;
            } else if let Some(claim) = self.take(tenant, id, now).await? {
                return Ok(Some(claim));
            }
        }
        Ok(None)
    }

    async fn take(&self, tenant: TenantId, id: Uuid, now: i64) -> Result<Option<Claim>> {
        if !self.0.tenants().is_active(tenant).await? {
            return Ok(None);
        }
        let worker = Uuid::now_v7();
        let tx = self.0.database().tenant(tenant).await?;
        let sql = "update records.work set state = case when attempts >= $6 then 5 else 3 end, \
                   worker = $3, lease = $4, attempts = attempts + 1, done = 0 \
                   where tenant = $1 and id = $2 and (state = 2 or (state = 3 and lease < $5))";
        let until = now.saturating_add(LEASE);
        let taken = tx
            .execute(sql, &[&tenant.0, &id, &worker, &until, &now, &ATTEMPTS])
            .await?;
        tx.commit().await?;
        if taken == 0 {
            return Ok(None);
        }
        let job = self.find(tenant, id).await?;
        let job = job.filter(|job| job.state == WorkState::Running);
        Ok(job.map(|job| Claim {
            tenant,
            job,
            worker,
        }))
    }
}

const REPORT: &str = "update records.work set done = greatest(done, $4), \
    total = greatest(total, $5), lease = $6 \
    where tenant = $1 and id = $2 and worker = $3 and state = 3";

impl Claim {
    /// Says how far the job has come and renews the lease.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] when the job was cancelled or another worker has it: stop.
    pub async fn report(&self, store: &Store, done: u64, total: u64) -> Result<()> {
        self.store_part(store, None, done, total).await
    }

    /// Renews the lease; to be called every few seconds while the job is worked on.
    ///
    /// # Errors
    /// As [`Claim::report`].
    pub async fn renew(&self, store: &Store) -> Result<()> {
        let until = store.clock().now().0.saturating_add(LEASE);
        let tx = store.database().tenant(self.tenant).await?;
        let sql = "update records.work set lease = $4 \
                   where tenant = $1 and id = $2 and worker = $3 and state = 3";
        let held = tx
            .execute(sql, &[&self.tenant.0, &self.job.id, &self.worker, &until])
            .await?;
        if held == 0 {
            return Err(lost());
        }
        Ok(tx.commit().await?)
    }

    /// Adds a part to a file of the job, and reports.
    ///
    /// # Errors
    /// As [`Claim::report`].
    pub async fn put_part(
        &self,
        store: &Store,
        (file, part): (i32, i32),
        plain: &[u8],
        done: u64,
    ) -> Result<()> {
        let at = place(self.job.id, (file, part));
        let sealed = store
            .work()
            .seal(self.tenant, &at, &compressed(plain)?)
            .await?;
        self.store_part(store, Some((file, part, sealed)), done, 0)
            .await
    }

    async fn store_part(
        &self,
        store: &Store,
        part: Option<(i32, i32, Vec<u8>)>,
        done: u64,
        total: u64,
    ) -> Result<()> {
        let until = store.clock().now().0.saturating_add(LEASE);
        let number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        let (done, total) = (number(done), number(total));
        let (id, worker) = (self.job.id, self.worker);
        let tx = store.database().tenant(self.tenant).await?;
        let held = tx
            .execute(
                REPORT,
                &[&self.tenant.0, &id, &worker, &done, &total, &until],
            )
            .await?;
        if held == 0 {
            return Err(lost());
        }
        if let Some((file, part, sealed)) = part {
            insert(&tx, self.tenant, id, (file, part), &sealed).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Removes the files from `first` on, which an earlier attempt left unfinished.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn clear(&self, store: &Store, first: i32) -> Result<()> {
        let tx = store.database().tenant(self.tenant).await?;
        let sql = "delete from records.work_part where tenant = $1 and job = $2 and file >= $3";
        tx.execute(sql, &[&self.tenant.0, &self.job.id, &first])
            .await?;
        Ok(tx.commit().await?)
    }

    /// Ends the job with what came of it.
    ///
    /// # Errors
    /// As [`Claim::report`].
    pub async fn finish(&self, store: &Store, state: WorkState, result: &[u8]) -> Result<()> {
        let at = place(self.job.id, RESULT);
        let sealed = store.work().seal(self.tenant, &at, result).await?;
        let tx = store.database().tenant(self.tenant).await?;
        let sql = "update records.work set state = $4, result = $5, total = greatest(total, done) \
                   where tenant = $1 and id = $2 and worker = $3 and state = 3";
        let (id, worker) = (self.job.id, self.worker);
        let held = tx
            .execute(sql, &[&self.tenant.0, &id, &worker, &state.code(), &sealed])
            .await?;
        if held == 0 {
            return Err(lost());
        }
        Ok(tx.commit().await?)
    }

    /// Gives the job back, for a process that stops: another one begins it at once.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn give_back(&self, store: &Store) -> Result<()> {
        let tx = store.database().tenant(self.tenant).await?;
        let sql = "update records.work set state = 2, attempts = attempts - 1 \
                   where tenant = $1 and id = $2 and worker = $3 and state = 3";
        tx.execute(sql, &[&self.tenant.0, &self.job.id, &self.worker])
            .await?;
        Ok(tx.commit().await?)
    }
}

fn lost() -> StoreError {
    StoreError::refused(ErrorKind::Conflict, "the job is no longer this worker's")
}
