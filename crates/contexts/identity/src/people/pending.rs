//! What is under way and known by a secret: a sign-in between its factors, a link by mail.
//!
//! The secret is in a cookie or a link; the row has its digest, and its content is sealed.

use mt_crypto::TenantKeys;
use mt_database::{Database, TenantTx};
use mt_kernel::{Instant, TenantId};
use mt_store::Tenants;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::sealed::{Place, open, seal};
use crate::IdentityError;

/// What is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    SignIn,
    Invitation,
    Reset,
    /// A ceremony of a passkey; its secret is the challenge.
    Passkey,
}

impl Kind {
    const fn code(self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::Invitation => "invitation",
            Self::Reset => "reset",
            Self::Passkey => "passkey",
        }
    }
}

/// The rows of `people.pending`.
#[derive(Clone)]
pub(crate) struct Pending {
    database: Database,
    tenants: Tenants,
}

impl Pending {
    pub(crate) const fn new(database: Database, tenants: Tenants) -> Self {
        Self { database, tenants }
    }

    /// Keeps `value` for so many seconds; returns the secret by which it is found.
    pub(crate) async fn put<T: Serialize>(
        &self,
        tenant: TenantId,
        (kind, account): (Kind, Option<Uuid>),
        value: &T,
        (now, seconds): (Instant, i64),
    ) -> Result<String, IdentityError> {
        let keys = self.tenants.keys(tenant).await?;
        let tx = self.database.tenant(tenant).await?;
        let secret = put_in(&tx, &keys, (kind, account), value, (now, seconds)).await?;
        tx.commit().await?;
        Ok(secret)
    }

    /// What is found by `secret`, when it has not expired.
    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        tenant: TenantId,
        kind: Kind,
        secret: &str,
        now: Instant,
    ) -> Result<Option<T>, IdentityError> {
        let sql = "select sealed from people.pending \
                   where tenant = $1 and digest = $2 and kind = $3 and expires_at > $4";
        let digest = mt_crypto::sha256(secret.as_bytes());
        let params: mt_database::Params<'_> = &[&tenant.0, &&digest[..], &kind.code(), &now.0];
        let rows = self.database.readers().query(tenant, sql, params).await?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        let keys = self.tenants.keys(tenant).await?;
        open(&keys, Place::Pending, &digest, row.get(0)).map(Some)
    }

    /// The same, and it is gone then: of two that ask at once, one gets it.
    pub(crate) async fn take<T: DeserializeOwned>(
        &self,
        tenant: TenantId,
        kind: Kind,
        secret: &str,
        now: Instant,
    ) -> Result<Option<T>, IdentityError> {
        let keys = self.tenants.keys(tenant).await?;
        let tx = self.database.tenant(tenant).await?;
        let taken = take_in(&tx, &keys, kind, secret, now).await?;
        tx.commit().await?;
        Ok(taken)
    }

    /// Forgets what is under way for an account, as all its links after one was used.
    pub(crate) async fn forget(
        &self,
        tenant: TenantId,
        kind: Kind,
        account: Uuid,
    ) -> Result<(), IdentityError> {
        let sql = "delete from people.pending where tenant = $1 and kind = $2 and account = $3";
        let tx = self.database.tenant(tenant).await?;
        tx.execute(sql, &[&tenant.0, &kind.code(), &account])
            .await?;
        Ok(tx.commit().await?)
    }
}

/// [`Pending::put`] inside a transaction.
pub(crate) async fn put_in<T: Serialize>(
    tx: &TenantTx,
    keys: &TenantKeys,
    (kind, account): (Kind, Option<Uuid>),
    value: &T,
    (now, seconds): (Instant, i64),
) -> Result<String, IdentityError> {
    let secret = mt_crypto::random_token(32)?;
    let digest = mt_crypto::sha256(secret.as_bytes());
    let sealed = seal(keys, Place::Pending, &digest, value)?;
    let tenant = keys.tenant();
    let expired = "delete from people.pending where tenant = $1 and expires_at <= $2";
    tx.execute(expired, &[&tenant.0, &now.0]).await?;
    let sql = "insert into people.pending (tenant, digest, kind, account, expires_at, sealed) \
               values ($1, $2, $3, $4, $5, $6)";
    let expires_at = now.plus_seconds(seconds).0;
    let params: mt_database::Params<'_> = &[
        &tenant.0,
        &&digest[..],
        &kind.code(),
        &account,
        &expires_at,
        &sealed,
    ];
    tx.execute(sql, params).await?;
    Ok(secret)
}

/// [`Pending::take`] inside a transaction.
pub(crate) async fn take_in<T: DeserializeOwned>(
    tx: &TenantTx,
    keys: &TenantKeys,
    kind: Kind,
    secret: &str,
    now: Instant,
) -> Result<Option<T>, IdentityError> {
    let sql = "delete from people.pending where tenant = $1 and digest = $2 and kind = $3 \
               and expires_at > $4 returning sealed";
    let digest = mt_crypto::sha256(secret.as_bytes());
    let params: mt_database::Params<'_> = &[&keys.tenant().0, &&digest[..], &kind.code(), &now.0];
    let Some(row) = tx.query_opt(sql, params).await? else {
        return Ok(None);
    };
    open(keys, Place::Pending, &digest, row.get(0)).map(Some)
}
