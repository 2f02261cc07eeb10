//! The web application, as it was built beside the binary.

use axum::Router;
use mt_http::Asset;

/// Where it lives.
pub(crate) const BASE: &str = "/app/";

static FILES: &[Asset] = include!(concat!(env!("OUT_DIR"), "/web_files.rs"));

/// True when this binary holds the application.
pub(crate) fn is_built() -> bool {
    !FILES.is_empty()
}

pub(super) fn router() -> Router {
    mt_http::application(BASE, FILES)
}
