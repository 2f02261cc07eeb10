//! Token → tenant, actor, grant.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;
use mt_access::{
    AccessClaims, Authenticated, Authentication, AuthenticationError, Authenticator, Grant,
    LaunchContext, RequestHead, Role, Scopes, TokenError, Verified, Verifier, VerifyingKey,
};
use mt_database::Database;
use mt_kernel::{Actor, ActorKind, Assurance, Clock, TenantId};
use mt_store::Tenants;
use uuid::Uuid;

use crate::keys::{SigningAlgorithm, TokenKey, parse_kid, signing_key, verifying_key_find};
use crate::oauth::dpop::{self, ProofError};
use crate::oauth::external::Externals;
use crate::oauth::outbound::Outbound;
use crate::oauth::replay::Replay;
use crate::oauth::revocation::Revocations;
use crate::origin::Origin;
use crate::people::sessions::{STEP_UP_SECONDS, acr_at};
use crate::{IdentityError, OperatorToken};

/// The identity of every tenant of one installation.
pub struct Identity {
    pub(crate) database: Database,
    pub(crate) tenants: Tenants,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) origin: Origin,
    pub(crate) revocations: Revocations,
    pub(crate) replay: Replay,
    pub(crate) externals: Externals,
    verifier: Verifier,
    keys: Cache<(TenantId, Uuid), Option<VerifyingKey>>,
    signing: Cache<(TenantId, SigningAlgorithm), Arc<TokenKey>>,
    /// With the second until which nothing of it changes.
    sessions: Cache<[u8; 32], (Arc<Authenticated>, i64)>,
}

impl Identity {
    /// The identity context; `origin` is the URL under which the installation is known.
    #[must_use]
    pub fn new(database: Database, tenants: Tenants, clock: Arc<dyn Clock>, origin: &str) -> Self {
        // Short lives bound how long a retired key or a suspended tenant is still served, and how
        // late a revocation by another process is noticed.
        let keys = Cache::builder()
            .max_capacity(10_000)
            .time_to_live(Duration::from_secs(30));
        let signing = Cache::builder()
            .max_capacity(10_000)
            .time_to_live(Duration::from_secs(30));
        let sessions = Cache::builder()
            .max_capacity(50_000)
            .time_to_live(Duration::from_secs(2));
        Self {
            revocations: Revocations::new(database.clone()),
            replay: Replay::new(database.clone()),
            externals: Externals::new(database.clone(), Outbound::new(origin)),
            origin: Origin::new(origin, tenants.clone()),
            database,
            tenants,
            verifier: Verifier::new(Arc::clone(&clock)),
            keys: keys.build(),
            signing: signing.build(),
            sessions: sessions.build(),
            clock,
        }
    }

    /// The URLs of the installation.
    #[must_use]
    pub const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Signs an operator token for `tenant`.
    ///
    /// # Errors
    /// [`IdentityError`] when the token may not be made or the tenant does not serve.
    pub async fn operator_token(
        &self,
        tenant: TenantId,
        token: &OperatorToken,
    ) -> Result<String, IdentityError> {
        let now = self.clock.now();
        let issuer = self.origin.issuer_of(tenant).await?;
        let claims = token.claims(&issuer, &self.origin.fhir_base(), now)?;
        let signer = self.signer(tenant, SigningAlgorithm::Es256).await?;
        signer.sign_access(&claims)
    }

    /// Makes the next signing keys of a tenant now, as after a suspicion: they sign once they have been
    /// published for a quarter of an hour.
    ///
    /// # Errors
    /// [`IdentityError`] when the tenant does not serve or the database does not answer.
    pub async fn rotate_keys(&self, tenant: TenantId) -> Result<(), IdentityError> {
        let keys = self.tenants.keys(tenant).await?;
        crate::keys::rotate(&self.database, &keys, self.clock.now()).await
    }

    /// The key that signs for the tenant now.
    pub(crate) async fn signer(
        &self,
        tenant: TenantId,
        algorithm: SigningAlgorithm,
    ) -> Result<Arc<TokenKey>, IdentityError> {
        if let Some(known) = self.signing.get(&(tenant, algorithm)).await {
            return Ok(known);
        }
        let keys = self.tenants.keys(tenant).await?;
        let key = signing_key(&self.database, &keys, algorithm, self.clock.now()).await?;
        let key = Arc::new(key);
        self.signing
            .insert((tenant, algorithm), Arc::clone(&key))
            .await;
        Ok(key)
    }

