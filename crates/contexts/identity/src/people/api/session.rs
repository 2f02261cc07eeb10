//! `/session` and `/sessions`: one's own. For everybody who is signed in at a browser.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use mt_api::{Caller, Problem};
use mt_audit::EventCode;
use mt_kernel::{ErrorKind, Fault};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::people::People;
use crate::people::sessions::{Session, SessionView, Touch};

/// The session of this browser.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct OwnSession {
    id: Uuid,
    account: Uuid,
    username: String,
    name: String,
    /// Name of the organisation in addresses: its sign-in page is below `/t/{tenant}`.
    tenant: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    fhir_user: Option<String>,
    /// Codes of the roles held now.
    roles: Vec<String>,
    /// `1fa`, `mfa` or `step-up`.
    acr: String,
    /// When it ends in any case (RFC 3339).
    expires_at: String,
    /// Seconds without a request after which it ends.
    idle_seconds: i32,
    /// To be sent as `X-CSRF-Token` with every change.
    csrf_token: String,
}

/// A session of one's own, here or elsewhere.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct OtherSession {
    id: Uuid,
    browser: String,
    address: String,
    created_at: String,
    seen_at: String,
    current: bool,
}

/// Who is signed in at this browser.
#[utoipa::path(get, path = "/session", tag = "session", responses((status = 200, body = OwnSession)))]
pub(super) async fn show(
    State(people): State<Arc<People>>,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Json<OwnSession>, Problem> {
    let session = found(&people, &headers).await?;
    let account = &session.account;
    let tenant = people.tenant_name(caller.tenant()).await.map_err(problem)?;
    Ok(Json(OwnSession {
        id: session.id,
        account: account.id,
        username: account.profile.username.clone(),
        name: account.shown_name().to_owned(),
        tenant: tenant.to_string(),
        fhir_user: account.profile.fhir_user.clone(),
        roles: session.roles.iter().map(|held| held.role.clone()).collect(),
        acr: session.acr(caller.ctx.now).to_owned(),
        expires_at: session.expires_at.to_fhir(),
        idle_seconds: session.idle_seconds,
        csrf_token: session.csrf_token().to_owned(),
    }))
}

/// Signs out of this browser.
#[utoipa::path(delete, path = "/session", tag = "session", responses((status = 204)))]
pub(super) async fn end(
    State(people): State<Arc<People>>,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let session = found(&people, &headers).await?;
    let ended = people
        .sessions
        .end(caller.tenant(), session.account.id, session.id);
    ended.await.map_err(problem)?;
    people
        .note(&caller.ctx, EventCode::Logout, None, "signed out")
        .map_err(problem)?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    let cookie = people.sessions.forget();
    response
        .headers_mut()
        .extend(cookie.map(|cookie| (header::SET_COOKIE, cookie)));
    let clear = HeaderValue::from_static("\"cache\", \"storage\"");
    response.headers_mut().insert("clear-site-data", clear);
    Ok(response)
}

/// Where one is signed in.
#[utoipa::path(get, path = "/sessions", tag = "session", responses((status = 200, body = [OtherSession])))]
pub(super) async fn list(
    State(people): State<Arc<People>>,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Json<Vec<OtherSession>>, Problem> {
    let session = found(&people, &headers).await?;
    let all = people
        .sessions
        .list(caller.tenant(), session.account.id)
        .await
        .map_err(problem)?;
    let view = |one: SessionView| OtherSession {
        current: one.id == session.id,
        id: one.id,
        browser: one.whereabouts.browser,
        address: one.whereabouts.address,
        created_at: one.created_at.to_fhir(),
        seen_at: one.seen_at.to_fhir(),
    };
    Ok(Json(all.into_iter().map(view).collect()))
}

/// Signs out elsewhere.
#[utoipa::path(delete, path = "/sessions/{id}", tag = "session", params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404, description = "No such session of one's own")))]
pub(super) async fn revoke(
    State(people): State<Arc<People>>,
    caller: Caller,
    headers: HeaderMap,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, Problem> {
    let session = found(&people, &headers).await?;
    let ended = people.sessions.end(caller.tenant(), session.account.id, id);
    if !ended.await.map_err(problem)? {
        return Err(Fault::new(ErrorKind::NotFound, "there is no such session").into());
    }
    people
        .note(&caller.ctx, EventCode::Logout, None, "own session ended")
        .map_err(problem)?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn found(people: &People, headers: &HeaderMap) -> Result<Session, Problem> {
    let found = people
        .sessions
        .find(headers, Touch::Background)
        .await
        .map_err(problem)?;
    found.ok_or_else(|| Fault::new(ErrorKind::NotFound, "the caller has no session").into())
}

pub(super) fn problem(error: crate::IdentityError) -> Problem {
    match error {
        crate::IdentityError::Refused(fault) => fault.into(),
        other => Fault::new(other.kind(), other.to_string()).into(),
    }
}
