//! A web application built into the binary: its files, its page, and the addresses inside of it.
//!
//! The page carries a nonce of its own response, which the content security policy names; hence it
//! is never cached, while the files it loads have names of their content and are cached for ever.

mod conditions;
mod policy;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use mt_kernel::{ErrorKind, Fault};
use uuid::Uuid;

use crate::{CorrelationId, Problem};

/// A file of a built application.
#[derive(Clone, Copy, Debug)]
pub struct Asset {
    /// Path below the base, such as `assets/index-1a2b.js`.
    pub path: &'static str,
    /// Content.
    pub bytes: &'static [u8],
    /// The content compressed with brotli, where that is smaller.
    pub brotli: Option<&'static [u8]>,
}

/// The page of the application; one in a folder is the page of the addresses below that folder.
const PAGE: &str = "index.html";
/// What the page has in place of the nonce.
const NONCE: &str = "__CSP_NONCE__";
/// The folder whose files are named after their content.
const IMMUTABLE: &str = "assets/";

struct File {
    asset: Asset,
    etag: HeaderValue,
}

struct Application {
    /// Prefix of all addresses, with a slash at both ends.
    base: &'static str,
    /// Folders and their pages, the deepest folder first.
    pages: Vec<(&'static str, &'static str)>,
    files: HashMap<&'static str, File>,
}

/// Serves the application of `assets` below `base` (such as `/app/`) and leads `/` there.
///
/// An address that is no file is an address inside of the application: it gets the page of the
/// deepest folder that holds one (`portal/index.html` is the page of `portal` and all below). Without
/// a page among the assets, every address says that this build holds none.
pub fn application(base: &'static str, assets: &[Asset]) -> Router {
    let mut pages: Vec<_> = assets.iter().filter_map(page_of).collect();
    pages.sort_by_key(|(folder, _)| std::cmp::Reverse(folder.len()));
    let files = assets.iter().filter(|asset| page_of(asset).is_none());
    let application = Arc::new(Application {
        base,
        pages,
        files: files.map(|asset| (asset.path, File::of(*asset))).collect(),
    });
    Router::new()
        .route("/", get(move || async move { Redirect::temporary(base) }))
        .route(base, get(serve))
        .route(&format!("{base}{{*path}}"), get(serve))
        .with_state(application)
}

/// The folder of which `asset` is the page, with a slash at its end unless it is the root.
fn page_of(asset: &Asset) -> Option<(&'static str, &'static str)> {
    let folder = asset.path.strip_suffix(PAGE)?;
    let whole = folder.is_empty() || folder.ends_with('/');
    let page = std::str::from_utf8(asset.bytes).ok()?;
    whole.then_some((folder, page))
}

impl Application {
    fn page(&self, path: &str) -> Option<&'static str> {
        let holds =
            |folder: &str| path.starts_with(folder) || folder.strip_suffix('/') == Some(path);
        let found = self.pages.iter().find(|(folder, _)| holds(folder));
        found.map(|(_, page)| *page)
    }
}

impl File {
    fn of(asset: Asset) -> Self {
        let mut hasher = DefaultHasher::new();
        asset.bytes.hash(&mut hasher);
        let tag = format!("\"{:016x}\"", hasher.finish());
        let etag = HeaderValue::from_str(&tag).expect("a quoted hexadecimal number is a value");
        Self { asset, etag }
    }
}

async fn serve(State(application): State<Arc<Application>>, request: Request) -> Response {
    let uri = request.uri().path();
    let path = uri.strip_prefix(application.base).unwrap_or_default();
    if let Some(file) = application.files.get(path) {
        return file.answer(&request);
    }
    if path.starts_with(IMMUTABLE) {
        // A page for a missing script would be read as a script.
        return missing(&request, "there is no such file in this build");
    }
    match application.page(path) {
        Some(page) => page_answer(page, request.method()),
        None => missing(
            &request,
            "this build of MediTrack holds no web application: it was compiled before web/dist was built",
        ),
    }
}

fn missing(request: &Request, message: &'static str) -> Response {
    let correlation = request.extensions().get::<CorrelationId>();
    let problem = Problem {
        fault: Fault::new(ErrorKind::NotFound, message),
        correlation_id: correlation.map(|id| id.0),
    };
    problem.into_response()
}

impl File {
    fn answer(&self, request: &Request) -> Response {
        let asset = &self.asset;
        let cache = if asset.path.starts_with(IMMUTABLE) {
            "public, max-age=31536000, immutable"
        } else {
            "public, max-age=0, must-revalidate"
        };
        let mut headers = vec![
            (header::ETAG, self.etag.clone()),
            (header::CACHE_CONTROL, HeaderValue::from_static(cache)),
            (header::VARY, HeaderValue::from_static("accept-encoding")),
        ];
        if conditions::has(request.headers(), &self.etag) {
            return answer(StatusCode::NOT_MODIFIED, headers, Bytes::new());
        }
        let media_type = HeaderValue::from_static(media_type(asset.path));
        headers.push((header::CONTENT_TYPE, media_type));
        let wanted = asset
            .brotli
            .filter(|_| conditions::takes_brotli(request.headers()));
        if wanted.is_some() {
            headers.push((header::CONTENT_ENCODING, HeaderValue::from_static("br")));
        }
        let bytes = Bytes::from_static(wanted.unwrap_or(asset.bytes));
        answer(StatusCode::OK, headers, bytes)
    }
}

/// The page with a fresh nonce.
fn page_answer(page: &str, method: &Method) -> Response {
    let nonce = Uuid::new_v4().simple().to_string();
    let policy = HeaderValue::from_str(&policy::content_security(&nonce))
        .expect("the policy and a hexadecimal nonce are visible ASCII");
    let mut headers = vec![
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/html; charset=utf-8"),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::CONTENT_SECURITY_POLICY, policy),
    ];
    headers.extend(policy::PAGE.map(|(name, value)| (name, HeaderValue::from_static(value))));
    let body = if method == Method::HEAD {
        String::new()
    } else {
        page.replace(NONCE, &nonce)
    };
    answer(StatusCode::OK, headers, body)
}

fn answer(
    status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: impl Into<Body>,
) -> Response {
    let mut response = (status, body.into()).into_response();
    for (name, value) in headers {
        response.headers_mut().insert(name, value);
    }
    for (name, value) in policy::ALL {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}

fn media_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("json") => "application/json",
        Some("png") => "image/png",
        Some("woff2") => "font/woff2",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
