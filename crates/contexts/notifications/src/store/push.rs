//! Browsers and devices that somebody registered.

use mt_crypto::TenantKeys;
use mt_database::{Database, TenantTx};
use mt_kernel::Instant;
use tokio_postgres::Row;
use uuid::Uuid;

use super::{column, open, person_token, seal, token};
use crate::domain::Recipient;
use crate::error::Result;
use crate::ports::Address;

const TABLE: &str = "push";
/// Registrations of one person; the oldest makes room for a new one.
const MOST: i64 = 20;

const PUT: &str = "insert into notifications.push (tenant, id, person, token, created_at, sealed) \
    values ($1, $2, $3, $4, $5, $6)";
const CROWD_OUT: &str = "delete from notifications.push where tenant = $1 and id in ( \
    select id from notifications.push where tenant = $1 and person = $2 \
    order by created_at desc, id desc offset $3)";

/// A registration.
#[derive(Clone, Debug)]
pub(crate) struct Registered {
    pub(crate) id: Uuid,
    pub(crate) created_at: Instant,
    pub(crate) address: Address,
}

/// Registers a browser or device; one that somebody else registered on the same machine before is theirs no more.
pub(crate) async fn put(
    tx: &TenantTx,
    keys: &TenantKeys,
    (id, person, address): (Uuid, &Recipient, &Address),
    now: Instant,
) -> Result<()> {
    let tenant = tx.tenant().0;
    let (person, hash) = (
        person_token(keys, person)?,
        token(keys, "push", address.name())?,
    );
    let sql = "delete from notifications.push where tenant = $1 and token = $2";
    tx.execute(sql, &[&tenant, &hash]).await?;
    let sealed = seal(keys, (TABLE, id.as_bytes()), address)?;
    tx.execute(PUT, &[&tenant, &id, &person, &hash, &now.0, &sealed])
        .await?;
    tx.execute(CROWD_OUT, &[&tenant, &person, &MOST]).await?;
    Ok(())
}

pub(crate) async fn list(
    database: &Database,
    keys: &TenantKeys,
    person: &Recipient,
) -> Result<Vec<Registered>> {
    let (tenant, person) = (keys.tenant(), person_token(keys, person)?);
    let sql = "select id, created_at, sealed from notifications.push \
        where tenant = $1 and person = $2 order by created_at, id";
    let params: mt_database::Params<'_> = &[&tenant.0, &person];
    let rows = database.readers().query(tenant, sql, params).await?;
    rows.iter().map(|row| registered(keys, row)).collect()
}

fn registered(keys: &TenantKeys, row: &Row) -> Result<Registered> {
    let id: Uuid = column(row, 0)?;
    let sealed: Vec<u8> = column(row, 2)?;
    Ok(Registered {
        id,
        created_at: Instant(column(row, 1)?),
        address: open(keys, (TABLE, id.as_bytes()), &sealed)?,
    })
}

/// Removes a registration of a person; false when there is none.
pub(crate) async fn remove(
    tx: &TenantTx,
    keys: &TenantKeys,
    person: &Recipient,
    id: Uuid,
) -> Result<bool> {
    let sql = "delete from notifications.push where tenant = $1 and person = $2 and id = $3";
    let person = person_token(keys, person)?;
    Ok(tx.execute(sql, &[&tx.tenant().0, &person, &id]).await? == 1)
}

/// Removes what the vendor says is gone.
pub(crate) async fn forget(tx: &TenantTx, keys: &TenantKeys, address: &Address) -> Result<()> {
    let sql = "delete from notifications.push where tenant = $1 and token = $2";
    let hash = token(keys, "push", address.name())?;
    tx.execute(sql, &[&tx.tenant().0, &hash]).await?;
    Ok(())
}
