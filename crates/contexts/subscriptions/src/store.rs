//! The rows of `subscriptions`.

use mt_crypto::{Purpose, TenantKeys};
use mt_database::{Database, TenantTx};
use mt_kernel::{Instant, TenantId};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio_postgres::Row;
use uuid::Uuid;

use crate::domain::Focus;
use crate::error::{Result, SubscriptionError};
use crate::service::Owner;

const COLUMNS: &str = "id, state, events, sealed";

/// How a subscription stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Requested,
    Active,
    Error,
}

impl State {
    const fn of(number: i16) -> Self {
        match number {
            2 => Self::Active,
            3 => Self::Error,
            _ => Self::Requested,
        }
    }

    /// The code of `Subscription.status`.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Active => "active",
            Self::Error => "error",
        }
    }
}

/// What of a subscription is sealed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Particulars {
    /// Literal id of the Subscription.
    pub(crate) id: String,
    /// The resource as it was asked for.
    pub(crate) resource: Value,
    pub(crate) owner: Owner,
}

/// A subscription as it is kept.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) row: Uuid,
    pub(crate) state: State,
    pub(crate) events: i64,
    pub(crate) particulars: Particulars,
}

/// The row of the Subscription with this id.
pub(crate) fn row_of(id: &str) -> Uuid {
    let digest = mt_crypto::sha256(&[b"Subscription/", id.as_bytes()].concat());
    let (bytes, _) = digest
        .split_first_chunk::<16>()
        .expect("a digest has 32 bytes");
    uuid::Builder::from_custom_bytes(*bytes).into_uuid()
}

fn place(row: Uuid, number: i64) -> Vec<u8> {
    [
        b"subscription\0",
        &row.as_bytes()[..],
        &number.to_be_bytes(),
    ]
    .concat()
}

fn seal<T: Serialize>(keys: &TenantKeys, row: Uuid, number: i64, value: &T) -> Result<Vec<u8>> {
    let plain = serde_json::to_vec(value).map_err(|_| SubscriptionError::Unreadable)?;
    Ok(mt_crypto::seal(
        keys,
        Purpose::Webhook,
        &place(row, number),
        &plain,
    )?)
}

fn open<T: DeserializeOwned>(
    keys: &TenantKeys,
    row: Uuid,
    number: i64,
    sealed: &[u8],
) -> Result<T> {
    let plain = mt_crypto::open(keys, Purpose::Webhook, &place(row, number), sealed)?;
    serde_json::from_slice(&plain).map_err(|_| SubscriptionError::Unreadable)
}

fn column(error: tokio_postgres::Error) -> SubscriptionError {
    SubscriptionError::Database(error.into())
}

fn kept(keys: &TenantKeys, row: &Row) -> Result<Kept> {
    let id: Uuid = row.try_get(0).map_err(column)?;
    let sealed: Vec<u8> = row.try_get(3).map_err(column)?;
    Ok(Kept {
        row: id,
        state: State::of(row.try_get(1).map_err(column)?),
        events: row.try_get(2).map_err(column)?,
        particulars: open(keys, id, 0, &sealed)?,
    })
}

/// Keeps a subscription that was asked for; one that was there begins anew and goes on counting.
pub(crate) async fn put(
    tx: &TenantTx,
    keys: &TenantKeys,
    types: &[i16],
    particulars: &Particulars,
    now: Instant,
) -> Result<Uuid> {
    let row = row_of(&particulars.id);
    let sealed = seal(keys, row, 0, particulars)?;
    let sql = "insert into subscriptions.active (tenant, id, state, types, created_at, sealed) \
        values ($1, $2, 1, $3, $4, $5) on conflict (tenant, id) do update \
        set state = 1, types = excluded.types, heartbeat_due = null, sealed = excluded.sealed";
    tx.execute(sql, &[&keys.tenant().0, &row, &types, &now.0, &sealed])
        .await?;
    Ok(row)
}

pub(crate) async fn remove(tx: &TenantTx, row: Uuid) -> Result<()> {
    for sql in [
        "delete from subscriptions.active where tenant = $1 and id = $2",
        "delete from subscriptions.notification where tenant = $1 and subscription = $2",
    ] {
        tx.execute(sql, &[&tx.tenant().0, &row]).await?;
    }
    Ok(())
}

/// The active ones that want to hear of changes of any of these types.
pub(crate) async fn wanting(tx: &TenantTx, keys: &TenantKeys, types: &[i16]) -> Result<Vec<Kept>> {
    let sql = format!(
        "select {COLUMNS} from subscriptions.active where tenant = $1 and state = 2 and types && $2::int2[]"
    );
    let rows = tx.query(&sql, &[&keys.tenant().0, &types]).await?;
    rows.iter().map(|row| kept(keys, row)).collect()
}

pub(crate) async fn find(
    database: &Database,
    keys: &TenantKeys,
    row: Uuid,
) -> Result<Option<Kept>> {
    let tenant = keys.tenant();
    let sql = format!("select {COLUMNS} from subscriptions.active where tenant = $1 and id = $2");
    let rows = database
        .readers()
        .query(tenant, &sql, &[&tenant.0, &row])
        .await?;
    rows.first().map(|row| kept(keys, row)).transpose()
}

