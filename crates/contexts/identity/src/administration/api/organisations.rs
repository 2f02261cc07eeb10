//! The organisations of the installation, for its owner.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use mt_api::{Caller, IfMatch, Problem, Version, Versioned};
use mt_kernel::TenantId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::administration::{Administration, Allowance, COOLING_OFF_DAYS, Closing, Used};

/// An organisation in the list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Listed {
    /// Number.
    id: i32,
    /// Name in URLs and commands.
    name: String,
    /// `active`, `suspended`, `deleting` or `deleted`.
    state: &'static str,
    /// When it was made, microseconds since the epoch.
    created_at: i64,
    /// A deletion that waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    closing: Option<Closing>,
}

/// An organisation to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewOrganisation {
    /// Name: lower-case letters, digits, hyphens.
    name: String,
    /// Why.
    reason: String,
}

/// Why something is done to an organisation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Reason {
    /// Ten characters at least.
    reason: String,
}

/// A deletion to be asked for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewClosing {
    /// Days to think again; 30 when absent.
    #[serde(default)]
    days: Option<i64>,
    /// Why.
    reason: String,
}

/// Limits to be set.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewLimits {
    /// What the organisation may use.
    limits: Allowance,
    /// Why.
    reason: String,
}

/// What an organisation may use, and what it uses.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LimitsView {
    #[serde(flatten)]
    limits: Allowance,
    /// What it uses now.
    used: Used,
}

/// Every organisation.
#[utoipa::path(get, path = "/admin/organisations", tag = "installation",
    responses((status = 200, body = [Listed])))]
pub(super) async fn list(
    State(administration): State<Administration>,
    caller: Caller,
) -> Result<Json<Vec<Listed>>, Problem> {
    let closings = administration.closings().await?;
    let all = administration.organisations((&caller).into()).await?;
    let listed = all.into_iter().map(|info| Listed {
        id: info.id.0,
        name: info.name.as_str().to_owned(),
        state: info.state.name(),
        created_at: info.created_at.0,
        closing: closings
            .iter()
            .find(|one| one.organisation == info.id.0)
            .copied(),
    });
    Ok(Json(listed.collect()))
}

/// Makes an organisation with keys of its own.
#[utoipa::path(post, path = "/admin/organisations", tag = "installation",
    request_body = NewOrganisation, responses((status = 201, body = i32)))]
pub(super) async fn create(
    State(administration): State<Administration>,
    caller: Caller,
    Json(new): Json<NewOrganisation>,
) -> Result<(StatusCode, Json<i32>), Problem> {
    let id = administration.create_organisation((&caller).into(), &new.name, &new.reason);
    Ok((StatusCode::CREATED, Json(id.await?.0)))
}

/// Stops serving an organisation; its records stay.
#[utoipa::path(post, path = "/admin/organisations/{id}/suspend", tag = "installation",
    params(("id" = i32, Path, description = "Organisation")),
    request_body = Reason, responses((status = 204)))]
pub(super) async fn suspend(
    State(administration): State<Administration>,
    caller: Caller,
    Path(id): Path<i32>,
    Json(why): Json<Reason>,
) -> Result<StatusCode, Problem> {
    let done = administration.suspend((&caller).into(), TenantId(id), &why.reason);
    done.await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Serves a suspended organisation again.
#[utoipa::path(post, path = "/admin/organisations/{id}/resume", tag = "installation",
    params(("id" = i32, Path, description = "Organisation")),
    request_body = Reason, responses((status = 204)))]
pub(super) async fn resume(
    State(administration): State<Administration>,
    caller: Caller,
    Path(id): Path<i32>,
    Json(why): Json<Reason>,
) -> Result<StatusCode, Problem> {
    let done = administration.resume((&caller).into(), TenantId(id), &why.reason);
    done.await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Asks for the deletion of a suspended organisation.
#[utoipa::path(put, path = "/admin/organisations/{id}/closing", tag = "installation",
    params(("id" = i32, Path, description = "Organisation")),
    request_body = NewClosing, responses((status = 200, body = Closing)))]
pub(super) async fn close(
    State(administration): State<Administration>,
    caller: Caller,
    Path(id): Path<i32>,
    Json(new): Json<NewClosing>,
) -> Result<Json<Closing>, Problem> {
    let days = new.days.unwrap_or(COOLING_OFF_DAYS);
    let by = (&caller).into();
    let closing = administration.close_organisation(by, TenantId(id), days, &new.reason);
    Ok(Json(closing.await?))
}

/// Thinks again.
#[utoipa::path(delete, path = "/admin/organisations/{id}/closing", tag = "installation",
    params(("id" = i32, Path, description = "Organisation")),
    request_body = Reason, responses((status = 204)))]
pub(super) async fn cancel(
    State(administration): State<Administration>,
    caller: Caller,
    Path(id): Path<i32>,
    Json(why): Json<Reason>,
) -> Result<StatusCode, Problem> {
    let done = administration.cancel_closing((&caller).into(), TenantId(id), &why.reason);
    done.await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What an organisation may use, and what it uses.
#[utoipa::path(get, path = "/admin/organisations/{id}/limits", tag = "installation",
    params(("id" = i32, Path, description = "Organisation")),
    responses((status = 200, body = LimitsView)))]
pub(super) async fn limits(
    State(administration): State<Administration>,
    caller: Caller,
    Path(id): Path<i32>,
) -> Result<Versioned<LimitsView>, Problem> {
    view(&administration, &caller, TenantId(id)).await
}

/// What the caller's organisation may use, and what it uses.
#[utoipa::path(get, path = "/admin/limits", tag = "administration",
    responses((status = 200, body = LimitsView)))]
pub(super) async fn own_limits(
    State(administration): State<Administration>,
    caller: Caller,
) -> Result<Versioned<LimitsView>, Problem> {
    view(&administration, &caller, caller.tenant()).await
}

async fn view(
    administration: &Administration,
    caller: &Caller,
    organisation: TenantId,
) -> Result<Versioned<LimitsView>, Problem> {
    let used = administration.used(caller.into(), organisation).await?;
    let (version, limits) = administration.limits(organisation).await?;
    Ok(Versioned(Version(version), LimitsView { limits, used }))
}

/// Sets what an organisation may use; with `If-Match` only over what was seen.
#[utoipa::path(put, path = "/admin/organisations/{id}/limits", tag = "installation",
    params(("id" = i32, Path, description = "Organisation"),
        ("If-Match" = Option<String>, Header, description = "ETag of what was seen")),
    request_body = NewLimits, responses((status = 204)))]
pub(super) async fn set_limits(
    State(administration): State<Administration>,
    caller: Caller,
    Path(id): Path<i32>,
    seen: Option<IfMatch>,
    Json(new): Json<NewLimits>,
) -> Result<StatusCode, Problem> {
    let by = (&caller).into();
    let seen = seen.map(|IfMatch(Version(version))| version);
    let done = administration.set_allowance(by, TenantId(id), (seen, new.limits), &new.reason);
    done.await?;
    Ok(StatusCode::NO_CONTENT)
}