    /// The token, when it is one of ours, of an active tenant, for our FHIR base, and not revoked.
    pub(crate) async fn verify(&self, token: &str) -> Result<Arc<Verified>, AuthenticationError> {
        let kid = kid_of(token).ok_or(AuthenticationError::Invalid)?;
        let key = self.key(kid).await?;
        let verified = self
            .verifier
            .verify(token, |_| key)
            .map_err(|error| match error {
                TokenError::Expired => AuthenticationError::Expired,
                TokenError::Invalid | TokenError::BadKey => AuthenticationError::Invalid,
            })?;
        if verified.claims.aud != self.origin.fhir_base() {
            return Err(AuthenticationError::Invalid);
        }
        let active = self.tenants.is_active(verified.tenant).await;
        if !active.map_err(unavailable)? {
            return Err(AuthenticationError::Suspended);
        }
        let revoked = self
            .revocations
            .is_revoked(verified.tenant, &verified.claims);
        if revoked.await.map_err(unavailable)? {
            return Err(AuthenticationError::Invalid);
        }
        Ok(verified)
    }

    /// Who presents a token, with the proof of its key where it is bound to one.
    async fn check(
        &self,
        token: &str,
        proof: Option<Proof<'_>>,
    ) -> Result<Arc<Authenticated>, AuthenticationError> {
        if kid_of(token).is_none() {
            return match proof {
                None => self.externals.authenticate(self, token).await,
                Some(_) => Err(AuthenticationError::Invalid),
            };
        }
        let digest = mt_crypto::sha256(token.as_bytes());
        if proof.is_none()
            && let Some((known, expires)) = self.sessions.get(&digest).await
            && self.clock.now().unix_seconds() < expires
        {
            // A suspended tenant is noticed at once.
            let active = self.tenants.is_active(known.tenant).await;
            return if active.map_err(unavailable)? {
                Ok(known)
            } else {
                Err(AuthenticationError::Suspended)
            };
        }
        let verified = self.verify(token).await?;
        match (&verified.claims.cnf, &proof) {
            (Some(bound), Some(proof)) => self.prove(&verified, &bound.jkt, token, proof).await?,
            (Some(_), None) => return Err(AuthenticationError::BadProof),
            // The scheme promises a key that the token does not name (RFC 9449 §7.1).
            (None, Some(_)) => return Err(AuthenticationError::Invalid),
            (None, None) => {}
        }
        let now = self.clock.now().unix_seconds();
        let who = Arc::new(authenticated(&verified, now)?);
        if proof.is_none() {
            let known = (Arc::clone(&who), known_until(&verified.claims, &who));
            self.sessions.insert(verified.digest, known).await;
        }
        Ok(who)
    }

    async fn prove(
        &self,
        verified: &Verified,
        thumbprint: &str,
        token: &str,
        proof: &Proof<'_>,
    ) -> Result<(), AuthenticationError> {
        let keys = self.tenants.keys(verified.tenant).await;
        let keys = keys.map_err(unavailable)?;
        let path = proof.head.uri.path();
        let asked = dpop::Asked {
            method: proof.head.method.as_str(),
            urls: &[format!("{}{path}", self.origin.url())],
            token: Some(token),
        };
        let checked = dpop::check(&keys, &self.replay, proof.jwt, &asked, self.clock.now());
        match checked.await {
            Ok(proved) if proved == thumbprint => Ok(()),
            Ok(_) | Err(ProofError::Bad(_)) => Err(AuthenticationError::BadProof),
            Err(ProofError::Nonce(nonce)) => {
                Err(AuthenticationError::NonceNeeded(Arc::from(nonce)))
            }
            Err(ProofError::Other(error)) => Err(unavailable(error)),
        }
    }

    async fn by_head(
        &self,
        head: RequestHead<'_>,
    ) -> Result<Arc<Authenticated>, AuthenticationError> {
        if let Some(token) = head.bearer() {
            return self.check(token, None).await;
        }
        let (scheme, token) = head.authorization().ok_or(AuthenticationError::Missing)?;
        if !scheme.eq_ignore_ascii_case("DPoP") {
            return Err(AuthenticationError::Missing);
        }
        let mut proofs = head.headers.get_all("dpop").iter();
        let jwt = proofs.next().and_then(|value| value.to_str().ok());
        match (jwt, proofs.next()) {
            (Some(jwt), None) => self.check(token, Some(Proof { jwt, head })).await,
            _ => Err(AuthenticationError::BadProof),
        }
    }

    /// Forgets what this process remembers of tokens, as after a revocation.
    pub(crate) fn forget_sessions(&self) {
        self.sessions.invalidate_all();
    }

