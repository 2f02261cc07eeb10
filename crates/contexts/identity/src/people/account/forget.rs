//! The end of an account whose patient's record is erased.

use mt_crypto::TenantKeys;
use mt_database::TenantTx;
use mt_kernel::Instant;
use uuid::Uuid;

use super::Account;
use super::store::opened;
use crate::IdentityError;

/// What belongs to an account, and last the account.
const TABLES: [(&str, &str); 8] = [
    ("password", "account"),
    ("totp", "account"),
    ("recovery_code", "account"),
    ("passkey", "account"),
    ("session", "account"),
    ("pending", "account"),
    ("device", "account"),
    ("account", "id"),
];

/// The accounts whose own resource this is; every one is opened, because nothing leads from a resource to them.
pub(crate) async fn accounts_of(
    tx: &TenantTx,
    keys: &TenantKeys,
    fhir_user: &str,
) -> Result<Vec<Account>, IdentityError> {
    let sql = "select id, version, sealed, enabled from people.account where tenant = $1";
    let rows = tx.query(sql, &[&tx.tenant().0]).await?;
    let mut accounts = Vec::new();
    for row in &rows {
        let account = opened(keys, row)?;
        if account.profile.fhir_user.as_deref() == Some(fhir_user) {
            accounts.push(account);
        }
    }
    Ok(accounts)
}

/// Writes what an account says of its person anew; its names stay.
pub(crate) async fn reseal_account(
    tx: &TenantTx,
    keys: &TenantKeys,
    account: &Account,
) -> Result<(), IdentityError> {
    let sql = "update people.account set sealed = $3, version = version + 1 where tenant = $1 and id = $2";
    let sealed = account.seal(keys)?;
    tx.execute(sql, &[&tx.tenant().0, &account.id, &sealed])
        .await?;
    Ok(())
}

/// Removes an account with its credentials and sessions, and notes that it has ended; returns how many rows.
pub(crate) async fn remove_account(
    tx: &TenantTx,
    account: Uuid,
    now: Instant,
) -> Result<u64, IdentityError> {
    let tenant = tx.tenant().0;
    let sql = "insert into people.ended (tenant, id, account, whole, at) \
               select tenant, id, account, false, $3::int8 from people.session \
               where tenant = $1 and account = $2 and ended_at is null \
               union all select $1, $4, $2, true, $3";
    tx.execute(sql, &[&tenant, &account, &now.0, &Uuid::now_v7()])
        .await?;
    let mut gone = 0;
    for (table, column) in TABLES {
        let sql = format!("delete from people.{table} where tenant = $1 and {column} = $2");
        gone += tx.execute(&sql, &[&tenant, &account]).await?;
    }
    Ok(gone)
}
