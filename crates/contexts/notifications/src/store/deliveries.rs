//! What leaves, and what became of it.

use mt_crypto::TenantKeys;
use mt_database::{Database, TenantTx};
use mt_kernel::Instant;
use serde::{Deserialize, Serialize};
use tokio_postgres::Row;
use uuid::Uuid;

use super::{column, open, seal};
use crate::domain::{Channel, DeliveryState, Intent};
use crate::error::{NotificationError, Result};
use crate::ports::Address;

const TABLE: &str = "delivery";
const COLUMNS: &str = "seq, id, message, intent, channel, state, attempts, created_at, updated_at, due_at, reason, sealed";

const INSERT: &str = "insert into notifications.delivery (tenant, id, message, recipient, intent, channel, \
      state, created_at, updated_at, due_at, reason, sealed) \
    values ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, $10, $11) on conflict do nothing";
const SETTLE: &str = "update notifications.delivery set state = $3, reason = $4, attempts = $5, updated_at = $6 \
    where tenant = $1 and id = $2 and state in (1, 2)";
const MOVE: &str = "update notifications.delivery set state = $4, reason = coalesce($5, reason), updated_at = $6 \
    where tenant = $1 and id = $2 and state = $3";
const GATHERED: &str = "update notifications.delivery set state = 2, updated_at = $3, reason = 'digest' \
    where tenant = $1 and recipient = $2 and state = 6 and due_at <= $3";
const DUE: &str = "select recipient, sealed, id from notifications.delivery \
    where tenant = $1 and state = 6 and due_at <= $2 order by due_at, seq limit 1 for update skip locked";

/// What of a delivery is sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sealed {
    /// The person, as a reference.
    pub(crate) recipient: String,
    /// Where to; none when there is no address.
    pub(crate) address: Option<Address>,
}

/// A new delivery.
#[derive(Clone, Debug)]
pub(crate) struct New<'a> {
    pub(crate) id: Uuid,
    pub(crate) message: Uuid,
    /// Keyed hash of the person.
    pub(crate) person: i64,
    pub(crate) intent: Intent,
    pub(crate) channel: Channel,
    pub(crate) state: DeliveryState,
    pub(crate) reason: Option<&'static str>,
    pub(crate) due_at: Instant,
    pub(crate) sealed: &'a Sealed,
}

/// A delivery as it is kept.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) seq: i64,
    pub(crate) id: Uuid,
    pub(crate) message: Uuid,
    pub(crate) intent: Intent,
    pub(crate) channel: Channel,
    pub(crate) state: DeliveryState,
    pub(crate) attempts: u32,
    pub(crate) created_at: Instant,
    pub(crate) updated_at: Instant,
    pub(crate) due_at: Instant,
    pub(crate) reason: Option<String>,
    pub(crate) sealed: Sealed,
}

fn kept(keys: &TenantKeys, row: &Row) -> Result<Kept> {
    let id: Uuid = column(row, 1)?;
    let attempts: i32 = column(row, 6)?;
    let sealed: Vec<u8> = column(row, 11)?;
    let unreadable = NotificationError::Unreadable;
    Ok(Kept {
        seq: column(row, 0)?,
        id,
        message: column(row, 2)?,
        intent: Intent::of(column(row, 3)?).ok_or(unreadable)?,
        channel: Channel::of(column(row, 4)?).ok_or(NotificationError::Unreadable)?,
        state: DeliveryState::of(column(row, 5)?).ok_or(NotificationError::Unreadable)?,
        attempts: attempts.unsigned_abs(),
        created_at: Instant(column(row, 7)?),
        updated_at: Instant(column(row, 8)?),
        due_at: Instant(column(row, 9)?),
        reason: column(row, 10)?,
        sealed: open(keys, (TABLE, id.as_bytes()), &sealed)?,
    })
}

/// Notes a delivery; false when it was noted before.
pub(crate) async fn insert(
    tx: &TenantTx,
    keys: &TenantKeys,
    new: &New<'_>,
    now: Instant,
) -> Result<bool> {
    let sealed = seal(keys, (TABLE, new.id.as_bytes()), new.sealed)?;
    let params: mt_database::Params<'_> = &[
        &tx.tenant().0,
        &new.id,
        &new.message,
        &new.person,
        &new.intent.number(),
        &new.channel.number(),
        &new.state.number(),
        &now.0,
        &new.due_at.0,
        &new.reason,
        &sealed,
    ];
    Ok(tx.execute(INSERT, params).await? == 1)
}

