//! An issuer of the organisation's own (Keycloak or another) instead of ours.
//!
//! Its tokens are checked by its published keys, for our audience, and its roles are translated by a
//! table of the organisation; a role that the table does not name means nothing.

mod claims;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;
use mt_access::{Authenticated, AuthenticationError, Role};
use mt_crypto::Algorithm;
use mt_database::Database;
use mt_kernel::TenantId;
use mt_store::TenantState;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Provider;
use super::error::{Code, OAuthError};
use super::jose::Jws;
use super::outbound::Outbound;
use crate::IdentityError;
use crate::authenticate::{Identity, unavailable};
use claims::Claims;

/// Name of the setting that holds the issuer.
const ISSUER: &str = "issuer";
/// Name of the setting that says who may register clients.
pub(super) const REGISTRATION: &str = "registration";

/// Algorithms of access tokens of other issuers.
const ALGORITHMS: [Algorithm; 6] = [
    Algorithm::Rs256,
    Algorithm::Rs384,
    Algorithm::Ps256,
    Algorithm::Es256,
    Algorithm::Es384,
    Algorithm::EdDsa,
];

/// How an organisation's own issuer is understood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExternalIssuer {
    /// Issuer URL, exactly as in `iss`.
    pub issuer: String,
    /// What `aud` must name: never the id of a client, or its ID tokens would pass.
    pub audience: String,
    /// Where roles stand in a token, such as `realm_access.roles`.
    #[serde(default = "keycloak_roles")]
    pub roles_claim: String,
    /// Role of the issuer → our role code.
    pub roles: BTreeMap<String, String>,
    /// Claim with the reference to the person's own resource.
    #[serde(default = "fhir_user")]
    pub fhir_user_claim: String,
    /// Values of `acr` that mean two factors.
    #[serde(default)]
    pub mfa_acr: Vec<String>,
    /// Scopes of tokens that carry none about records.
    #[serde(default)]
    pub default_scope: String,
}

fn keycloak_roles() -> String {
    "realm_access.roles".to_owned()
}

fn fhir_user() -> String {
    "fhirUser".to_owned()
}

impl ExternalIssuer {
    fn check(&self) -> Result<(), OAuthError> {
        let refuse = |text: &'static str| OAuthError::new(Code::InvalidRequest, text);
        if url::Url::parse(&self.issuer).is_err() || self.audience.is_empty() {
            return Err(refuse("issuer must be a URL and audience must be named"));
        }
        // Who runs the installation is not for one organisation's issuer to say.
        let grantable =
            |code: &String| Role::from_code(code).is_some_and(|role| role != Role::SuperAdmin);
        if !self.roles.values().all(grantable) {
            return Err(refuse("roles names a role that cannot be given"));
        }
        mt_access::Scopes::parse(&self.default_scope)
            .map(drop)
            .map_err(|error| OAuthError::new(Code::InvalidScope, error.to_string()))
    }
}

type Directory = Arc<HashMap<String, Vec<(TenantId, Arc<ExternalIssuer>)>>>;

/// The external issuers of all tenants.
pub(crate) struct Externals {
    database: Database,
    pub(crate) outbound: Outbound,
    settings: Cache<TenantId, Option<Arc<ExternalIssuer>>>,
    directory: Cache<(), Directory>,
}

impl Externals {
    pub(crate) fn new(database: Database, outbound: Outbound) -> Self {
        let seconds = Duration::from_secs(5);
        let settings = Cache::builder().max_capacity(20_000).time_to_live(seconds);
        let directory = Cache::builder().max_capacity(1).time_to_live(seconds);
        Self {
            database,
            outbound,
            settings: settings.build(),
            directory: directory.build(),
        }
    }

    /// The issuer that a tenant uses instead of ours.
    pub(crate) async fn of(
        &self,
        tenant: TenantId,
    ) -> Result<Option<Arc<ExternalIssuer>>, IdentityError> {
        if let Some(known) = self.settings.get(&tenant).await {
            return Ok(known);
        }
        let text = setting(&self.database, tenant, ISSUER).await?;
        let issuer = text.map(|text| serde_json::from_str::<ExternalIssuer>(&text));
        let issuer = issuer
            .transpose()
            .map_err(|_| IdentityError::Damaged("external issuer"))?;
        let issuer = issuer.map(Arc::new);
        self.settings.insert(tenant, issuer.clone()).await;
        Ok(issuer)
    }

    /// The issuer's discovery document.
    pub(super) async fn metadata(
        &self,
        external: &ExternalIssuer,
    ) -> Result<Arc<Value>, OAuthError> {
        let issuer = external.issuer.trim_end_matches('/');
        let url = format!("{issuer}/.well-known/openid-configuration");
        let unreachable = |_| {
            let text = "the organisation's issuer does not answer";
            OAuthError::new(Code::TemporarilyUnavailable, text)
        };
        let document = self.outbound.document(&url).await.map_err(unreachable)?;
        if document["issuer"].as_str() == Some(external.issuer.as_str()) {
            Ok(document)
        } else {
            let text = "the organisation's issuer names itself differently";
            Err(OAuthError::new(Code::ServerError, text))
        }
    }

