//! The waitlist.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use mt_api::{Caller, Problem, Version, Versioned};

use crate::Scheduling;
use crate::app::{AppointmentView, NewOffer, NewWaiting, WaitingView, WaitlistQuery, Waitlisted};

fn versioned(waiting: WaitingView) -> Versioned<WaitingView> {
    Versioned(Version(waiting.version), waiting)
}

/// Those who wait; with a slot, ranked for it.
#[utoipa::path(get, path = "/scheduling/waitlist", tag = "scheduling",
    params(WaitlistQuery), responses((status = 200, body = Waitlisted)))]
pub(super) async fn list(
    State(scheduling): State<Scheduling>,
    caller: Caller,
    Query(asked): Query<WaitlistQuery>,
) -> Result<Json<Waitlisted>, Problem> {
    Ok(Json(scheduling.waitlist(&caller, &asked).await?))
}

/// Puts a patient on the waitlist.
#[utoipa::path(post, path = "/scheduling/waitlist", tag = "scheduling",
    request_body = NewWaiting, responses((status = 201, body = WaitingView)))]
pub(super) async fn join(
    State(scheduling): State<Scheduling>,
    caller: Caller,
    Json(new): Json<NewWaiting>,
) -> Result<(StatusCode, Versioned<WaitingView>), Problem> {
    let waiting = scheduling.wait(&caller, &new).await?;
    Ok((StatusCode::CREATED, versioned(waiting)))
}

/// Takes a patient off the waitlist.
#[utoipa::path(delete, path = "/scheduling/waitlist/{id}", tag = "scheduling",
    params(("id" = String, Path, description = "Waiting patient")), responses((status = 204)))]
pub(super) async fn leave(
    State(scheduling): State<Scheduling>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    scheduling.leave(&caller, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Offers a slot.
#[utoipa::path(post, path = "/scheduling/waitlist/{id}/offer", tag = "scheduling",
    params(("id" = String, Path, description = "Waiting patient")),
    request_body = NewOffer, responses((status = 200, body = WaitingView)))]
pub(super) async fn offer(
    State(scheduling): State<Scheduling>,
    caller: Caller,
    Path(id): Path<String>,
    Json(new): Json<NewOffer>,
) -> Result<Versioned<WaitingView>, Problem> {
    Ok(versioned(scheduling.offer(&caller, &id, &new).await?))
}

/// Books the slot that was offered.
#[utoipa::path(post, path = "/scheduling/waitlist/{id}/accept", tag = "scheduling",
    params(("id" = String, Path, description = "Waiting patient")),
    responses((status = 200, body = AppointmentView)))]
pub(super) async fn accept(
    State(scheduling): State<Scheduling>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Versioned<AppointmentView>, Problem> {
    let booked = scheduling.accept(&caller, &id).await?;
    Ok(Versioned(Version(booked.version), booked))
}

/// Turns an offer down.
#[utoipa::path(post, path = "/scheduling/waitlist/{id}/decline", tag = "scheduling",
    params(("id" = String, Path, description = "Waiting patient")),
    responses((status = 200, body = WaitingView)))]
pub(super) async fn decline(
    State(scheduling): State<Scheduling>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Versioned<WaitingView>, Problem> {
    Ok(versioned(scheduling.decline(&caller, &id).await?))
}
