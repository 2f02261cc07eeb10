//! Versions of what is changed: `ETag` out, `If-Match` in (RFC 9110 §13).

use axum::Json;
use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use mt_http::Problem;
use mt_kernel::{ErrorKind, Fault};
use serde::Serialize;

/// The version of a thing: it grows with every change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version(pub u32);

/// A JSON answer with its version in `ETag`.
#[derive(Clone, Debug)]
pub struct Versioned<T>(pub Version, pub T);

impl<T: Serialize> IntoResponse for Versioned<T> {
    fn into_response(self) -> Response {
        let Version(number) = self.0;
        let mut response = Json(self.1).into_response();
        if let Ok(tag) = HeaderValue::from_str(&format!("\"{number}\"")) {
            response.headers_mut().insert(header::ETAG, tag);
        }
        response
    }
}

/// The version that the caller saw; an extractor that refuses a change without one (428).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IfMatch(pub Version);

impl IfMatch {
    /// Whether the caller saw `current`.
    ///
    /// # Errors
    /// 412 when somebody else was faster.
    pub fn check(self, current: Version) -> Result<(), Fault> {
        if self.0 == current {
            return Ok(());
        }
        Err(Fault::new(
            ErrorKind::Precondition,
            "somebody else changed it first; read it again",
        ))
    }
}

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Response> {
        let Some(value) = parts.headers.get(header::IF_MATCH) else {
            let fault = Fault::new(
                ErrorKind::Precondition,
                "send the ETag of what you saw in If-Match",
            );
            let mut response = Problem::from(fault).into_response();
            *response.status_mut() = StatusCode::PRECONDITION_REQUIRED;
            return Err(response);
        };
        parse(value).map(Self).ok_or_else(|| {
            let fault = Fault::new(ErrorKind::Malformed, "If-Match holds one quoted version");
            Problem::from(fault).into_response()
        })
    }
}

/// For what may not exist yet: none is no claim about what exists.
impl<S: Sync> OptionalFromRequestParts<S> for IfMatch {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, Response> {
        if !parts.headers.contains_key(header::IF_MATCH) {
            return Ok(None);
        }
        <Self as FromRequestParts<S>>::from_request_parts(parts, state)
            .await
            .map(Some)
    }
}

fn parse(value: &HeaderValue) -> Option<Version> {
    let text = value.to_str().ok()?.trim();
    let quoted = text.strip_prefix("W/").unwrap_or(text);
    let number = quoted.strip_prefix('"')?.strip_suffix('"')?;
    number.parse().ok().map(Version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_quoted_number_is_a_version() {
        for (text, expected) in [
            ("\"7\"", Some(Version(7))),
            ("W/\"7\"", Some(Version(7))),
            ("7", None),
            ("*", None),
            ("\"7\", \"8\"", None),
            ("\"\"", None),
        ] {
            assert_eq!(parse(&HeaderValue::from_static(text)), expected, "{text}");
        }
    }

    #[test]
    fn a_version_that_moved_on_is_a_failed_precondition() {
        assert!(IfMatch(Version(2)).check(Version(2)).is_ok());
        let fault = IfMatch(Version(1)).check(Version(2)).unwrap_err();
        assert_eq!(fault.kind, ErrorKind::Precondition);
    }
}
