//! Transactions: for a tenant, or by explicit name for none.
//!
//! A tenant's transaction begins with `begin; select set_config('app.tenant', …, true)` in one
//! message, so the setting ends with the transaction and cannot leak to the next user of the
//! connection.

use std::fmt;
use std::time::Duration;

use futures::FutureExt;
use mt_kernel::TenantId;
use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};

use super::Params;
use super::link::Outcome;
use super::pool::{Pool, Pooled};
use crate::Error;

/// Isolation level of a transaction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Isolation {
    /// Each statement sees what was committed before it.
    #[default]
    ReadCommitted,
    /// One snapshot for the whole transaction.
    RepeatableRead,
    /// As if transactions ran one after the other; be ready for [`Error::Contended`].
    Serializable,
}

/// How a transaction differs from the ordinary.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TxOptions {
    /// Isolation level.
    pub isolation: Isolation,
    /// Refuses writes.
    pub read_only: bool,
    /// Time limit of each statement instead of the session's.
    pub statement_timeout: Option<Duration>,
}

impl TxOptions {
    fn begin(self) -> String {
        let isolation = match self.isolation {
            Isolation::ReadCommitted => "read committed",
            Isolation::RepeatableRead => "repeatable read",
            Isolation::Serializable => "serializable",
        };
        let access = if self.read_only {
            "read only"
        } else {
            "read write"
        };
        let mut text = format!("begin isolation level {isolation}, {access}");
        if let Some(limit) = self.statement_timeout {
            text.push_str(&format!(
                "; set local statement_timeout = {}",
                limit.as_millis()
            ));
        }
        text
    }
}

/// A transaction in either form.
struct Tx {
    link: Pooled,
    open: bool,
}

impl fmt::Debug for Tx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tx")
            .field("open", &self.open)
            .finish_non_exhaustive()
    }
}

impl Tx {
    async fn begin(pool: &Pool, opening: &str) -> Result<Self, Error> {
        let link = pool.open_with(opening).await?;
        Ok(Self { link, open: true })
    }

    async fn run(&self, sql: &str, params: Params<'_>) -> Result<Outcome, Error> {
        let request = self.link.begin_request();
        let outcome = match self.link.prepare(sql).await {
            Ok(statement) => self.link.run(&statement, params).await,
            Err(error) => Err(error),
        };
        request.finish();
        if let Err(error) = &outcome {
            self.link.forget_if_stale(error);
        }
        outcome
    }

    async fn query_typed(
        &self,
        sql: &str,
        params: &[(&(dyn ToSql + Sync), Type)],
    ) -> Result<Vec<Row>, Error> {
        let request = self.link.begin_request();
        let rows = self.link.client.query_typed(sql, params).await;
        request.finish();
        Ok(rows?)
    }

    async fn batch(&self, sql: &str) -> Result<(), Error> {
        let request = self.link.begin_request();
        let outcome = self.link.client.batch_execute(sql).await;
        request.finish();
        Ok(outcome?)
    }

    async fn commit(mut self) -> Result<(), Error> {
        // The commit of a failed transaction answers ROLLBACK and no error. A statement before it
        // does give an error then, and the commit is not reached.
        self.batch("select; commit")
            .await
            .map_err(Error::during_commit)?;
        self.open = false;
        Ok(())
    }

    async fn rollback(mut self) {
        self.open = self.batch("rollback").await.is_err();
    }
}

impl Drop for Tx {
    fn drop(&mut self) {
        if !self.open {
            return;
        }
        if self.link.is_abandoned() {
            self.link.discard();
            return;
        }
        // The first poll sends the message; the answer is read by the connection's own task, and
        // the next user's statements queue behind it.
        let sent = self.link.client.batch_execute("rollback").now_or_never();
        if matches!(sent, Some(Err(_))) {
            self.link.discard();
        }
    }
}

/// A transaction that sees exactly one tenant.
///
/// Dropping it rolls it back.
#[derive(Debug)]
pub struct TenantTx {
    tx: Tx,
    tenant: TenantId,
}

