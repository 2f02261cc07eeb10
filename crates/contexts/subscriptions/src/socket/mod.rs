//! The channel `websocket`: subscribers come, bind their Subscriptions to a connection, and are told there.
//!
//! R4 (<http://hl7.org/fhir/R4/subscription.html#websocket>): a client that proved who it is sends `bind ID` and hears
//! `bound ID`, then `ping ID`. Backport: anybody sends `bind-with-token TOKEN` and hears Bundles. How a client binds follows from
//! what it can prove, how it is told from what the Subscription asks for, so either may be had with either.

mod binding;
mod board;
mod connection;
mod limits;
mod token;

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, header};
use axum::response::Response;
use mt_access::{Authenticated, Authenticator};
use mt_api::{Permission, Routes, routes};
use mt_http::{PeerAddress, Problem, RateLimits};
use mt_kernel::{ErrorKind, Fault, TenantId};
use mt_live::{Credential, Door};

use crate::Subscriptions;
use connection::Connection;
use limits::Places;

pub(crate) use board::Board;
pub use limits::SocketLimits;

/// Where the WebSocket is, from the root of the installation.
pub const PATH: &str = "/api/v1/subscriptions/socket";

/// The door of those who come by WebSocket. Cloning it gives another handle.
#[derive(Clone)]
pub struct Sockets {
    inner: Arc<Inner>,
}

struct Inner {
    subscriptions: Subscriptions,
    authenticator: Arc<dyn Authenticator>,
    door: Door,
    limits: SocketLimits,
    places: Arc<Places>,
    handshakes: RateLimits,
    next: AtomicU64,
}

impl fmt::Debug for Sockets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sockets").finish_non_exhaustive()
    }
}

impl Sockets {
    /// The door to `subscriptions`; `authenticator` learns who comes with a credential of their own.
    #[must_use]
    pub fn new(
        subscriptions: Subscriptions,
        authenticator: Arc<dyn Authenticator>,
        limits: SocketLimits,
    ) -> Self {
        let door = Door::new(&subscriptions.parts.origin);
        Self {
            inner: Arc::new(Inner {
                subscriptions,
                authenticator,
                door,
                limits,
                places: Arc::new(Places::new(&limits)),
                handshakes: RateLimits::new(limits.handshakes_in_all, limits.handshakes),
                next: AtomicU64::new(1),
            }),
        }
    }

    /// The credential of a handshake and whose it is; none when the client means to bind by token.
    async fn held(
        &self,
        headers: &HeaderMap,
    ) -> Result<Option<(Credential, Arc<Authenticated>)>, Fault> {
        if !headers.contains_key(header::AUTHORIZATION) && !headers.contains_key(header::COOKIE) {
            return Ok(None);
        }
        let inner = &self.inner;
        let refused = |refusal: mt_live::Refusal| match refusal {
            mt_live::Refusal::CrossSite => Fault::new(ErrorKind::Forbidden, refusal.to_string()),
            _ => Fault::new(ErrorKind::Unauthenticated, refusal.to_string()),
        };
        let credential = inner.door.credential(headers, None).map_err(refused)?;
        let who = credential.authenticate(&*inner.authenticator).await;
        let who = who.map_err(|error| Fault::new(error.kind(), error.to_string()))?;
        Ok(Some((credential, who)))
    }
}

/// The route of the WebSocket.
#[must_use]
pub fn table() -> Routes<Sockets> {
    let why = "a client says there who it is, by its credential or a binding token";
    Routes::new().route(Permission::public(why), routes!(socket))
}

/// FHIR Subscriptions over a WebSocket
///
/// `bind ID` (with an access token or a session) or `bind-with-token TOKEN` (from `Subscription/$get-ws-binding-token`). What follows is
/// `ping ID` for Subscriptions of R4, and notification Bundles for those of the R5 backport.
#[utoipa::path(get, path = "/subscriptions/socket", tag = "subscriptions", responses(
    (status = 101, description = "the connection is a WebSocket from now on"),
    (status = 400, description = "the request asks for no WebSocket"),
    (status = 401, description = "the credential is not good"),
    (status = 403, description = "the page that asks is of another origin"),
    (status = 429, description = "too many connections are opened from this address"),
))]
async fn socket(
    State(sockets): State<Sockets>,
    peer: Option<Extension<PeerAddress>>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let inner = &sockets.inner;
    let mut hasher = DefaultHasher::new();
    peer.map(|peer| peer.0.0.ip()).hash(&mut hasher);
    let too_many = || Fault::new(ErrorKind::TooMany, "too many connections; close one first");
    if inner
        .handshakes
        .check(TenantId(0), hasher.finish())
        .is_err()
    {
        return Err(too_many().into());
    }
    let upgrade = upgrade
        .map_err(|_| Fault::new(ErrorKind::Malformed, "the request asks for no WebSocket"))?;
    let held = sockets.held(&headers).await?;
    let place = inner.places.take().ok_or_else(too_many)?;
    let bytes = inner.limits.message_bytes;
    let upgrade = upgrade.max_message_size(bytes).max_frame_size(bytes);
    let id = inner.next.fetch_add(1, Ordering::Relaxed);
    let sockets = sockets.clone();
    let address = mt_store::network_address();
    Ok(upgrade.on_upgrade(move |socket| {
        let connection = Connection::new(sockets, id, held, place);
        mt_store::from_address(address, connection.serve(socket))
    }))
}
