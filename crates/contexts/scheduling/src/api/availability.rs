//! The editor of availability.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use mt_api::{Caller, IfMatch, Problem, Version, Versioned};
use serde::Serialize;
use uuid::Uuid;

use crate::Scheduling;
use crate::app::{AffectedBy, AvailabilityView, SlotQuery};
use crate::domain::{Availability, Exception};

/// Everybody's hours.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct Availabilities {
    items: Vec<AvailabilityView>,
}

/// The hours of everybody and everything that has some.
#[utoipa::path(get, path = "/scheduling/availability", tag = "scheduling",
    responses((status = 200, body = Availabilities)))]
pub(super) async fn list(
    State(scheduling): State<Scheduling>,
    caller: Caller,
) -> Result<Json<Availabilities>, Problem> {
    let items = scheduling.availabilities(&caller).await?;
    Ok(Json(Availabilities { items }))
}

/// The hours of one.
#[utoipa::path(get, path = "/scheduling/availability/{type}/{id}", tag = "scheduling",
    params(("type" = String, Path, description = "Practitioner, Location, Device"), ("id" = String, Path, description = "Its id")),
    responses((status = 200, body = AvailabilityView)))]
pub(super) async fn read(
    State(scheduling): State<Scheduling>,
    caller: Caller,
    Path((kind, id)): Path<(String, String)>,
) -> Result<Versioned<AvailabilityView>, Problem> {
    let found = scheduling
        .availability(&caller, &format!("{kind}/{id}"))
        .await?;
    Ok(Versioned(Version(found.version), found))
}

/// Replaces the hours of one; `If-Match` names what they replace.
#[utoipa::path(put, path = "/scheduling/availability/{type}/{id}", tag = "scheduling",
    params(("type" = String, Path, description = "Practitioner, Location, Device"), ("id" = String, Path, description = "Its id"),
        ("If-Match" = Option<String>, Header, description = "ETag of what was seen")),
    request_body = Availability, responses((status = 200, body = AffectedBy)))]
pub(super) async fn replace(
    State(scheduling): State<Scheduling>,
    caller: Caller,
    Path((kind, id)): Path<(String, String)>,
    seen: Option<IfMatch>,
    Json(availability): Json<Availability>,
) -> Result<Json<AffectedBy>, Problem> {
    let seen = seen.map(|IfMatch(Version(version))| version);
    let actor = format!("{kind}/{id}");
    let stored = scheduling.set_availability(&caller, &actor, seen, availability);
    Ok(Json(stored.await?))
}

/// What hours would mean.
#[utoipa::path(post, path = "/scheduling/availability/{type}/{id}/preview", tag = "scheduling",
    params(("type" = String, Path, description = "Practitioner, Location, Device"), ("id" = String, Path, description = "Its id"), SlotQuery),
    request_body = Availability, responses((status = 200, body = AffectedBy)))]
pub(super) async fn preview(
    State(scheduling): State<Scheduling>,
    caller: Caller,
    Path((kind, id)): Path<(String, String)>,
    Query(query): Query<SlotQuery>,
    Json(availability): Json<Availability>,
) -> Result<Json<AffectedBy>, Problem> {
    let actor = format!("{kind}/{id}");
    let shown = scheduling.preview(&caller, &actor, availability, &query);
    Ok(Json(shown.await?))
}

/// Adds an exception.
#[utoipa::path(post, path = "/scheduling/availability/{type}/{id}/exceptions", tag = "scheduling",
    params(("type" = String, Path, description = "Practitioner, Location, Device"), ("id" = String, Path, description = "Its id")),
    request_body = Exception, responses((status = 201, body = AffectedBy)))]
pub(super) async fn add_exception(
    State(scheduling): State<Scheduling>,
    caller: Caller,
    Path((kind, id)): Path<(String, String)>,
    Json(exception): Json<Exception>,
) -> Result<(StatusCode, Json<AffectedBy>), Problem> {
    let actor = format!("{kind}/{id}");
    let stored = scheduling.add_exception(&caller, &actor, exception).await?;
    Ok((StatusCode::CREATED, Json(stored)))
}

/// Takes an exception back.
#[utoipa::path(delete, path = "/scheduling/availability/{type}/{id}/exceptions/{exception}", tag = "scheduling",
    params(("type" = String, Path, description = "Practitioner, Location, Device"), ("id" = String, Path, description = "Its id"),
        ("exception" = String, Path, description = "Exception")),
    responses((status = 200, body = AffectedBy)))]
pub(super) async fn remove_exception(
    State(scheduling): State<Scheduling>,
    caller: Caller,
    Path((kind, id, exception)): Path<(String, String, Uuid)>,
) -> Result<Json<AffectedBy>, Problem> {
    let actor = format!("{kind}/{id}");
    let stored = scheduling.remove_exception(&caller, &actor, exception);
    Ok(Json(stored.await?))
}