/// The latest first, those of a state when one is given.
pub(crate) async fn list(
    database: &Database,
    keys: &TenantKeys,
    state: Option<DeliveryState>,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<Kept>> {
    let tenant = keys.tenant();
    let sql = format!(
        "select {COLUMNS} from notifications.delivery where tenant = $1 and seq < $2 \
         and ($3::int2 is null or state = $3) order by seq desc limit $4"
    );
    let state = state.map(DeliveryState::number);
    let (before, limit) = (before.unwrap_or(i64::MAX), i64::from(limit));
    let params: mt_database::Params<'_> = &[&tenant.0, &before, &state, &limit];
    let rows = database.readers().query(tenant, &sql, params).await?;
    rows.iter().map(|row| kept(keys, row)).collect()
}

/// One delivery.
pub(crate) async fn find(database: &Database, keys: &TenantKeys, id: Uuid) -> Result<Option<Kept>> {
    let tenant = keys.tenant();
    let sql = format!("select {COLUMNS} from notifications.delivery where tenant = $1 and id = $2");
    let params: mt_database::Params<'_> = &[&tenant.0, &id];
    let rows = database.readers().query(tenant, &sql, params).await?;
    rows.first().map(|row| kept(keys, row)).transpose()
}

/// What came of an attempt.
#[derive(Clone, Debug)]
pub(crate) struct Attempt<'a> {
    pub(crate) state: DeliveryState,
    pub(crate) reason: Option<&'a str>,
    pub(crate) number: u32,
}

/// Notes an attempt; what ended already, by a receipt or for good, stays so, and then this is false.
pub(crate) async fn settle(
    tx: &TenantTx,
    id: Uuid,
    attempt: &Attempt<'_>,
    now: Instant,
) -> Result<bool> {
    let number = i32::try_from(attempt.number).unwrap_or(i32::MAX);
    let params: mt_database::Params<'_> = &[
        &tx.tenant().0,
        &id,
        &attempt.state.number(),
        &attempt.reason,
        &number,
        &now.0,
    ];
    Ok(tx.execute(SETTLE, params).await? == 1)
}

/// The next person whose digest is due: what lay first in it, and its id.
pub(crate) async fn due_digest(
    tx: &TenantTx,
    keys: &TenantKeys,
    now: Instant,
) -> Result<Option<(i64, Sealed, Uuid)>> {
    let Some(row) = tx.query_opt(DUE, &[&tx.tenant().0, &now.0]).await? else {
        return Ok(None);
    };
    let (person, id): (i64, Uuid) = (column(&row, 0)?, column(&row, 2)?);
    let sealed: Vec<u8> = column(&row, 1)?;
    Ok(Some((
        person,
        open(keys, (TABLE, id.as_bytes()), &sealed)?,
        id,
    )))
}

/// Takes everything that is gathered for a person; returns how many.
pub(crate) async fn take_gathered(tx: &TenantTx, person: i64, now: Instant) -> Result<u64> {
    Ok(tx
        .execute(GATHERED, &[&tx.tenant().0, &person, &now.0])
        .await?)
}

/// Moves a delivery from one state to another; false when it is in another by now.
pub(crate) async fn advance(
    tx: &TenantTx,
    id: Uuid,
    (from, to): (DeliveryState, DeliveryState),
    reason: Option<&str>,
    now: Instant,
) -> Result<bool> {
    let params: mt_database::Params<'_> = &[
        &tx.tenant().0,
        &id,
        &from.number(),
        &to.number(),
        &reason,
        &now.0,
    ];
    Ok(tx.execute(MOVE, params).await? == 1)
}

/// Takes what a vendor said; false when it was taken before.
pub(crate) async fn receive(tx: &TenantTx, digest: &[u8], now: Instant) -> Result<bool> {
    let sql = "insert into notifications.receipt (tenant, digest, at) values ($1, $2, $3) on conflict do nothing";
    Ok(tx.execute(sql, &[&tx.tenant().0, &digest, &now.0]).await? == 1)
}
