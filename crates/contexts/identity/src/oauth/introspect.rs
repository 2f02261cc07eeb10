//! Token introspection (RFC 7662, SMART App Launch 2.2): whether a token is good now, and for what.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use mt_access::{AccessClaims, AuthenticationError};
use serde_json::{Value, json};

use super::Provider;
use super::client::{Authenticating, authenticate};
use super::error::{Code, OAuthError, no_store};
use super::family::{Families, HandleKind};
use super::params::Params;
use super::place::{At, Own};
use super::token::throttle;
use crate::authenticate::acr_of;

/// `POST /oauth2/introspect`
pub(super) async fn endpoint(
    State(provider): State<Arc<Provider>>,
    Own(at): Own,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, OAuthError> {
    let params = Params::from_body(&headers, body).await?;
    let request = Authenticating {
        provider: &provider,
        at: &at,
        headers: &headers,
        params: &params,
    };
    let client = authenticate(&request).await?;
    if !client.is_confidential() {
        return Err(OAuthError::client(
            "a public client may not introspect tokens",
        ));
    }
    throttle(&provider, &at, &client)?;
    let token = params.need("token")?;
    let answer = match access(&provider, &at, token).await? {
        Some(answer) => answer,
        None => refresh(&provider, &at, token).await?,
    };
    let mut response = Json(answer).into_response();
    no_store(response.headers_mut());
    Ok(response)
}

/// An inactive token is told nothing more about (RFC 7662 §2.2).
fn inactive() -> Value {
    json!({ "active": false })
}

async fn access(provider: &Provider, at: &At, token: &str) -> Result<Option<Value>, OAuthError> {
    if mt_access::key_id(token).is_none() {
        return Ok(None);
    }
    let verified = match provider.identity.verify(token).await {
        Ok(verified) => verified,
        Err(AuthenticationError::Unavailable) => {
            return Err(OAuthError::new(
                Code::TemporarilyUnavailable,
                "try again later",
            ));
        }
        Err(_) => return Ok(Some(inactive())),
    };
    if verified.tenant != at.tenant {
        return Ok(Some(inactive()));
    }
    Ok(Some(described(provider, &verified.claims)))
}

fn described(provider: &Provider, claims: &AccessClaims) -> Value {
    let mut answer = json!({
        "active": true,
        "scope": claims.scope,
        "client_id": claims.client_id,
        "token_type": if claims.cnf.is_some() { "DPoP" } else { "Bearer" },
        "exp": claims.exp,
        "iat": claims.iat,
        "sub": claims.sub,
        "aud": claims.aud,
        "iss": claims.iss,
        "jti": claims.jti,
    });
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            answer[name] = value;
        }
    };
    let text = |text: &Option<String>| text.clone().map(Value::from);
    put("patient", text(&claims.patient));
    put("encounter", text(&claims.encounter));
    let now = provider.identity.clock.now().unix_seconds();
    put("acr", acr_of(claims, now).map(Value::from));
    put("auth_time", claims.auth_time.map(Value::from));
    put(
        "cnf",
        claims.cnf.as_ref().map(|cnf| json!({ "jkt": cnf.jkt })),
    );
    let base = provider.identity.origin.fhir_base();
    let user = claims.fhir_user.as_ref();
    put("fhirUser", user.map(|user| format!("{base}/{user}").into()));
    answer
}

async fn refresh(provider: &Provider, at: &At, token: &str) -> Result<Value, OAuthError> {
    let keys = provider.identity.tenants.keys(at.tenant).await?;
    let families = Families {
        database: &provider.identity.database,
        keys: &keys,
    };
    let now = provider.identity.clock.now();
    let found = families.look(HandleKind::Refresh, token).await?;
    let good = found
        .filter(|found| found.used_at.is_none() && !found.family.revoked && found.expires_at > now);
    Ok(good.map_or_else(inactive, |found| {
        json!({
            "active": true,
            "scope": found.family.consented.scope,
            "client_id": found.family.client.to_string(),
            "token_type": "refresh_token",
            "exp": found.expires_at.unix_seconds(),
            "sub": found.family.consented.person.account.to_string(),
            "iss": at.issuer,
        })
    }))
}
