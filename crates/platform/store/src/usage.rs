//! What the records of a tenant take, and what room is left to them.
//!
//! Counted are the sealed bodies of all versions. A measure adds what the transaction log names since the last one, so
//! that it costs what was written meanwhile; all is counted anew once a day and after an erasure.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use mt_database::{TenantTx, TxOptions};
use mt_fhir::ResourceType;
use mt_kernel::{ActorKind, ErrorKind, Instant, TenantId};

use crate::commit::Unit;
use crate::tenants::column;
use crate::{Action, Batch, Caller, Change, Result, Store, StoreError};

/// What the records of a tenant take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Bytes of sealed bodies, of current and of superseded versions.
    pub bytes: i64,
    /// When they were measured.
    pub measured_at: Instant,
}

/// How long a count of all is built upon.
const COUNT_EVERY: i64 = 86_400 * 1_000_000;
/// How old a measure that found nothing new may be before it is stored anew, so that little of the log is read twice.
const STORE_EVERY: i64 = 60 * 1_000_000;
/// For a count of all.
const PATIENCE: Duration = Duration::from_secs(600);

const STORED: &str =
    "select bytes, horizon::text, measured_at, counted_at from records.usage where tenant = $1";

/// Bytes of the versions that transactions wrote which are part of this statement's snapshot, from a horizon up to that of
/// the snapshot. Each version stands in one of the two tables, and is looked up by its key, however many there seem to be.
const GROWN: &str = "with h as materialized (select pg_snapshot_xmin(pg_current_snapshot()) as x) \
    select coalesce((select sum(coalesce( \
        (select octet_length(r.body) from records.res r where r.tenant = $1 and r.type = c.type \
          and r.id = c.id and r.version = c.version), \
        (select octet_length(r.body) from records.res_h r where r.tenant = $1 and r.type = c.type \
          and r.id = c.id and r.version = c.version))) \
      from records.txlog t, unnest(t.types, t.ids, t.versions) as c (type, id, version) \
      where t.tenant = $1 and t.xid >= $2::text::xid8 and t.xid < h.x), 0)::int8, h.x::text from h";

/// Bytes of everything, without what was written by transactions from the horizon on: the next measure adds that.
const COUNT: &str = "with h as materialized (select pg_snapshot_xmin(pg_current_snapshot()) as x) \
    select (select coalesce(sum(octet_length(body)), 0) from records.res where tenant = $1)::int8 \
      + (select coalesce(sum(octet_length(body)), 0) from records.res_h where tenant = $1)::int8 \
      - coalesce((select sum(coalesce( \
        (select octet_length(r.body) from records.res r where r.tenant = $1 and r.type = c.type \
          and r.id = c.id and r.version = c.version), \
        (select octet_length(r.body) from records.res_h r where r.tenant = $1 and r.type = c.type \
          and r.id = c.id and r.version = c.version))) \
      from records.txlog t, unnest(t.types, t.ids, t.versions) as c (type, id, version) \
      where t.tenant = $1 and t.xid >= h.x), 0)::int8, h.x::text from h";

/// Nobody else must have added the same.
const ADD: &str = "update records.usage set bytes = bytes + $2, horizon = $3::text::xid8, measured_at = $4 \
    where tenant = $1 and horizon = $5::text::xid8";
const SET: &str = "insert into records.usage (tenant, bytes, horizon, measured_at, counted_at) \
    values ($1, $2, $3::text::xid8, $4, $4) on conflict (tenant) do update \
    set bytes = excluded.bytes, horizon = excluded.horizon, measured_at = excluded.measured_at, \
      counted_at = excluded.counted_at";
pub(crate) const COUNT_AGAIN: &str = "update records.usage set counted_at = 0 where tenant = $1";
pub(crate) const FORGET: &str = "delete from records.usage where tenant = $1";

/// A row of `records.usage`.
struct Known {
    bytes: i64,
    horizon: String,
    measured_at: i64,
    counted_at: i64,
}

/// The tenants that may not grow without end, and by how many bytes they still may; see [`Store::set_rooms`].
#[derive(Debug, Default)]
pub(crate) struct Rooms(RwLock<HashMap<TenantId, i64>>);

impl Rooms {
    fn set(&self, rooms: impl IntoIterator<Item = (TenantId, i64)>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = rooms.into_iter().collect();
    }

    fn is_full(&self, tenant: TenantId) -> bool {
        let rooms = self.0.read().unwrap_or_else(PoisonError::into_inner);
        rooms.get(&tenant).is_some_and(|room| *room <= 0)
    }

