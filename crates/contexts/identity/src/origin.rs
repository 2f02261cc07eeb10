//! Where the tenants of one installation are found.
//!
//! The issuer of a tenant's tokens is `{origin}/t/{name}`: it names the tenant, so that a client that
//! follows discovery can never mix two of them up.

use std::sync::Arc;

use mt_kernel::{TenantId, TenantName};
use mt_store::{StoreError, Tenants};

/// The URLs of an installation and its tenants.
#[derive(Clone)]
pub struct Origin {
    /// Absolute, without a trailing slash.
    url: Arc<str>,
    tenants: Tenants,
}

impl Origin {
    /// An installation that is known as `url`.
    #[must_use]
    pub fn new(url: &str, tenants: Tenants) -> Self {
        Self {
            url: Arc::from(url.trim_end_matches('/')),
            tenants,
        }
    }

    /// The URL itself, without a trailing slash.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Issuer of a tenant's tokens.
    #[must_use]
    pub fn issuer(&self, name: &TenantName) -> String {
        format!("{}/t/{name}", self.url)
    }

    /// Issuer of a tenant's tokens, by number.
    ///
    /// # Errors
    /// When there is no such tenant, or the database does not answer.
    pub async fn issuer_of(&self, tenant: TenantId) -> Result<String, StoreError> {
        Ok(self.issuer(&self.tenants.name(tenant).await?))
    }

    /// The FHIR base that all tenants share: the audience of every access token.
    #[must_use]
    pub fn fhir_base(&self) -> String {
        format!("{}/fhir/R4", self.url)
    }

    /// The FHIR base of one tenant.
    #[must_use]
    pub fn tenant_fhir_base(&self, name: &TenantName) -> String {
        format!("{}/fhir/R4", self.issuer(name))
    }
}
