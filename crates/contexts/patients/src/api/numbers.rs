//! Record numbers.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use mt_api::{Caller, IfMatch, Problem, Version, Versioned};
use serde::Deserialize;

use super::patients::versioned;
use crate::{NumberSettings, NumberSettingsView, PatientView, Patients};

/// How the organisation writes its record numbers.
#[utoipa::path(get, path = "/patients/settings/numbers", tag = "patients",
    responses((status = 200, body = NumberSettingsView)))]
pub(super) async fn settings(
    State(patients): State<Patients>,
    caller: Caller,
) -> Result<Versioned<NumberSettingsView>, Problem> {
    let view = patients.number_settings(caller.tenant()).await?;
    Ok(Versioned(Version(view.version), view))
}

/// Changes how new record numbers are written.
#[utoipa::path(put, path = "/patients/settings/numbers", tag = "patients",
    params(("If-Match" = String, Header, description = "ETag of what was seen")),
    request_body = NumberSettings, responses((status = 200, body = NumberSettingsView)))]
pub(super) async fn change_settings(
    State(patients): State<Patients>,
    caller: Caller,
    IfMatch(Version(version)): IfMatch,
    Json(settings): Json<NumberSettings>,
) -> Result<Versioned<NumberSettingsView>, Problem> {
    let tenant = caller.tenant();
    let view = patients
        .change_number_settings(tenant, version, &settings)
        .await?;
    Ok(Versioned(Version(view.version), view))
}

/// Where a number is wanted.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewNumber {
    /// `Organization/x`.
    facility: String,
}

/// Gives a patient a record number at one more facility.
#[utoipa::path(post, path = "/patients/{id}/numbers", tag = "patients",
    params(("id" = String, Path, description = "Patient")),
    request_body = NewNumber, responses((status = 201, body = PatientView)))]
pub(super) async fn add(
    State(patients): State<Patients>,
    caller: Caller,
    Path(id): Path<String>,
    Json(new): Json<NewNumber>,
) -> Result<(StatusCode, Versioned<PatientView>), Problem> {
    let view = patients.add_number(&caller, &id, &new.facility).await?;
    Ok((StatusCode::CREATED, versioned(view)))
}
