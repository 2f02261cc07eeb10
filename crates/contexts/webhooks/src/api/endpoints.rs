//! Endpoints: list, make, change, remove, new secret.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use mt_api::{Caller, IfMatch, Problem, Version, Versioned};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{Changed, Created, Endpoint, Webhooks};

/// Hours for which a replaced secret still signs, unless somebody says otherwise.
const OVERLAP_HOURS: u32 = 24;

/// What is said of a rotation.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Rotation {
    /// Hours for which the old secret still signs: 0 to 168, by default 24.
    overlap_hours: Option<u32>,
}

/// Every endpoint.
#[utoipa::path(get, path = "/webhooks", tag = "webhooks",
    responses((status = 200, body = [Endpoint])))]
pub(super) async fn list(
    State(webhooks): State<Webhooks>,
    caller: Caller,
) -> Result<Json<Vec<Endpoint>>, Problem> {
    Ok(Json(webhooks.endpoints(caller.tenant()).await?))
}

/// Makes an endpoint; its secret is shown this once.
#[utoipa::path(post, path = "/webhooks", tag = "webhooks", request_body = Changed,
    responses((status = 201, body = Created), (status = 422, description = "the URL may not be called, or an event is not known")))]
pub(super) async fn create(
    State(webhooks): State<Webhooks>,
    caller: Caller,
    Json(new): Json<Changed>,
) -> Result<(StatusCode, Json<Created>), Problem> {
    let created = webhooks.create(&caller.ctx, new).await?;
    Ok((StatusCode::CREATED, Json(created)))
}

/// One endpoint.
#[utoipa::path(get, path = "/webhooks/{id}", tag = "webhooks",
    params(("id" = String, Path, description = "Endpoint")), responses((status = 200, body = Endpoint)))]
pub(super) async fn show(
    State(webhooks): State<Webhooks>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<Versioned<Endpoint>, Problem> {
    let endpoint = webhooks.endpoint(caller.tenant(), id).await?;
    Ok(Versioned(Version(endpoint.version), endpoint))
}

/// Changes an endpoint, or switches it on and off.
#[utoipa::path(put, path = "/webhooks/{id}", tag = "webhooks", request_body = Changed,
    params(("id" = String, Path, description = "Endpoint")), responses((status = 200, body = Endpoint)))]
pub(super) async fn change(
    State(webhooks): State<Webhooks>,
    caller: Caller,
    Path(id): Path<Uuid>,
    IfMatch(Version(seen)): IfMatch,
    Json(new): Json<Changed>,
) -> Result<Versioned<Endpoint>, Problem> {
    let endpoint = webhooks.change(&caller.ctx, id, seen, new).await?;
    Ok(Versioned(Version(endpoint.version), endpoint))
}

/// Removes an endpoint; what waits for it is given up.
#[utoipa::path(delete, path = "/webhooks/{id}", tag = "webhooks",
    params(("id" = String, Path, description = "Endpoint")), responses((status = 204)))]
pub(super) async fn remove(
    State(webhooks): State<Webhooks>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, Problem> {
    webhooks.remove(&caller.ctx, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives an endpoint a new secret, shown this once; for a while the old one signs as well.
#[utoipa::path(post, path = "/webhooks/{id}/rotate-secret", tag = "webhooks", request_body = Rotation,
    params(("id" = String, Path, description = "Endpoint")), responses((status = 200, body = Created)))]
pub(super) async fn rotate(
    State(webhooks): State<Webhooks>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Json(rotation): Json<Rotation>,
) -> Result<Json<Created>, Problem> {
    let hours = rotation.overlap_hours.unwrap_or(OVERLAP_HOURS);
    Ok(Json(webhooks.rotate(&caller.ctx, id, hours).await?))
}
