//! Refusals of the authorization server, in the words of RFC 6749 §5.2, RFC 6750, RFC 7591 and RFC 9449.

use std::borrow::Cow;

use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use mt_kernel::ErrorKind;

use crate::IdentityError;

/// `error` of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// A parameter is missing, repeated or malformed.
    InvalidRequest,
    /// The client is unknown or did not prove who it is.
    InvalidClient,
    /// The code or refresh token is not good, or belongs to another.
    InvalidGrant,
    /// The client may not do this.
    UnauthorizedClient,
    /// The grant type is not offered.
    UnsupportedGrantType,
    /// The response type is not offered.
    UnsupportedResponseType,
    /// A scope is malformed, or nothing of what was asked may be given.
    InvalidScope,
    /// RFC 8707: the resource is not ours.
    InvalidTarget,
    /// The person, or a rule, said no.
    AccessDenied,
    /// `prompt=none` and nobody is signed in.
    LoginRequired,
    /// `prompt=none` and consent is needed.
    ConsentRequired,
    /// `prompt=none` and the person must choose something.
    InteractionRequired,
    /// The token does not open this resource.
    InvalidToken,
    /// The token lacks a scope.
    InsufficientScope,
    /// The proof of possession is not good.
    InvalidDpopProof,
    /// The proof must carry the nonce that is sent along.
    UseDpopNonce,
    /// RFC 7591: a redirect URI is not acceptable.
    InvalidRedirectUri,
    /// RFC 7591: another value of a registration is not acceptable.
    InvalidClientMetadata,
    /// Request objects are not offered.
    RequestNotSupported,
    /// There is no such request URI.
    InvalidRequestUri,
    /// Something that is needed does not answer.
    TemporarilyUnavailable,
    /// Too many requests of a client or an organisation.
    Throttled,
    /// A defect of ours.
    ServerError,
    /// There is no such thing.
    NotFound,
}

impl Code {
    /// The word in answers.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidTarget => "invalid_target",
            Self::AccessDenied => "access_denied",
            Self::LoginRequired => "login_required",
            Self::ConsentRequired => "consent_required",
            Self::InteractionRequired => "interaction_required",
            Self::InvalidToken => "invalid_token",
            Self::InsufficientScope => "insufficient_scope",
            Self::InvalidDpopProof => "invalid_dpop_proof",
            Self::UseDpopNonce => "use_dpop_nonce",
            Self::InvalidRedirectUri => "invalid_redirect_uri",
            Self::InvalidClientMetadata => "invalid_client_metadata",
            Self::RequestNotSupported => "request_not_supported",
            Self::InvalidRequestUri => "invalid_request_uri",
            Self::TemporarilyUnavailable | Self::Throttled => "temporarily_unavailable",
            Self::ServerError => "server_error",
            Self::NotFound => "not_found",
        }
    }

    const fn status(self) -> StatusCode {
        match self {
            Self::InvalidClient | Self::InvalidToken => StatusCode::UNAUTHORIZED,
            Self::InsufficientScope | Self::AccessDenied => StatusCode::FORBIDDEN,
            Self::TemporarilyUnavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Throttled => StatusCode::TOO_MANY_REQUESTS,
            Self::ServerError => StatusCode::INTERNAL_SERVER_ERROR,
            Self::NotFound => StatusCode::NOT_FOUND,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

/// A refusal. The description is for developers: it names parameters, never values of secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OAuthError {
    /// What.
    pub code: Code,
    /// Why.
    pub description: Cow<'static, str>,
    /// What the answer carries besides: a challenge, a nonce for the next proof.
    pub headers: Vec<(HeaderName, HeaderValue)>,
}

impl OAuthError {
    /// A refusal without a challenge.
    #[must_use]
    pub fn new(code: Code, description: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            description: description.into(),
            headers: Vec::new(),
        }
    }

    /// `invalid_request`
    #[must_use]
    pub fn request(description: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::InvalidRequest, description)
    }

    /// `invalid_grant`
    #[must_use]
    pub fn grant(description: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::InvalidGrant, description)
    }

    /// `invalid_client`
    #[must_use]
    pub fn client(description: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::InvalidClient, description)
    }

    /// Too many requests; another one may come after so many seconds.
    #[must_use]
    pub fn throttled(seconds: u64) -> Self {
        let mut refusal = Self::new(Code::Throttled, "too many requests");
        refusal
            .headers
            .push((header::RETRY_AFTER, HeaderValue::from(seconds)));
        refusal
    }

    /// With a `WWW-Authenticate` header of this scheme (RFC 6750 §3).
    #[must_use]
    pub fn challenged(mut self, scheme: &str) -> Self {
        let text = format!(
            "{scheme} realm=\"meditrack\", error=\"{}\", error_description=\"{}\"",
            self.code.word(),
            self.description
        );
        if let Ok(value) = HeaderValue::try_from(text) {
            self.headers.push((header::WWW_AUTHENTICATE, value));
        }
        self
    }

    /// With a nonce for the next proof (RFC 9449 §8).
    #[must_use]
    pub fn with_nonce(mut self, nonce: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(nonce) {
            self.headers
                .push((HeaderName::from_static("dpop-nonce"), value));
        }
        self
    }
}

impl From<IdentityError> for OAuthError {
    fn from(error: IdentityError) -> Self {
        match error.kind() {
            ErrorKind::Invalid => Self::request(error.to_string()),
            ErrorKind::Unavailable | ErrorKind::TooMany => {
                tracing::warn!(%error, "the authorization server cannot answer");
                Self::new(Code::TemporarilyUnavailable, "try again later")
            }
            _ => {
                tracing::error!(%error, "the authorization server failed");
                Self::new(Code::ServerError, "an internal error occurred")
            }
        }
    }
}

macro_rules! through_identity {
    ($($source:ty),*) => {$(
        impl From<$source> for OAuthError {
            fn from(error: $source) -> Self {
                IdentityError::from(error).into()
            }
        }
    )*};
}

through_identity!(
    mt_database::Error,
    mt_crypto::CryptoError,
    mt_store::StoreError,
    mt_audit::AuditError
);

impl IntoResponse for OAuthError {
    fn into_response(self) -> Response {
        let body = serde_json::json!({
            "error": self.code.word(),
            "error_description": self.description,
        });
        let mut response = (self.code.status(), Json(body)).into_response();
        let headers = response.headers_mut();
        no_store(headers);
        headers.extend(self.headers);
        response
    }
}

/// What carries tokens or says something about them is kept by nobody (RFC 6749 §5.1).
pub(crate) fn no_store(headers: &mut axum::http::HeaderMap) {
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
}
