//! Patients: found, registered, read, corrected, in use or not.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use mt_api::{Caller, IfMatch, Problem, Version, Versioned};
use serde::Serialize;

use crate::domain::details::Details;
use crate::{
    Activity, Deactivated, Duplicates, FoundPage, PatientView, Patients, Registration, Wanted,
};

pub(super) type Answer = Result<Versioned<PatientView>, Problem>;

pub(super) fn versioned(view: PatientView) -> Versioned<PatientView> {
    Versioned(Version(view.version), view)
}

/// Looks for patients by names (also misspelt), birth date, record number or telephone; the best come first.
#[utoipa::path(get, path = "/patients", tag = "patients",
    params(Wanted), responses((status = 200, body = FoundPage)))]
pub(super) async fn find(
    State(patients): State<Patients>,
    caller: Caller,
    Query(wanted): Query<Wanted>,
) -> Result<Json<FoundPage>, Problem> {
    Ok(Json(patients.find(&caller, &wanted).await?))
}

/// Registers a patient. One who seems to be known is registered only with a reason.
#[utoipa::path(post, path = "/patients", tag = "patients",
    request_body = Registration, responses((status = 201, body = PatientView)))]
pub(super) async fn register(
    State(patients): State<Patients>,
    caller: Caller,
    Json(new): Json<Registration>,
) -> Result<(StatusCode, Versioned<PatientView>), Problem> {
    let registered = patients.register(&caller, &new).await?;
    Ok((StatusCode::CREATED, versioned(registered)))
}

/// Patients who may be the one that is described, by the same scores as `Patient/$match`.
#[utoipa::path(post, path = "/patients/duplicates", tag = "patients",
    request_body = Details, responses((status = 200, body = Duplicates)))]
pub(super) async fn duplicates(
    State(patients): State<Patients>,
    caller: Caller,
    Json(details): Json<Details>,
) -> Result<Json<Duplicates>, Problem> {
    Ok(Json(patients.duplicates(&caller, &details).await?))
}

/// Reads a patient.
#[utoipa::path(get, path = "/patients/{id}", tag = "patients",
    params(("id" = String, Path, description = "Patient")),
    responses((status = 200, body = PatientView)))]
pub(super) async fn read(
    State(patients): State<Patients>,
    caller: Caller,
    Path(id): Path<String>,
) -> Answer {
    Ok(versioned(patients.read(&caller, &id).await?))
}

/// Corrects the details of a patient; what is absent is removed, what a form does not show is kept.
#[utoipa::path(put, path = "/patients/{id}", tag = "patients",
    params(("id" = String, Path, description = "Patient"), ("If-Match" = String, Header, description = "ETag of what was seen")),
    request_body = Details, responses((status = 200, body = PatientView)))]
pub(super) async fn correct(
    State(patients): State<Patients>,
    caller: Caller,
    Path(id): Path<String>,
    IfMatch(Version(version)): IfMatch,
    Json(details): Json<Details>,
) -> Answer {
    let corrected = patients.correct(&caller, &id, version, &details).await?;
    Ok(versioned(corrected))
}

/// The records that stand for one person.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct SamePerson {
    /// Ids, the one asked for first: all of them together have the whole chart.
    items: Vec<String>,
}

/// The records that a patient's record stands for: itself, and those that were merged into it.
#[utoipa::path(get, path = "/patients/{id}/records", tag = "patients",
    params(("id" = String, Path, description = "Patient")),
    responses((status = 200, body = SamePerson)))]
pub(super) async fn records(
    State(patients): State<Patients>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<SamePerson>, Problem> {
    let items = patients.same_person(&caller, &id).await?;
    Ok(Json(SamePerson { items }))
}

/// Takes the record of a patient into use again.
#[utoipa::path(post, path = "/patients/{id}/activate", tag = "patients",
    params(("id" = String, Path, description = "Patient")),
    request_body = Activity, responses((status = 200, body = PatientView)))]
pub(super) async fn activate(
    State(patients): State<Patients>,
    caller: Caller,
    Path(id): Path<String>,
    Json(why): Json<Activity>,
) -> Answer {
    Ok(versioned(patients.activate(&caller, &id, &why).await?))
}

/// Takes the record of a patient out of use; appointments that are still to come are called off.
#[utoipa::path(post, path = "/patients/{id}/deactivate", tag = "patients",
    params(("id" = String, Path, description = "Patient")),
    request_body = Activity, responses((status = 200, body = Deactivated)))]
pub(super) async fn deactivate(
    State(patients): State<Patients>,
    caller: Caller,
    Path(id): Path<String>,
    Json(why): Json<Activity>,
) -> Result<Versioned<Deactivated>, Problem> {
    let done = patients.deactivate(&caller, &id, &why).await?;
    Ok(Versioned(Version(done.patient.version), done))
}
