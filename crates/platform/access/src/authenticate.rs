//! The port through which a door learns who is calling.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header};
use mt_kernel::{Actor, ErrorKind, TenantId};

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

/// Challenge of RFC 9470 §3 to whoever is known and must prove it again, by two factors and within five minutes.
pub const STEP_UP_CHALLENGE: &str = "Bearer realm=\"meditrack\", error=\"insufficient_user_authentication\", \
     acr_values=\"step-up\", max_age=\"300\"";

/// Why nobody is signed in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthenticationError {
    /// The request presents no credential at all.
    #[error("an access token or a session is needed")]
    Missing,
    /// A session cookie came with a change, but without the session's token in `X-CSRF-Token`.
    #[error("the request does not prove that it comes from the session's own pages")]
    CrossSite,
    /// The credential is not good.
    #[error("the access token is not valid")]
    Invalid,
    /// The proof of the token's key is missing, not good, or of another request.
    #[error("the proof of possession is not valid")]
    BadProof,
    /// The proof lacks a nonce that this server has given out lately; here is one.
    #[error("the proof of possession needs a nonce of this server")]
    NonceNeeded(Arc<str>),
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

impl AuthenticationError {
    /// The kind that a door answers with.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::Suspended | Self::CrossSite => ErrorKind::Forbidden,
            Self::Unavailable => ErrorKind::Unavailable,
            _ => ErrorKind::Unauthenticated,
        }
    }

    /// The headers that the answer carries: the challenge (RFC 6750 §3, RFC 9449 §7.1), and the nonce
    /// that the next proof needs.
    #[must_use]
    pub fn headers(&self) -> Vec<(HeaderName, HeaderValue)> {
        let challenge = match self {
            Self::Missing => "Bearer realm=\"meditrack\", DPoP",
            Self::Invalid | Self::Expired => "Bearer realm=\"meditrack\", error=\"invalid_token\"",
            Self::BadProof => "DPoP error=\"invalid_dpop_proof\"",
            Self::NonceNeeded(_) => "DPoP error=\"use_dpop_nonce\"",
            Self::Suspended | Self::CrossSite | Self::Unavailable => return Vec::new(),
        };
        let mut headers = vec![(
            header::WWW_AUTHENTICATE,
            HeaderValue::from_static(challenge),
        )];
        if let Self::NonceNeeded(nonce) = self
            && let Ok(value) = HeaderValue::from_str(nonce)
        {
            headers.push((HeaderName::from_static("dpop-nonce"), value));
        }
        headers
    }
}

/// What [`Authenticator::authenticate`] returns.
pub type Authentication<'a> =
    Pin<Box<dyn Future<Output = Result<Arc<Authenticated>, AuthenticationError>> + Send + 'a>>;

/// The head of a request: all that says who is calling.
///
/// Only `Authorization`, `DPoP` and the session cookie say it. Headers such as `X-User-Id` or
/// `X-Forwarded-User` are never read.
#[derive(Clone, Copy, Debug)]
pub struct RequestHead<'a> {
    /// The method: a session cookie alone is enough only for safe ones.
    pub method: &'a Method,
    /// The target as it arrived.
    pub uri: &'a Uri,
    /// The headers.
    pub headers: &'a HeaderMap,
}

impl<'a> RequestHead<'a> {
    /// Scheme and token of `Authorization`, when there is one.
    #[must_use]
    pub fn authorization(&self) -> Option<(&'a str, &'a str)> {
        let value = self.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
        let (scheme, token) = value.split_once(' ')?;
        Some((scheme, token.trim()))
    }

    /// The bearer token, when there is one.
    #[must_use]
    pub fn bearer(&self) -> Option<&'a str> {
        let (scheme, token) = self.authorization()?;
        scheme.eq_ignore_ascii_case("Bearer").then_some(token)
    }
}

/// Learns who is calling. Implemented by the identity context.
pub trait Authenticator: Send + Sync {
    /// Who presents `token` as bearer. A token that is bound to a key is refused.
    fn authenticate<'a>(&'a self, token: &'a str) -> Authentication<'a>;

    /// Who sent the request with this head: by its token, or by its session where the identity
    /// context knows sessions.
    fn authenticate_head<'a>(&'a self, head: RequestHead<'a>) -> Authentication<'a> {
        match head.bearer() {
            Some(token) => self.authenticate(token),
            None => Box::pin(async { Err(AuthenticationError::Missing) }),
        }
    }
}
