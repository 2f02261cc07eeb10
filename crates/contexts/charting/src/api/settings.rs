//! Whose notes need a co-signature.

use axum::Json;
use axum::extract::State;
use mt_api::{Caller, IfMatch, Problem, Version, Versioned};

use crate::{Charting, CosignSettings, CosignSettingsView};

type Answer = Result<Versioned<CosignSettingsView>, Problem>;

fn versioned(view: CosignSettingsView) -> Versioned<CosignSettingsView> {
    Versioned(Version(view.version), view)
}

/// Whose notes need a co-signature, and whether those of the caller do.
#[utoipa::path(get, path = "/notes/settings/cosign", tag = "notes",
    responses((status = 200, body = CosignSettingsView)))]
pub(super) async fn settings(State(charting): State<Charting>, caller: Caller) -> Answer {
    Ok(versioned(charting.cosign_settings(&caller).await?))
}

/// Decides whose notes need a co-signature.
#[utoipa::path(put, path = "/notes/settings/cosign", tag = "notes",
    params(("If-Match" = String, Header, description = "ETag of what was seen")),
    request_body = CosignSettings, responses((status = 200, body = CosignSettingsView)))]
pub(super) async fn change_settings(
    State(charting): State<Charting>,
    caller: Caller,
    IfMatch(Version(version)): IfMatch,
    Json(rules): Json<CosignSettings>,
) -> Answer {
    let view = charting
        .change_cosign_settings(&caller, version, &rules)
        .await?;
    Ok(versioned(view))
}
