//! A plain WebSocket client.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::fixture::Process;

/// No answer is waited for any longer.
const LONGEST: Duration = Duration::from_secs(20);

pub(crate) struct Client(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Client {
    /// Connects with these headers; the status of the refusal otherwise.
    pub(crate) async fn with(process: &Process, headers: &[(&str, &str)]) -> Result<Self, u16> {
        let url = format!("ws://{}/api/v1/live", process.address);
        let mut request = url.into_client_request().unwrap();
        for (name, value) in headers {
            let name: axum::http::HeaderName = name.parse().unwrap();
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        match connect_async(request).await {
            Ok((stream, _)) => Ok(Self(stream)),
            Err(Error::Http(response)) => Err(response.status().as_u16()),
            Err(other) => panic!("{other}"),
        }
    }

    /// Connects by token and is let in.
    pub(crate) async fn by_token(process: &Process, token: &str) -> Self {
        let bearer = format!("Bearer {token}");
        let mut client = Self::with(process, &[("authorization", &bearer)])
            .await
            .unwrap();
        assert_eq!(client.next().await["type"], "ready");
        client
    }

    /// The next message, `null` when the connection is closed.
    pub(crate) async fn next(&mut self) -> Value {
        loop {
            let next = tokio::time::timeout(LONGEST, self.0.next()).await;
            match next.expect("a message comes in time") {
                Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).unwrap(),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                _ => return Value::Null,
            }
        }
    }

    pub(crate) async fn send(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.unwrap();
    }

    /// Asks for a room; the answer's type.
    pub(crate) async fn subscribe(&mut self, room: &str) -> String {
        let asked = json!({"type": "subscribe", "room": room, "ref": room});
        self.send(&asked.to_string()).await;
        let answer = self.next().await;
        assert_eq!(answer["ref"], room);
        answer["type"].as_str().unwrap().to_owned()
    }

    /// The next event of a kind.
    pub(crate) async fn event(&mut self, name: &str) -> Value {
        loop {
            let mut message = self.next().await;
            assert_eq!(message["type"], "event", "{message}");
            if message["data"]["type"] == name {
                return message["data"].take();
            }
        }
    }
}
