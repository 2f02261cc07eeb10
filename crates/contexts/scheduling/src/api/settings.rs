//! Settings of scheduling.

use axum::Json;
use axum::extract::State;
use mt_api::{Caller, IfMatch, Problem, Version, Versioned};

use crate::Scheduling;
use crate::domain::Settings;

/// The settings in force.
#[utoipa::path(get, path = "/scheduling/settings", tag = "scheduling",
    responses((status = 200, body = Settings)))]
pub(super) async fn read(
    State(scheduling): State<Scheduling>,
    caller: Caller,
) -> Result<Versioned<Settings>, Problem> {
    let (version, settings) = scheduling.settings(caller.tenant()).await?;
    Ok(Versioned(Version(version), settings))
}

/// Changes the settings.
#[utoipa::path(put, path = "/scheduling/settings", tag = "scheduling",
    params(("If-Match" = String, Header, description = "ETag of what was seen")),
    request_body = Settings, responses((status = 200, body = Settings)))]
pub(super) async fn replace(
    State(scheduling): State<Scheduling>,
    caller: Caller,
    IfMatch(Version(seen)): IfMatch,
    Json(settings): Json<Settings>,
) -> Result<Versioned<Settings>, Problem> {
    let changed = scheduling.change_settings(caller.tenant(), seen, &settings);
    Ok(Versioned(Version(changed.await?), settings))
}
