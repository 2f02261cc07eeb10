//! The service: one entry point for every FHIR request.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::Response;
use axum::routing::any;
use bytes::Bytes;
use moka::sync::Cache;
use mt_access::{
    Authenticated, AuthenticationError, Authenticator, Interaction as Right, RequestHead,
};
use mt_authority::Session;
use mt_fhir::json::Limits;
use mt_http::{BodyError, BodyLimits, CorrelationId, RateLimits, read_body};
use mt_kernel::{Clock, ErrorKind, Instant};
use mt_search::{ParamRegistry, ParseOptions, QueryLimits};
use mt_store::{Caller, Store, Withheld};
use uuid::Uuid;

use crate::answer::Answer;
use crate::error::{FhirError, Result};
use crate::route::Route;
use crate::wire::{self, Wishes};
use crate::{interactions, operations};

/// Bounds of the interface; a tenant cannot raise them.
#[derive(Clone, Copy, Debug)]
pub struct ApiLimits {
    /// Bytes of a request body.
    pub body: BodyLimits,
    /// Shape of a resource or Bundle.
    pub json: Limits,
    /// Entries of a batch or transaction.
    pub bundle_entries: usize,
    /// Bytes of path and query.
    pub url_bytes: usize,
    /// Shape of a search.
    pub query: QueryLimits,
    /// Default page size.
    pub page: u32,
    /// Largest page size.
    pub max_page: u32,
}

impl Default for ApiLimits {
    fn default() -> Self {
        Self {
            body: BodyLimits {
                received: 64 << 20,
                inflated: 64 << 20,
                time: std::time::Duration::from_secs(60),
            },
            json: Limits::default(),
            bundle_entries: 20_000,
            url_bytes: 8 << 10,
            query: QueryLimits::default(),
            page: 20,
            max_page: 1_000,
        }
    }
}

/// The parts that the interface is made of.
pub struct FhirApi {
    /// The record store.
    pub store: Store,
    /// The audit trail, which `AuditEvent` resources are rendered from.
    pub audit: Arc<mt_audit::Audit>,
    /// Who is calling.
    pub authenticator: Arc<dyn Authenticator>,
    /// Validation for `$validate`, and terminology operations.
    pub services: operations::Services,
    /// Where imports may fetch their files.
    pub imports: crate::ImportSources,
    /// Requests per time.
    pub rates: RateLimits,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Bounds.
    pub limits: ApiLimits,
    /// URL under which clients reach the installation, without a trailing slash; without it, the `Host`
    /// header tells.
    pub public_origin: Option<String>,
    /// Sessions by credential: compiling what a grant may see costs more than a read.
    pub sessions: Sessions,
}

/// The sessions of one process.
pub struct Sessions(Cache<[u8; 32], Arc<Session>>);

impl Default for Sessions {
    fn default() -> Self {
        let lifetime = std::time::Duration::from_secs(60);
        Self(
            Cache::builder()
                .max_capacity(20_000)
                .time_to_live(lifetime)
                .build(),
        )
    }
}

impl Sessions {
    /// The session of a caller. A credential whose grant was built anew gets a new session, so that
    /// a change of roles takes effect as soon as the authenticator knows of it.
    fn of(&self, who: Arc<Authenticated>) -> Arc<Session> {
        let known = self.0.get(&who.credential);
        if let Some(session) = known.filter(|session| Arc::ptr_eq(&session.who, &who)) {
            return session;
        }
        let session = Arc::new(Session::new(Arc::clone(&who)));
        self.0.insert(who.credential, Arc::clone(&session));
        session
    }
}

/// The routes below `/fhir/R4`, where the token tells the tenant, and below `/t/{tenant}/fhir/R4`, where
/// it must be of this tenant.
pub fn router(api: Arc<FhirApi>) -> Router {
    let routes = |prefix: &str| {
        Router::new()
            .route(&format!("{prefix}{BASE}"), any(handle))
            .route(&format!("{prefix}{BASE}/"), any(handle))
            .route(&format!("{prefix}{BASE}/{{*path}}"), any(handle))
    };
    routes("").merge(routes("/t/{tenant}")).with_state(api)
}

/// Path of the base, of the installation or of a tenant.
const BASE: &str = "/fhir/R4";

