//! Token → tenant, actor, grant.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;
use mt_access::{
    AccessClaims, Authenticated, Authentication, AuthenticationError, Authenticator, Grant,
    LaunchContext, Role, Scopes, TokenError, Verified, Verifier, VerifyingKey,
};
use mt_database::Database;
use mt_kernel::{Actor, ActorKind, Assurance, Clock, TenantId};
use mt_store::Tenants;
use uuid::Uuid;

use crate::keys::{parse_kid, signer_fetch, verifying_key_find};
use crate::{IdentityError, OperatorToken};

/// The identity of every tenant of one installation.
pub struct Identity {
    database: Database,
    tenants: Tenants,
    verifier: Verifier,
    keys: Cache<(TenantId, Uuid), Option<VerifyingKey>>,
    sessions: Cache<[u8; 32], Arc<Authenticated>>,
    clock: Arc<dyn Clock>,
    /// Absolute URL of the installation, without a trailing slash.
    origin: String,
}

impl Identity {
    /// The identity context; `origin` is the URL under which the installation is known.
    #[must_use]
    pub fn new(database: Database, tenants: Tenants, clock: Arc<dyn Clock>, origin: &str) -> Self {
        // Short lives bound how long a retired key or a suspended tenant is still served.
        let keys = Cache::builder()
            .max_capacity(10_000)
            .time_to_live(Duration::from_secs(30));
        let sessions = Cache::builder()
            .max_capacity(50_000)
            .time_to_live(Duration::from_secs(10));
        Self {
            database,
            tenants,
            verifier: Verifier::new(Arc::clone(&clock)),
            keys: keys.build(),
            sessions: sessions.build(),
            clock,
            origin: origin.trim_end_matches('/').to_owned(),
        }
    }

    /// Issuer of a tenant's tokens.
    #[must_use]
    pub fn issuer(&self, tenant: TenantId) -> String {
        format!("{}/t/{tenant}", self.origin)
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
        let audience = format!("{}/fhir/R4", self.origin);
        let claims = token.claims(&self.issuer(tenant), &audience, now)?;
        let keys = self.tenants.keys(tenant).await?;
        let signer = signer_fetch(&self.database, &keys, now).await?;
        Ok(signer.sign(&claims)?)
    }

    async fn check(&self, token: &str) -> Result<Arc<Authenticated>, AuthenticationError> {
        let kid = kid_of(token).ok_or(AuthenticationError::Invalid)?;
        let key = self.key(kid).await?;
        let verified = self
            .verifier
            .verify(token, |_| key)
            .map_err(|error| match error {
                TokenError::Expired => AuthenticationError::Expired,
                TokenError::Invalid | TokenError::BadKey => AuthenticationError::Invalid,
            })?;
        if !self
            .tenants
            .is_active(verified.tenant)
            .await
            .map_err(unavailable)?
        {
            return Err(AuthenticationError::Suspended);
        }
        if let Some(known) = self.sessions.get(&verified.digest).await {
            return Ok(known);
        }
        let who = Arc::new(authenticated(&verified)?);
        self.sessions
            .insert(verified.digest, Arc::clone(&who))
            .await;
        Ok(who)
    }

    async fn key(
        &self,
        (tenant, kid): (TenantId, Uuid),
    ) -> Result<Option<VerifyingKey>, AuthenticationError> {
        if let Some(known) = self.keys.get(&(tenant, kid)).await {
            return Ok(known);
        }
        let found = verifying_key_find(&self.database, tenant, kid, &self.issuer(tenant)).await;
        let found = found.map_err(unavailable)?;
        self.keys.insert((tenant, kid), found.clone()).await;
        Ok(found)
    }
}

impl Authenticator for Identity {
    fn authenticate<'a>(&'a self, token: &'a str) -> Authentication<'a> {
        Box::pin(self.check(token))
    }
}

fn unavailable(error: impl std::fmt::Display) -> AuthenticationError {
    tracing::warn!(%error, "identity cannot check a token");
    AuthenticationError::Unavailable
}

/// The key id in the token's header. Nothing else of the header is trusted, and this only to find
/// the key that must have signed it.
fn kid_of(token: &str) -> Option<(TenantId, Uuid)> {
    mt_access::key_id(token).as_deref().and_then(parse_kid)
}

fn authenticated(verified: &Verified) -> Result<Authenticated, AuthenticationError> {
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
    let mut hasher = DefaultHasher::new();
    (&claims.client_id, &claims.sub).hash(&mut hasher);
    Ok(Authenticated {
        tenant: verified.tenant,
        actor: actor(claims, &roles),
        grant: Grant::new(roles, Some(scopes), own_patients, launch),
        credential: verified.digest,
        client_key: hasher.finish(),
    })
}

fn actor(claims: &AccessClaims, roles: &[Role]) -> Actor {
    let kind = if roles.contains(&Role::Service) {
        ActorKind::Service
    } else {
        ActorKind::User
    };
    let assurance = match claims.acr.as_deref() {
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
