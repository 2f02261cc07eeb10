//! What people are told in the application.

use mt_crypto::TenantKeys;
use mt_database::{Database, TenantTx};
use mt_kernel::Instant;
use serde::{Deserialize, Serialize};
use tokio_postgres::Row;
use uuid::Uuid;

use super::{column, open, seal};
use crate::domain::Intent;
use crate::error::{NotificationError, Result};

const TABLE: &str = "message";

const INSERT: &str = "insert into notifications.message \
    (tenant, id, recipient, intent, created_at, expires_at, sealed) values ($1, $2, $3, $4, $5, $6, $7) \
    on conflict do nothing";
const PAGE: &str = "select id, intent, created_at, read_at, sealed from notifications.message \
    where tenant = $1 and recipient = any($2) and (created_at, id) < ($3, $4) and expires_at > $5 \
      and (not $6 or read_at is null) \
    order by created_at desc, id desc limit $7";
const UNREAD: &str = "select count(*) from (select from notifications.message \
    where tenant = $1 and recipient = any($2) and read_at is null and expires_at > $3 limit $4) as open";
const READ: &str = "update notifications.message set read_at = coalesce(read_at, $4) \
    where tenant = $1 and recipient = any($2) and id = $3";
const READ_ALL: &str = "update notifications.message set read_at = $3 \
    where tenant = $1 and recipient = any($2) and read_at is null and created_at <= $3";

/// Unread messages are counted up to here.
pub(crate) const MOST_UNREAD: i64 = 1_000;

/// What of a message is sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Content {
    /// The person, as a reference.
    pub(crate) recipient: String,
    pub(crate) title: String,
    pub(crate) body: String,
    pub(crate) language: String,
    /// Version of the wording; 0 is the shipped one.
    pub(crate) wording: i32,
    /// Type and id of the record that it is about.
    pub(crate) subject: Option<(String, String)>,
    pub(crate) patient: Option<String>,
}

/// A message as it is kept.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) id: Uuid,
    pub(crate) intent: Intent,
    pub(crate) created_at: Instant,
    pub(crate) read_at: Option<Instant>,
    pub(crate) content: Content,
}

/// Keeps a message; false when it was kept before.
pub(crate) async fn insert(
    tx: &TenantTx,
    keys: &TenantKeys,
    (id, recipient, intent): (Uuid, i64, Intent),
    content: &Content,
    now: Instant,
) -> Result<bool> {
    let sealed = seal(keys, (TABLE, id.as_bytes()), content)?;
    let expires = now.plus_seconds(intent.days() * 86_400);
    let params: mt_database::Params<'_> = &[
        &tx.tenant().0,
        &id,
        &recipient,
        &intent.number(),
        &now.0,
        &expires.0,
        &sealed,
    ];
    Ok(tx.execute(INSERT, params).await? == 1)
}

/// Which messages are asked for.
pub(crate) struct Asked<'a> {
    pub(crate) recipients: &'a [i64],
    /// Behind this one, newest first.
    pub(crate) after: Option<(Instant, Uuid)>,
    pub(crate) unread: bool,
    pub(crate) limit: u32,
    pub(crate) now: Instant,
}

pub(crate) async fn page(
    database: &Database,
    keys: &TenantKeys,
    asked: &Asked<'_>,
) -> Result<Vec<Kept>> {
    let tenant = keys.tenant();
    let (at, id) = asked.after.unwrap_or((Instant(i64::MAX), Uuid::nil()));
    let params: mt_database::Params<'_> = &[
        &tenant.0,
        &asked.recipients,
        &at.0,
        &id,
        &asked.now.0,
        &asked.unread,
        &i64::from(asked.limit),
    ];
    let rows = database.readers().query(tenant, PAGE, params).await?;
    rows.iter().map(|row| kept(keys, row)).collect()
}

fn kept(keys: &TenantKeys, row: &Row) -> Result<Kept> {
    let id: Uuid = column(row, 0)?;
    let sealed: Vec<u8> = column(row, 4)?;
    let read: Option<i64> = column(row, 3)?;
    Ok(Kept {
        id,
        intent: Intent::of(column(row, 1)?).ok_or(NotificationError::Unreadable)?,
        created_at: Instant(column(row, 2)?),
        read_at: read.map(Instant),
        content: open(keys, (TABLE, id.as_bytes()), &sealed)?,
    })
}

/// How many are unread, up to [`MOST_UNREAD`].
pub(crate) async fn unread(
    database: &Database,
    keys: &TenantKeys,
    recipients: &[i64],
    now: Instant,
) -> Result<i64> {
    let tenant = keys.tenant();
    let params: mt_database::Params<'_> = &[&tenant.0, &recipients, &now.0, &MOST_UNREAD];
    let rows = database.readers().query(tenant, UNREAD, params).await?;
    rows.first().map_or(Ok(0), |row| column(row, 0))
}

/// Notes that one was read; false when it is not the person's.
pub(crate) async fn read(
    tx: &TenantTx,
    recipients: &[i64],
    id: Uuid,
    now: Instant,
) -> Result<bool> {
    let params: mt_database::Params<'_> = &[&tx.tenant().0, &recipients, &id, &now.0];
    Ok(tx.execute(READ, params).await? == 1)
}

/// Notes that all were read; returns how many.
pub(crate) async fn read_all(tx: &TenantTx, recipients: &[i64], now: Instant) -> Result<u64> {
    let params: mt_database::Params<'_> = &[&tx.tenant().0, &recipients, &now.0];
    Ok(tx.execute(READ_ALL, params).await?)
}
