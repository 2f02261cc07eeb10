//! Role assignments and derived roles.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use mt_api::{Caller, Problem};
use uuid::Uuid;

use crate::administration::{
    Administration, Assignment, NewAssignment, RoleDefinition, TEMPLATES, Template,
};

/// Every role that is held or will be.
#[utoipa::path(get, path = "/admin/assignments", tag = "administration",
    responses((status = 200, body = [Assignment])))]
pub(super) async fn assignments(
    State(administration): State<Administration>,
    caller: Caller,
) -> Result<Json<Vec<Assignment>>, Problem> {
    Ok(Json(administration.assignments((&caller).into()).await?))
}

/// Gives a role.
#[utoipa::path(post, path = "/admin/assignments", tag = "administration",
    request_body = NewAssignment, responses((status = 201, body = Assignment)))]
pub(super) async fn assign(
    State(administration): State<Administration>,
    caller: Caller,
    Json(new): Json<NewAssignment>,
) -> Result<(StatusCode, Json<Assignment>), Problem> {
    let given = administration.assign((&caller).into(), new).await?;
    Ok((StatusCode::CREATED, Json(given)))
}

/// Takes a role back.
#[utoipa::path(delete, path = "/admin/assignments/{id}", tag = "administration",
    params(("id" = String, Path, description = "Assignment")), responses((status = 204)))]
pub(super) async fn revoke(
    State(administration): State<Administration>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, Problem> {
    administration
        .revoke_assignment((&caller).into(), id)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The derived roles in use.
#[utoipa::path(get, path = "/admin/roles", tag = "administration",
    responses((status = 200, body = [RoleDefinition])))]
pub(super) async fn derived(
    State(administration): State<Administration>,
    caller: Caller,
) -> Result<Json<Vec<RoleDefinition>>, Problem> {
    Ok(Json(administration.derived_roles(caller.tenant()).await?))
}

/// Roles that can be taken over as they are.
#[utoipa::path(get, path = "/admin/role-templates", tag = "administration",
    responses((status = 200, body = [Template])))]
pub(super) async fn templates(_: Caller) -> Json<&'static [Template]> {
    Json(TEMPLATES)
}

/// Derives a role.
#[utoipa::path(put, path = "/admin/roles/{code}", tag = "administration",
    params(("code" = String, Path, description = "Code of the role")),
    request_body = RoleDefinition, responses((status = 200, body = RoleDefinition)))]
pub(super) async fn derive(
    State(administration): State<Administration>,
    caller: Caller,
    Path(code): Path<String>,
    Json(definition): Json<RoleDefinition>,
) -> Result<Json<RoleDefinition>, Problem> {
    let definition = RoleDefinition { code, ..definition };
    let derived = administration
        .derive_role((&caller).into(), definition)
        .await?;
    Ok(Json(derived))
}

/// Retires a derived role: it opens nothing from then on.
#[utoipa::path(delete, path = "/admin/roles/{code}", tag = "administration",
    params(("code" = String, Path, description = "Code of the role")), responses((status = 204)))]
pub(super) async fn retire(
    State(administration): State<Administration>,
    caller: Caller,
    Path(code): Path<String>,
) -> Result<StatusCode, Problem> {
    administration.retire_role((&caller).into(), &code).await?;
    Ok(StatusCode::NO_CONTENT)
}
