//! Appointments and the board.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use mt_api::{Caller, IfMatch, Problem, Version, Versioned};
use serde::{Deserialize, Serialize};

use crate::Scheduling;
use crate::app::{
    AppointmentView, Appointments, Board, BoardQuery, Booking, Change, Conflict, Conflicts, Feed,
    Links, Moved, REASONS, Series, Transition, Wanted,
};

type Answer = Result<Versioned<AppointmentView>, Problem>;

fn versioned(view: AppointmentView) -> Versioned<AppointmentView> {
    Versioned(Version(view.version), view)
}

/// Looks for appointments.
#[utoipa::path(get, path = "/appointments", tag = "scheduling",
    params(Wanted), responses((status = 200, body = Appointments)))]
pub(super) async fn list(
    State(scheduling): State<Scheduling>,
    caller: Caller,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Appointments>, Problem> {
    Ok(Json(scheduling.appointments(&caller, &wanted).await?))
}

/// Books an appointment.
#[utoipa::path(post, path = "/appointments", tag = "scheduling",
    request_body = Booking, responses((status = 201, body = AppointmentView)))]
pub(super) async fn book(
    State(scheduling): State<Scheduling>,
    caller: Caller,
    Json(booking): Json<Booking>,
) -> Result<(StatusCode, Versioned<AppointmentView>), Problem> {
    let booked = scheduling.book(&caller, &booking).await?;
    Ok((StatusCode::CREATED, versioned(booked)))
}

/// Books a series of appointments.
#[utoipa::path(post, path = "/appointments/series", tag = "scheduling",
    request_body = Booking, responses((status = 201, body = Series)))]
pub(super) async fn book_series(
    State(scheduling): State<Scheduling>,
    caller: Caller,
    Json(booking): Json<Booking>,
) -> Result<(StatusCode, Json<Series>), Problem> {
    let series = scheduling.book_series(&caller, &booking).await?;
    Ok((StatusCode::CREATED, Json(series)))
}

/// What stands in the way of an appointment.
#[utoipa::path(get, path = "/appointments/conflicts", tag = "scheduling",
    params(Conflict), responses((status = 200, body = Conflicts)))]
pub(super) async fn conflicts(
    State(scheduling): State<Scheduling>,
    caller: Caller,
    Query(asked): Query<Conflict>,
) -> Result<Json<Conflicts>, Problem> {
    Ok(Json(scheduling.conflicts(&caller, &asked).await?))
}

/// Reads an appointment.
#[utoipa::path(get, path = "/appointments/{id}", tag = "scheduling",
    params(("id" = String, Path, description = "Appointment")),
    responses((status = 200, body = AppointmentView)))]
pub(super) async fn read(
    State(scheduling): State<Scheduling>,
    caller: Caller,
    Path(id): Path<String>,
) -> Answer {
    Ok(versioned(scheduling.appointment(&caller, &id).await?))
}

/// Changes details of an appointment in place.
#[utoipa::path(patch, path = "/appointments/{id}", tag = "scheduling",
    params(("id" = String, Path, description = "Appointment"), ("If-Match" = String, Header, description = "ETag of what was seen")),
    request_body = Change, responses((status = 200, body = AppointmentView)))]
pub(super) async fn amend(
    State(scheduling): State<Scheduling>,
    caller: Caller,
    Path(id): Path<String>,
    IfMatch(Version(version)): IfMatch,
    Json(change): Json<Change>,
) -> Answer {
    let amended = scheduling.amend(&caller, &id, version, &change).await?;
    Ok(versioned(amended))
}

/// Moves an appointment: a new one takes its place.
#[utoipa::path(post, path = "/appointments/{id}/reschedule", tag = "scheduling",
    params(("id" = String, Path, description = "Appointment")),
    request_body = Moved, responses((status = 201, body = AppointmentView)))]
pub(super) async fn reschedule(
    State(scheduling): State<Scheduling>,
    caller: Caller,
    Path(id): Path<String>,
    Json(moved): Json<Moved>,
) -> Result<(StatusCode, Versioned<AppointmentView>), Problem> {
    let new = scheduling.reschedule(&caller, &id, &moved).await?;
    Ok((StatusCode::CREATED, versioned(new)))
}

/// Puts an appointment into another state.
#[utoipa::path(post, path = "/appointments/{id}/transitions", tag = "scheduling",
    params(("id" = String, Path, description = "Appointment")),
    request_body = Transition, responses((status = 200, body = AppointmentView)))]
pub(super) async fn transition(
    State(scheduling): State<Scheduling>,
    caller: Caller,
    Path(id): Path<String>,
    Json(transition): Json<Transition>,
) -> Answer {
    let changed = scheduling.transition(&caller, &id, &transition).await?;
    Ok(versioned(changed))
}

/// The check-in board of a day.
#[utoipa::path(get, path = "/scheduling/board", tag = "scheduling",
    params(BoardQuery), responses((status = 200, body = Board)))]
pub(super) async fn board(
    State(scheduling): State<Scheduling>,
    caller: Caller,
    Query(asked): Query<BoardQuery>,
) -> Result<Json<Board>, Problem> {
    Ok(Json(scheduling.board(&caller, &asked).await?))
}

/// A reason for calling an appointment off.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct CancelReason {
    code: &'static str,
    text: &'static str,
}

/// The reasons for calling an appointment off.
#[utoipa::path(get, path = "/scheduling/cancel-reasons", tag = "scheduling",
    responses((status = 200, body = [CancelReason])))]
pub(super) async fn cancel_reasons(_: Caller) -> Json<Vec<CancelReason>> {
    let all = REASONS
        .iter()
        .map(|(code, text)| CancelReason { code, text });
    Json(all.collect())
}

/// An appointment as a calendar file.
#[utoipa::path(get, path = "/appointments/{id}/invitation.ics", tag = "scheduling",
    params(("id" = String, Path, description = "Appointment")),
    responses((status = 200, body = String, content_type = "text/calendar")))]
pub(super) async fn invitation(
    State(scheduling): State<Scheduling>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let file = scheduling.invitation(&caller, &id).await?;
    Ok(super::public::calendar_file(file))
}

/// Links by which a patient calls the appointment off or moves it.
#[utoipa::path(post, path = "/appointments/{id}/links", tag = "scheduling",
    params(("id" = String, Path, description = "Appointment")),
    responses((status = 200, body = Links)))]
pub(super) async fn links(
    State(scheduling): State<Scheduling>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Links>, Problem> {
    Ok(Json(scheduling.links(&caller, &id).await?))
}

/// Whose feed is wanted.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewFeed {
    actor: String,
}

/// Makes a calendar feed of the times of an actor.
#[utoipa::path(post, path = "/scheduling/feeds", tag = "scheduling",
    request_body = NewFeed, responses((status = 201, body = Feed)))]
pub(super) async fn feed(
    State(scheduling): State<Scheduling>,
    caller: Caller,
    Json(new): Json<NewFeed>,
) -> Result<(StatusCode, Json<Feed>), Problem> {
    let feed = scheduling.feed(&caller, &new.actor).await?;
    Ok((StatusCode::CREATED, Json(feed)))
}
