//! What an organisation decides about itself.

use axum::Json;
use axum::extract::{Path, State};
use mt_api::{Caller, IfMatch, Problem, Version, Versioned};
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
) -> Result<Versioned<Settings>, Problem> {
    let (version, settings) = administration.settings_seen(caller.tenant()).await?;
    Ok(Versioned(Version(version), settings))
}

/// Changes the settings; with `If-Match` only over what was seen.
#[utoipa::path(put, path = "/admin/settings", tag = "administration",
    params(("If-Match" = Option<String>, Header, description = "ETag of what was seen")),
    request_body = Settings, responses((status = 200, body = Settings)))]
pub(super) async fn set_settings(
    State(administration): State<Administration>,
    caller: Caller,
    seen: Option<IfMatch>,
    Json(settings): Json<Settings>,
) -> Result<Versioned<Settings>, Problem> {
    let seen = seen.map(|IfMatch(Version(version))| version);
    let version = administration.set_settings((&caller).into(), seen, &settings);
    Ok(Versioned(Version(version.await?), settings))
}

/// How the organisation looks.
#[utoipa::path(get, path = "/admin/branding", tag = "administration",
    responses((status = 200, body = Branding)))]
pub(super) async fn branding(
    State(administration): State<Administration>,
    caller: Caller,
) -> Result<Versioned<Branding>, Problem> {
    let (version, branding) = administration.branding_seen(caller.tenant()).await?;
    Ok(Versioned(Version(version), branding))
}

/// Changes how the organisation looks; with `If-Match` only over what was seen.
#[utoipa::path(put, path = "/admin/branding", tag = "administration",
    params(("If-Match" = Option<String>, Header, description = "ETag of what was seen")),
    request_body = Branding, responses((status = 200, body = Branding)))]
pub(super) async fn set_branding(
    State(administration): State<Administration>,
    caller: Caller,
    seen: Option<IfMatch>,
    Json(branding): Json<Branding>,
) -> Result<Versioned<Branding>, Problem> {
    let seen = seen.map(|IfMatch(Version(version))| version);
    let version = administration.set_branding((&caller).into(), seen, &branding);
    Ok(Versioned(Version(version.await?), branding))
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