/// A transaction that sees no tenant's rows; for tables without a tenant, such as the registry.
///
/// Dropping it rolls it back.
#[derive(Debug)]
pub struct AdminTx {
    tx: Tx,
}

impl TenantTx {
    pub(crate) async fn begin(
        pool: &Pool,
        tenant: TenantId,
        options: TxOptions,
    ) -> Result<Self, Error> {
        let begin = options.begin();
        let opening = format!(
            "{begin}; select set_config('app.tenant', '{}', true)",
            tenant.0
        );
        let tx = Tx::begin(pool, &opening).await?;
        Ok(Self { tx, tenant })
    }

    /// The tenant.
    #[must_use]
    pub const fn tenant(&self) -> TenantId {
        self.tenant
    }
}

impl AdminTx {
    pub(crate) async fn begin(pool: &Pool, options: TxOptions) -> Result<Self, Error> {
        let opening = format!("{}; set local app.tenant = ''", options.begin());
        let tx = Tx::begin(pool, &opening).await?;
        Ok(Self { tx })
    }
}

macro_rules! statements {
    ($transaction:ty) => {
        impl $transaction {
            /// Runs a statement (prepared once per connection) and returns its rows.
            ///
            /// # Errors
            /// Any [`Error`]; after one the transaction can only be rolled back.
            pub async fn query(&self, sql: &str, params: Params<'_>) -> Result<Vec<Row>, Error> {
                Ok(self.tx.run(sql, params).await?.rows)
            }

            /// Runs a statement that returns at most one row; further rows are an error.
            ///
            /// # Errors
            /// Any [`Error`]; [`Error::Mapping`] when there is more than one row.
            pub async fn query_opt(
                &self,
                sql: &str,
                params: Params<'_>,
            ) -> Result<Option<Row>, Error> {
                let mut rows = self.tx.run(sql, params).await?.rows;
                if rows.len() > 1 {
                    return Err(Error::Mapping {
                        message: format!("{} rows where at most one is expected", rows.len()),
                    });
                }
                Ok(rows.pop())
            }

            /// Runs a statement that returns exactly one row.
            ///
            /// # Errors
            /// Any [`Error`]; [`Error::Mapping`] when there is none or more than one.
            pub async fn query_one(&self, sql: &str, params: Params<'_>) -> Result<Row, Error> {
                self.query_opt(sql, params)
                    .await?
                    .ok_or_else(|| Error::Mapping {
                        message: "no row where exactly one is expected".to_owned(),
                    })
            }

            /// Runs a statement and returns the number of rows it touched.
            ///
            /// # Errors
            /// Any [`Error`]; after one the transaction can only be rolled back.
            pub async fn execute(&self, sql: &str, params: Params<'_>) -> Result<u64, Error> {
                Ok(self.tx.run(sql, params).await?.affected)
            }

            /// Runs a statement without preparing it: planned for these very values.
            ///
            /// # Errors
            /// Any [`Error`]; after one the transaction can only be rolled back.
            pub async fn query_typed(
                &self,
                sql: &str,
                params: &[(&(dyn ToSql + Sync), Type)],
            ) -> Result<Vec<Row>, Error> {
                self.tx.query_typed(sql, params).await
            }

            /// Runs several statements without parameters in one round trip.
            ///
            /// # Errors
            /// Any [`Error`]; after one the transaction can only be rolled back.
            pub async fn batch(&self, sql: &str) -> Result<(), Error> {
                self.tx.batch(sql).await
            }

            /// Makes the work durable.
            ///
            /// # Errors
            /// [`Error::CommitUnknown`] when the connection broke and nobody can say whether the
            /// commit took effect; any other [`Error`] means that it did not.
            pub async fn commit(self) -> Result<(), Error> {
                self.tx.commit().await
            }

            /// Undoes the work and waits until that is done; a drop does the same without waiting.
            pub async fn rollback(self) {
                self.tx.rollback().await;
            }
        }
    };
}

statements!(TenantTx);
statements!(AdminTx);
