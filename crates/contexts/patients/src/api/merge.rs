//! Two records of one person.

use axum::Json;
use axum::extract::{Path, State};
use mt_api::{Caller, IfMatch, Problem, Version, Versioned};

use crate::{Merge, Merged, Patients, Unmerge};

/// Merges another record into this one. Records of both stay where they are and go on to be read.
#[utoipa::path(post, path = "/patients/{id}/merge", tag = "patients",
    params(("id" = String, Path, description = "Patient that stays"), ("If-Match" = String, Header, description = "ETag of what was seen")),
    request_body = Merge, responses((status = 200, body = Merged)))]
pub(super) async fn merge(
    State(patients): State<Patients>,
    caller: Caller,
    Path(id): Path<String>,
    IfMatch(Version(version)): IfMatch,
    Json(merge): Json<Merge>,
) -> Result<Versioned<Merged>, Problem> {
    let merged = patients.merge(&caller, &id, version, &merge).await?;
    Ok(Versioned(Version(merged.patient.version), merged))
}

/// Undoes a merge. What was changed since then stays.
#[utoipa::path(post, path = "/patients/{id}/unmerge", tag = "patients",
    params(("id" = String, Path, description = "Patient that stayed")),
    request_body = Unmerge, responses((status = 200, body = Merged)))]
pub(super) async fn unmerge(
    State(patients): State<Patients>,
    caller: Caller,
    Path(id): Path<String>,
    Json(unmerge): Json<Unmerge>,
) -> Result<Versioned<Merged>, Problem> {
    let parted = patients.unmerge(&caller, &id, &unmerge).await?;
    Ok(Versioned(Version(parted.patient.version), parted))
}
