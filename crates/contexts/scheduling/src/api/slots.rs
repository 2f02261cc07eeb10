//! Slots and holds.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use mt_api::{Caller, Problem};
use uuid::Uuid;

use crate::Scheduling;
use crate::app::{Held, NewHold, SlotPage, SlotQuery};

/// Looks for slots.
#[utoipa::path(get, path = "/scheduling/slots", tag = "scheduling",
    params(SlotQuery), responses((status = 200, body = SlotPage)))]
pub(super) async fn find(
    State(scheduling): State<Scheduling>,
    caller: Caller,
    Query(query): Query<SlotQuery>,
) -> Result<Json<SlotPage>, Problem> {
    Ok(Json(scheduling.slots(caller.tenant(), &query).await?))
}

/// Holds time while an appointment is being booked.
#[utoipa::path(post, path = "/scheduling/holds", tag = "scheduling",
    request_body = NewHold, responses((status = 201, body = Held)))]
pub(super) async fn hold(
    State(scheduling): State<Scheduling>,
    caller: Caller,
    Json(new): Json<NewHold>,
) -> Result<(StatusCode, Json<Held>), Problem> {
    let held = scheduling.hold(&caller, &new).await?;
    Ok((StatusCode::CREATED, Json(held)))
}

/// Gives a hold back.
#[utoipa::path(delete, path = "/scheduling/holds/{id}", tag = "scheduling",
    params(("id" = String, Path, description = "Hold")), responses((status = 204)))]
pub(super) async fn release(
    State(scheduling): State<Scheduling>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, Problem> {
    scheduling.release(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
