//! Which pages of other origins may read our answers (SMART App Launch 2.2, *CORS*): discovery any, the
//! others only those whose origin a client has registered. Credentials of a browser never come along.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use mt_kernel::{TenantId, TenantName};

use super::Provider;

const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, PUT, DELETE, PATCH, HEAD");
const HEADERS: HeaderValue = HeaderValue::from_static(
    "authorization, content-type, accept, dpop, prefer, if-match, if-none-match, if-modified-since, if-none-exist, x-request-id",
);
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "etag, location, content-location, last-modified, retry-after, www-authenticate, dpop-nonce, x-request-id, x-progress",
);

/// Endpoints that a page calls itself. The authorization endpoint is visited, never fetched.
const FETCHED: [&str; 6] = [
    "/oauth2/token",
    "/oauth2/revoke",
    "/oauth2/userinfo",
    "/oauth2/par",
    "/oauth2/register",
    "/oauth2/introspect",
];

/// Middleware of the authorization server: discovery and keys are for any page, endpoints that a page
/// calls for registered ones.
pub(super) async fn answer(state: State<Arc<Provider>>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let public = path.contains("/.well-known/") || path.ends_with("/oauth2/jwks");
    if public && request.headers().contains_key(header::ORIGIN) {
        return for_any(request, next).await;
    }
    if FETCHED.iter().any(|end| path.ends_with(end)) {
        return registered_origins(state, request, next).await;
    }
    next.run(request).await
}

/// Middleware of doors that pages of apps call, such as FHIR: `metadata` is for any page, the rest for
/// pages at an origin that a client of the tenant has registered. At the base that all tenants share,
/// that is the only tenant of the installation.
pub async fn registered_origins(
    State(provider): State<Arc<Provider>>,
    request: Request,
    next: Next,
) -> Response {
    let Some(origin) = request.headers().get(header::ORIGIN).cloned() else {
        return next.run(request).await;
    };
    if request.uri().path().ends_with("/fhir/R4/metadata") {
        return for_any(request, next).await;
    }
    let known = is_registered(&provider, request.uri().path(), &origin).await;
    if request.method() == Method::OPTIONS {
        return if known {
            preflight(&origin)
        } else {
            StatusCode::NO_CONTENT.into_response()
        };
    }
    let mut response = next.run(request).await;
    if known {
        allow(&origin, response.headers_mut());
    }
    response
}

async fn for_any(request: Request, next: Next) -> Response {
    const ANY: HeaderValue = HeaderValue::from_static("*");
    if request.method() == Method::OPTIONS {
        return preflight(&ANY);
    }
    let mut response = next.run(request).await;
    allow(&ANY, response.headers_mut());
    response
}

async fn is_registered(provider: &Provider, path: &str, origin: &HeaderValue) -> bool {
    let name = path
        .strip_prefix("/t/")
        .and_then(|rest| rest.split('/').next())
        .map(TenantName::parse);
    let tenants = &provider.identity.tenants;
    let found = match name {
        Some(Ok(name)) => tenants
            .find(&name)
            .await
            .map_err(crate::IdentityError::from),
        Some(Err(_)) => return false,
        None => provider.sole_tenant().await,
    };
    match (found, origin.to_str()) {
        (Ok(Some(info)), Ok(origin)) => provider.knows_origin(info.id, origin).await,
        _ => false,
    }
}

impl Provider {
    /// Whether a client of the tenant has pages at `origin`.
    async fn knows_origin(&self, tenant: TenantId, origin: &str) -> bool {
        let look = async {
            let clients = self.clients.list(tenant).await?;
            Ok::<bool, crate::IdentityError>(clients.iter().any(|client| client.is_at(origin)))
        };
        let key = (tenant, origin.to_owned());
        match self.origins.try_get_with(key, look).await {
            Ok(known) => known,
            Err(error) => {
                tracing::warn!(%error, "origins cannot be looked up");
                false
            }
        }
    }
}

fn preflight(origin: &HeaderValue) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    allow(origin, headers);
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
    headers.insert(
        header::ACCESS_CONTROL_MAX_AGE,
        HeaderValue::from_static("600"),
    );
    response
}

fn allow(origin: &HeaderValue, headers: &mut HeaderMap) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
}
