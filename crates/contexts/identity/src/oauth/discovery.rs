//! What a client learns before it starts: metadata (OpenID Connect Discovery, RFC 8414, SMART App
//! Launch 2.2) and keys.
//!
//! Every list is generated from what the code accepts.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use mt_crypto::Algorithm;
use serde_json::{Value, json};

use super::Provider;
use super::brands;
use super::dpop;
use super::error::OAuthError;
use super::place::{At, Own};
use super::scopes;
use crate::keys::{self, SigningAlgorithm};

/// How long clients may keep metadata and keys, seconds; a new key is published longer than that before
/// it signs.
pub(super) const KEPT: &str = "public, max-age=300";

/// SMART capabilities that hold.
const CAPABILITIES: [&str; 17] = [
    "launch-ehr",
    "launch-standalone",
    "authorize-post",
    "client-public",
    "client-confidential-symmetric",
    "client-confidential-asymmetric",
    "sso-openid-connect",
    "context-banner",
    "context-ehr-patient",
    "context-ehr-encounter",
    "context-standalone-patient",
    "permission-offline",
    "permission-online",
    "permission-patient",
    "permission-user",
    "permission-v1",
    "permission-v2",
];

/// `GET /.well-known/openid-configuration` and `oauth-authorization-server`
pub(super) async fn openid_configuration(
    State(provider): State<Arc<Provider>>,
    at: At,
) -> Result<Response, OAuthError> {
    if let Some(external) = provider.identity.externals.of(at.tenant).await? {
        let document = provider.identity.externals.metadata(&external).await?;
        return Ok(kept(Json(Value::clone(&document))));
    }
    Ok(kept(Json(metadata(&at))))
}

/// `GET [fhir-base]/.well-known/smart-configuration`: JSON whatever `Accept` says.
pub(super) async fn smart_configuration(
    State(provider): State<Arc<Provider>>,
    at: At,
) -> Result<Response, OAuthError> {
    let mut document = match provider.identity.externals.of(at.tenant).await? {
        Some(external) => {
            let document = provider.identity.externals.metadata(&external).await?;
            Value::clone(&document)
        }
        None => metadata(&at),
    };
    document["capabilities"] = json!(CAPABILITIES);
    document["code_challenge_methods_supported"] = json!(["S256"]);
    document["user_access_brand_bundle"] = at.brands().into();
    document["user_access_brand_identifier"] = brands::identifier(&at);
    Ok(kept(Json(document)))
}

/// `GET /oauth2/jwks`
pub(super) async fn jwks(
    State(provider): State<Arc<Provider>>,
    Own(at): Own,
) -> Result<Response, OAuthError> {
    let identity = &provider.identity;
    // Asking for the signers makes the first keys, and the next ones when it is time.
    for algorithm in SigningAlgorithm::ALL {
        identity.signer(at.tenant, algorithm).await?;
    }
    let published = keys::published(&identity.database, at.tenant).await?;
    let jwks: Vec<Value> = published.iter().map(keys::Published::jwk).collect();
    Ok(kept(Json(json!({ "keys": jwks }))))
}

fn kept(response: impl IntoResponse) -> Response {
    ([(header::CACHE_CONTROL, KEPT)], response).into_response()
}

fn metadata(at: &At) -> Value {
    let names = |algorithms: &[Algorithm]| -> Vec<&'static str> {
        algorithms.iter().map(|one| one.name()).collect()
    };
    let assertion = names(&super::client::ASSERTION_ALGORITHMS);
    let mut supported: Vec<&str> = scopes::PLAIN.iter().map(|(name, _)| *name).collect();
    supported.extend([
        "patient/*.cruds",
        "patient/*.rs",
        "patient/*.read",
        "user/*.cruds",
        "user/*.rs",
        "user/*.read",
        "system/*.cruds",
        "system/*.rs",
    ]);
    json!({
        "issuer": at.issuer,
        "authorization_endpoint": at.endpoint("authorize"),
        "token_endpoint": at.endpoint("token"),
        "jwks_uri": at.endpoint("jwks"),
        "userinfo_endpoint": at.endpoint("userinfo"),
        "registration_endpoint": at.endpoint("register"),
        "introspection_endpoint": at.endpoint("introspect"),
        "revocation_endpoint": at.endpoint("revoke"),
        "end_session_endpoint": at.endpoint("logout"),
        "pushed_authorization_request_endpoint": at.endpoint("par"),
        "require_pushed_authorization_requests": false,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": SigningAlgorithm::ALL.map(SigningAlgorithm::name),
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"],
        "token_endpoint_auth_signing_alg_values_supported": assertion,
        "introspection_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "private_key_jwt"],
        "introspection_endpoint_auth_signing_alg_values_supported": assertion,
        "revocation_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"],
        "revocation_endpoint_auth_signing_alg_values_supported": assertion,
        "dpop_signing_alg_values_supported": names(&dpop::ALGORITHMS),
        "backchannel_logout_supported": true,
        "backchannel_logout_session_supported": true,
        "prompt_values_supported": ["none", "login", "consent"],
        "acr_values_supported": ["1fa", "mfa", "step-up"],
        "scopes_supported": supported,
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid", "name", "email", "fhirUser"],
        "claims_parameter_supported": false,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": true,
        "require_request_uri_registration": false,
    })
}
