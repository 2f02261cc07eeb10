//! One log line and one latency sample per request.
//!
//! Only the route's template is named, because paths and queries carry identifiers and names.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;

use tracing::Instrument;

use crate::CorrelationId;

/// A more telling name for the request than its route template; a handler puts it into the
/// response's extensions (`read`, `search-type`, `transaction`, …).
#[derive(Clone, Copy, Debug)]
pub struct RouteName(pub &'static str);

/// Middleware: `http_request_seconds{method, route, status}`, one `info` line, and a span (target `trace`)
/// for export. None of them names more than the route.
pub async fn observe(request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = method_name(request.method());
    let template = request.extensions().get::<MatchedPath>().cloned();
    let correlation = request.extensions().get::<CorrelationId>().copied();
    let span = tracing::info_span!(
        target: "trace",
        "request",
        http.method = method,
        http.route = tracing::field::Empty,
        http.status = tracing::field::Empty,
        correlation_id = tracing::field::Empty,
    );
    let response = next.run(request).instrument(span.clone()).await;
    let elapsed = started.elapsed();
    let named = response.extensions().get::<RouteName>().map(|name| name.0);
    let route = named.unwrap_or_else(|| template.as_ref().map_or("unmatched", MatchedPath::as_str));
    let status = response.status().as_u16();
    if !span.is_disabled() {
        span.record("http.route", route)
            .record("http.status", status);
        if let Some(id) = correlation {
            span.record("correlation_id", tracing::field::display(id.0));
        }
    }
    let labels = [
        ("method", method.to_owned()),
        ("route", route.to_owned()),
        ("status", status_class(status).to_owned()),
    ];
    metrics::histogram!("http_request_seconds", &labels).record(elapsed.as_secs_f64());
    if tracing::enabled!(tracing::Level::INFO) {
        let correlation_id = correlation.map(|id| id.0.to_string()).unwrap_or_default();
        let ms = elapsed.as_secs_f64() * 1e3;
        tracing::info!(
            http.method = method,
            http.route = route,
            http.status = status,
            ms,
            correlation_id,
            "request"
        );
    }
    response
}

fn method_name(method: &axum::http::Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "HEAD" => "HEAD",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

fn status_class(status: u16) -> &'static str {
    match status / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    }
}
