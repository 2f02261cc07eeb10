//! Erasure of a patient's record, and restriction of its processing.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use mt_api::{Caller, Page, Paging, Problem};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::incidents::{bytes, position};
use super::{opened, page};
use crate::{Erasure, Kept, Privacy, Restriction, Wanted};

/// A record to be erased.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewErasure {
    /// Id of the patient.
    patient: String,
    /// On what ground.
    reason: String,
}

/// What was ordered.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Ordered {
    /// Its id.
    id: Uuid,
}

/// Orders that a patient's record be erased: all versions of all records in it, for good. It is refused before the
/// retention is over and while a legal hold stands, and carried out in the background. Needs a second factor
/// proved moments ago.
#[utoipa::path(post, path = "/privacy/erasures", tag = "privacy",
    request_body = NewErasure, responses((status = 202, body = Ordered)))]
pub(super) async fn order(
    State(privacy): State<Privacy>,
    caller: Caller,
    Json(new): Json<NewErasure>,
) -> Result<(StatusCode, Json<Ordered>), Problem> {
    let id = privacy
        .order_erasure(&caller.ctx, &new.patient, &new.reason)
        .await?;
    Ok((StatusCode::ACCEPTED, Json(Ordered { id })))
}

/// Erasures, newest first, with what became of them.
#[utoipa::path(get, path = "/privacy/erasures", tag = "privacy",
    params(Paging), responses((status = 200, body = Page<Kept<Erasure>>)))]
pub(super) async fn erasures(
    State(privacy): State<Privacy>,
    caller: Caller,
    paging: Paging,
) -> Result<Json<Page<Kept<Erasure>>>, Problem> {
    const LIST: &str = "privacy/erasures";
    let after = opened(&privacy, &caller, &paging, LIST).await?;
    let wanted = Wanted {
        after: after.as_deref().map(position).transpose()?,
        limit: i64::from(paging.limit),
        ..Wanted::default()
    };
    let items = privacy.erasures(&caller.ctx, &wanted).await?;
    let full = items.len() == paging.limit as usize;
    let next = items.last().filter(|_| full).map(bytes);
    Ok(Json(page(&privacy, &caller, LIST, items, next).await?))
}

/// A restriction to be placed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewRestriction {
    /// Id of the patient.
    patient: String,
    /// Why: which ground of GDPR Art. 18(1).
    reason: String,
    /// FHIR references of persons who may go on: with the patient's consent, or for legal claims.
    #[serde(default)]
    permitted: Vec<String>,
}

/// What was restricted.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Restricted {
    /// Its id, that of the `Consent`.
    id: String,
}

/// Restricts the processing of a patient's record: it is stored on, and used by the patient, by who is permitted and
/// in emergencies only.
#[utoipa::path(post, path = "/privacy/restrictions", tag = "privacy",
    request_body = NewRestriction, responses((status = 201, body = Restricted)))]
pub(super) async fn restrict(
    State(privacy): State<Privacy>,
    caller: Caller,
    Json(new): Json<NewRestriction>,
) -> Result<(StatusCode, Json<Restricted>), Problem> {
    let id = privacy
        .restrict(&caller.ctx, &new.patient, &new.reason, new.permitted)
        .await?;
    Ok((StatusCode::CREATED, Json(Restricted { id })))
}

/// The restrictions that stand.
#[utoipa::path(get, path = "/privacy/restrictions", tag = "privacy",
    responses((status = 200, body = [Restriction])))]
pub(super) async fn restrictions(
    State(privacy): State<Privacy>,
    caller: Caller,
) -> Result<Json<Vec<Restriction>>, Problem> {
    Ok(Json(privacy.restrictions(&caller.ctx).await?))
}

/// Lifts a restriction. Needs a second factor proved moments ago.
#[utoipa::path(delete, path = "/privacy/restrictions/{id}", tag = "privacy",
    params(("id" = String, Path, description = "Restriction")), responses((status = 204)))]
pub(super) async fn lift(
    State(privacy): State<Privacy>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    privacy.lift_restriction(&caller.ctx, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
