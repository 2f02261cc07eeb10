//! Follows the transaction log, so that the cache learns what other processes wrote.
//!
//! Every poll reads all rows from the last horizon on, also those beyond the present horizon: for
//! invalidation no order is needed, and a long transaction elsewhere must not delay it. What was seen
//! twice does no harm.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant as Monotonic};

use mt_database::Database;
use mt_fhir::ResourceType;
use mt_kernel::TenantId;
use tokio::sync::broadcast;
use tokio::task::AbortHandle;
use uuid::Uuid;

use crate::cache::{RowCache, RowKey, Shared};
use crate::tenants::{Tenants, column};
use crate::{Result, StoreError};

const HORIZON: &str = "select pg_snapshot_xmin(pg_current_snapshot())::text";
/// The database and its timeline: numbers of transactions mean something within it alone.
const LINE: &str = "select system_identifier::text || '/' || \
    left(pg_walfile_name(pg_current_wal_insert_lsn()), 8) from pg_control_system()";
const TAIL: &str = "select horizon, tenant, types, ids, versions from records.tail($1)";

/// How often the registry of tenants is read again.
const TENANTS_EVERY: Duration = Duration::from_secs(2);

/// A task that follows the log for as long as this value lives.
#[derive(Debug)]
pub(crate) struct Tail {
    task: AbortHandle,
    definitions: broadcast::Sender<TenantId>,
    age: Arc<Age>,
}

#[derive(Debug)]
struct Age {
    start: Monotonic,
    polled_micros: AtomicU64,
}

impl Tail {
    /// Begins to follow the log from its present end.
    pub(crate) async fn follow(
        database: &Database,
        tenants: &Tenants,
        (cache, shared): (&Arc<RowCache>, Option<&Arc<Shared>>),
        poll: (Duration, Duration),
    ) -> Result<Self> {
        let age = Arc::new(Age {
            start: Monotonic::now(),
            polled_micros: AtomicU64::new(0),
        });
        let (definitions, _) = broadcast::channel(256);
        let mut follower = Follower {
            definitions: definitions.clone(),
            database: database.clone(),
            tenants: tenants.clone(),
            cache: Arc::clone(cache),
            shared: shared.cloned(),
            line: None,
            horizon: String::new(),
            age: Arc::clone(&age),
        };
        follower.begin().await?;
        let task = tokio::spawn(follower.run(poll)).abort_handle();
        Ok(Self {
            task,
            definitions,
            age,
        })
    }

    /// Hears of tenants whose `SearchParameter` resources were changed, by whatever process.
    pub(crate) fn definitions(&self) -> broadcast::Receiver<TenantId> {
        self.definitions.subscribe()
    }

    /// Follows no longer.
    pub(crate) fn stop(&self) {
        self.task.abort();
    }

