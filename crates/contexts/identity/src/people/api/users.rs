//! `/users`: the accounts of the tenant. For who manages users.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use mt_api::{Caller, IfMatch, Page, Paging, Position, Problem, Version, Versioned};
use mt_audit::EventCode;
use mt_kernel::{ErrorKind, Fault};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::session::problem;
use crate::IdentityError;
use crate::people::{Account, Held, People};

/// An account as administrators see it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct User {
    id: Uuid,
    username: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fhir_user: Option<String>,
    roles: Vec<Held>,
    enabled: bool,
    version: u32,
}

impl From<Account> for User {
    fn from(account: Account) -> Self {
        let profile = account.profile;
        Self {
            id: account.id,
            username: profile.username,
            name: profile.name,
            email: profile.email,
            fhir_user: profile.fhir_user,
            roles: profile.roles,
            enabled: account.enabled,
            version: account.version,
        }
    }
}

/// The accounts in order of creation.
#[utoipa::path(get, path = "/users", tag = "users", params(Paging), responses((status = 200, body = Page<User>)))]
pub(super) async fn list(
    State(people): State<Arc<People>>,
    caller: Caller,
    paging: Paging,
) -> Result<Json<Page<User>>, Problem> {
    let tenant = caller.tenant();
    let keys = people
        .tenants
        .keys(tenant)
        .await
        .map_err(|error| problem(error.into()))?;
    let after = match &paging.cursor {
        None => None,
        Some(cursor) => {
            let Position(bytes) = Position::open(cursor, &keys, &caller, "users")?;
            Uuid::from_slice(&bytes).ok()
        }
    };
    let found = people
        .accounts(tenant, after, paging.limit + 1)
        .await
        .map_err(problem)?;
    let mut items: Vec<User> = found.into_iter().map(User::from).collect();
    let more = items.len() > paging.limit as usize;
    items.truncate(paging.limit as usize);
    let next = match items.last().filter(|_| more) {
        Some(last) => Some(Position(last.id.as_bytes().to_vec()).seal(&keys, &caller, "users")?),
        None => None,
    };
    Ok(Json(Page { items, next }))
}

/// Whether somebody may sign in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UserState {
    enabled: bool,
}

/// Locks an account, which ends its sessions and every token of it, or opens it again. Nobody does
/// this to themselves.
#[utoipa::path(put, path = "/users/{id}/state", tag = "users", params(("id" = Uuid, Path)), request_body = UserState,
    responses((status = 204), (status = 404, description = "No such account"),
        (status = 409, description = "One's own account")))]
pub(super) async fn set_state(
    State(people): State<Arc<People>>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Json(state): Json<UserState>,
) -> Result<StatusCode, Problem> {
    let account = existing(&people, &caller, id).await.map_err(problem)?;
    if *caller.ctx.actor.id == *account.id.to_string() {
        let text = "nobody locks or opens their own account";
        return Err(Fault::new(ErrorKind::Conflict, text).into());
    }
    let changed = Account {
        enabled: state.enabled,
        ..account
    };
    let updated = people.update(&caller.ctx, &changed).await;
    updated.map_err(problem)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends every session of an account.
#[utoipa::path(delete, path = "/users/{id}/sessions", tag = "users", params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404, description = "No such account")))]
pub(super) async fn end_sessions(
    State(people): State<Arc<People>>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, Problem> {
    existing(&people, &caller, id).await.map_err(problem)?;
    let ended = people.sessions.end_all(caller.tenant(), id, None);
    ended.await.map_err(problem)?;
    let text = format!("sessions of account {id} ended");
    people
        .note(&caller.ctx, EventCode::Logout, None, &text)
        .map_err(problem)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes the second factors of an account, so that the next sign-in enrols anew. Nobody does this
/// for themselves.
#[utoipa::path(delete, path = "/users/{id}/factors", tag = "users", params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404, description = "No such account"),
        (status = 409, description = "One's own account")))]
pub(super) async fn reset_factors(
    State(people): State<Arc<People>>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, Problem> {
    let account = existing(&people, &caller, id).await.map_err(problem)?;
    if *caller.ctx.actor.id == *account.id.to_string() {
        let text = "another administrator resets your second factor";
        return Err(Fault::new(ErrorKind::Conflict, text).into());
    }
    people
        .reset_factors(&caller.ctx, id)
        .await
        .map_err(problem)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Whom an account stands for.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Standing {
    /// The person's own record, `Practitioner/x`; none when absent.
    #[serde(default)]
    practitioner: Option<String>,
}

/// Says which Practitioner an account stands for: in that name its notes and orders are signed. The account's sessions end, so
/// that nobody goes on under another name. Accounts of patients are linked by invitation.
#[utoipa::path(put, path = "/users/{id}/practitioner", tag = "users",
    params(("id" = Uuid, Path), ("If-Match" = String, Header, description = "Version of the account that was seen")),
    request_body = Standing, responses((status = 200, body = User), (status = 404, description = "No such account"),
        (status = 409, description = "The account is a patient's")))]
pub(super) async fn link(
    State(people): State<Arc<People>>,
    caller: Caller,
    Path(id): Path<Uuid>,
    seen: IfMatch,
    Json(standing): Json<Standing>,
) -> Result<Versioned<User>, Problem> {
    let mut account = existing(&people, &caller, id).await.map_err(problem)?;
    seen.check(Version(account.version))?;
    if let Some(reference) = &standing.practitioner {
        let id = reference.strip_prefix("Practitioner/").unwrap_or_default();
        if !is_id(id) {
            let text = "a practitioner is written Practitioner/1";
            return Err(Fault::new(ErrorKind::Invalid, text)
                .at("practitioner")
                .into());
        }
    }
    let held = account.profile.fhir_user.as_deref().unwrap_or_default();
    if !held.is_empty() && !held.starts_with("Practitioner") {
        let text = "the account is a patient's or a relative's";
        return Err(Fault::new(ErrorKind::Conflict, text).into());
    }
    if let Some(reference) = &standing.practitioner {
        let known = people.organisation.check_record(caller.tenant(), reference);
        known.await.map_err(problem)?;
    }
    account.profile.fhir_user = standing.practitioner;
    people
        .update(&caller.ctx, &account)
        .await
        .map_err(problem)?;
    let ended = people.sessions.end_all(caller.tenant(), id, None);
    ended.await.map_err(problem)?;
    account.version += 1;
    Ok(Versioned(Version(account.version), User::from(account)))
}

/// A logical id of FHIR.
fn is_id(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'.';
    (1..=64).contains(&text.len()) && text.bytes().all(allowed)
}

async fn existing(people: &People, caller: &Caller, id: Uuid) -> Result<Account, IdentityError> {
    let found = people.account(caller.tenant(), id).await?;
    Ok(found.ok_or_else(|| Fault::new(ErrorKind::NotFound, "there is no such account"))?)
}
