//! A batch: independent interactions, each with its own outcome
//! (<http://hl7.org/fhir/R4/http.html#transaction>).

use axum::http::{HeaderValue, StatusCode, header};
use bytes::Bytes;
use mt_fhir::json::Kind;
use mt_fhir::{Doc, Node};

use super::entry::EntryRequest;
use crate::answer::Answer;
use crate::api::Call;
use crate::bundle::{BundleWriter, EntryResponse};
use crate::error::{FhirError, Result};
use crate::operations;
use crate::route::Route;

pub(super) async fn run(call: &Call<'_>, doc: &Doc) -> Result<Answer> {
    let entries = doc
        .root()
        .get("entry")
        .filter(|entry| entry.kind() == Kind::Array);
    let id = call.correlation_id.to_string();
    let mut bundle = BundleWriter::new("batch-response", &call.base, &id, None, &[]);
    for entry in entries.into_iter().flat_map(Node::children) {
        let response = match one(call, entry).await {
            Ok(answer) => response_of(answer),
            Err(error) => refusal(&error, &id),
        };
        bundle.response_entry(&response);
    }
    Ok(Answer::resource("batch", bundle.finish()))
}

async fn one(call: &Call<'_>, entry: Node<'_>) -> Result<Answer> {
    let request = EntryRequest::read(entry)?;
    single(call, request).await
}

/// Runs one entry as if it had come alone.
pub(super) async fn single(call: &Call<'_>, request: EntryRequest<'_>) -> Result<Answer> {
    let body = request.resource.map_or_else(Bytes::new, |resource| {
        let mut json = Vec::new();
        resource.write_json(&mut json);
        json.into()
    });
    let mut headers = request.headers;
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/fhir+json"),
    );
    let inner = Call {
        api: call.api,
        session: std::sync::Arc::clone(&call.session),
        registry: call.registry.clone(),
        method: request.method,
        headers,
        query: request.query,
        body,
        wishes: call.wishes,
        base: call.base.clone(),
        path: request.path,
        correlation_id: call.correlation_id,
        now: call.now,
        withheld: std::sync::Arc::clone(&call.withheld),
    };
    match request.route {
        Route::Operation(place, name) => Box::pin(operations::dispatch(&inner, place, &name)).await,
        route => Box::pin(super::interaction(&inner, route)).await,
    }
}

pub(super) fn response_of(answer: Answer) -> EntryResponse {
    EntryResponse {
        status: status_text(answer.status),
        full_url: answer.location.as_ref().and_then(|location| {
            location
                .split_once("/_history")
                .map(|(path, _)| path.to_owned())
        }),
        location: answer.location,
        etag: answer.version.map(|version| format!("W/\"{version}\"")),
        last_modified: answer.last_modified.map(mt_kernel::Instant::to_fhir),
        resource: answer.body,
        outcome: None,
    }
}

fn refusal(error: &FhirError, correlation_id: &str) -> EntryResponse {
    EntryResponse {
        status: status_text(error.status()),
        outcome: Some(error.outcome(correlation_id)),
        ..EntryResponse::default()
    }
}

/// `201 Created`
pub(super) fn status_text(status: StatusCode) -> String {
    format!(
        "{} {}",
        status.as_u16(),
        status.canonical_reason().unwrap_or_default()
    )
}
