//! What an interaction answers with, before it is put into the format that the client wants.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use bytes::Bytes;
use mt_kernel::Instant;
use mt_store::{Committed, Stored};

/// An answer: status, headers that FHIR defines, and a resource as minified JSON.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    /// Empty when there is nothing to say.
    pub(crate) body: Bytes,
    pub(crate) version: Option<u32>,
    pub(crate) last_modified: Option<Instant>,
    /// `Location`, relative to the base.
    pub(crate) location: Option<String>,
    /// `Content-Location`, absolute.
    pub(crate) content_location: Option<String>,
    /// Bytes of another media type, sent as they are (a `Binary` in its own format).
    pub(crate) media_type: Option<String>,
    /// Further headers.
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    /// Sent instead of `body`, as it comes.
    pub(crate) stream: Option<Body>,
    /// Name for metrics.
    pub(crate) name: &'static str,
}

impl Answer {
    /// `200` with a resource.
    pub(crate) fn resource(name: &'static str, body: impl Into<Bytes>) -> Self {
        Self {
            status: StatusCode::OK,
            body: body.into(),
            version: None,
            last_modified: None,
            location: None,
            content_location: None,
            media_type: None,
            headers: Vec::new(),
            stream: None,
            name,
        }
    }

    /// An answer without a body.
    pub(crate) fn empty(name: &'static str, status: StatusCode) -> Self {
        Self {
            status,
            ..Self::resource(name, Bytes::new())
        }
    }

    /// A stored version.
    pub(crate) fn stored(name: &'static str, stored: Stored) -> Self {
        Self {
            version: Some(stored.version),
            last_modified: Some(stored.last_updated),
            ..Self::resource(name, stored.body)
        }
    }

    /// What a write made.
    pub(crate) fn committed(name: &'static str, status: StatusCode, done: &Committed) -> Self {
        Self {
            status,
            version: Some(done.version),
            last_modified: Some(done.last_updated),
            location: Some(version_path(done)),
            ..Self::resource(name, done.body.clone())
        }
    }
}

/// `Patient/1/_history/2`
pub(crate) fn version_path(done: &Committed) -> String {
    format!(
        "{}/{}/_history/{}",
        done.resource_type.name(),
        done.id,
        done.version
    )
}
