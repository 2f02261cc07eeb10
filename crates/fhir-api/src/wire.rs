//! The form of requests and answers: JSON or XML, `Prefer`, entity tags, query parameters.

use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use mt_fhir::Doc;
use mt_fhir::json::Limits;
use mt_http::RouteName;
use mt_kernel::{ErrorKind, Instant};

use crate::answer::Answer;
use crate::error::{FhirError, Result};

/// A wire format of resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Json,
    Xml,
}

impl Format {
    const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/fhir+json; charset=utf-8",
            Self::Xml => "application/fhir+xml; charset=utf-8",
        }
    }

    /// The format that a media type or one of FHIR's short names means.
    fn named(text: &str) -> Option<Self> {
        let essence = text
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        match essence.as_str() {
            "json" | "application/json" | "application/fhir+json" | "text/json" => Some(Self::Json),
            "xml" | "application/xml" | "application/fhir+xml" | "text/xml" => Some(Self::Xml),
            _ => None,
        }
    }
}

/// What `Prefer: return=…` asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Return {
    Representation,
    Minimal,
    OperationOutcome,
}

/// How the client wants to be answered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wishes {
    pub(crate) format: Format,
    /// Whether FHIR may be sent at all; a `Binary` may be wanted as what it is.
    pub(crate) takes_fhir: bool,
    /// `None`: the client leaves it to the interaction.
    pub(crate) returns: Option<Return>,
    pub(crate) strict: bool,
    pub(crate) respond_async: bool,
}

impl Wishes {
    /// JSON and no preference, for a request that could not be understood.
    pub(crate) const fn plain() -> Self {
        Self {
            format: Format::Json,
            takes_fhir: true,
            returns: None,
            strict: false,
            respond_async: false,
        }
    }

    /// Reads `_format`, `Accept` and `Prefer`; `_format` wins (R4 http.html#parameters).
    pub(crate) fn read(headers: &HeaderMap, query: &[(String, String)]) -> Result<Self> {
        let accepted = accepted(headers, query)?;
        let mut wishes = Self {
            format: accepted.unwrap_or(Format::Json),
            takes_fhir: accepted.is_some(),
            returns: None,
            strict: false,
            respond_async: false,
        };
        for value in headers
            .get_all("prefer")
            .iter()
            .filter_map(|value| value.to_str().ok())
        {
            for preference in value.split([',', ';']).map(str::trim) {
                match preference {
                    "return=minimal" => wishes.returns = Some(Return::Minimal),
                    "return=representation" => wishes.returns = Some(Return::Representation),
                    "return=OperationOutcome" => wishes.returns = Some(Return::OperationOutcome),
                    "handling=strict" => wishes.strict = true,
                    "handling=lenient" => wishes.strict = false,
                    "respond-async" => wishes.respond_async = true,
                    _ => {}
                }
            }
        }
        Ok(wishes)
    }
}

/// The format to answer in; `None` when the client takes no format of FHIR.
fn accepted(headers: &HeaderMap, query: &[(String, String)]) -> Result<Option<Format>> {
    if let Some((_, named)) = query.iter().find(|(name, _)| name == "_format") {
        // A plus sign in a query string arrives as a space.
        return Format::named(&named.replace(' ', "+"))
            .map(Some)
            .ok_or_else(|| FhirError::parameter("_format", "the format is neither JSON nor XML"));
    }
    let Some(accept) = headers
        .get(header::ACCEPT)
        .and_then(|value| value.to_str().ok())
    else {
        return Ok(Some(Format::Json));
    };
    let mut anything = false;
    for range in accept.split(',') {
        if let Some(format) = Format::named(range) {
            return Ok(Some(format));
        }
        let essence = range.split(';').next().unwrap_or_default().trim();
        anything |= matches!(
            essence,
            "*/*" | "application/*" | "text/html" | "application/fhir+ndjson"
        );
    }
    if anything || accept.trim().is_empty() {
        return Ok(Some(Format::Json));
    }
    Ok(None)
}

