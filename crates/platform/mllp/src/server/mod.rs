//! The receiving end: accepts connections and hands their messages to a store.

mod connection;
mod exchange;
mod peers;
mod profile;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use mt_kernel::{Clock, SystemClock};
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::store::{MessageStore, Peer};
use crate::stream::Connection;
use crate::tls::fingerprint;
use exchange::Exchange;
use peers::Peers;

pub use profile::{Acceptance, Limits, Profile, Route};

/// A listener for one connection profile.
pub struct Server<S> {
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    profile: Arc<Profile>,
    store: Arc<S>,
    clock: Arc<dyn Clock>,
}

/// A server cannot be set up.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {source}")]
pub struct BindError {
    /// Where.
    pub address: SocketAddr,
    /// Why.
    pub source: io::Error,
}

impl<S: MessageStore> Server<S> {
    /// Listens on `address`. With `tls` every connection begins with a handshake.
    ///
    /// # Errors
    /// [`BindError`] when the address cannot be used.
    pub async fn bind(
        address: SocketAddr,
        profile: Profile,
        tls: Option<Arc<ServerConfig>>,
        store: S,
    ) -> Result<Self, BindError> {
        let listener = TcpListener::bind(address).await;
        Ok(Self {
            listener: listener.map_err(|source| BindError { address, source })?,
            tls: tls.map(TlsAcceptor::from),
            profile: Arc::new(profile),
            store: Arc::new(store),
            clock: Arc::new(SystemClock),
        })
    }

    /// The same server with another clock.
    #[must_use]
    pub fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// The address that was bound, with the port that was chosen when 0 was asked for.
    ///
    /// # Errors
    /// When the operating system cannot tell.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `shutdown` is cancelled. Then no connection is accepted any more, frames that
    /// have begun are finished and answered, and what is not done within
    /// [`Limits::drain`] is cut off.
    pub async fn serve(self, shutdown: CancellationToken) {
        let peers = Peers::new(self.profile.limits);
        let tasks = TaskTracker::new();
        let cut = CancellationToken::new();
        let start = self.clock.now();
        let serial = Arc::new(AtomicU64::new(u64::try_from(start.0).unwrap_or(0)));
        loop {
            let accepted = tokio::select! {
                () = shutdown.cancelled() => break,
                accepted = self.listener.accept() => accepted,
            };
            let (socket, address) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of file descriptors, most likely: wait for connections to end.
                    tracing::warn!(%error, "cannot accept an MLLP connection");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            };
            let Some(place) = peers.admit(address.ip()) else {
                metrics::counter!("mllp_connections_refused_total").increment(1);
                tracing::warn!(%address, "an MLLP connection is over the limit and closed");
                continue;
            };
            let exchange = Exchange {
                profile: Arc::clone(&self.profile),
                store: Arc::clone(&self.store),
                clock: Arc::clone(&self.clock),
                serial: Arc::clone(&serial),
            };
            let (tls, shutdown, cut) = (self.tls.clone(), shutdown.clone(), cut.clone());
            tasks.spawn(async move {
                let served = serve_one(socket, address, tls, exchange, shutdown);
                let _ = cut.run_until_cancelled(served).await;
                drop(place);
            });
        }
        tasks.close();
        if tokio::time::timeout(self.profile.limits.drain, tasks.wait())
            .await
            .is_err()
        {
            tracing::warn!(connections = tasks.len(), "cutting off MLLP connections");
            cut.cancel();
            tasks.wait().await;
        }
    }
}

async fn serve_one<S: MessageStore>(
    socket: TcpStream,
    address: SocketAddr,
    tls: Option<TlsAcceptor>,
    exchange: Exchange<S>,
    shutdown: CancellationToken,
) {
    metrics::gauge!("mllp_connections").increment(1);
    let limit = exchange.profile.limits.handshake;
    match tokio::time::timeout(limit, secured(socket, address, tls, &exchange.profile)).await {
        Ok(Ok((stream, peer))) => {
            let ending = connection::run(stream, peer, &exchange, &shutdown).await;
            tracing::debug!(%address, %ending, "an MLLP connection ended");
        }
        Ok(Err(error)) => tracing::warn!(%address, %error, "an MLLP connection is not secured"),
        Err(_) => tracing::warn!(%address, "an MLLP connection did not finish its handshake"),
    }
    metrics::gauge!("mllp_connections").decrement(1);
}

/// Makes the TLS handshake, when there is one to make, and checks the pinned certificates.
async fn secured(
    socket: TcpStream,
    address: SocketAddr,
    tls: Option<TlsAcceptor>,
    profile: &Profile,
) -> io::Result<(Connection, Peer)> {
    socket.set_nodelay(true)?;
    let Some(tls) = tls else {
        let certificate = None;
        return Ok((
            Box::new(socket),
            Peer {
                address,
                certificate,
            },
        ));
    };
    let stream = tls.accept(socket).await?;
    let shown = stream.get_ref().1.peer_certificates();
    let certificate = shown.and_then(|chain| chain.first()).map(fingerprint);
    let pinned = &profile.certificates;
    if !pinned.is_empty() && !certificate.is_some_and(|shown| pinned.contains(&shown)) {
        let reason = "the client's certificate is not among those pinned";
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, reason));
    }
    Ok((
        Box::new(stream),
        Peer {
            address,
            certificate,
        },
    ))
}
