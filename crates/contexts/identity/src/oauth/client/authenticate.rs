//! Who the client is (RFC 6749 §2.3, RFC 7523 §2.2).

use axum::http::{HeaderMap, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{AuthMethod, SharedClient, assertion};
use crate::oauth::Provider;
use crate::oauth::error::OAuthError;
use crate::oauth::params::Params;
use crate::oauth::place::At;

/// A request whose client is to be found out.
pub(crate) struct Authenticating<'a> {
    pub(crate) provider: &'a Provider,
    pub(crate) at: &'a At,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) params: &'a Params,
}

/// The client of a request to the token endpoint or one of its kind. A public client is believed its
/// `client_id`; what it may do with that is decided elsewhere.
///
/// # Errors
/// `invalid_client`; `invalid_request` when the client uses two methods at once.
pub(crate) async fn authenticate(request: &Authenticating<'_>) -> Result<SharedClient, OAuthError> {
    let basic = basic(request.headers)?;
    let secret = request.params.get("client_secret");
    let assertion = request.params.get("client_assertion");
    let methods = [basic.is_some(), secret.is_some(), assertion.is_some()];
    if methods.into_iter().filter(|used| *used).count() > 1 {
        return Err(OAuthError::request(
            "the client uses more than one way to authenticate",
        ));
    }
    let named = request.params.get("client_id");
    let refused = if basic.is_some() {
        refused().challenged("Basic")
    } else {
        refused()
    };
    if let Some(text) = assertion {
        return assertion::check(request, text).await;
    }
    let (id, secret) = match &basic {
        Some((id, secret)) => {
            if named.is_some_and(|named| named != id) {
                return Err(OAuthError::request(
                    "client_id differs from the Authorization header",
                ));
            }
            (id.as_str(), Some(secret.as_str()))
        }
        None => (named.ok_or_else(|| refused.clone())?, secret),
    };
    let client = request.provider.clients.find(request.at.tenant, id).await?;
    let client = client.ok_or_else(|| refused.clone())?;
    let proved = match (client.metadata.token_endpoint_auth_method, secret) {
        (AuthMethod::None, None) => true,
        (method, Some(secret)) if method.is_secret() => client.secret.is_some_and(|known| {
            let given = mt_crypto::sha256(secret.as_bytes());
            mt_crypto::constant_time_eq(&known, &given)
        }),
        _ => false,
    };
    if proved { Ok(client) } else { Err(refused) }
}

/// The same words for an unknown client and a wrong secret.
pub(super) fn refused() -> OAuthError {
    OAuthError::client("the client is not known, or did not prove who it is")
}

/// Id and secret of the header, each form-encoded inside (RFC 6749 §2.3.1).
fn basic(headers: &HeaderMap) -> Result<Option<(String, String)>, OAuthError> {
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        return Ok(None);
    };
    let broken = || refused().challenged("Basic");
    let text = value.to_str().map_err(|_| broken())?;
    let (scheme, rest) = text.split_once(' ').ok_or_else(broken)?;
    if !scheme.eq_ignore_ascii_case("Basic") {
        return Err(broken());
    }
    let decoded = STANDARD.decode(rest.trim()).map_err(|_| broken())?;
    let decoded = String::from_utf8(decoded).map_err(|_| broken())?;
    let (id, secret) = decoded.split_once(':').ok_or_else(broken)?;
    let plain = |text: &str| {
        let pair = format!("v={text}");
        let value = url::form_urlencoded::parse(pair.as_bytes()).next();
        value
            .map(|(_, value)| value.into_owned())
            .unwrap_or_default()
    };
    Ok(Some((plain(id), plain(secret))))
}