/// For a client that takes no FHIR.
pub(crate) fn not_acceptable() -> FhirError {
    FhirError::new(
        ErrorKind::Unsupported,
        "none of the accepted media types can be served",
    )
    .with_status(StatusCode::NOT_ACCEPTABLE)
}

/// Reads a resource from a request body.
pub(crate) fn parse_resource(headers: &HeaderMap, body: &[u8], limits: &Limits) -> Result<Doc> {
    let declared = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    match declared.map_or(Some(Format::Json), Format::named) {
        Some(Format::Json) => Ok(Doc::parse(body, limits).map_err(unreadable)?),
        Some(Format::Xml) => Ok(mt_fhir::xml::parse(body, limits).map_err(unreadable)?),
        None => Err(FhirError::new(
            ErrorKind::Unsupported,
            "the body must be application/fhir+json or application/fhir+xml",
        )
        .with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE)),
    }
}

fn unreadable(error: impl std::fmt::Display) -> FhirError {
    FhirError::new(
        ErrorKind::Malformed,
        format!("the body cannot be read: {error}"),
    )
}

/// The decoded query parameters of a URL.
pub(crate) fn query_of(uri: &Uri) -> Result<Vec<(String, String)>> {
    match uri.query() {
        None | Some("") => Ok(Vec::new()),
        Some(query) => Ok(mt_search::decode_pairs(query)?),
    }
}

/// The version that `If-Match` names: `W/"3"`, `"3"` or `3`.
pub(crate) fn if_match(headers: &HeaderMap) -> Result<Option<u32>> {
    let Some(value) = headers.get(header::IF_MATCH) else {
        return Ok(None);
    };
    let version = value.to_str().ok().and_then(version_of_tag);
    version
        .map(Some)
        .ok_or_else(|| FhirError::parameter("If-Match", "the header names no version"))
}

fn version_of_tag(tag: &str) -> Option<u32> {
    let tag = tag.trim();
    tag.strip_prefix("W/")
        .unwrap_or(tag)
        .trim_matches('"')
        .parse()
        .ok()
}

/// Whether the client's copy is still good (`If-None-Match`, `If-Modified-Since`).
pub(crate) fn is_fresh(headers: &HeaderMap, version: u32, last_modified: Instant) -> bool {
    let text = |name| {
        headers
            .get(name)
            .and_then(|value: &HeaderValue| value.to_str().ok())
    };
    if let Some(tags) = text(header::IF_NONE_MATCH) {
        return tags
            .split(',')
            .any(|tag| tag.trim() == "*" || version_of_tag(tag) == Some(version));
    }
    let since = text(header::IF_MODIFIED_SINCE)
        .and_then(|date| jiff::fmt::rfc2822::parse(date).ok())
        .map(|date| date.timestamp().as_second());
    since.is_some_and(|since| last_modified.unix_seconds() <= since)
}

/// Renders an answer in the wanted format.
pub(crate) fn render(answer: Answer, wishes: &Wishes, base: &str, head: bool) -> Response {
    let format = wishes.format;
    let (body, media_type) = match answer.media_type {
        Some(media_type) => (answer.body, media_type),
        None => (answer.body, format.media_type().to_owned()),
    };
    let is_fhir = media_type == format.media_type();
    let body = if is_fhir && format == Format::Xml && !body.is_empty() {
        match to_xml(&body) {
            Ok(xml) => xml.into(),
            Err(error) => return render_error(&error, wishes, ""),
        }
    } else {
        body
    };
    let mut response = answer.status.into_response();
    let headers = response.headers_mut();
    let mut set = |name, text: &str| {
        if let Ok(value) = HeaderValue::from_str(text) {
            headers.insert(name, value);
        }
    };
    if !body.is_empty() || answer.stream.is_some() {
        set(header::CONTENT_TYPE, &media_type);
    }
    if let Some(version) = answer.version {
        set(header::ETAG, &format!("W/\"{version}\""));
    }
    if let Some(at) = answer.last_modified {
        set(
            header::LAST_MODIFIED,
            &at.timestamp()
                .strftime("%a, %d %b %Y %H:%M:%S GMT")
                .to_string(),
        );
    }
    if let Some(location) = answer.location {
        set(header::LOCATION, &format!("{base}/{location}"));
    }
    if let Some(location) = answer.content_location {
        set(header::CONTENT_LOCATION, &location);
    }
    // Records must not linger in shared or browser caches.
    set(header::CACHE_CONTROL, "private, no-store");
    headers.extend(answer.headers);
    response.extensions_mut().insert(RouteName(answer.name));
    if !head {
        *response.body_mut() = answer
            .stream
            .unwrap_or_else(|| axum::body::Body::from(body));
    }
    response
}

