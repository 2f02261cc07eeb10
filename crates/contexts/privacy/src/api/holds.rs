//! Legal holds.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use mt_api::{Caller, Page, Paging, Problem};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::incidents::{bytes, position};
use super::{opened, page};
use crate::{Kept, LegalHold, Privacy, Wanted};

/// Holds, newest first.
#[utoipa::path(get, path = "/privacy/holds", tag = "privacy",
    params(Paging), responses((status = 200, body = Page<Kept<LegalHold>>)))]
pub(super) async fn list(
    State(privacy): State<Privacy>,
    caller: Caller,
    paging: Paging,
) -> Result<Json<Page<Kept<LegalHold>>>, Problem> {
    const LIST: &str = "privacy/holds";
    let after = opened(&privacy, &caller, &paging, LIST).await?;
    let wanted = Wanted {
        after: after.as_deref().map(position).transpose()?,
        limit: i64::from(paging.limit),
        ..Wanted::default()
    };
    let items = privacy.holds(&caller.ctx, &wanted).await?;
    let full = items.len() == paging.limit as usize;
    let next = items.last().filter(|_| full).map(bytes);
    Ok(Json(page(&privacy, &caller, LIST, items, next).await?))
}

/// A hold to be placed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewHold {
    /// Id of the patient; absent for everything of the organisation.
    patient: Option<String>,
    /// The matter, such as a case number.
    matter: String,
}

/// What was placed.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Placed {
    /// Its id.
    id: Uuid,
}

/// Places a hold.
#[utoipa::path(post, path = "/privacy/holds", tag = "privacy",
    request_body = NewHold, responses((status = 201, body = Placed)))]
pub(super) async fn place(
    State(privacy): State<Privacy>,
    caller: Caller,
    Json(new): Json<NewHold>,
) -> Result<(StatusCode, Json<Placed>), Problem> {
    let id = privacy
        .place_hold(&caller.ctx, new.patient, &new.matter)
        .await?;
    Ok((StatusCode::CREATED, Json(Placed { id })))
}

/// Releases a hold. Needs a second factor proved moments ago.
#[utoipa::path(delete, path = "/privacy/holds/{id}", tag = "privacy",
    params(("id" = String, Path, description = "Hold")), responses((status = 204)))]
pub(super) async fn release(
    State(privacy): State<Privacy>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, Problem> {
    privacy.release_hold(&caller.ctx, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
