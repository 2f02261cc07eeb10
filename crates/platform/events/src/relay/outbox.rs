//! The statements of the relay.

use std::collections::HashSet;
use std::time::{Duration, Instant as Monotonic};

use mt_database::{Database, Params, Turn};
use mt_kernel::{Instant, TenantId};
use std::sync::Mutex;
use tokio_postgres::Row;
use uuid::Uuid;

use super::row::OutboxRow;
use crate::bus::{Place, PlaceChange};
use crate::error::Result;

const LOOK: &str = "select seq, at, tenant, correlation, types, actions, versions, ids, events, xid, \
    horizon, upto, waits from events.look($1, $2, $3, $4)";
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
    /// Whether the database holds the same place.
    pub(super) fn is_at(&self, written: &Self) -> bool {
        (&self.from, &self.to, self.after) == (&written.from, &written.to, written.after)
    }

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

/// What lies in the outbox now.
pub(super) struct Look {
    /// Where the window ends.
    pub(super) to: String,
    pub(super) rows: Vec<OutboxRow>,
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

    /// Waits until the relay may work beside the requests.
    pub(super) async fn turn(&self) -> Turn {
        self.database.pace().turn().await
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

    /// The next settled rows. A window that is not begun ends at the horizon, below which every transaction has ended, or
    /// before a row that must wait for one of the same record. Rows that wait above a horizon that does not move show in
    /// the gauge `events_horizon_age_seconds`.
    pub(super) async fn look(&self, hold: &Hold, limit: i32) -> Result<Look> {
        let rows = self
            .query(LOOK, &[&hold.from, &hold.to, &hold.after, &limit])
            .await?;
        let mut look = Look {
            to: hold.to.as_ref().unwrap_or(&hold.from).clone(),
            rows: Vec::with_capacity(rows.len()),
        };
        for row in &rows {
            let (seq, horizon, to, waits) = seen(row)?;
            if look.rows.is_empty() {
                self.watch(horizon, waits);
                look.to = to;
            }
            if seq.is_some() {
                look.rows.push(outbox_row(row)?);
            }
        }
        Ok(look)
    }

    fn watch(&self, horizon: String, waits: bool) {
        let mut stalled = self
            .stalled
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let since = match stalled.take() {
            Some((known, since)) if known == horizon && waits => since,
            _ => Monotonic::now(),
        };
        metrics::gauge!("events_horizon_age_seconds").set(since.elapsed().as_secs_f64());
        *stalled = Some((horizon, since));
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

/// Place of the row, if it is one, horizon, end of the window, whether rows wait above the horizon.
fn seen(row: &Row) -> Result<(Option<i64>, String, String, bool), mt_database::Error> {
    Ok((
        row.try_get(0)?,
        row.try_get(10)?,
        row.try_get(11)?,
        row.try_get(12)?,
    ))
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
