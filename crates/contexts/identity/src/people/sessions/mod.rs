//! Sessions of browsers: who is signed in, how strongly, until when.
//!
//! A session is a row, so that it ends at once, everywhere. It ends by itself after some minutes without a
//! request and after some hours in any case, as the organisation decided when it began; the row says when,
//! not the browser.

mod cookie;
mod ended;
mod store;

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderValue};
use mt_access::Role;
use mt_crypto::TenantKeys;
use mt_database::Database;
use mt_kernel::{Assurance, Clock, Instant, Secret, TenantId};
use mt_store::Tenants;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use uuid::Uuid;

pub use cookie::Cookies;
pub(crate) use cookie::Presented;
pub(crate) use ended::Ended;

use super::account::{Account, Held};
use crate::IdentityError;

/// A proof of who one is counts as fresh for so many seconds.
pub const STEP_UP_SECONDS: i64 = 300;
/// A request is noted when the last one noted is older than so many seconds.
const TOUCH_SECONDS: i64 = 60;

/// Who is signed in at a browser.
#[derive(Clone, Debug)]
pub struct Session {
    /// Id; it is in tokens as `sid` and never a secret.
    pub id: Uuid,
    /// Isolation boundary.
    pub tenant: TenantId,
    /// The account.
    pub account: Arc<Account>,
    /// Roles held at this moment.
    pub roles: Vec<Held>,
    /// When the session began.
    pub created_at: Instant,
    /// When the person last proved who they are (OIDC `auth_time`).
    pub auth_time: Instant,
    /// When the session ends in any case.
    pub expires_at: Instant,
    /// Seconds without a request after which it ends.
    pub idle_seconds: i32,
    /// Methods of the proof (RFC 8176): `pwd`, `otp`, `hwk`, `mfa`, …
    pub amr: Vec<String>,
    assurance: Assurance,
    csrf: Secret<String>,
    digest: [u8; 32],
}

impl Session {
    /// How strongly the person has proved who they are, as of `now`.
    #[must_use]
    pub fn assurance(&self, now: Instant) -> Assurance {
        let fresh = now <= self.auth_time.plus_seconds(STEP_UP_SECONDS);
        match self.assurance {
            Assurance::Multi | Assurance::StepUp if fresh => Assurance::StepUp,
            Assurance::Multi | Assurance::StepUp => Assurance::Multi,
            Assurance::Single => Assurance::Single,
        }
    }

    /// The assurance as OIDC `acr`: `1fa`, `mfa` or `step-up`.
    #[must_use]
    pub fn acr(&self, now: Instant) -> &'static str {
        acr_code(self.assurance(now))
    }

    /// Whether the session is strong enough for `needed`, proved at most `max_age` seconds ago.
    /// When it is not, the person is sent to the step-up page.
    #[must_use]
    pub fn step_up(&self, needed: Assurance, max_age: Option<i64>, now: Instant) -> bool {
        let recent = max_age.is_none_or(|age| now <= self.auth_time.plus_seconds(age.max(0)));
        recent && self.assurance(now) >= needed
    }

    /// The token that forms and `X-CSRF-Token` must repeat. It follows from the session's secret.
    #[must_use]
    pub fn csrf_token(&self) -> &str {
        self.csrf.expose()
    }

    /// Whether `token` is this session's, in constant time.
    #[must_use]
    pub fn is_own_form(&self, token: &str) -> bool {
        mt_crypto::constant_time_eq(self.csrf.expose().as_bytes(), token.as_bytes())
    }

    /// The roles of the matrix that are held.
    #[must_use]
    pub fn matrix_roles(&self) -> Vec<Role> {
        let codes = self.roles.iter().map(|held| held.role.as_str());
        codes.filter_map(Role::from_code).collect()
    }

    /// Names the session and all that a grant is made of: what is derived from it may be kept
    /// under this name, because any change gives it another one.
    pub(crate) fn credential(&self, now: Instant) -> [u8; 32] {
        let mut bytes = self.digest.to_vec();
        bytes.extend_from_slice(self.acr(now).as_bytes());
        bytes.extend_from_slice(&self.account.version.to_be_bytes());
        for held in &self.roles {
            bytes.push(0);
            bytes.extend_from_slice(held.role.as_bytes());
        }
        mt_crypto::sha256(&bytes)
    }
}

