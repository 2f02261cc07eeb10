//! How people want to be told, and addresses that must not be written to.

use mt_crypto::TenantKeys;
use mt_database::{Database, TenantTx};
use mt_kernel::{ErrorKind, Fault, Instant};
use tokio_postgres::Row;

use super::{column, open, person_token, seal, token};
use crate::domain::{Channel, Preferences, Recipient};
use crate::error::Result;

const TABLE: &str = "preference";
const FIND: &str =
    "select version, sealed from notifications.preference where tenant = $1 and person = $2";
const PUT: &str = "insert into notifications.preference (tenant, person, version, updated_at, sealed) \
    select $1, $2, $3 + 1, $4, $5 \
    where $3 = 0 or exists (select from notifications.preference where tenant = $1 and person = $2) \
    on conflict (tenant, person) do update \
      set version = excluded.version, updated_at = excluded.updated_at, sealed = excluded.sealed \
    where preference.version = $3";

/// The preferences in force and their version; 0 when the person decided nothing.
pub(crate) async fn find(
    database: &Database,
    keys: &TenantKeys,
    person: &Recipient,
) -> Result<(u32, Preferences)> {
    let (tenant, person) = (keys.tenant(), person_token(keys, person)?);
    let params: mt_database::Params<'_> = &[&tenant.0, &person];
    let rows = database.readers().query(tenant, FIND, params).await?;
    kept(keys, person, rows.first())
}

fn kept(keys: &TenantKeys, person: i64, row: Option<&Row>) -> Result<(u32, Preferences)> {
    let Some(row) = row else {
        return Ok((0, Preferences::default()));
    };
    let (version, sealed): (i32, Vec<u8>) = (column(row, 0)?, column(row, 1)?);
    let preferences = open(keys, (TABLE, &person.to_be_bytes()), &sealed)?;
    Ok((version.unsigned_abs(), preferences))
}

/// Replaces the preferences of version `seen`; returns the new version.
pub(crate) async fn put(
    tx: &TenantTx,
    keys: &TenantKeys,
    person: &Recipient,
    (seen, preferences): (u32, &Preferences),
    now: Instant,
) -> Result<u32> {
    let person = person_token(keys, person)?;
    let sealed = seal(keys, (TABLE, &person.to_be_bytes()), preferences)?;
    let before = i32::try_from(seen).unwrap_or(i32::MAX - 1);
    let params: mt_database::Params<'_> = &[&tx.tenant().0, &person, &before, &now.0, &sealed];
    if tx.execute(PUT, params).await? == 0 {
        let text = "they have been changed since; read them again";
        return Err(Fault::new(ErrorKind::Precondition, text).into());
    }
    Ok(seen + 1)
}

/// Whether an address must not be written to.
pub(crate) async fn is_suppressed(
    database: &Database,
    keys: &TenantKeys,
    channel: Channel,
    address: &str,
) -> Result<bool> {
    let (tenant, address) = (keys.tenant(), token(keys, "address", address)?);
    let sql =
        "select from notifications.suppression where tenant = $1 and channel = $2 and address = $3";
    let params: mt_database::Params<'_> = &[&tenant.0, &channel.number(), &address];
    let rows = database.readers().query(tenant, sql, params).await?;
    Ok(!rows.is_empty())
}

/// Notes that an address must not be written to any more.
pub(crate) async fn suppress(
    tx: &TenantTx,
    keys: &TenantKeys,
    (channel, address, reason): (Channel, &str, &str),
    now: Instant,
) -> Result<()> {
    let address = token(keys, "address", address)?;
    let sql = "insert into notifications.suppression (tenant, channel, address, at, reason) \
        values ($1, $2, $3, $4, $5) on conflict do nothing";
    let params: mt_database::Params<'_> =
        &[&tx.tenant().0, &channel.number(), &address, &now.0, &reason];
    tx.execute(sql, params).await?;
    Ok(())
}
