//! Work that one process does for a tenant while others look on: bulk export and import, reindex.
//!
//! A job is a row; what it reads or makes are sealed parts beside it. A worker holds a job by a lease
//! that it renews with every report; when the process ends, the lease runs out and another process
//! begins the job again. So a job outlives any process, and no file of it lies on a disk.

mod claim;
mod parts;

pub use claim::Claim;

use mt_crypto::Purpose;
use mt_kernel::{Instant, TenantId};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::tenants::column;
use crate::{Result, Store, StoreError};

/// How long a worker may be silent, microseconds.
const LEASE: i64 = 20_000_000;

/// How often a job is begun before it is given up.
const ATTEMPTS: i32 = 5;

/// What a job does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum WorkKind {
    /// Writes records out.
    Export = 1,
    /// Takes records in.
    Import = 2,
    /// Indexes records again.
    Reindex = 3,
}

impl WorkKind {
    const ALL: [Self; 3] = [Self::Export, Self::Import, Self::Reindex];

    /// The word for metrics and messages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Export => "export",
            Self::Import => "import",
            Self::Reindex => "reindex",
        }
    }
}

/// Where a job stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum WorkState {
    /// Its input is still arriving.
    Receiving = 1,
    /// No worker has it.
    Waiting = 2,
    /// A worker has it.
    Running = 3,
    /// It came to its end.
    Done = 4,
    /// It was given up.
    Failed = 5,
}

impl WorkState {
    const ALL: [Self; 5] = [
        Self::Receiving,
        Self::Waiting,
        Self::Running,
        Self::Done,
        Self::Failed,
    ];

    const fn code(self) -> i16 {
        self as i16
    }
}

/// A job as anyone may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Names the job within its tenant.
    pub id: Uuid,
    /// What it does.
    pub kind: WorkKind,
    /// Where it stands.
    pub state: WorkState,
    /// When it was asked for.
    pub created_at: Instant,
    /// When it and what it made are removed.
    pub expires_at: Instant,
    /// Records handled.
    pub done: u64,
    /// Records there are to handle, as far as is known; 0 when it is not.
    pub total: u64,
    /// Who asked for what.
    pub request: Vec<u8>,
    /// What came of it.
    pub result: Option<Vec<u8>>,
}

/// The jobs of a store; see [`Store::work`].
#[derive(Clone, Copy, Debug)]
pub struct Work<'s>(&'s Store);

impl Store {
    /// The jobs that outlive a process.
    #[must_use]
    pub fn work(&self) -> Work<'_> {
        Work(self)
    }
}

const COLUMNS: &str = "id, kind, state, created_at, expires_at, done, total, request, result";