/// What stands before the base in a path (`/t/{tenant}` or nothing), and what comes after it.
fn split_base(path: &str) -> (&str, &str) {
    let at = path.find(BASE).unwrap_or_default();
    let (prefix, rest) = path.split_at(at);
    (prefix, rest.strip_prefix(BASE).unwrap_or_default())
}

/// One request, understood and authenticated.
pub(crate) struct Call<'a> {
    pub(crate) api: &'a FhirApi,
    pub(crate) session: Arc<Session>,
    pub(crate) registry: ParamRegistry,
    pub(crate) method: Method,
    pub(crate) headers: HeaderMap,
    /// Parameters of the URL, then of a form body.
    pub(crate) query: Vec<(String, String)>,
    pub(crate) body: Bytes,
    pub(crate) wishes: Wishes,
    /// Absolute URL of the base, without a trailing slash.
    pub(crate) base: String,
    /// Path behind the base.
    pub(crate) path: String,
    pub(crate) correlation_id: Uuid,
    pub(crate) now: Instant,
    /// What consents keep from the caller.
    pub(crate) withheld: Arc<Withheld>,
}

impl Call<'_> {
    /// The caller as the store wants it, with the records that `right` may touch.
    pub(crate) fn caller(&self, right: Right) -> Caller {
        self.session
            .caller(&self.registry, right, self.correlation_id, self.now)
            .without(&self.withheld, &self.registry)
    }

    /// How searches of this request are read.
    pub(crate) fn parse_options(&self) -> ParseOptions<'static> {
        let handling = if self.wishes.strict {
            mt_search::Handling::Strict
        } else {
            mt_search::Handling::Lenient
        };
        ParseOptions {
            handling,
            limits: self.api.limits.query,
            reserved: &["_format", "_pretty", "_cursor", "_since", "_at"],
            ..ParseOptions::at(self.now)
        }
    }

    /// Refuses the call unless an operation beyond single interactions is open to the session.
    pub(crate) fn require(&self, operation: mt_access::Operation) -> Result<()> {
        if self.session.grant().allows(operation) {
            return Ok(());
        }
        let message = format!("you may not use the operation {}", operation.code());
        Err(FhirError::new(ErrorKind::Forbidden, message))
    }

    /// The resource in the body.
    pub(crate) fn resource(&self) -> Result<mt_fhir::Doc> {
        if self.body.is_empty() {
            return Err(FhirError::new(
                ErrorKind::Malformed,
                "the request has no body",
            ));
        }
        wire::parse_resource(&self.headers, &self.body, &self.api.limits.json)
    }
}

async fn handle(State(api): State<Arc<FhirApi>>, request: Request) -> Response {
    let correlation_id = request
        .extensions()
        .get::<CorrelationId>()
        .map_or_else(Uuid::now_v7, |id| id.0);
    let head = request.method() == Method::HEAD;
    let fallback = Wishes::plain();
    let query = match wire::query_of(request.uri()) {
        Ok(query) => query,
        Err(error) => return wire::render_error(&error, &fallback, &correlation_id.to_string()),
    };
    let wishes = match Wishes::read(request.headers(), &query) {
        Ok(wishes) => wishes,
        Err(error) => return wire::render_error(&error, &fallback, &correlation_id.to_string()),
    };
    let base = base_of(&api, request.headers(), request.uri().path());
    match answer(&api, request, query, wishes, &base, correlation_id).await {
        Ok(answer) => wire::render(answer, &wishes, &base, head),
        Err(error) => wire::render_error(&error, &wishes, &correlation_id.to_string()),
    }
}

async fn answer(
    api: &FhirApi,
    request: Request,
    query: Vec<(String, String)>,
    wishes: Wishes,
    base: &str,
    correlation_id: Uuid,
) -> Result<Answer> {
    let (parts, body) = request.into_parts();
    if parts.uri.path().len() + parts.uri.query().map_or(0, str::len) > api.limits.url_bytes {
        return Err(FhirError::new(
            ErrorKind::TooLarge,
            "the URL is longer than the limit; use POST _search",
        ));
    }
    let (prefix, path) = split_base(parts.uri.path());
    let path = path.trim_matches('/');
    let route = Route::parse(&parts.method, path)?;
    if !wishes.takes_fhir && !route.reads_binary() {
        return Err(wire::not_acceptable());
    }
    let head = RequestHead {
        method: &parts.method,
        uri: &parts.uri,
        headers: &parts.headers,
    };
    if route == Route::Capabilities {
        let own = known_params(api, head).await;
        return Ok(interactions::capabilities(base, &own));
    }
    let session = authenticate(api, head).await?;
    if let Some(name) = prefix.strip_prefix("/t/") {
        of_tenant(api, &session, name).await?;
    }
    api.rates
        .check(session.tenant(), session.who.client_key)
        .map_err(throttled)?;
    let body = body_of(api, &parts.headers, body).await?;
    let registry = api.store.tenants().params(session.tenant()).await?;
    let mut call = Call {
        api,
        session,
        registry,
        method: parts.method,
        headers: parts.headers,
        query,
        body,
        wishes,
        base: base.to_owned(),
        path: path.to_owned(),
        correlation_id,
        now: api.clock.now(),
        withheld: Arc::default(),
    };
    let ctx = call.caller(Right::Read).ctx;
    let emergencies = call.session.grant().emergencies();
    call.withheld = api.store.withheld(&ctx, emergencies).await?;
    take_form(&mut call)?;
    interactions::dispatch(&call, route).await
}

