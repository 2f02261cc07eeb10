//! Families: all tokens that come from one consent, and the codes and refresh tokens that lead to them.
//!
//! A code or refresh token that is used twice was stolen from somebody, and nobody can say by whom; so
//! its second use ends the whole family (RFC 9700 §2.2.2, §4.14.2).

use mt_crypto::{Purpose, TenantKeys};
use mt_database::{Database, TenantTx};
use mt_kernel::{Instant, TenantId};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio_postgres::Row;
use uuid::Uuid;

use super::people::Person;
use crate::IdentityError;

/// Longest life of an access token, seconds.
pub(crate) const ACCESS_LIVES: i64 = 600;
/// A code is good for so long.
const CODE_LIVES: i64 = 60;
/// A refresh token that is not used for so long ends.
const REFRESH_LIVES: i64 = 7 * 24 * 3600;
/// A family ends after so long, however often it is refreshed.
const FAMILY_LIVES: i64 = 90 * 24 * 3600;

/// What a family stands for; sealed, because it names people and patients.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Consented {
    pub(crate) person: Person,
    /// Granted scopes.
    pub(crate) scope: String,
    pub(crate) patient: Option<String>,
    pub(crate) encounter: Option<String>,
    pub(crate) intent: Option<String>,
    pub(crate) nonce: Option<String>,
    pub(crate) auth_time: i64,
    pub(crate) acr: String,
    pub(crate) amr: Vec<String>,
    /// Thumbprint of the key that refresh tokens of a public client are bound to.
    pub(crate) jkt: Option<String>,
}

/// A family of tokens.
#[derive(Clone, Debug)]
pub(crate) struct Family {
    pub(crate) id: Uuid,
    pub(crate) client: Uuid,
    /// The session in which it began. It ends with it, unless it has offline access.
    pub(crate) session: Uuid,
    pub(crate) expires_at: Instant,
    pub(crate) revoked: bool,
    pub(crate) consented: Consented,
}

/// What the holder of a code must show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CodeTerms {
    pub(crate) redirect_uri: String,
    pub(crate) code_challenge: String,
    pub(crate) jkt: Option<String>,
}

/// Codes and refresh tokens differ in this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HandleKind {
    Code,
    Refresh,
}

impl HandleKind {
    const fn letter(self) -> &'static str {
        match self {
            Self::Code => "c",
            Self::Refresh => "r",
        }
    }
}

/// What was found behind a code or refresh token.
pub(crate) struct Found {
    pub(crate) family: Family,
    pub(crate) expires_at: Instant,
    pub(crate) used_at: Option<Instant>,
    pub(crate) terms: Option<CodeTerms>,
}

/// Seals and opens the rows of one tenant.
pub(crate) struct Families<'a> {
    pub(crate) database: &'a Database,
    pub(crate) keys: &'a TenantKeys,
}

