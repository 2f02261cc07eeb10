//! The web application, as it was built beside the binary, and what its pages may do that no page may by itself.

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use mt_http::Asset;
use mt_scheduling::Scheduling;

use crate::assembly::Installation;

/// Where it lives.
pub(crate) const BASE: &str = "/app/";
/// Below it, the page of public booking of each organisation.
const BOOKING: &str = "/app/book/";

const PERMISSIONS: &str = "permissions-policy";
/// Video visits need these; a page in a frame of ours is never given them.
const DEVICES: &str =
    "camera=(self), microphone=(self), display-capture=(self), geolocation=(), payment=(), usb=()";
const NOBODY: &str = "frame-ancestors 'none'";

static FILES: &[Asset] = include!(concat!(env!("OUT_DIR"), "/web_files.rs"));

/// True when this binary holds the application.
pub(crate) fn is_built() -> bool {
    !FILES.is_empty()
}

pub(super) fn router(installation: &Installation) -> Router {
    let scheduling = Scheduling::new(installation.store.clone());
    mt_http::application(BASE, FILES).layer(from_fn_with_state(scheduling, open))
}

/// Opens camera and microphone to the pages, and public booking to the sites that its organisation names.
async fn open(State(scheduling): State<Scheduling>, request: Request, next: Next) -> Response {
    let organisation = request.uri().path().strip_prefix(BOOKING);
    let organisation = organisation.map(str::to_owned);
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    if headers.contains_key(PERMISSIONS) {
        headers.insert(PERMISSIONS, HeaderValue::from_static(DEVICES));
    }
    if let Some(organisation) = organisation.filter(|name| !name.is_empty()) {
        match scheduling.embedders(&organisation).await {
            Ok(sites) => embed(headers, &sites),
            Err(error) => {
                tracing::warn!(%error, "the sites that may show public booking cannot be read");
            }
        }
    }
    response
}

/// Lets `sites` show the page in a frame, where the page lets nobody.
fn embed(headers: &mut HeaderMap, sites: &[String]) {
    let policy = headers.get(header::CONTENT_SECURITY_POLICY);
    let closed = policy.and_then(|value| value.to_str().ok());
    let Some(closed) = closed.filter(|_| !sites.is_empty()) else {
        return;
    };
    let opened = closed.replace(NOBODY, &format!("frame-ancestors {}", sites.join(" ")));
    if let Ok(opened) = HeaderValue::from_str(&opened) {
        headers.insert(header::CONTENT_SECURITY_POLICY, opened);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(policy: &'static str, sites: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(policy),
        );
        let sites: Vec<String> = sites.iter().map(|site| (*site).to_owned()).collect();
        embed(&mut headers, &sites);
        let policy = headers.get(header::CONTENT_SECURITY_POLICY).unwrap();
        policy.to_str().unwrap().to_owned()
    }

    #[test]
    fn a_page_is_shown_by_the_named_sites_alone() {
        let closed = "script-src 'self'; frame-ancestors 'none'";
        assert_eq!(opened(closed, &[]), closed);
        let sites = ["https://a.example", "http://localhost:8080"];
        assert_eq!(
            opened(closed, &sites),
            "script-src 'self'; frame-ancestors https://a.example http://localhost:8080"
        );
        // What cannot be a header leaves the page closed.
        assert_eq!(opened(closed, &["https://a.example\r\nx: y"]), closed);
    }
}