/// Numbers a notification and keeps what it is about. Returns the number.
pub(crate) async fn number(
    tx: &TenantTx,
    keys: &TenantKeys,
    row: Uuid,
    focus: &[Focus],
    now: Instant,
) -> Result<i64> {
    let sql = "update subscriptions.active set events = events + 1 where tenant = $1 and id = $2 returning events";
    let found = tx.query_one(sql, &[&keys.tenant().0, &row]).await?;
    let number: i64 = found.try_get(0).map_err(column)?;
    let sealed = seal(keys, row, number, &focus)?;
    let sql = "insert into subscriptions.notification (tenant, subscription, number, at, sealed) values ($1, $2, $3, $4, $5)";
    tx.execute(sql, &[&keys.tenant().0, &row, &number, &now.0, &sealed])
        .await?;
    Ok(number)
}

/// What a notification is about, and when it happened.
pub(crate) async fn notification(
    database: &Database,
    keys: &TenantKeys,
    row: Uuid,
    number: i64,
) -> Result<Option<(Instant, Vec<Focus>)>> {
    let tenant = keys.tenant();
    let sql = "select at, sealed from subscriptions.notification where tenant = $1 and subscription = $2 and number = $3";
    let rows = database
        .readers()
        .query(tenant, sql, &[&tenant.0, &row, &number])
        .await?;
    let Some(found) = rows.first() else {
        return Ok(None);
    };
    let sealed: Vec<u8> = found.try_get(1).map_err(column)?;
    let at = Instant(found.try_get(0).map_err(column)?);
    Ok(Some((at, open(keys, row, number, &sealed)?)))
}

/// The numbers from `from` to `to` of what was told, at most `limit`.
pub(crate) async fn notifications(
    database: &Database,
    keys: &TenantKeys,
    row: Uuid,
    (from, to): (i64, i64),
    limit: i64,
) -> Result<Vec<(i64, Instant, Vec<Focus>)>> {
    let tenant = keys.tenant();
    let sql = "select number, at, sealed from subscriptions.notification where tenant = $1 and subscription = $2 \
        and number between $3 and $4 order by number limit $5";
    let params: mt_database::Params<'_> = &[&tenant.0, &row, &from, &to, &limit];
    let rows = database.readers().query(tenant, sql, params).await?;
    let read = |found: &Row| {
        let number: i64 = found.try_get(0).map_err(column)?;
        let at = Instant(found.try_get(1).map_err(column)?);
        let sealed: Vec<u8> = found.try_get(2).map_err(column)?;
        Ok((number, at, open(keys, row, number, &sealed)?))
    };
    rows.iter().map(read).collect()
}

/// Notes that something was told: the next sign of life is due `heartbeat` seconds later.
pub(crate) async fn told(
    database: &Database,
    tenant: TenantId,
    row: Uuid,
    heartbeat: Option<u64>,
    now: Instant,
) -> Result<()> {
    let due = heartbeat.and_then(|seconds| i64::try_from(seconds).ok());
    let due = due.map(|seconds| now.plus_seconds(seconds).0);
    let sql = "update subscriptions.active set state = 2, heartbeat_due = $3 where tenant = $1 and id = $2 and state < 3";
    let tx = database.tenant(tenant).await?;
    tx.execute(sql, &[&tenant.0, &row, &due]).await?;
    Ok(tx.commit().await?)
}

/// Notes that a subscription cannot be told any more.
pub(crate) async fn failed(database: &Database, tenant: TenantId, row: Uuid) -> Result<()> {
    let sql = "update subscriptions.active set state = 3, heartbeat_due = null where tenant = $1 and id = $2";
    let tx = database.tenant(tenant).await?;
    tx.execute(sql, &[&tenant.0, &row]).await?;
    Ok(tx.commit().await?)
}

/// Takes the subscriptions of a tenant that are to hear that the server lives; they come again when nobody tells them.
pub(crate) async fn due_heartbeats(tx: &TenantTx, now: Instant) -> Result<Vec<Uuid>> {
    let sql = "update subscriptions.active set heartbeat_due = $2 + 120000000 where tenant = $1 and state = 2 \
        and heartbeat_due <= $2 returning id";
    let rows = tx.query(sql, &[&tx.tenant().0, &now.0]).await?;
    rows.iter()
        .map(|row| row.try_get(0).map_err(column))
        .collect()
}

pub(crate) async fn tenants_with_heartbeats(
    database: &Database,
    now: Instant,
) -> Result<Vec<TenantId>> {
    let sql = "select t from subscriptions.due_tenants($1) as t";
    let rows = database
        .readers()
        .query(TenantId(0), sql, &[&now.0])
        .await?;
    rows.iter()
        .map(|row| row.try_get(0).map(TenantId).map_err(column))
        .collect()
}

/// How far subscriptions of any tenants are: tenant, row, state and number of the last notification.
pub(crate) async fn progress(
    database: &Database,
    wanted: &[(TenantId, Uuid)],
) -> Result<Vec<((TenantId, Uuid), (State, i64))>> {
    let tenants: Vec<i32> = wanted.iter().map(|(tenant, _)| tenant.0).collect();
    let ids: Vec<Uuid> = wanted.iter().map(|(_, id)| *id).collect();
    let sql = "select tenant, id, state, events from subscriptions.progress($1, $2)";
    let rows = database
        .readers()
        .query(TenantId(0), sql, &[&tenants, &ids])
        .await?;
    let read = |row: &Row| {
        let key = (TenantId(row.try_get(0)?), row.try_get(1)?);
        Ok((key, (State::of(row.try_get(2)?), row.try_get(3)?)))
    };
    rows.iter().map(|row| read(row).map_err(column)).collect()
}

pub(crate) async fn tidy(database: &Database, before: Instant) -> Result<i64> {
    let tx = database.admin().await?;
    let row = tx
        .query_one("select subscriptions.tidy($1, 10000)", &[&before.0])
        .await?;
    tx.commit().await?;
    row.try_get(0).map_err(column)
}
