//! The statements of the relay.

use std::collections::HashSet;
use std::time::{Duration, Instant as Monotonic};

use mt_database::{Database, Params};
use mt_kernel::{Instant, TenantId};
use std::sync::Mutex;
use tokio_postgres::Row;
use uuid::Uuid;

use super::row::OutboxRow;
use crate::bus::{Place, PlaceChange};
use crate::error::Result;

const HORIZON: &str = "select pg_snapshot_xmin(pg_current_snapshot())::text, \
    exists (select from records.tail(pg_snapshot_xmin(pg_current_snapshot())::text) t where t.tenant is not null)";
const SETTLED: &str = "select seq, at, tenant, correlation, types, actions, versions, ids, events, xid \
    from events.settled($1, $2, $3, $4)";
const DEFERRED: &str = "select seq, at, tenant, correlation, types, actions, versions, ids, events, xid \
    from events.deferred_rows($1, $2)";

/// The log is read through owner's functions that are bound to no tenant.
const NOBODY: TenantId = TenantId(0);

/// The relay's place as it holds it.
#[derive(Clone, Debug)]
pub(super) struct Hold {
    pub(super) token: i64,
    pub(super) from: String,
    pub(super) to: Option<String>,
    pub(super) after: i64,
}

impl Hold {
    pub(super) fn place(&self) -> Place {
        Place {
            token: self.token,
            from: self.from.clone(),
            to: self.to.clone(),
            after: self.after,
            change: PlaceChange::None,
        }
    }
}

pub(super) struct Outbox {
    database: Database,
    holder: Uuid,
    /// The last horizon, and since when it has stood while rows wait behind it.
    stalled: Mutex<Option<(String, Monotonic)>>,
}

impl Outbox {
    pub(super) fn new(database: Database, holder: Uuid) -> Self {
        Self {
            database,
            holder,
            stalled: Mutex::default(),
        }
    }

    /// Takes or keeps the place; `None` when another process has it.
    pub(super) async fn hold(&self, lease: Duration) -> Result<Option<Hold>> {
        let millis = i64::try_from(lease.as_millis()).unwrap_or(i64::MAX);
        let tx = self.database.admin().await?;
        let row = tx
            .query_opt(
                "select token, from_xid, to_xid, after_seq from events.hold_relay($1, $2)",
                &[&self.holder, &millis],
            )
            .await?;
        tx.commit().await?;
        Ok(row.as_ref().map(held).transpose()?)
    }

    /// Gives the place up, if we have it.
    pub(super) async fn release(&self) -> Result<()> {
        let tx = self.database.admin().await?;
        tx.execute("select events.release_relay($1)", &[&self.holder])
            .await?;
        Ok(tx.commit().await?)
    }

    /// Every transaction below this one has ended. Rows that wait above a horizon that does not move
    /// show in the gauge `events_horizon_age_seconds`.
    pub(super) async fn horizon(&self) -> Result<String> {
        let rows = self.query(HORIZON, &[]).await?;
        let Some(row) = rows.first() else {
            return Ok("0".to_owned());
        };
        let (horizon, waiting) = horizon(row)?;
        let mut stalled = self
            .stalled
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let since = match stalled.take() {
            Some((known, since)) if known == horizon && waiting => since,
            _ => Monotonic::now(),
        };
        metrics::gauge!("events_horizon_age_seconds").set(since.elapsed().as_secs_f64());
        *stalled = Some((horizon.clone(), since));
        Ok(horizon)
    }

    /// Where a window that begins at `from` may end: at the horizon, or before a row that must wait
    /// for one of the same record.
    pub(super) async fn boundary(&self, from: &str, horizon: &str) -> Result<String> {
        let rows = self
            .query("select events.boundary($1, $2)", &[&from, &horizon])
            .await?;
        let found = rows.first().map(|row| row.try_get(0)).transpose();
        Ok(found
            .map_err(mt_database::Error::from)?
            .unwrap_or_else(|| horizon.to_owned()))
    }

    /// The next rows of the window that ends at `to`.
    pub(super) async fn settled(
        &self,
        hold: &Hold,
        to: &str,
        limit: i32,
    ) -> Result<Vec<OutboxRow>> {
        let rows = self
            .query(SETTLED, &[&hold.from, &to, &hold.after, &limit])
            .await?;
        Ok(rows.iter().map(outbox_row).collect::<Result<_, _>>()?)
    }

    /// Tenants for which rows were deferred.
    pub(super) async fn deferred_tenants(&self) -> Result<HashSet<TenantId>> {
        let rows = self
            .query("select * from events.deferred_tenants()", &[])
            .await?;
        let tenant = |row: &Row| row.try_get(0).map(TenantId);
        let found: Result<_, tokio_postgres::Error> = rows.iter().map(tenant).collect();
        Ok(found.map_err(mt_database::Error::from)?)
    }

    /// The oldest deferred rows of a tenant.
    pub(super) async fn deferred(&self, tenant: TenantId, limit: i32) -> Result<Vec<OutboxRow>> {
        let rows = self.query(DEFERRED, &[&tenant.0, &limit]).await?;
        Ok(rows.iter().map(outbox_row).collect::<Result<_, _>>()?)
    }

    async fn query(&self, sql: &'static str, params: Params<'_>) -> Result<Vec<Row>> {
        Ok(self.database.readers().query(NOBODY, sql, params).await?)
    }
}

fn held(row: &Row) -> Result<Hold, mt_database::Error> {
    Ok(Hold {
        token: row.try_get(0)?,
        from: row.try_get(1)?,
        to: row.try_get(2)?,
        after: row.try_get(3)?,
    })
}

fn horizon(row: &Row) -> Result<(String, bool), mt_database::Error> {
    Ok((row.try_get(0)?, row.try_get(1)?))
}

pub(crate) fn outbox_row(row: &Row) -> Result<OutboxRow, mt_database::Error> {
    Ok(OutboxRow {
        seq: row.try_get(0)?,
        at: Instant(row.try_get(1)?),
        tenant: TenantId(row.try_get(2)?),
        correlation: row.try_get(3)?,
        types: row.try_get(4)?,
        actions: row.try_get(5)?,
        versions: row.try_get(6)?,
        ids: row.try_get(7)?,
        sealed: row.try_get(8)?,
        xid: row.try_get(9)?,
    })
}