/// Renders a refusal as an `OperationOutcome`.
pub(crate) fn render_error(error: &FhirError, wishes: &Wishes, correlation_id: &str) -> Response {
    let json = error.outcome(correlation_id).to_json();
    let body = match wishes.format {
        Format::Json => json,
        Format::Xml => to_xml(&json).unwrap_or(json),
    };
    let mut response = error.status().into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(wishes.format.media_type()),
    );
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("private, no-store"),
    );
    for (name, value) in &error.headers {
        headers.insert(name, value.clone());
    }
    response.extensions_mut().insert(RouteName("refused"));
    *response.body_mut() = axum::body::Body::from(body);
    response
}

fn to_xml(json: &[u8]) -> Result<Vec<u8>> {
    let internal = |_| {
        FhirError::new(
            ErrorKind::Internal,
            "a resource could not be written as XML",
        )
    };
    let doc = Doc::parse(json, &Limits::default()).map_err(internal)?;
    let internal = |_| {
        FhirError::new(
            ErrorKind::Internal,
            "a resource could not be written as XML",
        )
    };
    mt_fhir::xml::write(doc.root()).map_err(internal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(n, v)| (n.parse().unwrap(), v.parse().unwrap()))
            .collect()
    }

    fn format(accept: &'static str, query: &str) -> Option<Format> {
        let query = if query.is_empty() {
            vec![]
        } else {
            vec![("_format".into(), query.into())]
        };
        Wishes::read(&headers(&[("accept", accept)]), &query)
            .ok()
            .filter(|wishes| wishes.takes_fhir)
            .map(|wishes| wishes.format)
    }

    #[test]
    fn the_format_is_negotiated_and_the_parameter_wins() {
        assert_eq!(format("application/fhir+xml", ""), Some(Format::Xml));
        assert_eq!(
            format("text/html,application/xhtml+xml,*/*;q=0.8", ""),
            Some(Format::Json)
        );
        assert_eq!(format("application/fhir+json", "xml"), Some(Format::Xml));
        assert_eq!(format("*/*", "application/fhir json"), Some(Format::Json));
        assert_eq!(format("text/turtle", ""), None);
        assert_eq!(format("*/*", "turtle"), None);
    }

    #[test]
    fn preferences_are_read() {
        let wishes = Wishes::read(
            &headers(&[("prefer", "return=minimal, handling=strict")]),
            &[],
        )
        .unwrap();
        assert_eq!(
            (wishes.returns, wishes.strict),
            (Some(Return::Minimal), true)
        );
    }

    #[test]
    fn entity_tags_are_read_strictly() {
        assert_eq!(
            if_match(&headers(&[("if-match", "W/\"12\"")])).unwrap(),
            Some(12)
        );
        assert_eq!(if_match(&headers(&[])).unwrap(), None);
        assert!(if_match(&headers(&[("if-match", "W/\"x\"")])).is_err());
    }

    #[test]
    fn a_copy_is_fresh_while_its_version_is_current() {
        let at = Instant(1_763_835_644_000_000);
        let fresh = |name, value| is_fresh(&headers(&[(name, value)]), 3, at);
        assert!(fresh("if-none-match", "W/\"2\", W/\"3\""));
        assert!(!fresh("if-none-match", "W/\"2\""));
        assert!(fresh("if-modified-since", "Sat, 22 Nov 2025 18:20:44 GMT"));
        assert!(!fresh("if-modified-since", "Sat, 22 Nov 2025 18:20:43 GMT"));
    }
}
