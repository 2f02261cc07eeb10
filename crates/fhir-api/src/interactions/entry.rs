//! One entry of a batch or transaction: its request, understood.

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use mt_fhir::Node;
use mt_kernel::ErrorKind;

use crate::error::{FhirError, Result};
use crate::route::Route;

/// `Bundle.entry.request` and what belongs to it.
pub(super) struct EntryRequest<'a> {
    pub(super) method: Method,
    pub(super) route: Route,
    /// Path without query.
    pub(super) path: String,
    pub(super) query: Vec<(String, String)>,
    /// The headers that the request stands for.
    pub(super) headers: HeaderMap,
    pub(super) full_url: Option<&'a str>,
    pub(super) resource: Option<Node<'a>>,
}

impl<'a> EntryRequest<'a> {
    /// Reads an entry.
    pub(super) fn read(entry: Node<'a>) -> Result<Self> {
        let request = entry.get("request").ok_or_else(|| missing("request"))?;
        let method = request
            .str("method")
            .ok_or_else(|| missing("request.method"))?;
        let method = method_named(method)?;
        let url = request.str("url").ok_or_else(|| missing("request.url"))?;
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let path = path.trim_start_matches('/');
        let query = if query.is_empty() {
            Vec::new()
        } else {
            mt_search::decode_pairs(query)?
        };
        Ok(Self {
            route: Route::parse(&method, path)?,
            path: path.to_owned(),
            query,
            headers: headers_of(request)?,
            full_url: entry.str("fullUrl"),
            resource: entry.get("resource"),
            method,
        })
    }
}

fn method_named(text: &str) -> Result<Method> {
    match text {
        "GET" => Ok(Method::GET),
        "HEAD" => Ok(Method::HEAD),
        "POST" => Ok(Method::POST),
        "PUT" => Ok(Method::PUT),
        "PATCH" => Ok(Method::PATCH),
        "DELETE" => Ok(Method::DELETE),
        _ => Err(FhirError::new(
            ErrorKind::Malformed,
            "the method of the entry is not known",
        )),
    }
}

fn headers_of(request: Node<'_>) -> Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    let names: [(&str, HeaderName); 4] = [
        ("ifMatch", header::IF_MATCH),
        ("ifNoneMatch", header::IF_NONE_MATCH),
        ("ifModifiedSince", header::IF_MODIFIED_SINCE),
        ("ifNoneExist", HeaderName::from_static("if-none-exist")),
    ];
    for (field, name) in names {
        if let Some(text) = request.str(field) {
            let value = HeaderValue::from_str(text).map_err(|_| {
                FhirError::new(
                    ErrorKind::Malformed,
                    format!("request.{field} is not usable"),
                )
            })?;
            headers.insert(name, value);
        }
    }
    Ok(headers)
}

fn missing(field: &str) -> FhirError {
    FhirError::new(ErrorKind::Malformed, format!("the entry has no {field}"))
}
