//! The rows of `people.password`.

use mt_crypto::TenantKeys;
use mt_database::{Database, TenantTx};
use mt_kernel::Instant;
use uuid::Uuid;

use super::hashing::Hash;
use crate::IdentityError;
use crate::people::sealed::{Place, open, seal};

pub(super) async fn find(
    database: &Database,
    keys: &TenantKeys,
    account: Uuid,
) -> Result<Option<Hash>, IdentityError> {
    let sql = "select sealed from people.password where tenant = $1 and account = $2";
    let tenant = keys.tenant();
    let rows = database
        .readers()
        .query(tenant, sql, &[&tenant.0, &account])
        .await?;
    let found = rows.first();
    found
        .map(|row| open(keys, Place::Password, account.as_bytes(), row.get(0)))
        .transpose()
}

/// Sets the password of an account.
pub(crate) async fn put(
    database: &Database,
    keys: &TenantKeys,
    account: Uuid,
    hash: &Hash,
    now: Instant,
) -> Result<(), IdentityError> {
    let tx = database.tenant(keys.tenant()).await?;
    put_in(&tx, keys, account, hash, now).await?;
    Ok(tx.commit().await?)
}

/// The same inside a transaction.
pub(crate) async fn put_in(
    tx: &TenantTx,
    keys: &TenantKeys,
    account: Uuid,
    hash: &Hash,
    now: Instant,
) -> Result<(), IdentityError> {
    let sealed = seal(keys, Place::Password, account.as_bytes(), hash)?;
    let sql = "insert into people.password (tenant, account, sealed, changed_at) values ($1, $2, $3, $4) \
               on conflict (tenant, account) do update \
               set sealed = excluded.sealed, changed_at = excluded.changed_at";
    tx.execute(sql, &[&keys.tenant().0, &account, &sealed, &now.0])
        .await?;
    Ok(())
}
