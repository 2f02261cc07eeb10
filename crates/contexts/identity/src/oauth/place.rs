//! Which tenant a request is about: the one in the path, never one in a header or a parameter.

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use mt_http::CorrelationId;
use mt_kernel::{TenantId, TenantName};
use mt_store::TenantState;
use std::sync::Arc;
use uuid::Uuid;

use super::Provider;
use super::error::{Code, OAuthError};

/// A tenant's authorization server.
#[derive(Clone, Debug)]
pub(crate) struct At {
    pub(crate) tenant: TenantId,
    pub(crate) name: TenantName,
    /// `{origin}/t/{name}`
    pub(crate) issuer: String,
    pub(crate) correlation: Uuid,
}

impl At {
    /// URL of one of its endpoints.
    pub(crate) fn endpoint(&self, name: &str) -> String {
        format!("{}/oauth2/{name}", self.issuer)
    }

    /// What an assertion of a client may be addressed to.
    pub(crate) fn audiences(&self) -> [String; 3] {
        [
            self.issuer.clone(),
            self.endpoint("token"),
            self.endpoint("par"),
        ]
    }
}

/// The same, where people sign in with an issuer of the organisation's own: not offered there.
#[derive(Clone, Debug)]
pub(crate) struct Own(pub(crate) At);

impl FromRequestParts<Arc<Provider>> for At {
    type Rejection = OAuthError;

    async fn from_request_parts(
        parts: &mut Parts,
        provider: &Arc<Provider>,
    ) -> Result<Self, Self::Rejection> {
        let nothing = || OAuthError::new(Code::NotFound, "there is no such organisation");
        let params = RawPathParams::from_request_parts(parts, &()).await;
        let params = params.map_err(|_| nothing())?;
        let named = params
            .iter()
            .find(|(name, _)| *name == "tenant")
            .map(|(_, value)| TenantName::parse(value));
        let tenants = &provider.identity.tenants;
        let info = match named {
            Some(name) => tenants.find(&name.map_err(|_| nothing())?).await?,
            None => provider.sole_tenant().await?,
        };
        let info = info
            .filter(|info| info.state == TenantState::Active)
            .ok_or_else(nothing)?;
        // From here on the keys are in memory, which the audit trail relies on.
        tenants.keys(info.id).await?;
        let correlation = parts.extensions.get::<CorrelationId>();
        Ok(Self {
            tenant: info.id,
            issuer: provider.identity.origin.issuer(&info.name),
            name: info.name,
            correlation: correlation.map_or_else(Uuid::now_v7, |id| id.0),
        })
    }
}

impl FromRequestParts<Arc<Provider>> for Own {
    type Rejection = OAuthError;

    async fn from_request_parts(
        parts: &mut Parts,
        provider: &Arc<Provider>,
    ) -> Result<Self, Self::Rejection> {
        let at = At::from_request_parts(parts, provider).await?;
        match provider.identity.externals.of(at.tenant).await? {
            None => Ok(Self(at)),
            Some(_) => Err(OAuthError::new(
                Code::NotFound,
                "this organisation signs in with an issuer of its own",
            )),
        }
    }
}
