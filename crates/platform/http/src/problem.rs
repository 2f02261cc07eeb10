//! RFC 9457 problem details, for routes that are neither FHIR nor OAuth.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use mt_kernel::{ErrorKind, Fault};
use uuid::Uuid;

/// A problem answer.
#[derive(Clone, Debug)]
pub struct Problem {
    /// What went wrong.
    pub fault: Fault,
    /// Id of the request.
    pub correlation_id: Option<Uuid>,
}

impl From<Fault> for Problem {
    fn from(fault: Fault) -> Self {
        Self {
            fault,
            correlation_id: None,
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let kind = self.fault.kind;
        let status =
            StatusCode::from_u16(kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut body = serde_json::json!({
            "type": format!("urn:meditrack:problem:{}", kind.issue_type()),
            "title": status.canonical_reason().unwrap_or("Error"),
            "status": status.as_u16(),
            "detail": detail(&self.fault),
        });
        if let Some(id) = self.correlation_id {
            body["correlationId"] = id.to_string().into();
        }
        if let Some(expression) = self.fault.expression {
            body["pointer"] = expression.into();
        }
        let mut response = (status, body.to_string()).into_response();
        let json = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, json);
        response
    }
}

/// A defect of ours is told without its inside.
fn detail(fault: &Fault) -> &str {
    if fault.kind == ErrorKind::Internal {
        "an internal error occurred"
    } else {
        &fault.message
    }
}
