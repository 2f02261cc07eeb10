//! The caller's own messages, preferences, browsers and devices.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use mt_api::{Caller, IfMatch, Paging, Position, Problem, Version, Versioned};
use mt_kernel::{ErrorKind, Fault, Instant};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::domain::Preferences;
use crate::{Inbox, NewPush, Notifications, PushView};

/// The name of the list in cursors.
const LIST: &str = "notifications";

/// Which messages are asked for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// Whether only unread ones are shown.
    #[serde(default)]
    unread: bool,
}

/// How many messages were unread.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NotificationsRead)]
pub(super) struct ReadAll {
    /// Messages.
    count: u64,
}

/// The caller's messages, the latest first, and how many are unread.
#[utoipa::path(get, path = "/notifications", tag = "notifications", params(Which, Paging),
    responses((status = 200, body = Inbox)))]
pub(super) async fn list(
    State(notifications): State<Notifications>,
    caller: Caller,
    Query(which): Query<Which>,
    paging: Paging,
) -> Result<Json<Inbox>, Problem> {
    let keys = notifications.keys(caller.tenant()).await?;
    let after = match &paging.cursor {
        None => None,
        Some(cursor) => Some(place(&Position::open(cursor, &keys, &caller, LIST)?)?),
    };
    let page = notifications.inbox(&caller, which.unread, after, paging.limit);
    let (items, next) = page.await?;
    let next = next.map(|(at, id)| {
        let position = Position([&at.0.to_be_bytes()[..], id.as_bytes()].concat());
        position.seal(&keys, &caller, LIST)
    });
    Ok(Json(Inbox {
        items,
        next: next.transpose()?,
        unread: notifications.unread(&caller).await?,
    }))
}

fn place(position: &Position) -> Result<(Instant, Uuid), Fault> {
    let read = || {
        let (at, id) = position.0.split_first_chunk::<8>()?;
        Some((Instant(i64::from_be_bytes(*at)), Uuid::from_slice(id).ok()?))
    };
    read().ok_or_else(|| Fault::new(ErrorKind::Malformed, "the cursor is not of this list"))
}

/// Notes that a message was read.
#[utoipa::path(post, path = "/notifications/{id}/read", tag = "notifications",
    params(("id" = String, Path, description = "Message")), responses((status = 204), (status = 404)))]
pub(super) async fn read(
    State(notifications): State<Notifications>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, Problem> {
    notifications.read(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Notes that everything was read.
#[utoipa::path(post, path = "/notifications/read-all", tag = "notifications",
    responses((status = 200, body = ReadAll)))]
pub(super) async fn read_all(
    State(notifications): State<Notifications>,
    caller: Caller,
) -> Result<Json<ReadAll>, Problem> {
    let count = notifications.read_all(&caller).await?;
    Ok(Json(ReadAll { count }))
}

/// How the caller wants to be told.
#[utoipa::path(get, path = "/notification-preferences", tag = "notifications",
    responses((status = 200, body = Preferences)))]
pub(super) async fn preferences(
    State(notifications): State<Notifications>,
    caller: Caller,
) -> Result<Versioned<Preferences>, Problem> {
    let (version, preferences) = notifications.preferences(&caller).await?;
    Ok(Versioned(Version(version), preferences))
}

/// Changes how the caller wants to be told.
#[utoipa::path(put, path = "/notification-preferences", tag = "notifications", request_body = Preferences,
    responses((status = 200, body = Preferences), (status = 412), (status = 422)))]
pub(super) async fn decide(
    State(notifications): State<Notifications>,
    caller: Caller,
    IfMatch(Version(seen)): IfMatch,
    Json(preferences): Json<Preferences>,
) -> Result<Versioned<Preferences>, Problem> {
    let version = notifications.decide(&caller, seen, &preferences).await?;
    Ok(Versioned(Version(version), preferences))
}

/// The caller's registered browsers and devices.
#[utoipa::path(get, path = "/push-subscriptions", tag = "notifications",
    responses((status = 200, body = [PushView])))]
pub(super) async fn devices(
    State(notifications): State<Notifications>,
    caller: Caller,
) -> Result<Json<Vec<PushView>>, Problem> {
    Ok(Json(notifications.registered(&caller).await?))
}

/// Registers a browser or device of the caller.
#[utoipa::path(post, path = "/push-subscriptions", tag = "notifications", request_body = NewPush,
    responses((status = 201, body = PushView), (status = 422)))]
pub(super) async fn register(
    State(notifications): State<Notifications>,
    caller: Caller,
    Json(new): Json<NewPush>,
) -> Result<(StatusCode, Json<PushView>), Problem> {
    let view = notifications.register(&caller, new).await?;
    Ok((StatusCode::CREATED, Json(view)))
}

/// Removes one of the caller's browsers or devices.
#[utoipa::path(delete, path = "/push-subscriptions/{id}", tag = "notifications",
    params(("id" = String, Path, description = "Registration")), responses((status = 204), (status = 404)))]
pub(super) async fn deregister(
    State(notifications): State<Notifications>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, Problem> {
    notifications.deregister(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What browsers register with.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PushKey {
    /// `applicationServerKey`, base64url; absent when browsers are not woken here.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
}

/// What browsers register with.
#[utoipa::path(get, path = "/push-subscriptions/key", tag = "notifications",
    responses((status = 200, body = PushKey)))]
pub(super) async fn push_key(
    State(notifications): State<Notifications>,
    _: Caller,
) -> Json<PushKey> {
    Json(PushKey {
        key: notifications.parts.push_key.clone(),
    })
}
