//! What the caller typed and has not saved.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use mt_api::{Caller, IfMatch, Problem, Version, Versioned};

use crate::{Charting, Draft, KeptDraft, ListedDraft};

type Answer = Result<Versioned<KeptDraft>, Problem>;

fn versioned(kept: KeptDraft) -> Versioned<KeptDraft> {
    Versioned(Version(kept.version), kept)
}

/// The caller's own drafts, oldest first: of whom and of what, not what they say.
#[utoipa::path(get, path = "/notes/drafts", tag = "notes",
    responses((status = 200, body = [ListedDraft])))]
pub(super) async fn list(
    State(charting): State<Charting>,
    caller: Caller,
) -> Result<Json<Vec<ListedDraft>>, Problem> {
    Ok(Json(charting.drafts(&caller).await?))
}

/// What the caller typed about a patient and has not saved.
#[utoipa::path(get, path = "/charts/{patient}/drafts/{place}", tag = "notes",
    params(("patient" = String, Path, description = "Patient"),
        ("place" = String, Path, description = "What it is a draft of: `new`, `note.ID` or `addendum.ID`")),
    responses((status = 200, body = KeptDraft)))]
pub(super) async fn read(
    State(charting): State<Charting>,
    caller: Caller,
    Path((patient, place)): Path<(String, String)>,
) -> Answer {
    Ok(versioned(charting.draft(&caller, &patient, &place).await?))
}

/// Keeps what the caller typed until it is saved or discarded, however old it is; without `If-Match` only where nothing is
/// kept yet.
#[utoipa::path(put, path = "/charts/{patient}/drafts/{place}", tag = "notes",
    params(("patient" = String, Path, description = "Patient"),
        ("place" = String, Path, description = "What it is a draft of: `new`, `note.ID` or `addendum.ID`"),
        ("If-Match" = Option<String>, Header, description = "ETag of what was seen")),
    request_body = Draft, responses((status = 200, body = KeptDraft)))]
pub(super) async fn keep(
    State(charting): State<Charting>,
    caller: Caller,
    Path((patient, place)): Path<(String, String)>,
    seen: Option<IfMatch>,
    Json(draft): Json<Draft>,
) -> Answer {
    let seen = seen.map_or(0, |IfMatch(Version(version))| version);
    let kept = charting.keep_draft(&caller, (&patient, &place), seen, draft);
    Ok(versioned(kept.await?))
}

/// Discards what the caller typed.
#[utoipa::path(delete, path = "/charts/{patient}/drafts/{place}", tag = "notes",
    params(("patient" = String, Path, description = "Patient"),
        ("place" = String, Path, description = "What it is a draft of: `new`, `note.ID` or `addendum.ID`")),
    responses((status = 204)))]
pub(super) async fn discard(
    State(charting): State<Charting>,
    caller: Caller,
    Path((patient, place)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    charting.discard_draft(&caller, &patient, &place).await?;
    Ok(StatusCode::NO_CONTENT)
}
