//! OAuth clients: what is registered of them, where it is kept, and how they prove who they are.

mod assertion;
mod authenticate;
mod metadata;
mod store;

use std::sync::Arc;

use mt_kernel::Instant;
use uuid::Uuid;

pub(crate) use assertion::ALGORITHMS as ASSERTION_ALGORITHMS;
pub(crate) use authenticate::{Authenticating, authenticate};
pub use metadata::{AuthMethod, ClientMetadata, GrantType};
pub(crate) use store::Clients;
pub use store::Registered;

/// A registered client.
#[derive(Clone, Debug)]
pub struct Client {
    /// `client_id`
    pub id: Uuid,
    /// When it was registered.
    pub created_at: Instant,
    /// What is registered.
    pub metadata: ClientMetadata,
    /// SHA-256 of the secret.
    pub(crate) secret: Option<[u8; 32]>,
    /// SHA-256 of the registration access token (RFC 7592).
    pub(crate) registration: Option<[u8; 32]>,
}

impl Client {
    /// Whether the client can keep a credential.
    #[must_use]
    pub fn is_confidential(&self) -> bool {
        self.metadata.token_endpoint_auth_method != AuthMethod::None
    }

    /// Whether `uri` is registered. Exactly, but for the port of a loopback address of a native app,
    /// which the operating system chooses (RFC 8252 §7.3).
    #[must_use]
    pub fn redirects_to(&self, uri: &str) -> bool {
        let registered = &self.metadata.redirect_uris;
        registered.iter().any(|known| known == uri)
            || (self.metadata.is_native()
                && registered
                    .iter()
                    .any(|known| metadata::same_but_loopback_port(known, uri)))
    }

    /// Whether pages of this origin belong to the client.
    #[must_use]
    pub fn is_at(&self, origin: &str) -> bool {
        self.metadata
            .redirect_uris
            .iter()
            .filter_map(|uri| url::Url::parse(uri).ok())
            .any(|uri| uri.origin().is_tuple() && uri.origin().ascii_serialization() == origin)
    }
}

/// A client shared between requests.
pub(crate) type SharedClient = Arc<Client>;
