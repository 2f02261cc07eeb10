//! A plain WebSocket with the same rooms and announcements, for clients without Socket.IO.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::http::HeaderMap;
use axum::response::Response;
use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt, StreamExt};
use mt_access::Authenticated;
use mt_api::{Caller, Permission, Routes, routes};
use mt_http::Problem;
use mt_kernel::{ErrorKind, Fault};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, timeout};

use crate::client::{Credential, Ending, Full, Outlet};
use crate::{Hub, Refusal, Room};

/// Longest wait for a client to take one message.
const PATIENCE: Duration = Duration::from_secs(20);
/// Longest wait for a client to hear why the connection ends.
const FAREWELL: Duration = Duration::from_secs(5);
/// Clients say little: the usual 128 KiB for each of thousands would be most of the server's memory.
const READ_BUFFER: usize = 4 << 10;
/// Close code of endings and refusals of ours (RFC 6455 §7.4.2, for private use).
const CLOSE: u16 = 4000;

/// The route of the WebSocket.
#[must_use]
pub fn table() -> Routes<Hub> {
    Routes::new().route(Permission::signed_in(), routes!(live))
}

/// Live announcements over a WebSocket
///
/// After `{"type":"ready"}` the client sends `{"type":"subscribe","room":"patient/…"}` and hears
/// `{"type":"event","data":{…}}`: what happened and to which record, never its content. A session cookie counts only with an
/// `Origin` of this installation.
#[utoipa::path(get, path = "/live", tag = "live", responses(
    (status = 101, description = "the connection is a WebSocket from now on"),
    (status = 400, description = "the request asks for no WebSocket"),
    (status = 403, description = "the page that asks is of another origin"),
))]
async fn live(
    State(hub): State<Hub>,
    caller: Caller,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let credential = hub.door().credential(&headers, None).map_err(|refusal| {
        let kind = if refusal == Refusal::CrossSite {
            ErrorKind::Forbidden
        } else {
            ErrorKind::Unauthenticated
        };
        Fault::new(kind, refusal.to_string())
    })?;
    let upgrade = upgrade
        .map_err(|_| Fault::new(ErrorKind::Malformed, "the request asks for no WebSocket"))?;
    let bytes = hub.limits().message_bytes;
    let upgrade = upgrade
        .max_message_size(bytes)
        .max_frame_size(bytes)
        .read_buffer_size(READ_BUFFER);
    let address = mt_store::network_address();
    Ok(upgrade.on_upgrade(move |socket| {
        mt_store::from_address(address, serve(hub, socket, caller.who, credential))
    }))
}

/// The way to a client: a queue of `HubLimits::queue` messages.
struct QueueOutlet {
    queue: mpsc::Sender<String>,
    ending: watch::Sender<Option<Ending>>,
}

impl Outlet for QueueOutlet {
    fn say(&self, name: &str, data: &Value) -> Result<(), Full> {
        match self.queue.try_send(frame(name, data, None)) {
            Err(mpsc::error::TrySendError::Full(_)) => Err(Full),
            // One that is gone leaves the hub by itself.
            Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => Ok(()),
        }
    }

    fn end(&self, ending: Ending) {
        self.ending.send_replace(Some(ending));
    }
}

fn frame(name: &str, data: &Value, reference: Option<&Value>) -> String {
    let mut frame = json!({"type": name, "data": data});
    if let Some(reference) = reference {
        frame["ref"] = reference.clone();
    }
    frame.to_string()
}

async fn serve(hub: Hub, socket: WebSocket, who: Arc<Authenticated>, credential: Credential) {
    let (queue, waiting) = mpsc::channel(hub.limits().queue);
    let (ending, ended) = watch::channel(None);
    let (mut sink, stream) = socket.split();
    let outlet = Box::new(QueueOutlet { queue, ending });
    match hub.enter(who, Arc::new(credential), outlet) {
        Ok((id, ready)) => {
            let ready = serde_json::to_value(ready).unwrap_or_default();
            let mut connection = Connection {
                hub: hub.clone(),
                id,
                sink,
                stream,
                waiting,
                ended,
            };
            connection.run(&ready).await;
            hub.leave(id);
        }
        Err(refusal) => {
            let said = frame("refused", &refusal.as_json(), None);
            let _ = timeout(FAREWELL, farewell(&mut sink, said, refusal.code())).await;
        }
    }
}

