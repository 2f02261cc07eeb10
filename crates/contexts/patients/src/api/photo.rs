//! The photograph of a patient, as bytes.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use mt_api::{Caller, Problem};

use super::patients::{Answer, versioned};
use crate::Patients;

/// The photograph of a patient.
#[utoipa::path(get, path = "/patients/{id}/photo", tag = "patients",
    params(("id" = String, Path, description = "Patient")),
    responses((status = 200, body = Vec<u8>, content_type = "image/*")))]
pub(super) async fn read(
    State(patients): State<Patients>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let photo = patients.photo(&caller, &id).await?;
    let mut response = photo.bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(photo.kind));
    let kept = HeaderValue::from_static("private, no-store");
    headers.insert(header::CACHE_CONTROL, kept);
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{}\"", photo.version)) {
        headers.insert(header::ETAG, tag);
    }
    Ok(response)
}

/// Gives a patient a photograph: a JPEG, PNG or WebP of at most 100 kB.
#[utoipa::path(put, path = "/patients/{id}/photo", tag = "patients",
    params(("id" = String, Path, description = "Patient")),
    request_body(content = Vec<u8>, content_type = "image/*"),
    responses((status = 200, body = crate::PatientView)))]
pub(super) async fn replace(
    State(patients): State<Patients>,
    caller: Caller,
    Path(id): Path<String>,
    bytes: Bytes,
) -> Answer {
    Ok(versioned(patients.set_photo(&caller, &id, &bytes).await?))
}

/// Removes the photograph of a patient.
#[utoipa::path(delete, path = "/patients/{id}/photo", tag = "patients",
    params(("id" = String, Path, description = "Patient")),
    responses((status = 200, body = crate::PatientView)))]
pub(super) async fn remove(
    State(patients): State<Patients>,
    caller: Caller,
    Path(id): Path<String>,
) -> Answer {
    Ok(versioned(patients.remove_photo(&caller, &id).await?))
}
