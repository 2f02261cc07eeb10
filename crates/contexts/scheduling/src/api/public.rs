//! What people do who are not signed in: by a link, or by the booking widget.

use std::hash::{DefaultHasher, Hash, Hasher};

use axum::Json;
use axum::extract::{FromRequestParts, Path, Query, State};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use mt_api::Problem;
use mt_http::PeerAddress;
use mt_kernel::{ErrorKind, Fault};

use crate::Scheduling;
use crate::app::{
    ByLink, FollowedLink, Held, Linked, Offering, PublicHold, PublicRequest, Requested, SlotPage,
    SlotQuery, TimesByLink,
};

/// Somebody who is not signed in and has not asked too often.
pub(crate) struct Stranger;

impl FromRequestParts<Scheduling> for Stranger {
    type Rejection = Response;

    async fn from_request_parts(
        parts: &mut Parts,
        scheduling: &Scheduling,
    ) -> Result<Self, Response> {
        let mut hasher = DefaultHasher::new();
        let peer = parts.extensions.get::<PeerAddress>();
        peer.map(|PeerAddress(address)| address.ip())
            .hash(&mut hasher);
        scheduling.admit(hasher.finish()).map_err(|wait| {
            let fault = Fault::new(ErrorKind::TooMany, "too many requests; wait and try again");
            let mut response = Problem::from(fault).into_response();
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, wait.into());
            response
        })?;
        Ok(Self)
    }
}

/// What a link is about; its token comes in the body, so that no log on the way holds it.
#[utoipa::path(post, path = "/public/appointments/link", tag = "public booking",
    request_body = FollowedLink, responses((status = 200, body = Linked)))]
pub(super) async fn linked(
    _: Stranger,
    State(scheduling): State<Scheduling>,
    Json(link): Json<FollowedLink>,
) -> Result<Json<Linked>, Problem> {
    Ok(Json(scheduling.linked(&link.token).await?))
}

/// Times to which a link may move its appointment.
#[utoipa::path(post, path = "/public/appointments/link/times", tag = "public booking",
    request_body = TimesByLink, responses((status = 200, body = SlotPage)))]
pub(super) async fn times(
    _: Stranger,
    State(scheduling): State<Scheduling>,
    Json(asked): Json<TimesByLink>,
) -> Result<Json<SlotPage>, Problem> {
    Ok(Json(scheduling.times_by_link(&asked).await?))
}

/// Does what a link is for.
#[utoipa::path(post, path = "/public/appointments/link/follow", tag = "public booking",
    request_body = ByLink, responses((status = 200, body = Linked)))]
pub(super) async fn follow(
    _: Stranger,
    State(scheduling): State<Scheduling>,
    Json(by): Json<ByLink>,
) -> Result<Json<Linked>, Problem> {
    Ok(Json(scheduling.follow(&by).await?))
}

/// A calendar feed.
#[utoipa::path(get, path = "/public/feeds/{token}", tag = "public booking",
    params(("token" = String, Path, description = "Feed")),
    responses((status = 200, body = String, content_type = "text/calendar")))]
pub(super) async fn feed(
    _: Stranger,
    State(scheduling): State<Scheduling>,
    Path(token): Path<String>,
) -> Result<Response, Problem> {
    Ok(calendar_file(scheduling.read_feed(&token).await?))
}

/// A calendar file as an answer.
pub(super) fn calendar_file(file: String) -> Response {
    let kind = [(header::CONTENT_TYPE, "text/calendar; charset=utf-8")];
    (kind, file).into_response()
}

/// What the public may book.
#[utoipa::path(get, path = "/public/booking/{organisation}", tag = "public booking",
    params(("organisation" = String, Path, description = "Name of the organisation")),
    responses((status = 200, body = Offering)))]
pub(super) async fn offering(
    _: Stranger,
    State(scheduling): State<Scheduling>,
    Path(organisation): Path<String>,
) -> Result<Json<Offering>, Problem> {
    Ok(Json(scheduling.offering(&organisation).await?))
}

/// Slots that the public may book.
#[utoipa::path(get, path = "/public/booking/{organisation}/slots", tag = "public booking",
    params(("organisation" = String, Path, description = "Name of the organisation"), SlotQuery),
    responses((status = 200, body = SlotPage)))]
pub(super) async fn slots(
    _: Stranger,
    State(scheduling): State<Scheduling>,
    Path(organisation): Path<String>,
    Query(query): Query<SlotQuery>,
) -> Result<Json<SlotPage>, Problem> {
    Ok(Json(scheduling.public_slots(&organisation, &query).await?))
}

/// Holds a slot.
#[utoipa::path(post, path = "/public/booking/{organisation}/holds", tag = "public booking",
    params(("organisation" = String, Path, description = "Name of the organisation")),
    request_body = PublicHold, responses((status = 201, body = Held)))]
pub(super) async fn hold(
    _: Stranger,
    State(scheduling): State<Scheduling>,
    Path(organisation): Path<String>,
    Json(new): Json<PublicHold>,
) -> Result<(StatusCode, Json<Held>), Problem> {
    let held = scheduling.public_hold(&organisation, &new).await?;
    Ok((StatusCode::CREATED, Json(held)))
}

/// Asks for an appointment.
#[utoipa::path(post, path = "/public/booking/{organisation}/appointments", tag = "public booking",
    params(("organisation" = String, Path, description = "Name of the organisation")),
    request_body = PublicRequest, responses((status = 201, body = Requested)))]
pub(super) async fn request(
    _: Stranger,
    State(scheduling): State<Scheduling>,
    Path(organisation): Path<String>,
    Json(new): Json<PublicRequest>,
) -> Result<(StatusCode, Json<Requested>), Problem> {
    let requested = scheduling.request(&organisation, &new).await?;
    Ok((StatusCode::CREATED, Json(requested)))
}
