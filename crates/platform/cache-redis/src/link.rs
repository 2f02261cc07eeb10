//! The connection to Redis: there while Redis answers in time, and looked after beside the requests.

use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, RedisConnectionInfo, RedisError};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::Notify;

use crate::options::Target;

/// Longest time that a request waits for Redis.
pub(crate) const PATIENCE: Duration = Duration::from_millis(10);
/// Longest time to connect, beside the requests.
const CONNECTING: Duration = Duration::from_secs(3);
/// Failures in a row after which nothing is asked any more.
const ENOUGH: u32 = 3;
/// Shortest and longest pause before Redis is looked for again.
const PAUSE: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(10));

/// A connection, as long as it is worth asking.
#[derive(Debug, Default)]
pub(crate) struct Link {
    connection: RwLock<Option<MultiplexedConnection>>,
    failures: AtomicU32,
    broken: Notify,
}

type Driver = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Link {
    pub(crate) fn connection(&self) -> Option<MultiplexedConnection> {
        let connection = self
            .connection
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        connection.clone()
    }

    pub(crate) fn succeeded(&self) {
        self.failures.store(0, Ordering::Relaxed);
    }

    /// Takes note that Redis did not answer as it should; after some of these it is not asked any more.
    pub(crate) fn failed(&self, reason: &'static str) {
        metrics::counter!("cache_redis_failures_total", "reason" => reason).increment(1);
        if self.failures.fetch_add(1, Ordering::Relaxed) + 1 >= ENOUGH {
            self.set(None);
            self.broken.notify_one();
        }
    }

    fn set(&self, connection: Option<MultiplexedConnection>) {
        metrics::gauge!("cache_redis_connected").set(f64::from(u8::from(connection.is_some())));
        *self
            .connection
            .write()
            .unwrap_or_else(PoisonError::into_inner) = connection;
    }

    /// Connects, and connects again, for as long as the process lives.
    pub(crate) async fn keep(self: Arc<Self>, target: Target) {
        let mut pause = PAUSE.0;
        let mut told = false;
        self.set(None);
        loop {
            match connected(&target).await {
                Ok((connection, driver)) => {
                    tracing::info!("the shared cache answers");
                    (pause, told) = (PAUSE.0, false);
                    self.succeeded();
                    self.set(Some(connection));
                    tokio::select! {
                        () = driver => {}
                        () = self.broken.notified() => {}
                    }
                    self.set(None);
                    tracing::warn!("the shared cache does not answer; it is not asked any more");
                }
                Err(error) => {
                    metrics::counter!("cache_redis_failures_total", "reason" => "away")
                        .increment(1);
                    if !std::mem::replace(&mut told, true) {
                        tracing::warn!(%error, "the shared cache cannot be used yet");
                    }
                }
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSE.1);
        }
    }
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
enum Away {
    #[error("it cannot be reached: {0}")]
    Network(#[from] std::io::Error),
    /// The kind alone: what a server says may be anything.
    #[error("it does not speak as it should: {0:?}")]
    Redis(redis::ErrorKind),
    #[error("it does not answer in time")]
    Late,
}

impl From<RedisError> for Away {
    fn from(error: RedisError) -> Self {
        Self::Redis(error.kind())
    }
}

/// A connection that answered in time once, and what moves it.
async fn connected(target: &Target) -> Result<(MultiplexedConnection, Driver), Away> {
    let opening = tokio::time::timeout(CONNECTING, open(target));
    let (mut connection, mut driver) = opening.await.map_err(|_| Away::Late)??;
    // Asked twice: the first answer pays for what is not warm yet.
    for patience in [CONNECTING, PATIENCE] {
        let ping = redis::cmd("PING");
        let asked = tokio::time::timeout(patience, ping.query_async::<String>(&mut connection));
        tokio::select! {
            answer = asked => drop(answer.map_err(|_| Away::Late)??),
            () = &mut driver => return Err(Away::Late),
        }
    }
    Ok((connection, driver))
}

async fn open(target: &Target) -> Result<(MultiplexedConnection, Driver), Away> {
    let stream = TcpStream::connect((&*target.host, target.port)).await?;
    stream.set_nodelay(true)?;
    // The waits are ours: a late answer is no end of the connection.
    let config = AsyncConnectionConfig::new()
        .set_response_timeout(None)
        .set_connection_timeout(None);
    let login = &target.login;
    let Some((tls, name)) = &target.tls else {
        return speak(login, stream, config).await;
    };
    let stream = tls.connect(name.clone(), stream).await?;
    speak(login, stream, config).await
}

async fn speak<S>(
    login: &RedisConnectionInfo,
    stream: S,
    config: AsyncConnectionConfig,
) -> Result<(MultiplexedConnection, Driver), Away>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let speaking = MultiplexedConnection::new_with_config(login, stream, config);
    let (connection, driver) = speaking.await?;
    Ok((connection, Box::pin(driver)))
}
