//! Where a read runs: on the shared connections, or inside a transaction.
//!
//! Conditional operations search inside the transaction that they decide; everything else reads on
//! the shared connections.

use mt_database::{Params, Readers, TenantTx};
use mt_kernel::TenantId;
use postgres_types::{ToSql, Type};
use tokio_postgres::Row;

use crate::Result;

/// Where a read runs.
#[derive(Clone, Copy)]
pub(crate) enum Source<'a> {
    /// On the shared connections.
    Shared(&'a Readers, TenantId),
    /// In a transaction.
    Transaction(&'a TenantTx),
}

impl Source<'_> {
    /// Runs one of a fixed set of statements.
    pub(crate) async fn query(self, sql: &str, params: Params<'_>) -> Result<Vec<Row>> {
        Ok(match self {
            Self::Shared(readers, tenant) => readers.query(tenant, sql, params).await?,
            Self::Transaction(tx) => tx.query(sql, params).await?,
        })
    }

    /// Runs a statement that is planned for these very values.
    pub(crate) async fn query_typed(
        self,
        sql: &str,
        params: &[(&(dyn ToSql + Sync), Type)],
    ) -> Result<Vec<Row>> {
        Ok(match self {
            Self::Shared(readers, tenant) => readers.query_typed(tenant, sql, params).await?,
            Self::Transaction(tx) => tx.query_typed(sql, params).await?,
        })
    }

    /// Runs a statement whose plan is the same for all values; on the shared connections it is prepared.
    pub(crate) async fn query_shaped(
        self,
        sql: &str,
        params: &[(&(dyn ToSql + Sync), Type)],
    ) -> Result<Vec<Row>> {
        Ok(match self {
            Self::Shared(readers, tenant) => readers.query_shaped(tenant, sql, params).await?,
            Self::Transaction(tx) => tx.query_typed(sql, params).await?,
        })
    }
}
