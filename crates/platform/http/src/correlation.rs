//! One id per request, so that a log line, an audit row, an event and an error answer can be tied.

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use uuid::Uuid;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id of the request, in its extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CorrelationId(pub Uuid);

/// Middleware: takes the id from `X-Request-Id` (a UUID) or `traceparent` (W3C Trace Context), or
/// makes one, and returns it in `X-Request-Id`. Any other text is not taken over: it would end
/// up in logs.
pub async fn correlate(mut request: Request, next: Next) -> Response {
    let id = incoming(&request).unwrap_or_else(Uuid::now_v7);
    request.extensions_mut().insert(CorrelationId(id));
    let mut response = next.run(request).await;
    let mut text = Uuid::encode_buffer();
    if let Ok(value) = HeaderValue::from_str(id.hyphenated().encode_lower(&mut text)) {
        response.headers_mut().insert(X_REQUEST_ID, value);
    }
    response
}

fn incoming(request: &Request) -> Option<Uuid> {
    let header = |name: &str| request.headers().get(name)?.to_str().ok();
    if let Some(id) = header("x-request-id").and_then(|text| Uuid::try_parse(text).ok()) {
        return Some(id);
    }
    let trace_id = header("traceparent")?.split('-').nth(1)?;
    Uuid::try_parse(trace_id).ok().filter(|id| !id.is_nil())
}