    /// Who presents a token of an external issuer.
    pub(crate) async fn authenticate(
        &self,
        identity: &Identity,
        token: &str,
    ) -> Result<Arc<Authenticated>, AuthenticationError> {
        let invalid = AuthenticationError::Invalid;
        let jws = Jws::parse(token).ok_or_else(|| invalid.clone())?;
        let claims: Claims = jws.unverified().ok_or_else(|| invalid.clone())?;
        let directory = self.directory(identity).await.map_err(unavailable)?;
        let candidates = directory.get(&claims.iss).map_or(&[][..], Vec::as_slice);
        // One issuer may serve several organisations; the audience tells them apart.
        let mut fitting = candidates
            .iter()
            .filter(|(_, external)| claims.aud.names(|name| name == external.audience));
        let (tenant, external) = fitting.next().ok_or_else(|| invalid.clone())?;
        if fitting.next().is_some() {
            return Err(invalid);
        }
        let verified = self.verified(external, &jws).await?;
        let now = identity.clock.now().unix_seconds();
        verified.check(&jws.header, now)?;
        let credential = mt_crypto::sha256(token.as_bytes());
        Ok(Arc::new(
            verified.authenticated(*tenant, external, credential, now)?,
        ))
    }

    async fn verified(
        &self,
        external: &ExternalIssuer,
        jws: &Jws<'_>,
    ) -> Result<Claims, AuthenticationError> {
        let invalid = || AuthenticationError::Invalid;
        let algorithm = jws.algorithm(&ALGORITHMS).ok_or_else(invalid)?;
        let document = self.metadata(external).await;
        let document = document.map_err(|error| unavailable(error.description))?;
        let jwks = document["jwks_uri"].as_str().ok_or_else(invalid)?;
        let key = self
            .outbound
            .key(jwks, jws.header.kid.as_deref(), algorithm)
            .await
            .map_err(unavailable)?;
        jws.verified(algorithm, &key.ok_or_else(invalid)?.key)
            .ok_or_else(invalid)
    }

    async fn directory(&self, identity: &Identity) -> Result<Directory, Arc<IdentityError>> {
        let build = async {
            let mut directory: HashMap<String, Vec<_>> = HashMap::new();
            for info in identity.tenants.list().await? {
                if info.state == TenantState::Active
                    && let Some(external) = self.of(info.id).await?
                {
                    let entry = directory.entry(external.issuer.clone()).or_default();
                    entry.push((info.id, external));
                }
            }
            Ok::<_, IdentityError>(Arc::new(directory))
        };
        self.directory.try_get_with((), build).await
    }
}

/// A setting of a tenant's provider.
pub(super) async fn setting(
    database: &Database,
    tenant: TenantId,
    name: &str,
) -> Result<Option<String>, IdentityError> {
    let sql = "select value from oauth.setting where tenant = $1 and name = $2";
    let rows = database
        .readers()
        .query(tenant, sql, &[&tenant.0, &name])
        .await?;
    Ok(rows.first().map(|row| row.get(0)))
}

impl Provider {
    /// Lets a tenant's people sign in with an issuer of its own, or with ours again.
    ///
    /// # Errors
    /// When the issuer is not usable, or the database does not answer.
    pub async fn set_external_issuer(
        &self,
        tenant: TenantId,
        issuer: Option<&ExternalIssuer>,
    ) -> Result<(), OAuthError> {
        let value = match issuer {
            Some(issuer) => {
                issuer.check()?;
                Some(serde_json::to_string(issuer).map_err(|_| IdentityError::Damaged("issuer"))?)
            }
            None => None,
        };
        self.set(tenant, ISSUER, value.as_deref()).await?;
        self.identity.externals.settings.invalidate(&tenant).await;
        self.identity.externals.directory.invalidate(&()).await;
        Ok(())
    }

    /// Opens dynamic registration to everybody, or closes it again.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn set_open_registration(
        &self,
        tenant: TenantId,
        open: bool,
    ) -> Result<(), OAuthError> {
        self.set(tenant, REGISTRATION, open.then_some("open")).await
    }

    async fn set(
        &self,
        tenant: TenantId,
        name: &'static str,
        value: Option<&str>,
    ) -> Result<(), OAuthError> {
        let at = self.at(tenant).await?;
        let tx = self.identity.database.tenant(tenant).await?;
        match value {
            Some(value) => {
                let sql = "insert into oauth.setting (tenant, name, value) values ($1, $2, $3) \
                           on conflict (tenant, name) do update set value = $3";
                tx.execute(sql, &[&tenant.0, &name, &value]).await?;
            }
            None => {
                let sql = "delete from oauth.setting where tenant = $1 and name = $2";
                tx.execute(sql, &[&tenant.0, &name]).await?;
            }
        }
        tx.commit().await?;
        let actor = mt_kernel::Actor::system("operator");
        let code = mt_audit::EventCode::Configuration;
        self.note(&at, actor, code, &format!("setting {name} changed"))
    }
}
