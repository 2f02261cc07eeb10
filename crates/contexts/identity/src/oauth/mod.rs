//! The authorization server: OAuth 2.1, OpenID Connect and SMART App Launch 2.2, one issuer per tenant.
//!
//! Protocol errors are values ([`error::OAuthError`]); secrets exist in the clear only on their way in or
//! out; everything that a token can later be refused for is a durable row.

pub(crate) mod authorize;
mod brands;
pub mod client;
mod cors;
mod discovery;
pub(crate) mod dpop;
pub mod error;
mod events;
pub mod external;
mod family;
mod farewell;
mod forget;
mod introspect;
mod jose;
mod launch;
mod logout;
pub(crate) mod outbound;
mod params;
pub mod people;
mod place;
mod registration;
pub(crate) mod replay;
pub(crate) mod revocation;
mod revoke;
mod scopes;
mod sweep;
mod token;
mod userinfo;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use moka::future::Cache;
use mt_audit::{Audit, EventCode};
use mt_database::{Migration, Migrations};
use mt_http::{Quota, RateLimits};
use mt_kernel::{Actor, TenantId};
use mt_store::{Store, TenantInfo, TenantState};

use crate::IdentityError;
use crate::authenticate::Identity;
use client::{ClientMetadata, Clients, Registered};
use people::People;

pub use cors::registered_origins;
pub(crate) use forget::forget_account;

/// Tables of the authorization server.
pub const MIGRATIONS: Migrations = Migrations {
    schema: "oauth",
    files: &[Migration::new(
        1,
        "provider",
        include_str!("../../migrations/oauth/0001_provider.sql"),
    )],
};

/// The authorization servers of all tenants.
pub struct Provider {
    pub(crate) identity: Arc<Identity>,
    pub(crate) store: Store,
    pub(crate) audit: Arc<Audit>,
    pub(crate) people: Arc<dyn People>,
    pub(crate) clients: Clients,
    /// Requests per client.
    pub(crate) rates: RateLimits,
    /// Refusals that are noted.
    pub(crate) refusals: RateLimits,
    sole: Cache<(), Option<TenantInfo>>,
    /// Whether an origin is registered.
    pub(crate) origins: Cache<(TenantId, String), bool>,
}

impl Provider {
    /// The authorization servers; `rates` bounds the requests of a tenant and of a client.
    #[must_use]
    pub fn new(
        identity: Arc<Identity>,
        store: Store,
        audit: Arc<Audit>,
        people: Arc<dyn People>,
        rates: RateLimits,
    ) -> Self {
        let few = |n: u32| NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN);
        let noted = Quota {
            per_second: few(20),
            burst: few(200),
        };
        let seconds = Duration::from_secs(5);
        let sole = Cache::builder().time_to_live(seconds);
        let origins = Cache::builder().max_capacity(10_000).time_to_live(seconds);
        Self {
            clients: Clients::new(identity.database.clone()),
            identity,
            store,
            audit,
            people,
            rates,
            refusals: RateLimits::new(noted, noted),
            sole: sole.build(),
            origins: origins.build(),
        }
    }

    /// The identity context that the servers belong to.
    #[must_use]
    pub const fn identity(&self) -> &Arc<Identity> {
        &self.identity
    }

    /// The only active tenant of an installation, which its root speaks for.
    pub(crate) async fn sole_tenant(&self) -> Result<Option<TenantInfo>, IdentityError> {
        if let Some(known) = self.sole.get(&()).await {
            return Ok(known);
        }
        let tenants = self.identity.tenants.list().await?;
        let mut active = tenants
            .into_iter()
            .filter(|info| info.state == TenantState::Active);
        let first = active.next();
        let sole = first.filter(|_| active.next().is_none());
        self.sole.insert((), sole.clone()).await;
        Ok(sole)
    }

    /// Registers a client on behalf of an operator.
    ///
    /// # Errors
    /// [`error::OAuthError`] when the metadata are not acceptable or the tenant does not serve.
    pub async fn register(
        &self,
        tenant: TenantId,
        metadata: ClientMetadata,
    ) -> Result<Registered, error::OAuthError> {
        metadata.check()?;
        let at = self.at(tenant).await?;
        let now = self.identity.clock.now();
        let registered = self.clients.register(tenant, metadata, now).await?;
        let reason = format!("client {} registered", registered.client.id);
        self.note(
            &at,
            Actor::system("operator"),
            EventCode::Configuration,
            &reason,
        )?;
        Ok(registered)
    }

    /// The clients of a tenant, oldest first.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn clients(&self, tenant: TenantId) -> Result<Vec<client::Client>, IdentityError> {
        self.clients.list(tenant).await
    }

    /// The place of a tenant, for work that no request has asked for.
    pub(crate) async fn at(&self, tenant: TenantId) -> Result<place::At, IdentityError> {
        let name = self.identity.tenants.name(tenant).await?;
        self.identity.tenants.keys(tenant).await?;
        Ok(place::At {
            tenant,
            issuer: self.identity.origin.issuer(&name),
            name,
            correlation: uuid::Uuid::now_v7(),
        })
    }
}

/// The routes of every tenant, and at the root those of the only one.
pub fn router(provider: Arc<Provider>) -> Router {
    let aliases = Router::new()
        .route(
            "/.well-known/openid-configuration/t/{tenant}",
            get(discovery::openid_configuration),
        )
        .route(
            "/.well-known/oauth-authorization-server/t/{tenant}",
            get(discovery::openid_configuration),
        );
    let shared = Arc::clone(&provider);
    Router::new()
        .merge(routes(""))
        .merge(routes("/t/{tenant}"))
        .merge(aliases)
        .layer(axum::middleware::from_fn_with_state(shared, cors::answer))
        .with_state(provider)
}

fn routes(prefix: &str) -> Router<Arc<Provider>> {
    let path = |path: &str| format!("{prefix}{path}");
    Router::new()
        .route(
            &path("/.well-known/openid-configuration"),
            get(discovery::openid_configuration),
        )
        .route(
            &path("/.well-known/oauth-authorization-server"),
            get(discovery::openid_configuration),
        )
        .route(
            &path("/fhir/R4/.well-known/smart-configuration"),
            get(discovery::smart_configuration),
        )
        .route(&path(brands::PATH), get(brands::endpoint))
        .route(&path("/oauth2/jwks"), get(discovery::jwks))
        .route(
            &path("/oauth2/authorize"),
            get(authorize::endpoint).post(authorize::endpoint),
        )
        .route(&path("/oauth2/consent"), post(authorize::consent))
        .route(&path("/oauth2/par"), post(authorize::push))
        .route(&path("/oauth2/launch"), post(launch::mint))
        .route(&path("/oauth2/token"), post(token::endpoint))
        .route(&path("/oauth2/introspect"), post(introspect::endpoint))
        .route(&path("/oauth2/revoke"), post(revoke::endpoint))
        .route(
            &path("/oauth2/userinfo"),
            get(userinfo::endpoint).post(userinfo::endpoint),
        )
        .route(
            &path("/oauth2/logout"),
            get(logout::endpoint).post(logout::endpoint),
        )
        .route(&path("/oauth2/register"), post(registration::register))
        .route(
            &path("/oauth2/register/{client}"),
            get(registration::read)
                .put(registration::replace)
                .delete(registration::remove),
        )
}
