//! The UserInfo endpoint (OpenID Connect Core §5.3).

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use mt_access::{Authenticated, AuthenticationError, Authenticator, RequestHead};
use mt_kernel::ErrorKind;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Provider;
use super::error::{Code, OAuthError, no_store};
use super::place::{At, Own};
use super::scopes;

/// `GET` and `POST /oauth2/userinfo`
pub(super) async fn endpoint(
    State(provider): State<Arc<Provider>>,
    Own(at): Own,
    request: Request,
) -> Result<Response, OAuthError> {
    let (parts, _) = request.into_parts();
    let (_, token) = presented(&provider, &at, head_of(&parts)).await?;
    let verified = provider.identity.verify(token).await.map_err(refused)?;
    let claims = &verified.claims;
    if !scopes::has(&claims.scope, "openid") {
        let error = OAuthError::new(Code::InsufficientScope, "the token lacks the scope openid");
        return Err(error.challenged("Bearer"));
    }
    let account = Uuid::try_parse(&claims.sub).unwrap_or_default();
    let person = provider.people.person(at.tenant, account).await?;
    let person = person.ok_or_else(|| refused(AuthenticationError::Invalid))?;
    let mut answer = json!({ "sub": claims.sub });
    let mut put = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            answer[name] = Value::from(value);
        }
    };
    if scopes::has(&claims.scope, "fhirUser") {
        let base = provider.identity.origin.fhir_base();
        put(
            "fhirUser",
            person.fhir_user.map(|user| format!("{base}/{user}")),
        );
    }
    if scopes::has(&claims.scope, "profile") {
        put("name", person.name);
    }
    if scopes::has(&claims.scope, "email") {
        put("email", person.email);
    }
    let mut response = Json(answer).into_response();
    no_store(response.headers_mut());
    Ok(response)
}

/// Who presents an access token at an endpoint of ours, and the token; of this very tenant.
pub(super) async fn presented<'a>(
    provider: &Provider,
    at: &At,
    head: RequestHead<'a>,
) -> Result<(Arc<Authenticated>, &'a str), OAuthError> {
    let who = provider.identity.authenticate_head(head).await;
    let who = who.map_err(refused)?;
    if who.tenant != at.tenant {
        return Err(refused(AuthenticationError::Invalid));
    }
    let token = head.authorization().map(|(_, token)| token);
    Ok((
        who,
        token.ok_or_else(|| refused(AuthenticationError::Missing))?,
    ))
}

/// The head of a request.
pub(super) fn head_of(parts: &Parts) -> RequestHead<'_> {
    RequestHead {
        method: &parts.method,
        uri: &parts.uri,
        headers: &parts.headers,
    }
}

fn refused(error: AuthenticationError) -> OAuthError {
    let code = match error.kind() {
        ErrorKind::Unavailable => Code::TemporarilyUnavailable,
        ErrorKind::Forbidden => Code::AccessDenied,
        _ => Code::InvalidToken,
    };
    let mut refusal = OAuthError::new(code, error.to_string());
    refusal.headers = error.headers();
    refusal
}
