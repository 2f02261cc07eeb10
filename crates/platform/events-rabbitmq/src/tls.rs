//! TLS to the broker, by the library that the rest of the product uses.
//!
//! The AMQP client knows TLS only through libraries of its own. It takes any stream of the runtime that
//! it is given, though: [`Secured`] is tokio with a TLS connection for a stream.

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd};
use std::time::{Duration, Instant};

use async_compat::{Compat, CompatExt};
use async_rs::traits::{Executor, Reactor, RuntimeKit};
use async_rs::util::Task;
use async_rs::{Runtime, Tokio};
use futures::Stream;
use futures::io::{AsyncRead, AsyncWrite};
use lapin::tcp::AsyncTcpStream;
use lapin::uri::AMQPUri;
use lapin::{Connection, ConnectionProperties};
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Connects over TLS.
pub(crate) async fn connect(
    uri: AMQPUri,
    connector: TlsConnector,
    properties: ConnectionProperties,
) -> lapin::Result<Connection> {
    let open = async move |uri: AMQPUri, _: Runtime<Secured>| {
        let stream = secured(&uri, &connector).await?;
        Ok(AsyncTcpStream::Plain(stream))
    };
    let runtime = Runtime::new(Secured(Tokio::current()));
    Connection::connector(uri, runtime, open, properties).await
}

async fn secured(uri: &AMQPUri, connector: &TlsConnector) -> io::Result<TlsConnection> {
    let authority = &uri.authority;
    let name = ServerName::try_from(authority.host.clone()).map_err(io::Error::other)?;
    let stream = TcpStream::connect((authority.host.as_str(), authority.port)).await?;
    stream.set_nodelay(true)?;
    Ok(connector.connect(name, stream).await?.compat())
}

type TlsConnection = Compat<TlsStream<TcpStream>>;

/// Tokio, whose connections are secured.
#[derive(Clone, Debug)]
struct Secured(Tokio);

impl Executor for Secured {
    type Task<T: Send + 'static> = <Tokio as Executor>::Task<T>;

    fn block_on<T, F: Future<Output = T>>(&self, f: F) -> T {
        self.0.block_on(f)
    }

    fn spawn<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
        &self,
        f: F,
    ) -> Task<Self::Task<T>> {
        self.0.spawn(f)
    }

    fn spawn_blocking<T: Send + 'static, F: FnOnce() -> T + Send + 'static>(
        &self,
        f: F,
    ) -> Task<Self::Task<T>> {
        self.0.spawn_blocking(f)
    }
}

impl Reactor for Secured {
    type TcpStream = TlsConnection;
    type Sleep = <Tokio as Reactor>::Sleep;

    fn register<H: io::Read + io::Write + AsFd + AsRawFd + Send + 'static>(
        &self,
        socket: H,
    ) -> io::Result<impl AsyncRead + AsyncWrite + Send + Unpin + 'static> {
        self.0.register(socket)
    }

    fn sleep(&self, dur: Duration) -> Self::Sleep {
        self.0.sleep(dur)
    }

    fn interval(&self, dur: Duration) -> impl Stream<Item = Instant> + Send + 'static {
        self.0.interval(dur)
    }

    /// A bare address has no name to verify: connections are opened by [`connect`].
    fn tcp_connect_addr(
        &self,
        _: SocketAddr,
    ) -> impl Future<Output = io::Result<Self::TcpStream>> + Send + 'static {
        std::future::ready(Err(io::ErrorKind::Unsupported.into()))
    }
}

impl RuntimeKit for Secured {}
