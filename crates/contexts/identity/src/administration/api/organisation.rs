//! What an organisation decides about itself.

use axum::Json;
use axum::extract::{Path, State};
use mt_api::{Caller, Problem};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::administration::{Administration, Branding, Onboarding, Settings, Step};

/// The settings in force.
#[utoipa::path(get, path = "/admin/settings", tag = "administration",
    responses((status = 200, body = Settings)))]
pub(super) async fn settings(
    State(administration): State<Administration>,
    caller: Caller,
) -> Result<Json<Settings>, Problem> {
    Ok(Json(administration.settings(caller.tenant()).await?))
}

/// Changes the settings.
#[utoipa::path(put, path = "/admin/settings", tag = "administration",
    request_body = Settings, responses((status = 200, body = Settings)))]
pub(super) async fn set_settings(
    State(administration): State<Administration>,
    caller: Caller,
    Json(settings): Json<Settings>,
) -> Result<Json<Settings>, Problem> {
    administration
        .set_settings((&caller).into(), &settings)
        .await?;
    Ok(Json(settings))
}

/// How the organisation looks.
#[utoipa::path(get, path = "/admin/branding", tag = "administration",
    responses((status = 200, body = Branding)))]
pub(super) async fn branding(
    State(administration): State<Administration>,
    caller: Caller,
) -> Result<Json<Branding>, Problem> {
    Ok(Json(administration.branding(caller.tenant()).await?))
}

/// Changes how the organisation looks.
#[utoipa::path(put, path = "/admin/branding", tag = "administration",
    request_body = Branding, responses((status = 200, body = Branding)))]
pub(super) async fn set_branding(
    State(administration): State<Administration>,
    caller: Caller,
    Json(branding): Json<Branding>,
) -> Result<Json<Branding>, Problem> {
    administration
        .set_branding((&caller).into(), &branding)
        .await?;
    Ok(Json(branding))
}

/// Where onboarding stands.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Progress {
    /// What to do next; absent when all is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Step>,
    #[serde(flatten)]
    onboarding: Onboarding,
}

impl From<Onboarding> for Progress {
    fn from(onboarding: Onboarding) -> Self {
        Self {
            next: onboarding.next(),
            onboarding,
        }
    }
}

/// Where onboarding stands.
#[utoipa::path(get, path = "/admin/onboarding", tag = "administration",
    responses((status = 200, body = Progress)))]
pub(super) async fn onboarding(
    State(administration): State<Administration>,
    caller: Caller,
) -> Result<Json<Progress>, Problem> {
    let onboarding = administration.onboarding((&caller).into()).await?;
    Ok(Json(onboarding.into()))
}

/// Does a step of onboarding, or does it again.
#[utoipa::path(put, path = "/admin/onboarding/{step}", tag = "administration",
    params(("step" = Step, Path, description = "Which step")),
    request_body = Value, responses((status = 200, body = Progress)))]
pub(super) async fn complete_step(
    State(administration): State<Administration>,
    caller: Caller,
    Path(step): Path<Step>,
    Json(entered): Json<Value>,
) -> Result<Json<Progress>, Problem> {
    let onboarding = administration.complete_step((&caller).into(), step, entered);
    Ok(Json(onboarding.await?.into()))
}
