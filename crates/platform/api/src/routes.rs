//! Routes that name their permission.

use std::sync::Arc;

use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router};
use mt_http::Problem;
use mt_kernel::{ErrorKind, Fault};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter, UtoipaMethodRouterExt};

use crate::gate::pass;
use crate::{Gate, PREFIX, Permission, openapi};

/// Method, path and permission of a route, for the printed table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RoutePermission {
    /// The path below [`PREFIX`], with its parameters in braces.
    pub path: String,
    /// The method.
    pub method: String,
    /// The permission, as it prints.
    pub permission: String,
}

/// The routes of a context, or of all of them, with state `S` still to come.
///
/// ```
/// use mt_access::Operation;
/// use mt_api::{Caller, Permission, Routes, routes};
///
/// /// Who am I?
/// #[utoipa::path(get, path = "/me", responses((status = 200, body = String)))]
/// async fn me(caller: Caller) -> String {
///     caller.ctx.actor.id.to_string()
/// }
///
/// let table: Routes = Routes::new().route(Permission::signed_in(), routes!(me));
/// assert_eq!(table.permissions()[0].permission, "signed in");
/// ```
///
/// A route without a permission does not compile:
///
/// ```compile_fail
/// # use mt_api::{Caller, Routes, routes};
/// # #[utoipa::path(get, path = "/me", responses((status = 200, body = String)))]
/// # async fn me(caller: Caller) -> String { caller.ctx.actor.id.to_string() }
/// let table: Routes = Routes::new().route(routes!(me));
/// ```
pub struct Routes<S = ()> {
    router: OpenApiRouter<S>,
    permissions: Vec<RoutePermission>,
}

impl<S: Clone + Send + Sync + 'static> Default for Routes<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S: Clone + Send + Sync + 'static> Routes<S> {
    /// No routes.
    #[must_use]
    pub fn new() -> Self {
        Self {
            router: OpenApiRouter::new(),
            permissions: Vec::new(),
        }
    }

    /// Adds handlers of one path (collected by [`crate::routes!`]) that `permission` admits to.
    #[must_use]
    pub fn route(mut self, permission: Permission, mut handlers: UtoipaMethodRouter<S>) -> Self {
        for (path, item) in &mut handlers.1.paths {
            for (method, operation) in openapi::operations(item) {
                openapi::describe(operation, permission);
                self.permissions.push(RoutePermission {
                    path: path.clone(),
                    method: method.to_owned(),
                    permission: permission.to_string(),
                });
            }
        }
        let check = move |request: Request, next: Next| pass(permission, request, next);
        self.router = self.router.routes(handlers.layer(from_fn(check)));
        self
    }

    /// Gives the handlers their state.
    #[must_use]
    pub fn with_state(self, state: S) -> Routes {
        Routes {
            router: self.router.with_state(state),
            permissions: self.permissions,
        }
    }

    /// Every route with its permission, in order.
    #[must_use]
    pub fn permissions(&self) -> Vec<RoutePermission> {
        let mut rows = self.permissions.clone();
        rows.sort();
        rows
    }
}

impl Routes {
    /// These routes and those of another context.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.router = self.router.merge(other.router);
        self.permissions.extend(other.permissions);
        self
    }

    /// The router below [`PREFIX`], behind `gate`, with the document at `/openapi.json`.
    pub fn serve(self, gate: Gate) -> Router {
        let (router, document) = self.router.split_for_parts();
        let document: Arc<str> = openapi::finish(document).into();
        let router = router
            .route(
                "/openapi.json",
                axum::routing::get(move || openapi::serve(document)),
            )
            .fallback(nowhere)
            .method_not_allowed_fallback(wrong_method)
            .layer(from_fn(said_as_problem))
            .layer(from_fn(never_stored))
            .layer(Extension(Arc::new(gate)));
        Router::new().nest(PREFIX, router)
    }
}

async fn nowhere() -> Response {
    Problem::from(Fault::new(ErrorKind::NotFound, "there is no such route")).into_response()
}

async fn wrong_method() -> Response {
    let mut response = Problem::from(Fault::new(
        ErrorKind::Unsupported,
        "the route has no such method",
    ))
    .into_response();
    *response.status_mut() = axum::http::StatusCode::METHOD_NOT_ALLOWED;
    response
}

/// Bytes of the framework's words that are read.
const LONGEST: usize = 8 << 10;

/// What extractors refuse in plain text (an id that is none, a body of another shape) is a problem like any other.
async fn said_as_problem(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    let content_type = response.headers().get(header::CONTENT_TYPE);
    let plain = content_type.is_some_and(|value| value.as_bytes().starts_with(b"text/plain"));
    let kind = match response.status().as_u16() {
        413 => ErrorKind::TooLarge,
        422 => ErrorKind::Invalid,
        400..=499 => ErrorKind::Malformed,
        _ => return response,
    };
    if !plain {
        return response;
    }
    let said = axum::body::to_bytes(response.into_body(), LONGEST).await;
    let said = said
        .ok()
        .and_then(|said| String::from_utf8(said.to_vec()).ok());
    let said = said.unwrap_or_else(|| "the request cannot be read".to_owned());
    Problem::from(Fault::new(kind, said)).into_response()
}

/// Answers may be health information: no cache keeps them unless the handler says otherwise.
async fn never_stored(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    response
}
