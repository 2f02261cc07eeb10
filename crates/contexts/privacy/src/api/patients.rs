//! What patients may ask about their own record.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use mt_api::{Caller, Page, Paging, Problem};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{may_ask_about, opened, page, stale_cursor};
use crate::{AccessLine, Disclosure, Kept, Privacy};

/// Who looked at a patient's record: for the patient, and for the privacy office.
#[utoipa::path(get, path = "/privacy/patients/{id}/access-report", tag = "privacy",
    params(("id" = String, Path, description = "Patient"), Paging),
    responses((status = 200, body = Page<AccessLine>)))]
pub(super) async fn access_report(
    State(privacy): State<Privacy>,
    caller: Caller,
    Path(id): Path<String>,
    paging: Paging,
) -> Result<Json<Page<AccessLine>>, Problem> {
    may_ask_about(&caller, &id)?;
    let list = format!("privacy/access-report/{id}");
    let after = opened(&privacy, &caller, &paging, &list).await?;
    let after = after
        .map(|bytes| String::from_utf8(bytes).ok()?.parse().ok())
        .map(|cursor| cursor.ok_or_else(stale_cursor))
        .transpose()?;
    let (lines, next) = privacy
        .access_report(&caller.ctx, &id, paging.limit as usize, after)
        .await?;
    let next = next.map(|cursor| cursor.to_string().into_bytes());
    Ok(Json(page(&privacy, &caller, &list, lines, next).await?))
}

/// To whom a patient's record was disclosed within six years: for the patient, and for the privacy
/// office.
#[utoipa::path(get, path = "/privacy/patients/{id}/disclosures", tag = "privacy",
    params(("id" = String, Path, description = "Patient")),
    responses((status = 200, body = [Kept<Disclosure>])))]
pub(super) async fn disclosures(
    State(privacy): State<Privacy>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Vec<Kept<Disclosure>>>, Problem> {
    may_ask_about(&caller, &id)?;
    Ok(Json(privacy.disclosures(&caller.ctx, &id).await?))
}

/// A disclosure to be recorded.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct NewDisclosure {
    /// Id of the patient.
    patient: String,
    /// When, microseconds since 1970; now when absent.
    disclosed_at: Option<i64>,
    /// Who received it; with the address when known.
    recipient: String,
    /// What was disclosed, in brief.
    what: String,
    /// Why, in brief.
    purpose: String,
}

/// What was recorded.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Recorded {
    /// Its id.
    id: Uuid,
}

/// Records a disclosure outside of treatment, payment and operations.
#[utoipa::path(post, path = "/privacy/disclosures", tag = "privacy",
    request_body = NewDisclosure, responses((status = 201, body = Recorded)))]
pub(super) async fn record_disclosure(
    State(privacy): State<Privacy>,
    caller: Caller,
    Json(new): Json<NewDisclosure>,
) -> Result<(StatusCode, Json<Recorded>), Problem> {
    let disclosure = Disclosure {
        patient: new.patient,
        disclosed_at: new.disclosed_at.unwrap_or(caller.ctx.now.0),
        recipient: new.recipient,
        what: new.what,
        purpose: new.purpose,
        recorded_by: caller.ctx.actor.id.to_string(),
    };
    let id = privacy.record_disclosure(&caller.ctx, disclosure).await?;
    Ok((StatusCode::CREATED, Json(Recorded { id })))
}
