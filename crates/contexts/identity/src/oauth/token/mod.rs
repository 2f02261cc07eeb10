//! The token endpoint (RFC 6749 §3.2).

mod client_credentials;
mod code;
mod issue;
mod refresh;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use mt_crypto::TenantKeys;
use mt_kernel::Instant;

use super::Provider;
use super::client::{Authenticating, Client, GrantType, SharedClient, authenticate};
use super::dpop::{self, Asked, ProofError};
use super::error::{Code, OAuthError};
use super::events::client_actor;
use super::family::{Families, HandleKind};
use super::params::Params;
use super::place::{At, Own};
use issue::Issued;

/// A request of an authenticated client.
pub(super) struct Call<'a> {
    pub(super) provider: &'a Provider,
    pub(super) at: &'a At,
    pub(super) client: SharedClient,
    pub(super) params: &'a Params,
    pub(super) keys: TenantKeys,
    /// Thumbprint of the key whose possession was shown.
    pub(super) jkt: Option<String>,
    pub(super) now: Instant,
}

/// `POST /oauth2/token`
pub(super) async fn endpoint(
    State(provider): State<Arc<Provider>>,
    Own(at): Own,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let read = async {
        let mut params = Params::from_body(&headers, body).await?;
        name_holder(&provider, &at, &headers, &mut params).await?;
        Ok::<Params, OAuthError>(params)
    };
    let params = match read.await {
        Ok(params) => params,
        Err(error) => return error.into_response(),
    };
    let request = Authenticating {
        provider: &provider,
        at: &at,
        headers: &headers,
        params: &params,
    };
    let client = match authenticate(&request).await {
        Ok(client) => client,
        Err(error) => {
            let nobody = mt_kernel::Actor::system("unknown client");
            provider.note_refusal(&at, nobody, &error);
            return error.into_response();
        }
    };
    let outcome = answer(&provider, &at, &client, &headers, &params).await;
    match outcome {
        Ok(issued) => issued.into_response(),
        Err(error) => {
            // A client that is asked for a nonce has done nothing wrong.
            if error.code != Code::UseDpopNonce {
                provider.note_refusal(&at, client_actor(&client), &error);
            }
            error.into_response()
        }
    }
}

/// A SMART app without credentials refreshes without `client_id`: its token tells whose it is. A client
/// with credentials must still show them.
async fn name_holder(
    provider: &Provider,
    at: &At,
    headers: &HeaderMap,
    params: &mut Params,
) -> Result<(), OAuthError> {
    let named = params.get("client_id").is_some()
        || params.get("client_assertion").is_some()
        || headers.contains_key(header::AUTHORIZATION);
    let token = params.get("refresh_token");
    let (false, Some("refresh_token"), Some(token)) = (named, params.get("grant_type"), token)
    else {
        return Ok(());
    };
    let keys = provider.identity.tenants.keys(at.tenant).await?;
    let families = Families {
        database: &provider.identity.database,
        keys: &keys,
    };
    if let Some(found) = families.look(HandleKind::Refresh, token).await? {
        params.set_missing("client_id", &found.family.client.to_string());
    }
    Ok(())
}

async fn answer(
    provider: &Provider,
    at: &At,
    client: &SharedClient,
    headers: &HeaderMap,
    params: &Params,
) -> Result<Issued, OAuthError> {
    throttle(provider, at, client)?;
    let kind = grant_type(client, params)?;
    let keys = provider.identity.tenants.keys(at.tenant).await?;
    let jkt = proof(provider, at, &keys, headers).await?;
    if jkt.is_none() && client.metadata.dpop_bound_access_tokens {
        return Err(OAuthError::new(
            Code::InvalidDpopProof,
            "this client must send a DPoP proof",
        ));
    }
    let call = Call {
        provider,
        at,
        client: Arc::clone(client),
        params,
        keys,
        jkt,
        now: provider.identity.clock.now(),
    };
    match kind {
        GrantType::ClientCredentials => client_credentials::grant(&call).await,
        GrantType::AuthorizationCode => code::grant(&call).await,
        GrantType::RefreshToken => refresh::grant(&call).await,
    }
}

pub(super) fn throttle(provider: &Provider, at: &At, client: &Client) -> Result<(), OAuthError> {
    let key = crate::authenticate::client_key(&client.id.to_string(), "");
    provider
        .rates
        .check(at.tenant, key)
        .map_err(|wait| OAuthError::throttled(wait.retry_after_seconds()))
}

fn grant_type(client: &Client, params: &Params) -> Result<GrantType, OAuthError> {
    let kind = match params.need("grant_type")? {
        "client_credentials" => GrantType::ClientCredentials,
        "authorization_code" => GrantType::AuthorizationCode,
        "refresh_token" => GrantType::RefreshToken,
        _ => {
            return Err(OAuthError::new(
                Code::UnsupportedGrantType,
                "authorization_code, refresh_token and client_credentials are offered",
            ));
        }
    };
    // A refresh token is only ever given to a client that may use codes.
    let basis = match kind {
        GrantType::RefreshToken => GrantType::AuthorizationCode,
        other => other,
    };
    if client.metadata.may_use(basis) {
        Ok(kind)
    } else {
        Err(OAuthError::new(
            Code::UnauthorizedClient,
            "the client is not registered for this grant type",
        ))
    }
}

/// The key whose possession a `DPoP` header shows.
pub(super) async fn proof(
    provider: &Provider,
    at: &At,
    keys: &TenantKeys,
    headers: &HeaderMap,
) -> Result<Option<String>, OAuthError> {
    let mut proofs = headers.get_all("dpop").iter();
    let Some(first) = proofs.next() else {
        return Ok(None);
    };
    let bad = |why: &'static str| OAuthError::new(Code::InvalidDpopProof, why);
    if proofs.next().is_some() {
        return Err(bad("there is more than one proof"));
    }
    let jwt = first.to_str().map_err(|_| bad("the proof is no JWT"))?;
    let urls = [at.endpoint("token"), at.endpoint("par")];
    let asked = Asked {
        method: "POST",
        urls: &urls,
        token: None,
    };
    let now = provider.identity.clock.now();
    match dpop::check(keys, &provider.identity.replay, jwt, &asked, now).await {
        Ok(thumbprint) => Ok(Some(thumbprint)),
        Err(ProofError::Bad(why)) => Err(bad(why)),
        Err(ProofError::Nonce(nonce)) => Err(OAuthError::new(
            Code::UseDpopNonce,
            "the proof must carry the nonce of this server",
        )
        .with_nonce(&nonce)),
        Err(ProofError::Other(error)) => Err(error.into()),
    }
}

impl IntoResponse for Issued {
    fn into_response(self) -> Response {
        let mut response = axum::Json(self.body).into_response();
        super::error::no_store(response.headers_mut());
        response
    }
}
