//! Connections to the broker.

use std::time::Duration;

use lapin::{Channel, Connection, ConnectionProperties};
use mt_events::{EventError, Result};

use crate::options::Target;
use crate::tls;

/// How long the broker may take to answer before it counts as away.
const PATIENCE: Duration = Duration::from_secs(30);

/// Waits for the broker, but not for ever: a connection may be dead without anybody having said so.
pub(crate) async fn answer<T>(asked: impl Future<Output = Result<T>>) -> Result<T> {
    const AWAY: EventError = EventError::Bus("rabbitmq does not answer");
    tokio::time::timeout(PATIENCE, asked)
        .await
        .unwrap_or(Err(AWAY))
}

/// Lets a conversation with the broker come to its end even when nobody waits for it any more: a
/// connection that is left between a question and its answer could not be closed.
pub(crate) async fn aside<T: Send + 'static>(
    conversation: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    const BROKEN: EventError = EventError::Bus("a conversation with rabbitmq broke off");
    let held = tokio::spawn(answer(conversation));
    held.await.unwrap_or(Err(BROKEN))
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
        let connection = self.connection.as_ref();
        let is_connected = connection.is_some_and(|known| known.status().connected());
        is_connected && self.channel.status().connected()
    }

    /// Closes the connection and waits until the broker has heard of it.
    pub(crate) async fn close(&mut self) -> Result<()> {
        match self.connection.take() {
            Some(connection) if connection.status().connected() => {
                let closed = connection.close(200, "left".into()).await;
                closed.map_err(|error| refused(&error, "a connection could not be closed"))
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
        let connection = self.connect().await.map_err(unreachable)?;
        let channel = connection.create_channel().await.map_err(unreachable)?;
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

fn unreachable(error: lapin::Error) -> EventError {
    refused(&error, "rabbitmq cannot be reached")
}

/// The error as the port has it; the reason goes to the log.
pub(crate) fn refused(error: &lapin::Error, what: &'static str) -> EventError {
    tracing::warn!(%error, "{what}");
    EventError::Bus(what)
}
