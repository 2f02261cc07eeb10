//! Socket.IO: the transport of browsers and of everything that speaks its protocol (version 5).
//!
//! This module alone knows the library that does it. Rooms of the library are not used: who hears what is
//! decided by the hub, client by client.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use mt_access::Authenticated;
use mt_http::{PeerAddress, Problem};
use mt_kernel::{ErrorKind, Fault, TenantId};
use serde::Deserialize;
use serde_json::{Value, json};
use socketioxide::extract::{AckSender, SocketRef, State as Shared, TryData};
use socketioxide::handler::ConnectHandler;
use socketioxide::{SendError, SocketError, SocketIo};

use crate::client::{Credential, Ending, Full, Outlet};
use crate::{Hub, Refusal, Room};

/// Where Socket.IO is served.
pub const PATH: &str = "/socket.io";

/// Time between the transport's handshake and the client's proof of who it is.
const CONNECT: Duration = Duration::from_secs(10);
/// Pause between two attempts to close the connection of a client that does not read, and how many.
const CLOSING: (Duration, u32) = (Duration::from_millis(250), 240);

/// The routes of Socket.IO.
pub fn router(hub: Hub) -> Router {
    let limits = *hub.limits();
    let (service, io) = SocketIo::builder()
        .req_path(PATH)
        .max_buffer_size(limits.queue)
        .max_payload(limits.message_bytes as u64)
        .ws_max_message_size(limits.message_bytes)
        .ws_max_frame_size(limits.message_bytes)
        .ping_interval(limits.ping.0)
        .ping_timeout(limits.ping.1)
        .connect_timeout(CONNECT)
        .with_state(hub.clone())
        .build_svc();
    io.ns("/", connected.with(admit));
    Router::new()
        .route_service(PATH, service.clone())
        .route_service("/socket.io/", service)
        .layer(from_fn_with_state(hub, guard))
}

/// Turns away requests that carry a cookie from another origin, and floods of handshakes.
async fn guard(State(hub): State<Hub>, request: Request, next: Next) -> Response {
    if !hub.door().lets_pass(request.headers()) {
        return Problem::from(Fault::new(
            ErrorKind::Forbidden,
            Refusal::CrossSite.to_string(),
        ))
        .into_response();
    }
    let query = request.uri().query().unwrap_or_default();
    let is_handshake = !query.split('&').any(|pair| pair.starts_with("sid="));
    if is_handshake {
        let mut hasher = DefaultHasher::new();
        let peer = request.extensions().get::<PeerAddress>();
        peer.map(|peer| peer.0.ip()).hash(&mut hasher);
        if hub
            .handshakes()
            .check(TenantId(0), hasher.finish())
            .is_err()
        {
            let fault = Fault::new(ErrorKind::TooMany, Refusal::TooFast.to_string());
            return Problem::from(fault).into_response();
        }
    }
    next.run(request).await
}

/// What a client may send with its first packet (`io(url, { auth: { token } })`).
#[derive(Debug, Default, Deserialize)]
struct Auth {
    #[serde(default)]
    token: Option<String>,
}

/// What the client's `connect_error` says: the code of the refusal.
struct ConnectError(Refusal);

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.code())
    }
}

/// Who was admitted, on the way from the check to the connection.
#[derive(Clone)]
struct Admitted {
    who: Arc<Authenticated>,
    credential: Arc<Credential>,
}

async fn admit(
    socket: SocketRef,
    TryData(auth): TryData<Auth>,
    Shared(hub): Shared<Hub>,
) -> Result<(), ConnectError> {
    // What is no token is judged by its cookie, and most often has none.
    let token = auth.unwrap_or_default().token;
    let headers = &socket.req_parts().headers;
    let credential = hub
        .door()
        .credential(headers, token)
        .map_err(ConnectError)?;
    let who = hub.authenticate(&credential).await;
    let who = who.map_err(|error| ConnectError(error.into()))?;
    hub.has_place(&who).map_err(ConnectError)?;
    socket.extensions.insert(Admitted {
        who,
        credential: Arc::new(credential),
    });
    Ok(())
}

/// Sets the connection up; nothing of this waits, so that no packet of the client comes too early.
fn connected(socket: SocketRef, Shared(hub): Shared<Hub>) -> std::future::Ready<()> {
    let done = std::future::ready(());
    let Some(admitted) = socket.extensions.remove::<Admitted>() else {
        return done;
    };
    let outlet = Box::new(SocketOutlet(socket.clone()));
    let (id, ready) = match hub.enter(admitted.who, admitted.credential, outlet) {
        Ok(entered) => entered,
        Err(refusal) => {
            let _ = socket.emit("refused", &refusal.as_json());
            let _ = socket.disconnect();
            return done;
        }
    };
    let entering = hub.clone();
    let peer = socket.req_parts().extensions.get::<PeerAddress>();
    let address = peer.map(|peer| peer.0.ip());
    socket.on("subscribe", move |asked: TryData<Asked>, ack: AckSender| {
        let hub = entering.clone();
        async move {
            let room = asked.0.map(|asked| asked.room).unwrap_or_default();
            let entered = mt_store::from_address(address, hub.subscribe(id, &room)).await;
            answer(ack, &room, entered);
        }
    });
    let leaving = hub.clone();
    socket.on(
        "unsubscribe",
        move |asked: TryData<Asked>, ack: AckSender| {
            let room = asked.0.map(|asked| asked.room).unwrap_or_default();
            answer(ack, &room, leaving.unsubscribe(id, &room));
            std::future::ready(())
        },
    );
    let gone = hub.clone();
    socket.on_disconnect(move || {
        gone.leave(id);
        std::future::ready(())
    });
    if socket.emit("ready", &ready).is_err() {
        hub.leave(id);
    }
    done
}

/// A request to enter or leave a room.
#[derive(Debug, Deserialize)]
struct Asked {
    room: String,
}

fn answer(ack: AckSender, asked: &str, outcome: Result<Room, Refusal>) {
    let answer = match outcome {
        Ok(room) => json!({"ok": true, "room": room}),
        Err(refusal) => json!({"ok": false, "room": asked, "error": refusal.as_json()}),
    };
    // A client whose queue is full is disconnected by what is said to it next.
    let _ = ack.send(&answer);
}

/// The way to a client of Socket.IO: the library's queue of `HubLimits::queue` packets.
struct SocketOutlet(SocketRef);

impl Outlet for SocketOutlet {
    fn say(&self, name: &str, data: &Value) -> Result<(), Full> {
        match self.0.emit(name, data) {
            Err(SendError::Socket(SocketError::InternalChannelFull)) => Err(Full),
            // One that is gone leaves the hub by itself.
            Ok(()) | Err(_) => Ok(()),
        }
    }

    fn end(&self, ending: Ending) {
        let socket = self.0.clone();
        let reason = json!({"reason": ending.code()});
        let mut told = socket.emit("ended", &reason).is_ok();
        if told && socket.clone().disconnect().is_ok() {
            return;
        }
        // The queue is full: the client is told as soon as it reads, or its pings run out.
        tokio::spawn(async move {
            for _ in 0..CLOSING.1 {
                tokio::time::sleep(CLOSING.0).await;
                told = told || socket.emit("ended", &reason).is_ok();
                if !socket.connected() || (told && socket.clone().disconnect().is_ok()) {
                    return;
                }
            }
        });
    }
}
