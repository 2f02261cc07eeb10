//! Proxies for patients, and emergency access with its review.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use mt_api::{Caller, Problem};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::administration::{Administration, BreakGlass, Broken, Decided, NewProxy, ProxyView};

/// Gives a proxy for a patient: by the patient, or by somebody who manages users.
#[utoipa::path(post, path = "/proxies", tag = "administration",
    request_body = NewProxy, responses((status = 201, body = ProxyView)))]
pub(super) async fn give_proxy(
    State(administration): State<Administration>,
    caller: Caller,
    Json(new): Json<NewProxy>,
) -> Result<(StatusCode, Json<ProxyView>), Problem> {
    let given = administration.give_proxy((&caller).into(), new).await?;
    Ok((StatusCode::CREATED, Json(given)))
}

/// Whose proxies.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct OfPatient {
    /// Id of the Patient.
    patient: String,
}

/// The proxies of a patient.
#[utoipa::path(get, path = "/proxies", tag = "administration",
    params(OfPatient), responses((status = 200, body = [ProxyView])))]
pub(super) async fn proxies(
    State(administration): State<Administration>,
    caller: Caller,
    Query(of): Query<OfPatient>,
) -> Result<Json<Vec<ProxyView>>, Problem> {
    let all = administration.proxies_of((&caller).into(), &of.patient);
    Ok(Json(all.await?))
}

/// Takes a proxy back.
#[utoipa::path(delete, path = "/proxies/{id}", tag = "administration",
    params(("id" = String, Path, description = "Proxy")), responses((status = 204)))]
pub(super) async fn revoke_proxy(
    State(administration): State<Administration>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, Problem> {
    administration.revoke_proxy((&caller).into(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Breaks the glass over a patient's record, for a reason and for a while.
#[utoipa::path(post, path = "/break-glass", tag = "administration",
    request_body = BreakGlass, responses((status = 201, body = Broken)))]
pub(super) async fn break_glass(
    State(administration): State<Administration>,
    caller: Caller,
    Json(glass): Json<BreakGlass>,
) -> Result<(StatusCode, Json<Broken>), Problem> {
    let broken = administration.break_glass((&caller).into(), glass).await?;
    Ok((StatusCode::CREATED, Json(broken)))
}

/// Gives emergency access back before its time.
#[utoipa::path(delete, path = "/break-glass/{id}", tag = "administration",
    params(("id" = String, Path, description = "Emergency access")), responses((status = 204)))]
pub(super) async fn mend_glass(
    State(administration): State<Administration>,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, Problem> {
    administration.mend_glass((&caller).into(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Emergency access that awaits a decision.
#[utoipa::path(get, path = "/admin/access-reviews", tag = "administration",
    responses((status = 200, body = [Broken])))]
pub(super) async fn reviews(
    State(administration): State<Administration>,
    caller: Caller,
) -> Result<Json<Vec<Broken>>, Problem> {
    Ok(Json(administration.reviews((&caller).into()).await?))
}

/// Decides on emergency access.
#[utoipa::path(post, path = "/admin/access-reviews/{id}/decision", tag = "administration",
    params(("id" = String, Path, description = "Emergency access")),
    request_body = Decided, responses((status = 200, body = Broken)))]
pub(super) async fn decide(
    State(administration): State<Administration>,
    caller: Caller,
    Path(id): Path<Uuid>,
    Json(decision): Json<Decided>,
) -> Result<Json<Broken>, Problem> {
    let decided = administration.decide_review((&caller).into(), id, decision);
    Ok(Json(decided.await?))
}