    async fn key(
        &self,
        (tenant, kid): (TenantId, Uuid),
    ) -> Result<Option<VerifyingKey>, AuthenticationError> {
        if let Some(known) = self.keys.get(&(tenant, kid)).await {
            return Ok(known);
        }
        let found = match self.origin.issuer_of(tenant).await {
            Ok(issuer) => verifying_key_find(&self.database, tenant, kid, &issuer)
                .await
                .map_err(unavailable)?,
            Err(mt_store::StoreError::TenantInactive) => None,
            Err(error) => return Err(unavailable(error)),
        };
        self.keys.insert((tenant, kid), found.clone()).await;
        Ok(found)
    }
}

/// A DPoP proof and the request it must be about (RFC 9449 §7).
struct Proof<'a> {
    jwt: &'a str,
    head: RequestHead<'a>,
}

impl Authenticator for Identity {
    fn authenticate<'a>(&'a self, token: &'a str) -> Authentication<'a> {
        Box::pin(self.check(token, None))
    }

    fn authenticate_head<'a>(&'a self, head: RequestHead<'a>) -> Authentication<'a> {
        Box::pin(self.by_head(head))
    }
}

pub(crate) fn unavailable(error: impl std::fmt::Display) -> AuthenticationError {
    tracing::warn!(%error, "identity cannot check a token");
    AuthenticationError::Unavailable
}

/// Until when a token says the same: it expires, and before that its step-up ends.
fn known_until(claims: &AccessClaims, who: &Authenticated) -> i64 {
    match who.actor.assurance {
        Assurance::StepUp => claims.exp.min(proved_at(claims) + STEP_UP_SECONDS + 1),
        Assurance::Single | Assurance::Multi => claims.exp,
    }
}

/// When the proof behind a token was given; where it does not say, when it was issued.
fn proved_at(claims: &AccessClaims) -> i64 {
    claims.auth_time.unwrap_or(claims.iat)
}

/// How strongly whoever presents a token has proved who they are, as far as that holds at `now`, seconds.
pub(crate) fn acr_of(claims: &AccessClaims, now: i64) -> Option<&str> {
    let acr = claims.acr.as_deref()?;
    Some(acr_at(acr, proved_at(claims), now))
}

/// The key id in the token's header. Nothing else of the header is trusted, and this only to find
/// the key that must have signed it.
fn kid_of(token: &str) -> Option<(TenantId, Uuid)> {
    mt_access::key_id(token).as_deref().and_then(parse_kid)
}

fn authenticated(verified: &Verified, now: i64) -> Result<Authenticated, AuthenticationError> {
    let claims = &verified.claims;
    let scopes = Scopes::parse(&claims.scope).map_err(|_| AuthenticationError::Invalid)?;
    let roles: Vec<Role> = claims
        .roles
        .iter()
        .filter_map(|code| Role::from_code(code))
        .collect();
    let shared = |text: &String| Arc::<str>::from(text.as_str());
    let launch = LaunchContext {
        patient: claims.patient.as_ref().map(shared),
        encounter: claims.encounter.as_ref().map(shared),
    };
    let own_patients = claims.own_patients.iter().map(shared).collect();
    Ok(Authenticated {
        tenant: verified.tenant,
        actor: actor(claims, &roles, now),
        grant: Grant::new(roles, Some(scopes), own_patients, launch),
        credential: verified.digest,
        client_key: client_key(&claims.client_id, &claims.sub),
    })
}

/// Tells clients, and the people behind one, apart for rate limits.
pub(crate) fn client_key(client: &str, subject: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (client, subject).hash(&mut hasher);
    hasher.finish()
}

fn actor(claims: &AccessClaims, roles: &[Role], now: i64) -> Actor {
    let kind = if roles.contains(&Role::Service) {
        ActorKind::Service
    } else {
        ActorKind::User
    };
    // A token outlives the moments for which the proof behind it is a fresh one.
    let assurance = match acr_of(claims, now) {
        Some("step-up") => Assurance::StepUp,
        Some("mfa") => Assurance::Multi,
        _ => Assurance::Single,
    };
    Actor {
        id: Arc::from(claims.sub.as_str()),
        kind,
        roles: roles.iter().map(|role| Arc::from(role.code())).collect(),
        fhir_user: claims.fhir_user.as_deref().map(Arc::from),
        client_id: Some(Arc::from(claims.client_id.as_str())),
        assurance,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_without_a_time_is_as_old_as_its_token() {
        let claims = |auth_time| AccessClaims {
            acr: Some("step-up".to_owned()),
            auth_time,
            iat: 1_000,
            exp: 9_000,
            ..AccessClaims::default()
        };
        assert_eq!(acr_of(&claims(None), 1_300), Some("step-up"));
        assert_eq!(acr_of(&claims(None), 1_301), Some("mfa"));
        assert_eq!(acr_of(&claims(Some(900)), 1_201), Some("mfa"));
        assert_eq!(acr_of(&AccessClaims::default(), 0), None);
    }
}
