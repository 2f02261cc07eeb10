//! Tokens that are refused before they expire.
//!
//! A revocation is a durable row that names a token, the family it belongs to, or its client. This
//! process heeds its own at once; others notice within the second for which an answer is remembered.

use std::time::Duration;

use moka::future::Cache;
use mt_access::AccessClaims;
use mt_database::Database;
use mt_kernel::{Instant, TenantId};
use uuid::Uuid;

use crate::IdentityError;

/// What is revoked.
#[derive(Clone)]
pub(crate) struct Revocations {
    database: Database,
    good: Cache<(TenantId, Uuid), ()>,
}

impl Revocations {
    pub(crate) fn new(database: Database) -> Self {
        let good = Cache::builder()
            .max_capacity(100_000)
            .time_to_live(Duration::from_secs(1))
            .build();
        Self { database, good }
    }

    /// Whether the token, its family or its client is revoked.
    pub(crate) async fn is_revoked(
        &self,
        tenant: TenantId,
        claims: &AccessClaims,
    ) -> Result<bool, IdentityError> {
        let uuid = |text: &str| Uuid::try_parse(text).ok();
        let Some(token) = uuid(&claims.jti) else {
            return Ok(true);
        };
        if self.good.contains_key(&(tenant, token)) {
            return Ok(false);
        }
        let family = claims.gid.as_deref().and_then(uuid);
        let subjects: Vec<Uuid> = [Some(token), family, uuid(&claims.client_id)]
            .into_iter()
            .flatten()
            .collect();
        let sql = "select 1 from oauth.revoked where tenant = $1 and subject = any($2) limit 1";
        let rows = self
            .database
            .readers()
            .query(tenant, sql, &[&tenant.0, &subjects])
            .await?;
        if rows.is_empty() {
            self.good.insert((tenant, token), ()).await;
        }
        Ok(!rows.is_empty())
    }

    /// Refuses all tokens of `subject` until `until`, when the last of them has expired.
    pub(crate) async fn revoke(
        &self,
        tenant: TenantId,
        subject: Uuid,
        until: Instant,
    ) -> Result<(), IdentityError> {
        let sql = "insert into oauth.revoked (tenant, subject, expires_at) values ($1, $2, $3) \
                   on conflict (tenant, subject) do update set expires_at = \
                   greatest(oauth.revoked.expires_at, excluded.expires_at)";
        let tx = self.database.tenant(tenant).await?;
        tx.execute(sql, &[&tenant.0, &subject, &until.0]).await?;
        tx.commit().await?;
        self.forget();
        Ok(())
    }

    /// Forgets which tokens were found to be good.
    pub(crate) fn forget(&self) {
        self.good.invalidate_all();
    }
}
