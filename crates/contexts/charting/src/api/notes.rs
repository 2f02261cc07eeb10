//! Notes: signed, co-signed, sent back, taken back.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use mt_api::{Caller, Problem, Version, Versioned};

use crate::{Charting, Returned, SignNote, SignedNote};

type Answer = Result<Versioned<SignedNote>, Problem>;

fn versioned(note: SignedNote) -> Versioned<SignedNote> {
    Versioned(Version(note.version), note)
}

/// Writes a note and signs it in the caller's name; it waits where a co-signature is needed or asked for.
#[utoipa::path(post, path = "/notes/sign", tag = "notes",
    request_body = SignNote, responses((status = 200, body = SignedNote)))]
pub(super) async fn sign(
    State(charting): State<Charting>,
    caller: Caller,
    Json(asked): Json<SignNote>,
) -> Answer {
    Ok(versioned(charting.sign(&caller, &asked).await?))
}

/// Co-signs a note that waits for it; the request in the inbox is done.
#[utoipa::path(post, path = "/notes/{id}/cosign", tag = "notes",
    params(("id" = String, Path, description = "Composition")),
    responses((status = 200, body = SignedNote)))]
pub(super) async fn cosign(
    State(charting): State<Charting>,
    caller: Caller,
    Path(id): Path<String>,
) -> Answer {
    Ok(versioned(charting.cosign(&caller, &id).await?))
}

/// Sends a note that waits back to its author, with a reason.
#[utoipa::path(post, path = "/notes/{id}/return", tag = "notes",
    params(("id" = String, Path, description = "Composition")),
    request_body = Returned, responses((status = 204)))]
pub(super) async fn send_back(
    State(charting): State<Charting>,
    caller: Caller,
    Path(id): Path<String>,
    Json(why): Json<Returned>,
) -> Result<StatusCode, Problem> {
    charting.send_back(&caller, &id, &why).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes the caller's signature back from a note that waits for its co-signature: it is a draft again.
#[utoipa::path(delete, path = "/notes/{id}/signature", tag = "notes",
    params(("id" = String, Path, description = "Composition")),
    responses((status = 200, body = SignedNote)))]
pub(super) async fn take_back(
    State(charting): State<Charting>,
    caller: Caller,
    Path(id): Path<String>,
) -> Answer {
    Ok(versioned(charting.take_back(&caller, &id).await?))
}

/// A note with its addenda and signatures as PDF (tagged, PDF/UA-1); what is not signed says so across every page.
#[utoipa::path(get, path = "/notes/{id}/pdf", tag = "notes",
    params(("id" = String, Path, description = "Composition")),
    responses((status = 200, body = Vec<u8>, content_type = "application/pdf")))]
pub(super) async fn pdf(
    State(charting): State<Charting>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let printed = charting.print(&caller, &id).await?;
    // The name says which note and which version, and nothing of what it says or whom it is about.
    let name = format!(
        "inline; filename=\"note-{}-{}.pdf\"",
        printed.id, printed.version
    );
    let mut response = printed.bytes.into_response();
    let headers = response.headers_mut();
    let kind = HeaderValue::from_static("application/pdf");
    headers.insert(header::CONTENT_TYPE, kind);
    if let Ok(name) = HeaderValue::from_str(&name) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    let kept = HeaderValue::from_static("private, no-store");
    headers.insert(header::CACHE_CONTROL, kept);
    Ok(response)
}
