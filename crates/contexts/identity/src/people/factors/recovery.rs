//! Recovery codes: ten, shown once, each good once, for the day on which the phone is lost.

use mt_database::Database;
use mt_kernel::{Instant, TenantId};
use uuid::Uuid;

use crate::IdentityError;

const CODES: usize = 10;
/// Letters and digits that nobody confuses: 50 bits in ten of them.
const ALPHABET: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz023456789";
const LENGTH: usize = 10;

/// The recovery codes of all accounts.
#[derive(Clone)]
pub(crate) struct Recovery {
    database: Database,
}

impl Recovery {
    pub(crate) const fn new(database: Database) -> Self {
        Self { database }
    }

    /// Makes new codes; those before are good no longer. They are seen here and never again.
    pub(crate) async fn renew(
        &self,
        tenant: TenantId,
        account: Uuid,
    ) -> Result<Vec<String>, IdentityError> {
        let codes: Result<Vec<String>, _> = (0..CODES).map(|_| generate()).collect();
        let codes = codes?;
        let digests: Vec<Vec<u8>> = codes.iter().map(|code| digest(account, code)).collect();
        let tx = self.database.tenant(tenant).await?;
        let clear = "delete from people.recovery_code where tenant = $1 and account = $2";
        tx.execute(clear, &[&tenant.0, &account]).await?;
        let insert = "insert into people.recovery_code (tenant, account, digest) \
                      select $1, $2, unnest($3::bytea[])";
        tx.execute(insert, &[&tenant.0, &account, &digests]).await?;
        tx.commit().await?;
        Ok(codes)
    }

    /// Uses a code up; whether it was one.
    pub(crate) async fn verify(
        &self,
        tenant: TenantId,
        account: Uuid,
        typed: &str,
        now: Instant,
    ) -> Result<bool, IdentityError> {
        let sql = "update people.recovery_code set used_at = $4 \
                   where tenant = $1 and account = $2 and digest = $3 and used_at is null";
        let tx = self.database.tenant(tenant).await?;
        let params: mt_database::Params<'_> =
            &[&tenant.0, &account, &digest(account, typed), &now.0];
        let used = tx.execute(sql, params).await?;
        tx.commit().await?;
        Ok(used == 1)
    }

    /// How many are left.
    pub(crate) async fn left(&self, tenant: TenantId, account: Uuid) -> Result<u32, IdentityError> {
        let sql = "select count(*) from people.recovery_code \
                   where tenant = $1 and account = $2 and used_at is null";
        let rows = self
            .database
            .readers()
            .query(tenant, sql, &[&tenant.0, &account])
            .await?;
        let count: i64 = rows.first().map_or(0, |row| row.get(0));
        Ok(u32::try_from(count).unwrap_or_default())
    }
}

fn generate() -> Result<String, IdentityError> {
    let bytes = mt_crypto::random_bytes::<LENGTH>()?;
    let letters = bytes.map(|byte| char::from(ALPHABET[usize::from(byte % 32)]));
    let (first, second) = letters.split_at(LENGTH / 2);
    Ok(first.iter().chain(&['-']).chain(second).collect())
}

/// Spaces, hyphens and case do not count. Fifty random bits need no slow hash.
fn digest(account: Uuid, code: &str) -> Vec<u8> {
    let letters = code.chars().filter(|c| c.is_alphanumeric());
    let plain: String = letters.flat_map(char::to_lowercase).collect();
    mt_crypto::sha256(&[account.as_bytes(), plain.as_bytes()].concat()).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_people_write_it() {
        let account = Uuid::nil();
        let code = generate().unwrap();
        assert_eq!(code.len(), LENGTH + 1);
        assert_ne!(code, generate().unwrap());
        let shouted = code.to_uppercase().replace('-', "  ");
        assert_eq!(digest(account, &code), digest(account, &shouted));
        assert_ne!(digest(account, &code), digest(Uuid::max(), &code));
    }
}