/// The `acr` of an assurance.
#[must_use]
pub const fn acr_code(assurance: Assurance) -> &'static str {
    match assurance {
        Assurance::Single => "1fa",
        Assurance::Multi => "mfa",
        Assurance::StepUp => "step-up",
    }
}

/// What is left at `now` of an `acr` that was proved at `auth_time`, seconds: a step-up lasts for some minutes, whatever
/// was issued in them and however long that lives.
#[must_use]
pub fn acr_at(acr: &str, auth_time: i64, now: i64) -> &str {
    match acr {
        "step-up" if now > auth_time + STEP_UP_SECONDS => acr_code(Assurance::Multi),
        other => other,
    }
}

/// How long a session lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Seconds without a request.
    pub idle_seconds: i32,
    /// Seconds in all.
    pub lifetime_seconds: i64,
}

/// Whether a look at the session counts as a sign of life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touch {
    /// The person did something.
    Person,
    /// The page asked by itself: polling must not keep a session alive.
    Background,
}

/// How somebody proved who they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// Methods (RFC 8176).
    pub amr: Vec<String>,
}

impl Proof {
    /// A proof by one method.
    #[must_use]
    pub fn by(method: &str) -> Self {
        Self {
            amr: vec![method.to_owned()],
        }
    }

    /// A proof by a passkey that verified its user: two factors in one, whether the key lies in one
    /// device or is synced between those of its owner.
    #[must_use]
    pub fn by_passkey(synced: bool) -> Self {
        let kept = if synced { "swk" } else { "hwk" };
        Self {
            amr: [kept, "user", "mfa"].map(str::to_owned).into(),
        }
    }

    /// This proof and all of another one.
    #[must_use]
    pub fn with(self, other: &Self) -> Self {
        other
            .amr
            .iter()
            .filter(|method| *method != "mfa")
            .fold(self, |proof, method| proof.and(method))
    }

    /// This proof and one more factor.
    #[must_use]
    pub fn and(mut self, method: &str) -> Self {
        self.amr.push(method.to_owned());
        if !self.amr.iter().any(|known| known == "mfa") {
            self.amr.push("mfa".to_owned());
        }
        self
    }

    /// Two factors, or one.
    #[must_use]
    pub fn assurance(&self) -> Assurance {
        if self.amr.iter().any(|method| method == "mfa") {
            Assurance::Multi
        } else {
            Assurance::Single
        }
    }
}

/// Where a session is used; sealed in its row.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Whereabouts {
    /// `User-Agent`, shortened.
    pub browser: String,
    /// Network address.
    pub address: String,
}

/// A session as its owner and administrators see it.
#[derive(Clone, Debug)]
pub struct SessionView {
    /// Id.
    pub id: Uuid,
    /// When it began.
    pub created_at: Instant,
    /// When it was last used, to the minute.
    pub seen_at: Instant,
    /// Where it is used.
    pub whereabouts: Whereabouts,
}

/// The sessions of all tenants.
#[derive(Clone)]
pub struct Sessions {
    database: Database,
    tenants: Tenants,
    clock: Arc<dyn Clock>,
    cookies: Cookies,
    /// Rung when this process has ended something.
    ended: Arc<Notify>,
}

impl Sessions {
    /// The sessions of the installation known as `origin`.
    #[must_use]
    pub fn new(database: Database, tenants: Tenants, clock: Arc<dyn Clock>, origin: &str) -> Self {
        Self {
            database,
            tenants,
            clock,
            cookies: Cookies::of(origin),
            ended: Arc::default(),
        }
    }

    /// The cookies of the installation.
    #[must_use]
    pub const fn cookies(&self) -> Cookies {
        self.cookies
    }

    /// Who is signed in at the browser that sent `headers`; `None` when nobody is, any more.
    ///
    /// # Errors
    /// [`IdentityError`] when the database does not answer or the tenant does not serve.
    pub async fn find(
        &self,
        headers: &HeaderMap,
        touch: Touch,
    ) -> Result<Option<Session>, IdentityError> {
        let Some(presented) = self.cookies.session(headers) else {
            return Ok(None);
        };
        if !self.tenants.is_active(presented.tenant).await? {
            return Ok(None);
        }
        let keys = self.tenants.keys(presented.tenant).await?;
        let now = self.clock.now();
        let Some(row) = store::find(&self.database, presented.tenant, &presented.digest()).await?
        else {
            return Ok(None);
        };
        if !row.is_alive(now) {
            return Ok(None);
        }
        if touch == Touch::Person && now >= row.seen_at.plus_seconds(TOUCH_SECONDS) {
            store::touch(&self.database, presented.tenant, row.id, now).await?;
        }
        row.session(&keys, &presented, now).map(Some)
    }

