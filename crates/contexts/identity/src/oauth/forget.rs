//! The end of what an account allowed, when its patient's record is erased.

use mt_crypto::TenantKeys;
use mt_database::TenantTx;
use mt_kernel::Instant;
use uuid::Uuid;

use super::family::{self, Consented, Which};
use crate::IdentityError;

/// Ends every token of an account at once and forgets what it allowed whom, and as whom; returns how many rows. Which
/// clients had tokens stays until these would have expired, so that they can be told.
pub(crate) async fn forget_account(
    tx: &TenantTx,
    keys: &TenantKeys,
    account: Uuid,
    now: Instant,
) -> Result<u64, IdentityError> {
    let tenant = tx.tenant().0;
    family::end(tx, Which::Account(account), now).await?;
    let sql = "delete from oauth.handle where tenant = $1 \
               and family in (select id from oauth.family where tenant = $1 and account = $2)";
    let mut gone = tx.execute(sql, &[&tenant, &account]).await?;
    let sql = "select id from oauth.family where tenant = $1 and account = $2";
    for row in tx.query(sql, &[&tenant, &account]).await? {
        let id: Uuid = row.get(0);
        let nobody = family::seal(keys, id.as_bytes(), &Consented::default())?;
        let sql = "update oauth.family set sealed = $3 where tenant = $1 and id = $2";
        tx.execute(sql, &[&tenant, &id, &nobody]).await?;
    }
    let sql = "delete from oauth.consent where tenant = $1 and account = $2";
    gone += tx.execute(sql, &[&tenant, &account]).await?;
    Ok(gone)
}
