//! The waitlist as a patient sees it: one's own entries.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use mt_api::{Caller, Problem};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::Scheduling;
use crate::app::{AppointmentView, NewOwnWaiting, OwnWaiting, OwnWaitlist};

/// Whose entries are asked for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Whose {
    /// Id of the patient: oneself, or somebody one acts for.
    patient: String,
}

/// What a patient waits for, with the offers that stand.
#[utoipa::path(get, path = "/scheduling/own-waitlist", tag = "scheduling",
    params(Whose), responses((status = 200, body = OwnWaitlist)))]
pub(super) async fn list(
    State(scheduling): State<Scheduling>,
    caller: Caller,
    Query(whose): Query<Whose>,
) -> Result<Json<OwnWaitlist>, Problem> {
    let list = scheduling.own_waitlist(&caller, &whose.patient).await?;
    Ok(Json(list))
}

/// Puts oneself, or somebody one acts for, on the waitlist.
#[utoipa::path(post, path = "/scheduling/own-waitlist", tag = "scheduling",
    request_body = NewOwnWaiting, responses((status = 201, body = OwnWaiting)))]
pub(super) async fn join(
    State(scheduling): State<Scheduling>,
    caller: Caller,
    Json(new): Json<NewOwnWaiting>,
) -> Result<(StatusCode, Json<OwnWaiting>), Problem> {
    let waiting = scheduling.wait_oneself(&caller, &new).await?;
    Ok((StatusCode::CREATED, Json(waiting)))
}

/// Leaves the waitlist.
#[utoipa::path(delete, path = "/scheduling/own-waitlist/{id}", tag = "scheduling",
    params(("id" = String, Path, description = "Own entry")), responses((status = 204)))]
pub(super) async fn leave(
    State(scheduling): State<Scheduling>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    scheduling.leave_oneself(&caller, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes the time that is offered.
#[utoipa::path(post, path = "/scheduling/own-waitlist/{id}/accept", tag = "scheduling",
    params(("id" = String, Path, description = "Own entry")),
    responses((status = 200, body = AppointmentView)))]
pub(super) async fn accept(
    State(scheduling): State<Scheduling>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<AppointmentView>, Problem> {
    Ok(Json(scheduling.accept_oneself(&caller, &id).await?))
}

/// Turns the offer down and waits on.
#[utoipa::path(post, path = "/scheduling/own-waitlist/{id}/decline", tag = "scheduling",
    params(("id" = String, Path, description = "Own entry")),
    responses((status = 200, body = OwnWaiting)))]
pub(super) async fn decline(
    State(scheduling): State<Scheduling>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<OwnWaiting>, Problem> {
    Ok(Json(scheduling.decline_oneself(&caller, &id).await?))
}
