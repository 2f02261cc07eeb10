//! Ids that may be used once: assertions of clients, proofs of possession.
//!
//! They are kept in the database until they expire, so that neither a restart nor another process of the
//! cluster lets one through twice.

use mt_database::{Database, Step};
use mt_kernel::{Instant, TenantId};

use crate::IdentityError;

/// Remembers what was used.
#[derive(Clone)]
pub(crate) struct Replay {
    database: Database,
}

impl Replay {
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }

    /// Takes note of `id`, unique among those of `issuer`, until `expires_at`; whether it is new.
    pub(crate) async fn is_first(
        &self,
        tenant: TenantId,
        issuer: &str,
        id: &str,
        expires_at: Instant,
    ) -> Result<bool, IdentityError> {
        let digest = mt_crypto::sha256(format!("{}|{issuer}|{id}", issuer.len()).as_bytes());
        let sql = "insert into oauth.seen (tenant, digest, expires_at) values ($1, $2, $3) \
                   on conflict (tenant, digest) do nothing";
        let digest = digest.as_slice();
        let params: [&(dyn tokio_postgres::types::ToSql + Sync); 3] =
            [&tenant.0, &digest, &expires_at.0];
        let step = Step {
            sql,
            params: &params,
        };
        let outcomes = self.database.writers().commit(tenant, &[step]).await?;
        Ok(outcomes
            .first()
            .is_some_and(|outcome| outcome.affected == 1))
    }
}
