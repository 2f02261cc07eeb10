//! The gate before every route: credential, rate, permission, assurance, idempotency.

use std::sync::Arc;

use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use mt_access::{Authenticated, AuthenticationError, Authenticator, RequestHead};
use mt_http::{CorrelationId, Problem, RateLimits};
use mt_kernel::{Assurance, Clock, ErrorKind, Fault, OpCtx, PurposeOfUse};
use uuid::Uuid;

use crate::{Caller, Idempotency, Need, Permission};

const TWO_FACTORS_CHALLENGE: &str = "Bearer realm=\"meditrack\", error=\"insufficient_user_authentication\", \
     acr_values=\"mfa\", max_age=\"300\"";
const SOMEBODY_CHALLENGE: &str = "Bearer realm=\"meditrack\", error=\"insufficient_user_authentication\", \
     acr_values=\"single\", max_age=\"300\"";

/// What the gate needs; one for all routes.
pub struct Gate {
    /// Learns who calls.
    pub authenticator: Arc<dyn Authenticator>,
    /// Slows down greedy callers.
    pub rates: RateLimits,
    /// Remembers answers.
    pub idempotency: Idempotency,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

/// Middleware of one route: lets a request pass that `permission` admits.
pub(crate) async fn pass(permission: Permission, request: Request, next: Next) -> Response {
    let Some(gate) = request.extensions().get::<Arc<Gate>>().cloned() else {
        // A route that was served without its gate stays shut.
        return Problem::from(Fault::new(ErrorKind::Internal, "the gate is missing"))
            .into_response();
    };
    if matches!(permission.need(), Need::Nobody(_)) {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    match gate.admit(permission, &parts).await {
        Ok(caller) => {
            parts.extensions.insert(caller.clone());
            let request = Request::from_parts(parts, body);
            gate.idempotency.answer(&caller, request, next).await
        }
        Err(refusal) => *refusal,
    }
}

impl Gate {
    async fn admit(&self, permission: Permission, parts: &Parts) -> Result<Caller, Box<Response>> {
        let who = authenticate(&*self.authenticator, parts).await?;
        self.rates
            .check(who.tenant, who.client_key)
            .map_err(|throttled| {
                let fault = Fault::new(ErrorKind::TooMany, "too many requests; wait and try again");
                let wait = throttled.retry_after_seconds().into();
                refusal(fault, Some((header::RETRY_AFTER, wait)))
            })?;
        if !permission.is_held_by(&who) {
            let text = format!("this needs the permission \"{permission}\"");
            return Err(refusal(Fault::new(ErrorKind::Forbidden, text), None));
        }
        if who.actor.assurance < permission.assurance() {
            return Err(insufficient(permission.assurance()));
        }
        let correlation = parts.extensions.get::<CorrelationId>();
        let ctx = OpCtx {
            tenant: who.tenant,
            actor: who.actor.clone(),
            purpose: PurposeOfUse::default(),
            correlation_id: correlation.map_or_else(Uuid::now_v7, |id| id.0),
            now: self.clock.now(),
        };
        Ok(Caller { who, ctx })
    }
}

/// Who sent the request with this head, for doors that have no [`Gate`].
///
/// # Errors
/// The refusal to answer with: 401 with its challenge, 403 or 503.
pub async fn authenticate(
    authenticator: &dyn Authenticator,
    parts: &Parts,
) -> Result<Arc<Authenticated>, Box<Response>> {
    let head = RequestHead {
        method: &parts.method,
        uri: &parts.uri,
        headers: &parts.headers,
    };
    authenticator.authenticate_head(head).await.map_err(unknown)
}

fn unknown(error: AuthenticationError) -> Box<Response> {
    let mut response = refusal(Fault::new(error.kind(), error.to_string()), None);
    response.headers_mut().extend(error.headers());
    response
}

/// The refusal of RFC 9470 §3, which says what the client must ask for when it signs the person in again.
#[must_use]
pub fn insufficient(needed: Assurance) -> Box<Response> {
    let challenge = match needed {
        Assurance::StepUp => HeaderValue::from_static(mt_access::STEP_UP_CHALLENGE),
        Assurance::Multi => HeaderValue::from_static(TWO_FACTORS_CHALLENGE),
        Assurance::Single => HeaderValue::from_static(SOMEBODY_CHALLENGE),
    };
    let message = "this needs a second factor that was proved moments ago";
    refusal(
        Fault::new(ErrorKind::Unauthenticated, message),
        Some((header::WWW_AUTHENTICATE, challenge)),
    )
}

fn refusal(fault: Fault, named: Option<(header::HeaderName, HeaderValue)>) -> Box<Response> {
    let mut response = Problem::from(fault).into_response();
    response.headers_mut().extend(named);
    Box::new(response)
}
