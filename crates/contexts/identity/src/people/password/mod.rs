//! Passwords: which are taken, how they are kept, and how many are checked at once.

mod hashing;
mod rules;
mod store;

pub use hashing::{Cost, Hashing};
pub(crate) use rules::check as check_rules;
pub(crate) use store::{put, put_in};

use mt_database::Database;
use mt_kernel::{Instant, TenantId};
use mt_store::Tenants;
use uuid::Uuid;

use self::hashing::Hash;
use crate::IdentityError;

/// Whether `password` is the account's. Costs one hash whatever the answer is, also when there is no
/// account, so that the time does not tell. A hash of a lower cost is made anew.
///
/// # Errors
/// [`IdentityError::Overloaded`] when too many passwords are being checked.
pub(crate) async fn verify(
    (database, tenants, hashing): (&Database, &Tenants, &Hashing),
    tenant: TenantId,
    account: Option<Uuid>,
    password: &str,
    now: Instant,
) -> Result<bool, IdentityError> {
    let keys = tenants.keys(tenant).await?;
    let kept = match account {
        Some(account) => store::find(database, &keys, account).await?,
        None => None,
    };
    let (Some(account), Some(kept)) = (account, kept) else {
        hashing.waste(password).await?;
        return Ok(false);
    };
    let right = hashing.verify(password, &kept).await?;
    if right && !hashing.is_current(&kept) {
        let hash: Hash = hashing.hash(password).await?;
        put(database, &keys, account, &hash, now).await?;
    }
    Ok(right)
}