async fn farewell(sink: &mut SplitSink<WebSocket, Message>, last: String, reason: &'static str) {
    let _ = sink.send(Message::Text(last.into())).await;
    let close = CloseFrame {
        code: CLOSE,
        reason: reason.into(),
    };
    let _ = sink.send(Message::Close(Some(close))).await;
}

/// One connection, in one task: what it says, what it is told, and its signs of life.
struct Connection {
    hub: Hub,
    id: u64,
    sink: SplitSink<WebSocket, Message>,
    stream: SplitStream<WebSocket>,
    waiting: mpsc::Receiver<String>,
    ended: watch::Receiver<Option<Ending>>,
}

/// What comes next on a connection.
enum Next {
    Said(Option<String>),
    Heard(Option<Result<Message, axum::Error>>),
    Ping,
    Ended,
}

impl Connection {
    async fn run(&mut self, ready: &Value) {
        let (interval, grace) = self.hub.limits().ping;
        let mut alive = Instant::now();
        let mut pings = tokio::time::interval(interval);
        pings.reset();
        if !self
            .send(Message::Text(frame("ready", ready, None).into()))
            .await
        {
            return;
        }
        loop {
            let next = tokio::select! {
                biased;
                _ = self.ended.changed() => Next::Ended,
                _ = pings.tick() => Next::Ping,
                said = self.waiting.recv() => Next::Said(said),
                heard = self.stream.next() => Next::Heard(heard),
            };
            let goes_on = match next {
                Next::Ended => false,
                Next::Ping if alive.elapsed() > interval + grace => return,
                Next::Ping => self.send(Message::Ping(Bytes::new())).await,
                Next::Said(Some(text)) => self.send(Message::Text(text.into())).await,
                Next::Said(None) | Next::Heard(None | Some(Err(_) | Ok(Message::Close(_)))) => {
                    return;
                }
                Next::Heard(Some(Ok(message))) => {
                    alive = Instant::now();
                    self.hear(message).await
                }
            };
            if !goes_on {
                return self.say_why().await;
            }
        }
    }

    /// Sends one message, unless the connection ends or the client takes too long.
    async fn send(&mut self, message: Message) -> bool {
        tokio::select! {
            biased;
            _ = self.ended.changed() => false,
            sent = timeout(PATIENCE, self.sink.send(message)) => matches!(sent, Ok(Ok(()))),
        }
    }

    async fn say_why(&mut self) {
        let ending = *self.ended.borrow();
        let ending = ending.unwrap_or(Ending::Slow);
        let last = frame("ended", &json!({"reason": ending.code()}), None);
        let _ = timeout(FAREWELL, farewell(&mut self.sink, last, ending.code())).await;
    }

    async fn hear(&mut self, message: Message) -> bool {
        let text = match message {
            Message::Text(text) => text,
            Message::Ping(_) | Message::Pong(_) => return true,
            Message::Binary(_) | Message::Close(_) => return false,
        };
        let answer = match serde_json::from_str::<Asked>(&text) {
            Ok(asked) => self.answer(asked).await,
            Err(_) => {
                let why =
                    json!({"code": "malformed", "message": "the message cannot be understood"});
                frame("refused", &why, None)
            }
        };
        self.send(Message::Text(answer.into())).await
    }

    async fn answer(&self, asked: Asked) -> String {
        let (name, outcome): (_, Result<Room, Refusal>) = match asked.what {
            What::Subscribe => ("subscribed", self.hub.subscribe(self.id, &asked.room).await),
            What::Unsubscribe => ("unsubscribed", self.hub.unsubscribe(self.id, &asked.room)),
        };
        let reference = asked.reference.as_ref();
        match outcome {
            Ok(room) => frame(name, &json!({"room": room}), reference),
            Err(refusal) => {
                let mut why = refusal.as_json();
                why["room"] = asked.room.into();
                frame("refused", &why, reference)
            }
        }
    }
}

/// A request of a client.
#[derive(Debug, Deserialize)]
struct Asked {
    #[serde(rename = "type")]
    what: What,
    room: String,
    /// Comes back with the answer.
    #[serde(rename = "ref")]
    reference: Option<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum What {
    Subscribe,
    Unsubscribe,
}
