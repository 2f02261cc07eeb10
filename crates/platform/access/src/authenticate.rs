//! The port through which a door learns who is calling.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use mt_kernel::{Actor, TenantId};

use crate::Grant;

/// Who is calling, by a credential that was checked.
#[derive(Clone, Debug)]
pub struct Authenticated {
    /// Isolation boundary.
    pub tenant: TenantId,
    /// Who.
    pub actor: Actor,
    /// What the caller may do.
    pub grant: Grant,
    /// Names the credential without revealing it; what is derived from it may be kept under this key.
    pub credential: [u8; 32],
    /// Hash that tells clients apart for rate limits.
    pub client_key: u64,
}

/// Why nobody is signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthenticationError {
    /// The credential is not good.
    #[error("the access token is not valid")]
    Invalid,
    /// The credential was good.
    #[error("the access token has expired")]
    Expired,
    /// The tenant does not serve.
    #[error("the organisation is suspended")]
    Suspended,
    /// Keys could not be looked up.
    #[error("the access token cannot be checked now")]
    Unavailable,
}

/// What [`Authenticator::authenticate`] returns.
pub type Authentication<'a> =
    Pin<Box<dyn Future<Output = Result<Arc<Authenticated>, AuthenticationError>> + Send + 'a>>;

/// Checks bearer tokens. Implemented by the identity context.
pub trait Authenticator: Send + Sync {
    /// Who presents `token`.
    fn authenticate<'a>(&'a self, token: &'a str) -> Authentication<'a>;
}
