//! Ways to the database: transactions for ordinary work, shared pipelined connections for hot paths.
//!
//! Each of them sets `app.tenant` together with the statements that depend on it, so that code
//! above cannot reach a tenant's rows without naming the tenant.

mod link;
mod pool;
mod readers;
mod shared;
mod transaction;
mod writers;

use std::time::Duration;

use futures::future::BoxFuture;
use mt_kernel::TenantId;
use tokio_postgres::types::ToSql;

pub use link::Outcome;
pub use pool::{Pool, PoolGauges};
pub use readers::Readers;
pub use shared::SharedGauges;
pub use transaction::{AdminTx, Isolation, TenantTx, TxOptions};
pub use writers::{Step, Writers};

use crate::{Endpoint, Error, Pace, SessionSettings};

/// Parameters of a statement.
pub type Params<'a> = &'a [&'a (dyn ToSql + Sync)];

/// How often [`Database::transact`] tries a transaction that others keep beating.
const ATTEMPTS: u32 = 8;

/// Numbers of connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Connections for transactions.
    pub pool: usize,
    /// Shared connections for reads.
    pub readers: usize,
    /// Shared connections for one-flush transactions; each commits one at a time.
    pub writers: usize,
}

impl Default for Sizes {
    fn default() -> Self {
        Self {
            pool: 24,
            readers: 4,
            writers: 16,
        }
    }
}

/// One database as the application role sees it.
#[derive(Clone, Debug)]
pub struct Database {
    pool: Pool,
    readers: Readers,
    writers: Writers,
    pace: Pace,
}

impl Database {
    /// Opens the database at `endpoint`; connections are made as they are needed.
    ///
    /// # Errors
    /// What [`Endpoint::connect`] says when the first connection fails.
    pub async fn open(endpoint: &Endpoint, sizes: Sizes) -> Result<Self, Error> {
        let pool = Pool::new(endpoint.clone().named("meditrack"), sizes.pool);
        pool.ping().await?;
        let read_only = SessionSettings {
            read_only: true,
            ..endpoint.session_settings().clone()
        };
        let reading = endpoint.clone().settings(read_only).named("meditrack-read");
        let writing = endpoint.clone().named("meditrack-write");
        Ok(Self {
            pool,
            readers: Readers::new(reading, sizes.readers),
            writers: Writers::new(writing, sizes.writers),
            pace: Pace::default(),
        })
    }

    /// Gives every connection up; what is asked of the database from now on is refused. For the
    /// end of a process, before a private cluster is left.
    pub fn close(&self) {
        self.readers.close();
        self.writers.close();
        self.pool.close();
    }

    /// Begins a transaction for `tenant`.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when no connection can be had.
    pub async fn tenant(&self, tenant: TenantId) -> Result<TenantTx, Error> {
        self.tenant_with(tenant, TxOptions::default()).await
    }

    /// Begins a transaction for `tenant` with its own isolation or time limit.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when no connection can be had.
    pub async fn tenant_with(
        &self,
        tenant: TenantId,
        options: TxOptions,
    ) -> Result<TenantTx, Error> {
        TenantTx::begin(&self.pool, tenant, options).await
    }

    /// Begins a transaction without a tenant: it sees tables without row-level security and no row
    /// of any tenant.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when no connection can be had.
    pub async fn admin(&self) -> Result<AdminTx, Error> {
        AdminTx::begin(&self.pool, TxOptions::default()).await
    }

    /// Runs `work` in a transaction for `tenant` and commits it; runs it again, a few times, when a
    /// concurrent transaction won.
    ///
    /// # Errors
    /// What `work` returned, or why the commit failed.
    pub async fn transact<T, E, F>(
        &self,
        tenant: TenantId,
        options: TxOptions,
        mut work: F,
    ) -> Result<T, E>
    where
        E: From<Error> + AsDatabaseError,
        F: for<'t> FnMut(&'t TenantTx) -> BoxFuture<'t, Result<T, E>>,
    {
        let mut attempt = 1;
        loop {
            let tx = self.tenant_with(tenant, options).await?;
            let outcome = match work(&tx).await {
                Ok(value) => tx.commit().await.map(|()| value).map_err(E::from),
                Err(error) => {
                    tx.rollback().await;
                    Err(error)
                }
            };
            match outcome {
                Err(error)
                    if attempt < ATTEMPTS
                        && error.as_database_error().is_some_and(Error::is_retryable) =>
                {
                    tokio::time::sleep(pause_before(attempt)).await;
                    attempt += 1;
                }
                settled => return settled,
            }
        }
    }

    /// Shared connections for reads.
    #[must_use]
    pub const fn readers(&self) -> &Readers {
        &self.readers
    }

    /// Shared connections for one-flush transactions.
    #[must_use]
    pub const fn writers(&self) -> &Writers {
        &self.writers
    }

    /// By which work behind the requests gives way to them.
    #[must_use]
    pub const fn pace(&self) -> &Pace {
        &self.pace
    }

    /// The pool behind transactions.
    #[must_use]
    pub const fn pool(&self) -> &Pool {
        &self.pool
    }
}

/// Lets [`Database::transact`] see whether an error of a context came from the database.
pub trait AsDatabaseError {
    /// The database error inside, if any.
    fn as_database_error(&self) -> Option<&Error>;
}

impl AsDatabaseError for Error {
    fn as_database_error(&self) -> Option<&Error> {
        Some(self)
    }
}

/// Growing pauses, spread by a random factor so that rivals do not meet again.
fn pause_before(attempt: u32) -> Duration {
    let [spread] = crate::digest::random_bytes::<1>();
    Duration::from_micros(((u64::from(spread) + 64) * 8) << attempt.min(8))
}