    fn take(&self, tenant: TenantId, bytes: i64) {
        let limited = {
            let rooms = self.0.read().unwrap_or_else(PoisonError::into_inner);
            rooms.contains_key(&tenant)
        };
        if limited {
            let mut rooms = self.0.write().unwrap_or_else(PoisonError::into_inner);
            if let Some(room) = rooms.get_mut(&tenant) {
                *room = room.saturating_sub(bytes);
            }
        }
    }
}

impl Store {
    /// Measures what the records of a tenant take, by what was written since the last measure of any process; the
    /// first one, and one a day, looks at every row.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn measure(&self, tenant: TenantId) -> Result<Usage> {
        let now = self.clock().now();
        let options = TxOptions {
            statement_timeout: Some(PATIENCE),
            ..TxOptions::default()
        };
        let tx = self.database().tenant_with(tenant, options).await?;
        let known = known(&tx, tenant).await?;
        let bytes = match known.filter(|known| now.0 < known.counted_at + COUNT_EVERY) {
            Some(known) => add(&tx, tenant, &known, now).await?,
            None => count(&tx, tenant, now).await?,
        };
        tx.commit().await?;
        Ok(Usage {
            bytes,
            measured_at: now,
        })
    }

    /// What the last measure of any process found; `None` when there was none.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn usage(&self, tenant: TenantId) -> Result<Option<Usage>> {
        let tx = self.database().tenant(tenant).await?;
        let known = known(&tx, tenant).await?;
        tx.rollback().await;
        Ok(known.map(|known| Usage {
            bytes: known.bytes,
            measured_at: Instant(known.measured_at),
        }))
    }

    /// The tenants whose records may grow by so many bytes and no more, in place of those named before: others may
    /// grow as they like. What this process writes is taken off until it is told anew.
    pub fn set_rooms(&self, rooms: impl IntoIterator<Item = (TenantId, i64)>) {
        self.rooms().set(rooms);
    }

    /// Refuses what needs room when a tenant has none left.
    ///
    /// # Errors
    /// [`ErrorKind::Full`].
    pub fn require_room(&self, tenant: TenantId) -> Result<()> {
        if !self.rooms().is_full(tenant) {
            return Ok(());
        }
        let message = "the storage that this organisation may use is used up; nothing can be added or changed until \
            the limit is raised";
        Err(StoreError::refused(ErrorKind::Full, message))
    }

    /// Refuses a batch that adds versions with content. What MediTrack does by itself follows from what was let
    /// pass, or must not fail (the notice of an emergency access): it is never refused; nor is a `Consent`, because
    /// what a patient decided takes hold whatever is paid for.
    pub(crate) fn require_room_for(&self, caller: &Caller, batch: &Batch) -> Result<()> {
        let adds = |change: &Change| {
            !matches!(change.action, Action::Delete { .. })
                && change.resource_type != ResourceType::CONSENT
        };
        let exempt = caller.ctx.actor.kind == ActorKind::System;
        if exempt || !batch.changes.iter().any(adds) {
            return Ok(());
        }
        self.require_room(caller.ctx.tenant)
    }

    /// Takes what was written off the room of its tenant.
    pub(crate) fn take_room(&self, tenant: TenantId, unit: &Unit) {
        let bytes: usize = unit.rows.iter().map(|row| row.sealed.len()).sum();
        self.rooms()
            .take(tenant, i64::try_from(bytes).unwrap_or(i64::MAX));
    }
}

async fn known(tx: &TenantTx, tenant: TenantId) -> Result<Option<Known>> {
    let row = tx.query_opt(STORED, &[&tenant.0]).await?;
    row.map(|row| {
        Ok(Known {
            bytes: column(&row, 0)?,
            horizon: column(&row, 1)?,
            measured_at: column(&row, 2)?,
            counted_at: column(&row, 3)?,
        })
    })
    .transpose()
}

async fn add(tx: &TenantTx, tenant: TenantId, known: &Known, now: Instant) -> Result<i64> {
    let row = tx.query_one(GROWN, &[&tenant.0, &known.horizon]).await?;
    let (grown, horizon): (i64, String) = (column(&row, 0)?, column(&row, 1)?);
    if grown != 0 || now.0 >= known.measured_at + STORE_EVERY {
        // When another process was faster, both know the same.
        tx.execute(ADD, &[&tenant.0, &grown, &horizon, &now.0, &known.horizon])
            .await?;
    }
    Ok(known.bytes.saturating_add(grown))
}

async fn count(tx: &TenantTx, tenant: TenantId, now: Instant) -> Result<i64> {
    let row = tx.query_one(COUNT, &[&tenant.0]).await?;
    let (bytes, horizon): (i64, String) = (column(&row, 0)?, column(&row, 1)?);
    tx.execute(SET, &[&tenant.0, &bytes, &horizon, &now.0])
        .await?;
    Ok(bytes)
}