/// The search parameters of the caller's own organisation; none for a stranger.
async fn known_params(api: &FhirApi, head: RequestHead<'_>) -> Vec<mt_search::registry::ParamDef> {
    let Ok(session) = authenticate(api, head).await else {
        return Vec::new();
    };
    let registry = api.store.tenants().params(session.tenant()).await;
    registry.map_or_else(|_| Vec::new(), |registry| registry.own_params())
}

/// A token of one tenant is nothing at the base of another.
async fn of_tenant(api: &FhirApi, session: &Session, name: &str) -> Result<()> {
    let own = api.store.tenants().name(session.tenant()).await?;
    if own.as_str() == name {
        return Ok(());
    }
    let error = AuthenticationError::Invalid;
    let refused = FhirError::new(error.kind(), error.to_string());
    let headers = error.headers().into_iter();
    Err(headers.fold(refused, |refused, (name, value)| {
        refused.with_header(name, value)
    }))
}

async fn body_of(api: &FhirApi, headers: &HeaderMap, body: Body) -> Result<Bytes> {
    read_body(headers, body, api.limits.body)
        .await
        .map_err(|error| {
            let refusal = FhirError::from(mt_kernel::Fault::from(error));
            match error {
                BodyError::TooSlow => refusal.with_status(StatusCode::REQUEST_TIMEOUT),
                _ => refusal,
            }
        })
}

/// The parameters of a form body count as if they stood in the URL (R4 search.html).
fn take_form(call: &mut Call<'_>) -> Result<()> {
    let declared = call
        .headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let is_form = declared.is_some_and(|text| {
        text.trim_start()
            .starts_with("application/x-www-form-urlencoded")
    });
    if call.method == Method::POST && is_form {
        let body = std::mem::take(&mut call.body);
        let text = std::str::from_utf8(&body)
            .map_err(|_| FhirError::new(ErrorKind::Malformed, "the form is not UTF-8"))?;
        call.query.extend(mt_search::decode_pairs(text)?);
    }
    Ok(())
}

async fn authenticate(api: &FhirApi, head: RequestHead<'_>) -> Result<Arc<Session>> {
    let known = api.authenticator.authenticate_head(head).await;
    let who = known.map_err(|error| {
        let refused = FhirError::new(error.kind(), error.to_string());
        let headers = error.headers().into_iter();
        headers.fold(refused, |refused, (name, value)| {
            refused.with_header(name, value)
        })
    })?;
    Ok(api.sessions.of(who))
}

fn throttled(throttled: mt_http::Throttled) -> FhirError {
    FhirError::new(ErrorKind::TooMany, "too many requests; wait and try again")
        .with_header(header::RETRY_AFTER, throttled.retry_after_seconds().into())
}

/// The base as the client sees it. A `Host` that is no plain authority is not echoed.
fn base_of(api: &FhirApi, headers: &HeaderMap, path: &str) -> String {
    let (prefix, _) = split_base(path);
    if let Some(origin) = &api.public_origin {
        return format!("{origin}{prefix}{BASE}");
    }
    let host = headers
        .get(header::HOST)
        .and_then(|value| value.to_str().ok());
    let plain = |host: &&str| {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b".-:[]".contains(&b);
        !host.is_empty() && host.len() <= 255 && host.bytes().all(allowed)
    };
    format!(
        "http://{}{prefix}{BASE}",
        host.filter(plain).unwrap_or("localhost")
    )
}