    /// Begins a session; the header sets its cookie. Whatever session the browser had is another
    /// one: its secret is never taken over.
    ///
    /// # Errors
    /// [`IdentityError`] when the database does not answer or the tenant does not serve.
    pub async fn begin(
        &self,
        tenant: TenantId,
        account: Uuid,
        proof: &Proof,
        (whereabouts, limits): (&Whereabouts, Limits),
    ) -> Result<(Uuid, HeaderValue), IdentityError> {
        let keys = self.tenants.keys(tenant).await?;
        let presented = Presented::generate(tenant)?;
        let id = Uuid::now_v7();
        let sealed = seal_whereabouts(&keys, id, whereabouts)?;
        let new = store::New {
            id,
            account,
            digest: presented.digest(),
            proof,
            now: self.clock.now(),
            sealed,
            limits,
        };
        store::insert(&self.database, tenant, &new).await?;
        Ok((id, self.set(&presented)))
    }

    /// Notes that the person proved again who they are, and gives the session a new secret.
    ///
    /// # Errors
    /// [`IdentityError`] when the database does not answer.
    pub async fn prove(
        &self,
        session: &Session,
        proof: &Proof,
    ) -> Result<HeaderValue, IdentityError> {
        let presented = Presented::generate(session.tenant)?;
        let now = self.clock.now();
        store::prove(&self.database, session, &presented.digest(), proof, now).await?;
        Ok(self.set(&presented))
    }

    /// Ends one session; returns whether there was one.
    ///
    /// # Errors
    /// [`IdentityError`] when the database does not answer.
    pub async fn end(
        &self,
        tenant: TenantId,
        account: Uuid,
        session: Uuid,
    ) -> Result<bool, IdentityError> {
        let which = store::Which::One(session);
        Ok(self.end_which(tenant, account, which).await? > 0)
    }

    /// Ends every session of an account, except one; returns how many.
    ///
    /// # Errors
    /// [`IdentityError`] when the database does not answer.
    pub async fn end_all(
        &self,
        tenant: TenantId,
        account: Uuid,
        except: Option<Uuid>,
    ) -> Result<u64, IdentityError> {
        let which = except.map_or(store::Which::All, store::Which::AllBut);
        self.end_which(tenant, account, which).await
    }

    async fn end_which(
        &self,
        tenant: TenantId,
        account: Uuid,
        which: store::Which,
    ) -> Result<u64, IdentityError> {
        let now = self.clock.now();
        let ended = store::end(&self.database, tenant, account, which, now).await?;
        if ended > 0 {
            self.has_ended();
        }
        Ok(ended)
    }

    /// The live sessions of an account, newest first.
    ///
    /// # Errors
    /// [`IdentityError`] when the database does not answer or a row does not open.
    pub async fn list(
        &self,
        tenant: TenantId,
        account: Uuid,
    ) -> Result<Vec<SessionView>, IdentityError> {
        let keys = self.tenants.keys(tenant).await?;
        store::list(&self.database, &keys, account, self.clock.now()).await
    }

    /// The header that makes the browser forget the session.
    #[must_use]
    pub fn forget(&self) -> Option<HeaderValue> {
        self.cookies.set("session", "", Some(0))
    }

    fn set(&self, presented: &Presented) -> HeaderValue {
        self.cookies
            .set("session", &presented.value(), None)
            .expect("a base64url secret is a header value")
    }
}

fn seal_whereabouts(
    keys: &TenantKeys,
    id: Uuid,
    whereabouts: &Whereabouts,
) -> Result<Vec<u8>, IdentityError> {
    super::sealed::seal(
        keys,
        super::sealed::Place::Session,
        id.as_bytes(),
        whereabouts,
    )
}

/// What follows from a session's secret and must come with its changes.
pub(crate) fn csrf_of(secret: &str) -> Secret<String> {
    use base64::Engine as _;
    let tag = mt_crypto::hmac_sha256(secret.as_bytes(), b"csrf");
    Secret::new(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(tag))
}
