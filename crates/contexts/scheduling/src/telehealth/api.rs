//! `/api/v1/telehealth`.

use axum::Json;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use mt_access::Interaction;
use mt_api::{Caller, Permission, Problem, Routes, routes};
use serde::Deserialize;

use super::{Exchange, Exchanged, GuestLink, Joining, RoomView, Telehealth, Ticket};
use crate::api::Stranger;

/// The routes, each with its permission.
#[must_use]
pub fn table() -> Routes<Telehealth> {
    const READ: Permission = Permission::records("Appointment", Interaction::Read);
    const CHANGE: Permission = Permission::records("Appointment", Interaction::Update);
    const CARE: Permission = Permission::records("Observation", Interaction::Create);
    const SEAT: Permission =
        Permission::public("a seat is sealed, of one visit and one side, and lasts minutes");
    const LINK: Permission =
        Permission::public("a link is sealed, leads to one waiting room, and runs out");
    Routes::new()
        .route(READ, routes!(room))
        .route(READ, routes!(join))
        .route(CARE, routes!(admit))
        .route(CARE, routes!(end))
        .route(CHANGE, routes!(invite))
        .route(LINK, routes!(guest_room))
        .route(LINK, routes!(guest_join))
        .route(SEAT, routes!(exchange))
}

impl FromRequestParts<Telehealth> for Stranger {
    type Rejection = Response;

    async fn from_request_parts(
        parts: &mut Parts,
        telehealth: &Telehealth,
    ) -> Result<Self, Response> {
        Self::from_request_parts(parts, &telehealth.scheduling).await
    }
}

/// The room of a video visit.
#[utoipa::path(get, path = "/telehealth/rooms/{appointment}", tag = "telehealth",
    params(("appointment" = String, Path, description = "Appointment of the kind Telehealth")),
    responses((status = 200, body = RoomView)))]
async fn room(
    State(telehealth): State<Telehealth>,
    caller: Caller,
    Path(appointment): Path<String>,
) -> Result<Json<RoomView>, Problem> {
    Ok(Json(telehealth.room(&caller, &appointment).await?))
}

/// Takes a seat: a clinician's in the room, a patient's in the waiting room.
#[utoipa::path(post, path = "/telehealth/rooms/{appointment}/join", tag = "telehealth",
    params(("appointment" = String, Path, description = "Appointment of the kind Telehealth")),
    request_body = Joining, responses((status = 200, body = Ticket)))]
async fn join(
    State(telehealth): State<Telehealth>,
    caller: Caller,
    Path(appointment): Path<String>,
    Json(joining): Json<Joining>,
) -> Result<Json<Ticket>, Problem> {
    let ticket = telehealth.join(&caller, &appointment, &joining).await?;
    Ok(Json(ticket))
}

/// Lets the patient in.
#[utoipa::path(post, path = "/telehealth/rooms/{appointment}/admit", tag = "telehealth",
    params(("appointment" = String, Path, description = "Appointment of the kind Telehealth")),
    responses((status = 200, body = RoomView)))]
async fn admit(
    State(telehealth): State<Telehealth>,
    caller: Caller,
    Path(appointment): Path<String>,
) -> Result<Json<RoomView>, Problem> {
    Ok(Json(telehealth.admit(&caller, &appointment).await?))
}

/// Ends the visit.
#[utoipa::path(post, path = "/telehealth/rooms/{appointment}/end", tag = "telehealth",
    params(("appointment" = String, Path, description = "Appointment of the kind Telehealth")),
    responses((status = 200, body = RoomView)))]
async fn end(
    State(telehealth): State<Telehealth>,
    caller: Caller,
    Path(appointment): Path<String>,
) -> Result<Json<RoomView>, Problem> {
    Ok(Json(telehealth.end(&caller, &appointment).await?))
}

/// A link to the waiting room, for a patient who does not sign in.
#[utoipa::path(post, path = "/telehealth/rooms/{appointment}/links", tag = "telehealth",
    params(("appointment" = String, Path, description = "Appointment of the kind Telehealth")),
    responses((status = 201, body = GuestLink)))]
async fn invite(
    State(telehealth): State<Telehealth>,
    caller: Caller,
    Path(appointment): Path<String>,
) -> Result<(StatusCode, Json<GuestLink>), Problem> {
    let link = telehealth.invite(&caller, &appointment).await?;
    Ok((StatusCode::CREATED, Json(link)))
}

/// A link, in the body: addresses are kept in logs and in histories.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(as = TelehealthGuest)]
struct Guest {
    /// Token of the link, as it stands behind `#` in its address.
    link: String,
    /// The patient agrees to a video visit; needed once.
    #[serde(default)]
    consent: bool,
}

/// The room that a link leads to.
#[utoipa::path(post, path = "/public/telehealth/waiting-room", tag = "telehealth",
    request_body = Guest, responses((status = 200, body = RoomView)))]
async fn guest_room(
    _: Stranger,
    State(telehealth): State<Telehealth>,
    Json(guest): Json<Guest>,
) -> Result<Json<RoomView>, Problem> {
    Ok(Json(telehealth.guest_room(&guest.link).await?))
}

/// Takes the patient's seat by a link.
#[utoipa::path(post, path = "/public/telehealth/waiting-room/join", tag = "telehealth",
    request_body = Guest, responses((status = 200, body = Ticket)))]
async fn guest_join(
    _: Stranger,
    State(telehealth): State<Telehealth>,
    Json(guest): Json<Guest>,
) -> Result<Json<Ticket>, Problem> {
    let joining = Joining {
        consent: guest.consent,
    };
    Ok(Json(telehealth.guest_join(&guest.link, &joining).await?))
}

/// Tells the other side what it needs to connect, and hears what it tells.
#[utoipa::path(post, path = "/public/telehealth/exchange", tag = "telehealth",
    request_body = Exchange, responses((status = 200, body = Exchanged)))]
async fn exchange(
    State(telehealth): State<Telehealth>,
    Json(exchange): Json<Exchange>,
) -> Result<Json<Exchanged>, Problem> {
    Ok(Json(telehealth.exchange(&exchange).await?))
}