impl Work<'_> {
    /// Notes a job. One that is `Receiving` waits for [`Work::ready`] before a worker takes it.
    ///
    /// # Errors
    /// When the tenant does not serve or the database does not answer.
    pub async fn begin(
        &self,
        tenant: TenantId,
        kind: WorkKind,
        state: WorkState,
        request: &[u8],
        lifetime: std::time::Duration,
    ) -> Result<Uuid> {
        let id = Uuid::now_v7();
        let now = self.0.clock().now().0;
        let expires = now.saturating_add(i64::try_from(lifetime.as_micros()).unwrap_or(i64::MAX));
        let sealed = self.seal(tenant, &place(id, REQUEST), request).await?;
        let tx = self.0.database().tenant(tenant).await?;
        let sql = "insert into records.work (tenant, id, kind, state, created_at, expires_at, request) \
                   values ($1, $2, $3, $4, $5, $6, $7)";
        let (kind, state) = (i16::from(kind as u8), state.code());
        tx.execute(
            sql,
            &[&tenant.0, &id, &kind, &state, &now, &expires, &sealed],
        )
        .await?;
        tx.commit().await?;
        Ok(id)
    }

    /// Hands a job whose input has arrived to the workers.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn ready(&self, tenant: TenantId, id: Uuid) -> Result<()> {
        let tx = self.0.database().tenant(tenant).await?;
        let sql = "update records.work set state = 2 where tenant = $1 and id = $2 and state = 1";
        tx.execute(sql, &[&tenant.0, &id]).await?;
        Ok(tx.commit().await?)
    }

    /// A job of the tenant.
    ///
    /// # Errors
    /// When the tenant does not serve or the database does not answer.
    pub async fn find(&self, tenant: TenantId, id: Uuid) -> Result<Option<Job>> {
        let sql = format!("select {COLUMNS} from records.work where tenant = $1 and id = $2");
        let rows = self.0.shared(tenant).query(&sql, &[&tenant.0, &id]).await?;
        match rows.first() {
            Some(row) => self.job(tenant, row).await.map(Some),
            None => Ok(None),
        }
    }

    /// The tenant's jobs of a kind, the latest first.
    ///
    /// # Errors
    /// When the tenant does not serve or the database does not answer.
    pub async fn list(&self, tenant: TenantId, kind: WorkKind) -> Result<Vec<Job>> {
        let sql = format!(
            "select {COLUMNS} from records.work where tenant = $1 and kind = $2 \
             order by created_at desc, id desc limit 100"
        );
        let kind = i16::from(kind as u8);
        let rows = self
            .0
            .shared(tenant)
            .query(&sql, &[&tenant.0, &kind])
            .await?;
        let mut jobs = Vec::with_capacity(rows.len());
        for row in &rows {
            jobs.push(self.job(tenant, row).await?);
        }
        Ok(jobs)
    }

    /// Removes a job with all its parts; a worker that has it stops at its next report. Says whether
    /// there was one.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn remove(&self, tenant: TenantId, id: Uuid) -> Result<bool> {
        let tx = self.0.database().tenant(tenant).await?;
        let job = "delete from records.work where tenant = $1 and id = $2";
        let parts = "delete from records.work_part where tenant = $1 and job = $2";
        let removed = tx.execute(job, &[&tenant.0, &id]).await?;
        tx.execute(parts, &[&tenant.0, &id]).await?;
        tx.commit().await?;
        Ok(removed > 0)
    }

    async fn job(&self, tenant: TenantId, row: &Row) -> Result<Job> {
        let id: Uuid = column(row, 0)?;
        let (kind, state): (i16, i16) = (column(row, 1)?, column(row, 2)?);
        let (done, total): (i64, i64) = (column(row, 5)?, column(row, 6)?);
        let sealed: Option<&[u8]> = column(row, 8)?;
        let result = match sealed {
            Some(sealed) => Some(self.open(tenant, &place(id, RESULT), sealed).await?),
            None => None,
        };
        Ok(Job {
            id,
            kind: WorkKind::ALL
                .into_iter()
                .find(|one| i16::from(*one as u8) == kind)
                .ok_or(StoreError::Damaged("kind of work"))?,
            state: WorkState::ALL
                .into_iter()
                .find(|one| one.code() == state)
                .ok_or(StoreError::Damaged("state of work"))?,
            created_at: Instant(column(row, 3)?),
            expires_at: Instant(column(row, 4)?),
            done: done.unsigned_abs(),
            total: total.unsigned_abs(),
            request: self
                .open(tenant, &place(id, REQUEST), column(row, 7)?)
                .await?,
            result,
        })
    }

    async fn seal(&self, tenant: TenantId, place: &[u8], plain: &[u8]) -> Result<Vec<u8>> {
        let keys = self.0.tenants().keys(tenant).await?;
        Ok(mt_crypto::seal(&keys, Purpose::Attachment, place, plain)?)
    }

    async fn open(&self, tenant: TenantId, place: &[u8], sealed: &[u8]) -> Result<Vec<u8>> {
        let keys = self.0.tenants().keys(tenant).await?;
        let opened = mt_crypto::open(&keys, Purpose::Attachment, place, sealed);
        match opened.map_err(StoreError::from) {
            Err(error) if crate::tenants::needs_reload(&error) => {
                // Another process has rotated the key since.
                let keys = self.0.tenants().load(tenant).await?.keys.clone();
                Ok(mt_crypto::open(&keys, Purpose::Attachment, place, sealed)?)
            }
            settled => settled,
        }
    }
}

/// File numbers that stand for no file.
const REQUEST: (i32, i32) = (-1, 0);
const RESULT: (i32, i32) = (-2, 0);

/// What a sealed value of a job is bound to.
fn place(job: Uuid, (file, part): (i32, i32)) -> Vec<u8> {
    let mut place = b"work".to_vec();
    place.extend_from_slice(job.as_bytes());
    place.extend_from_slice(&file.to_be_bytes());
    place.extend_from_slice(&part.to_be_bytes());
    place
}
