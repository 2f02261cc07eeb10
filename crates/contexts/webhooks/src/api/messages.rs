//! Messages to an endpoint: a trial, what was sent, and sending again.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use mt_api::{Caller, Page, Paging, Position, Problem};
use mt_kernel::{ErrorKind, Fault, Instant};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app::KEPT_DAYS;
use crate::{Delivery, Webhooks};

/// The name of the list in cursors.
const LIST: &str = "webhooks.deliveries";

/// The message that was sent on trial.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Sent {
    /// Its `webhook-id`.
    id: Uuid,
}

/// From when on messages are sent again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Since {
    /// Hours back from now: 1 to 720.
    hours: u32,
}

/// How many messages are sent again.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Replayed {
    /// Messages.
    count: u64,
}

/// Sends a message of type `webhook.test.v1`.
#[utoipa::path(post, path = "/webhooks/{id}/test", tag = "webhooks",
    params(("id" = String, Path, description = "Endpoint")), responses((status = 202, body = Sent)))]
pub(super) async fn test(
    State(webhooks): State<Webhooks>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<(StatusCode, Json<Sent>), Problem> {
    let id = webhooks.test(&caller.ctx, id).await?;
    Ok((StatusCode::ACCEPTED, Json(Sent { id })))
}

/// What was sent in the last 30 days, newest first.
#[utoipa::path(get, path = "/webhooks/{id}/deliveries", tag = "webhooks",
    params(("id" = String, Path, description = "Endpoint"), Paging),
    responses((status = 200, body = Page<Delivery>)))]
pub(super) async fn deliveries(
    State(webhooks): State<Webhooks>,
    caller: Caller,
    Path(id): Path<Uuid>,
    paging: Paging,
) -> Result<Json<Page<Delivery>>, Problem> {
    let tenant = caller.tenant();
    let keys = webhooks.parts.tenants.keys(tenant).await;
    let keys = keys.map_err(|error| Fault::new(error.kind(), error.to_string()))?;
    let before = match &paging.cursor {
        None => None,
        Some(cursor) => {
            let position = Position::open(cursor, &keys, &caller, LIST)?;
            let bytes = <[u8; 8]>::try_from(position.0)
                .map_err(|_| Fault::new(ErrorKind::Malformed, "the cursor is not of this list"))?;
            Some(i64::from_be_bytes(bytes))
        }
    };
    // One more than asked for says whether there is another page.
    let most = paging.limit + 1;
    let mut found = webhooks.deliveries(tenant, id, before, most).await?;
    let asked = usize::try_from(paging.limit).unwrap_or(usize::MAX);
    let more = found.len() > asked;
    found.truncate(asked);
    let next = match found.last() {
        Some((seq, _)) if more => {
            let position = Position(seq.to_be_bytes().to_vec());
            Some(position.seal(&keys, &caller, LIST)?)
        }
        _ => None,
    };
    let items = found.into_iter().map(|(_, delivery)| delivery).collect();
    Ok(Json(Page { items, next }))
}

/// Sends again what was given up, with the same ids.
#[utoipa::path(post, path = "/webhooks/{id}/replay", tag = "webhooks", request_body = Since,
    params(("id" = String, Path, description = "Endpoint")), responses((status = 202, body = Replayed)))]
pub(super) async fn replay(
    State(webhooks): State<Webhooks>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Json(since): Json<Since>,
) -> Result<(StatusCode, Json<Replayed>), Problem> {
    let hours = i64::from(since.hours);
    if !(1..=KEPT_DAYS * 24).contains(&hours) {
        let fault = Fault::new(ErrorKind::Invalid, "hours lie between 1 and 720");
        return Err(fault.at("hours").into());
    }
    let from: Instant = caller.ctx.now.plus_seconds(-hours * 3_600);
    let count = webhooks.replay(&caller.ctx, id, from).await?;
    Ok((StatusCode::ACCEPTED, Json(Replayed { count })))
}