    /// Time since the last successful poll.
    pub(crate) fn age(&self) -> Duration {
        let polled = Duration::from_micros(self.age.polled_micros.load(Ordering::Relaxed));
        self.age.start.elapsed().saturating_sub(polled)
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The log is read through an owner's function that is bound to no tenant.
const NOBODY: TenantId = TenantId(0);

struct Follower {
    definitions: broadcast::Sender<TenantId>,
    database: Database,
    tenants: Tenants,
    cache: Arc<RowCache>,
    shared: Option<Arc<Shared>>,
    line: Option<Arc<str>>,
    horizon: String,
    age: Arc<Age>,
}

impl Follower {
    /// Begins at the present end of the log.
    async fn begin(&mut self) -> Result<()> {
        let line = self.line_now().await;
        let rows = self.database.readers().query(NOBODY, HORIZON, &[]).await?;
        self.horizon = rows
            .first()
            .map_or(Ok("0".to_owned()), |row| column(row, 0))?;
        // What committed since this horizon and is there already must be known before anything rests on it.
        self.read_log().await?;
        if let Some(shared) = &self.shared {
            if line.is_none() {
                tracing::warn!(
                    "nothing is shared with other processes: the database does not tell its timeline"
                );
            }
            shared.on(line.clone());
        }
        self.line = line;
        Ok(())
    }

    /// The line of the database; none when it does not tell.
    async fn line_now(&self) -> Option<Arc<str>> {
        let rows = self.database.readers().query(NOBODY, LINE, &[]).await;
        let line: Option<String> = rows.ok()?.first().and_then(|row| column(row, 0).ok());
        line.map(Arc::from)
    }

    /// After a fail-over or a restore the log is another one: what was known of the old one is forgotten.
    async fn keep_to_the_line(&mut self) -> Result<()> {
        let line = self.line_now().await;
        if line.is_none() || line == self.line {
            return Ok(());
        }
        tracing::warn!("the database is on another timeline; cached rows are forgotten");
        if let Some(shared) = &self.shared {
            shared.on(None);
        }
        self.cache.forget();
        self.horizon.clear();
        self.begin().await
    }

    async fn run(mut self, (shortest, longest): (Duration, Duration)) {
        let mut pause = shortest;
        let mut tenants_at = Monotonic::now();
        loop {
            tokio::time::sleep(pause).await;
            pause = match self.poll().await {
                Ok(0) => (pause * 2).min(longest),
                Ok(_) => shortest,
                Err(error) => {
                    tracing::warn!(%error, "the transaction log cannot be read");
                    longest
                }
            };
            metrics::gauge!("store_tail_age_seconds").set(self.lag().as_secs_f64());
            if tenants_at.elapsed() >= TENANTS_EVERY {
                tenants_at = Monotonic::now();
                if let Err(error) = self.tenants.refresh().await {
                    tracing::warn!(%error, "the tenants cannot be read");
                }
                if let Err(error) = self.keep_to_the_line().await {
                    tracing::warn!(%error, "the end of the transaction log cannot be read");
                }
            }
        }
    }

    fn lag(&self) -> Duration {
        let polled = Duration::from_micros(self.age.polled_micros.load(Ordering::Relaxed));
        self.age.start.elapsed().saturating_sub(polled)
    }

    /// Reads what was committed since the last horizon; returns how many transactions that were.
    async fn poll(&mut self) -> Result<usize> {
        if self.horizon.is_empty() {
            self.begin().await?;
        }
        self.read_log().await
    }

    /// Reads what was committed since the last horizon; returns how many transactions that were.
    async fn read_log(&mut self) -> Result<usize> {
        let rows = self
            .database
            .readers()
            .query(NOBODY, TAIL, &[&self.horizon])
            .await?;
        let mut count = 0;
        for row in &rows {
            let tenant: Option<i32> = column(row, 1)?;
            let Some(tenant) = tenant else { continue };
            count += 1;
            let (types, ids, versions): (Vec<i16>, Vec<Uuid>, Vec<i32>) =
                (column(row, 2)?, column(row, 3)?, column(row, 4)?);
            for ((number, id), version) in types.into_iter().zip(ids).zip(versions) {
                let Some(resource_type) = ResourceType::from_number(number.cast_unsigned()) else {
                    continue;
                };
                let key = RowKey {
                    tenant: TenantId(tenant),
                    resource_type,
                    id,
                };
                self.cache.heard(key, version.cast_unsigned());
                // Before its first version nothing was there to be cached.
                if version > 1 {
                    self.cache.raise(key, version.cast_unsigned());
                }
                if resource_type == ResourceType::SEARCH_PARAMETER {
                    // Nobody listens in a process that only runs a command.
                    let _ = self.definitions.send(TenantId(tenant));
                }
            }
        }
        if let Some(row) = rows.first() {
            self.horizon = column(row, 0)?;
        }
        self.cache.polled(number(&self.horizon)?);
        let now = u64::try_from(self.age.start.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.age.polled_micros.store(now, Ordering::Relaxed);
        Ok(count)
    }
}

/// A transaction's number.
fn number(horizon: &str) -> Result<u64> {
    let number = horizon.parse();
    number.map_err(|_| StoreError::Damaged("the number of a transaction"))
}
