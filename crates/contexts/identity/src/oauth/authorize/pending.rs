//! Requests that wait: pushed ones for the browser, others for a person to sign in and consent.

use mt_crypto::TenantKeys;
use mt_database::Database;
use mt_kernel::Instant;

use super::request::Request;
use crate::IdentityError;
use crate::oauth::family::{open, seal};

/// Prefix of the URI of a pushed request (RFC 9126 §2.2).
pub(super) const URN: &str = "urn:ietf:params:oauth:request_uri:";
/// A pushed request is good for so long, seconds.
pub(super) const PUSHED_LIVES: i64 = 60;
/// A person has so long to sign in and consent, seconds.
pub(super) const WAITS: i64 = 15 * 60;

/// The waiting requests of one tenant.
pub(super) struct Pending<'a> {
    pub(super) database: &'a Database,
    pub(super) keys: &'a TenantKeys,
}

impl Pending<'_> {
    /// Stores a request; the handle that names it.
    pub(super) async fn store(
        &self,
        request: &Request,
        seconds: i64,
        now: Instant,
    ) -> Result<String, IdentityError> {
        let handle = mt_crypto::random_token(32)?;
        let digest = mt_crypto::sha256(handle.as_bytes());
        let sealed = seal(self.keys, &digest, request)?;
        let sql = "insert into oauth.request (tenant, handle, client, expires_at, sealed) \
                   values ($1, $2, $3::text::uuid, $4, $5)";
        let tenant = self.keys.tenant();
        let until = now.plus_seconds(seconds);
        let digest = digest.as_slice();
        let tx = self.database.tenant(tenant).await?;
        tx.execute(
            sql,
            &[&tenant.0, &digest, &request.client, &until.0, &sealed],
        )
        .await?;
        tx.commit().await?;
        Ok(handle)
    }

    /// Stores a request again under its handle.
    pub(super) async fn update(
        &self,
        handle: &str,
        request: &Request,
    ) -> Result<(), IdentityError> {
        let digest = mt_crypto::sha256(handle.as_bytes());
        let sealed = seal(self.keys, &digest, request)?;
        let sql = "update oauth.request set sealed = $3 where tenant = $1 and handle = $2";
        let tenant = self.keys.tenant();
        let tx = self.database.tenant(tenant).await?;
        tx.execute(sql, &[&tenant.0, &digest.as_slice(), &sealed])
            .await?;
        Ok(tx.commit().await?)
    }

    /// The request of this handle.
    pub(super) async fn find(
        &self,
        handle: &str,
        now: Instant,
    ) -> Result<Option<Request>, IdentityError> {
        let sql = "select sealed from oauth.request \
                   where tenant = $1 and handle = $2 and expires_at > $3";
        self.read(sql, handle, now).await
    }

    /// The request of this handle, which is then gone.
    pub(super) async fn take(
        &self,
        handle: &str,
        now: Instant,
    ) -> Result<Option<Request>, IdentityError> {
        let sql = "delete from oauth.request \
                   where tenant = $1 and handle = $2 and expires_at > $3 returning sealed";
        self.read(sql, handle, now).await
    }

    async fn read(
        &self,
        sql: &str,
        handle: &str,
        now: Instant,
    ) -> Result<Option<Request>, IdentityError> {
        let digest = mt_crypto::sha256(handle.as_bytes());
        let tenant = self.keys.tenant();
        let tx = self.database.tenant(tenant).await?;
        let row = tx
            .query_opt(sql, &[&tenant.0, &digest.as_slice(), &now.0])
            .await?;
        tx.commit().await?;
        row.map(|row| open(self.keys, &digest, row.get(0)))
            .transpose()
    }
}