impl Families<'_> {
    fn tenant(&self) -> TenantId {
        self.keys.tenant()
    }

    /// Begins a family; the code that leads to its first tokens.
    pub(crate) async fn begin(
        &self,
        client: Uuid,
        session: Uuid,
        consented: &Consented,
        terms: &CodeTerms,
        now: Instant,
    ) -> Result<String, IdentityError> {
        let id = Uuid::now_v7();
        let offline = super::scopes::has(&consented.scope, "offline_access");
        let expires_at = now.plus_seconds(FAMILY_LIVES);
        let sealed = seal(self.keys, id.as_bytes(), consented)?;
        let tx = self.database.tenant(self.tenant()).await?;
        let sql = "insert into oauth.family \
                   (tenant, id, client, account, session, offline, created_at, expires_at, sealed) \
                   values ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        let tenant = self.tenant().0;
        let account = consented.person.account;
        tx.execute(
            sql,
            &[
                &tenant,
                &id,
                &client,
                &account,
                &session,
                &offline,
                &now.0,
                &expires_at.0,
                &sealed,
            ],
        )
        .await?;
        let until = now.plus_seconds(CODE_LIVES);
        let code = self
            .issue(&tx, HandleKind::Code, id, until, Some(terms))
            .await?;
        tx.commit().await?;
        Ok(code)
    }

    /// Makes a code or refresh token of a family.
    async fn issue(
        &self,
        tx: &TenantTx,
        kind: HandleKind,
        family: Uuid,
        expires_at: Instant,
        terms: Option<&CodeTerms>,
    ) -> Result<String, IdentityError> {
        let token = mt_crypto::random_token(32)?;
        let digest = mt_crypto::sha256(token.as_bytes());
        let sealed = terms
            .map(|terms| seal(self.keys, &digest, terms))
            .transpose()?;
        let sql = "insert into oauth.handle (tenant, digest, kind, family, expires_at, sealed) \
                   values ($1, $2, $3::text::char, $4, $5, $6)";
        let tenant = self.tenant().0;
        let digest = digest.as_slice();
        let letter = kind.letter();
        tx.execute(
            sql,
            &[&tenant, &digest, &letter, &family, &expires_at.0, &sealed],
        )
        .await?;
        Ok(token)
    }

    /// Marks a code or refresh token as used and tells what it was before; a rival waits until this
    /// transaction has ended.
    pub(crate) async fn take(
        &self,
        tx: &TenantTx,
        kind: HandleKind,
        token: &str,
        now: Instant,
    ) -> Result<Option<Found>, IdentityError> {
        let found = self.find(tx, kind, token, " for update of h").await?;
        if found.as_ref().is_some_and(|found| found.used_at.is_none()) {
            let digest = mt_crypto::sha256(token.as_bytes());
            let sql = "update oauth.handle set used_at = $3 where tenant = $1 and digest = $2";
            let tenant = self.tenant().0;
            tx.execute(sql, &[&tenant, &digest.as_slice(), &now.0])
                .await?;
        }
        Ok(found)
    }

    /// What is behind a code or refresh token.
    pub(crate) async fn look(
        &self,
        kind: HandleKind,
        token: &str,
    ) -> Result<Option<Found>, IdentityError> {
        let tx = self.database.tenant(self.tenant()).await?;
        let found = self.find(&tx, kind, token, "").await?;
        tx.rollback().await;
        Ok(found)
    }

    async fn find(
        &self,
        tx: &TenantTx,
        kind: HandleKind,
        token: &str,
        lock: &str,
    ) -> Result<Option<Found>, IdentityError> {
        let digest = mt_crypto::sha256(token.as_bytes());
        let sql = format!(
            "select f.id, f.client, f.session, f.expires_at, f.revoked_at, f.sealed, \
             h.expires_at, h.used_at, h.sealed \
             from oauth.handle h join oauth.family f on f.tenant = h.tenant and f.id = h.family \
             where h.tenant = $1 and h.digest = $2 and h.kind = $3::text::char{lock}"
        );
        let tenant = self.tenant().0;
        let rows = tx
            .query(&sql, &[&tenant, &digest.as_slice(), &kind.letter()])
            .await?;
        rows.first().map(|row| self.found(row, &digest)).transpose()
    }

    fn found(&self, row: &Row, digest: &[u8]) -> Result<Found, IdentityError> {
        let id: Uuid = row.get(0);
        let terms: Option<&[u8]> = row.get(8);
        Ok(Found {
            family: Family {
                id,
                client: row.get(1),
                session: row.get(2),
                expires_at: Instant(row.get(3)),
                revoked: row.get::<_, Option<i64>>(4).is_some(),
                consented: open(self.keys, id.as_bytes(), row.get(5))?,
            },
            expires_at: Instant(row.get(6)),
            used_at: row.get::<_, Option<i64>>(7).map(Instant),
            terms: terms
                .map(|sealed| open(self.keys, digest, sealed))
                .transpose()?,
        })
    }

    /// Stores what a family stands for again.
    pub(crate) async fn keep(&self, tx: &TenantTx, family: &Family) -> Result<(), IdentityError> {
        let sealed = seal(self.keys, family.id.as_bytes(), &family.consented)?;
        let sql = "update oauth.family set sealed = $3 where tenant = $1 and id = $2";
        let tenant = self.tenant().0;
        tx.execute(sql, &[&tenant, &family.id, &sealed]).await?;
        Ok(())
    }

    /// The next refresh token of a family.
    pub(crate) async fn refresh_token(
        &self,
        tx: &TenantTx,
        family: &Family,
        now: Instant,
    ) -> Result<String, IdentityError> {
        let until = now.plus_seconds(REFRESH_LIVES).min(family.expires_at);
        self.issue(tx, HandleKind::Refresh, family.id, until, None)
            .await
    }
}

/// Ends families in `tx`: their refresh tokens at once, their access tokens through [`super::revocation`].
pub(crate) async fn end(
    tx: &TenantTx,
    which: Which,
    now: Instant,
) -> Result<Vec<(Uuid, Uuid)>, IdentityError> {
    let tenant = tx.tenant();
    let (condition, id) = match which {
        Which::Family(id) => ("id = $2", id),
        Which::Session(id) => ("session = $2 and not offline", id),
        Which::Account(id) => ("account = $2", id),
    };
    let sql = format!(
        "with ended as (update oauth.family set revoked_at = $3 \
           where tenant = $1 and {condition} and revoked_at is null returning id, client), \
         noted as (insert into oauth.revoked (tenant, subject, expires_at) \
           select $1, id, $4 from ended on conflict (tenant, subject) do nothing) \
         select id, client from ended"
    );
    // The clock of another process may lag, and a token that is being made now lives its time.
    let until = now.plus_seconds(2 * ACCESS_LIVES);
    let rows = tx.query(&sql, &[&tenant.0, &id, &now.0, &until.0]).await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// The clients that a person used in a session and has not left otherwise, with the subject they know.
pub(crate) async fn clients_of(
    database: &Database,
    tenant: TenantId,
    session: Uuid,
) -> Result<Vec<(Uuid, Uuid)>, IdentityError> {
    let sql = "select distinct client, account from oauth.family \
               where tenant = $1 and session = $2";
    let rows = database
        .readers()
        .query(tenant, sql, &[&tenant.0, &session])
        .await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// Which families end.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Which {
    /// This one.
    Family(Uuid),
    /// Those that end with a session: all without offline access.
    Session(Uuid),
    /// All of an account.
    Account(Uuid),
}

/// Seals a value to its place.
pub(crate) fn seal<T: Serialize>(
    keys: &TenantKeys,
    place: &[u8],
    value: &T,
) -> Result<Vec<u8>, IdentityError> {
    let json = serde_json::to_vec(value).map_err(|_| IdentityError::Damaged("sealed value"))?;
    Ok(mt_crypto::seal(keys, Purpose::Credential, place, &json)?)
}

/// Opens what [`seal`] has sealed at the same place.
pub(crate) fn open<T: DeserializeOwned>(
    keys: &TenantKeys,
    place: &[u8],
    sealed: &[u8],
) -> Result<T, IdentityError> {
    let json = mt_crypto::open(keys, Purpose::Credential, place, sealed)?;
    serde_json::from_slice(&json).map_err(|_| IdentityError::Damaged("sealed value"))
}
