//! Connections to the broker.

use std::time::Duration;

use lapin::{Channel, Connection, ConnectionProperties};
use mt_events::{EventError, Result};

use crate::options::Target;
use crate::tls;

/// How long the broker may take for one answer before it counts as away.
const PATIENCE: Duration = Duration::from_secs(30);

const AWAY: EventError = EventError::Bus("rabbitmq does not answer");

/// One question and its answer, which is waited for, but not for ever: a connection may be dead without anybody having said so.
/// Every question has its own time: a broker that comes back with much on its disk answers each of several hundred slowly,
/// and whoever gave up in between and began again would make it slower still, without end.
pub(crate) async fn ask<T>(
    what: &'static str,
    asked: impl Future<Output = lapin::Result<T>>,
) -> Result<T> {
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(answered) => answered.map_err(|error| refused(&error, what)),
        Err(_) => Err(AWAY),
    }
}

/// Lets a conversation with the broker come to its end even when nobody waits for it any more: a
/// connection that is left between a question and its answer could not be closed.
pub(crate) async fn aside<T: Send + 'static>(
    conversation: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    const BROKEN: EventError = EventError::Bus("a conversation with rabbitmq broke off");
    tokio::spawn(conversation).await.unwrap_or(Err(BROKEN))
}

/// How to connect for one purpose.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    target: Target,
    purpose: &'static str,
}

/// A channel on a connection of its own. When it is dropped, however suddenly, the connection is closed:
/// only that makes the broker take everything back and serve the next in line.
#[derive(Debug)]
pub(crate) struct Open {
    pub(crate) channel: Channel,
    connection: Option<Connection>,
}

impl Open {
    /// Whether it can still be used.
    pub(crate) fn is_alive(&self) -> bool {
        self.is_connected() && self.channel.status().connected()
    }

    /// Whether the broker closed the channel while the connection stands: it was asked for something that is not there, or is
    /// not what we take it for.
    pub(crate) fn is_refused(&self) -> bool {
        self.is_connected() && !self.channel.status().connected()
    }

    fn is_connected(&self) -> bool {
        let connection = self.connection.as_ref();
        connection.is_some_and(|known| known.status().connected())
    }

    /// Closes the connection and waits until the broker has heard of it.
    pub(crate) async fn close(&mut self) -> Result<()> {
        match self.connection.take() {
            Some(connection) if connection.status().connected() => {
                let closed = connection.close(200, "left".into());
                ask("a connection could not be closed", closed).await
            }
            _ => Ok(()),
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(async move {
                let closed = tokio::time::timeout(PATIENCE, connection.close(200, "gone".into()));
                // Dead already, or dropped with the connection in a moment.
                drop(closed.await);
            });
        }
    }
}

impl Link {
    pub(crate) fn new(target: Target, purpose: &'static str) -> Self {
        Self { target, purpose }
    }

    /// A new connection with a channel.
    pub(crate) async fn open(&self) -> Result<Open> {
        const UNREACHABLE: &str = "rabbitmq cannot be reached";
        let connection = ask(UNREACHABLE, self.connect()).await?;
        let channel = ask(UNREACHABLE, connection.create_channel()).await?;
        Ok(Open {
            channel,
            connection: Some(connection),
        })
    }

    async fn connect(&self) -> lapin::Result<Connection> {
        let name = format!("{} {}", self.target.prefix, self.purpose);
        let properties = ConnectionProperties::default().with_connection_name(name.into());
        let uri = self.target.uri.clone();
        match self.target.tls.clone() {
            None => Connection::connect_uri(uri, properties).await,
            Some(connector) => tls::connect(uri, connector, properties).await,
        }
    }
}

/// The error as the port has it; the reason goes to the log.
pub(crate) fn refused(error: &lapin::Error, what: &'static str) -> EventError {
    tracing::warn!(%error, "{what}");
    EventError::Bus(what)
}
