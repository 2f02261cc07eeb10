//! `Idempotency-Key`: a request that is sent again gets the answer that it got.
//!
//! A key belongs to a tenant and an actor. The first request with a key writes its row before the
//! handler runs, so that a second one that arrives meanwhile is told to wait.

mod answer;
mod store;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use mt_database::Database;
use mt_http::{BodyLimits, Problem, read_body};
use mt_kernel::{ErrorKind, Fault};
use mt_store::Tenants;

use self::answer::Answer;
use self::store::Claim;
use crate::Caller;

const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// Longest key.
const KEY_BYTES: usize = 255;
/// Largest body of a request with a key, and of an answer that is kept.
const LIMITS: BodyLimits = BodyLimits {
    received: 2 << 20,
    inflated: 2 << 20,
    time: std::time::Duration::from_secs(60),
};

/// Remembers the answers of `POST`s that carry a key, for a day.
#[derive(Clone)]
pub struct Idempotency {
    database: Database,
    tenants: Tenants,
}

impl Idempotency {
    /// A memory in `database`; answers are sealed under the tenants' keys.
    #[must_use]
    pub const fn new(database: Database, tenants: Tenants) -> Self {
        Self { database, tenants }
    }

    /// Answers `request` through `next`, or with what was answered before.
    pub(crate) async fn answer(&self, caller: &Caller, request: Request, next: Next) -> Response {
        let key = match key_of(request.method(), request.headers()) {
            Ok(Some(key)) => key,
            Ok(None) => return next.run(request).await,
            Err(fault) => return Problem::from(fault).into_response(),
        };
        match self.once(caller, &key, request, next).await {
            Ok(response) => response,
            Err(fault) => Problem::from(fault).into_response(),
        }
    }

    async fn once(
        &self,
        caller: &Caller,
        key: &str,
        request: Request,
        next: Next,
    ) -> Result<Response, Fault> {
        let (parts, body) = request.into_parts();
        let body = read_body(&HeaderMap::new(), body, LIMITS).await?;
        let target = parts.uri.path_and_query().map_or("", |uri| uri.as_str());
        let claim = Claim {
            tenant: caller.tenant(),
            key: digest(&[caller.ctx.actor.id.as_bytes(), key.as_bytes()]),
            request: digest(&[target.as_bytes(), &body]),
            now: caller.ctx.now,
        };
        let keys = self.tenants.keys(claim.tenant).await.map_err(unavailable)?;
        if let Some(known) = store::claim(&self.database, &claim).await? {
            let mut response = Answer::open(&known, &keys, &claim.key)?.into_response();
            let yes = HeaderValue::from_static("true");
            response.headers_mut().insert(REPLAYED, yes);
            return Ok(response);
        }
        let response = next.run(Request::from_parts(parts, Body::from(body))).await;
        // A failure of ours may pass: the same key may try again.
        if response.status().is_server_error() {
            store::forget(&self.database, &claim).await?;
            return Ok(response);
        }
        let answer = Answer::of(response).await?;
        store::keep(&self.database, &claim, &answer.seal(&keys, &claim.key)?).await?;
        Ok(answer.into_response())
    }
}

fn key_of(method: &Method, headers: &HeaderMap) -> Result<Option<String>, Fault> {
    let Some(value) = headers.get(KEY).filter(|_| *method == Method::POST) else {
        return Ok(None);
    };
    let refused = || {
        let text = "Idempotency-Key is 1 to 255 visible characters";
        Fault::new(ErrorKind::Malformed, text).at("Idempotency-Key")
    };
    let text = value.to_str().map_err(|_| refused())?.trim();
    if text.is_empty() || text.len() > KEY_BYTES {
        return Err(refused());
    }
    Ok(Some(text.to_owned()))
}

/// A hash of parts; their lengths keep apart what only looks the same in sequence.
fn digest(parts: &[&[u8]]) -> [u8; 32] {
    let mut bytes = Vec::new();
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part);
    }
    mt_crypto::sha256(&bytes)
}

fn unavailable(error: impl std::fmt::Display) -> Fault {
    tracing::warn!(%error, "answers cannot be remembered");
    Fault::new(
        ErrorKind::Unavailable,
        "the request cannot be remembered now",
    )
}

/// The body of an answer that is kept.
async fn whole(body: Body) -> Result<Bytes, Fault> {
    Ok(read_body(&HeaderMap::new(), body, LIMITS).await?)
}
