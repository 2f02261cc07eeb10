//! One connection, in one task: what it says, what it is told, and its signs of life.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::ws::{CloseFrame, Message, WebSocket};
use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt, StreamExt};
use mt_access::{Authenticated, AuthenticationError, Interaction};
use mt_fhir::ResourceType;
use mt_kernel::Instant;
use mt_live::Credential;
use tokio::sync::Notify;
use tokio::time::timeout;

use super::Sockets;
use super::binding::{Binding, Said};
use super::board::Key;
use super::limits::Place;
use crate::error::Result;

/// Longest wait for a client to take one message.
const PATIENCE: Duration = Duration::from_secs(20);
/// Longest wait for a client to hear why the connection ends.
const FAREWELL: Duration = Duration::from_secs(5);
/// Close code of endings of ours (RFC 6455 §7.4.2, for private use).
const CLOSE: u16 = 4000;
/// How often times are looked at.
const TICK: Duration = Duration::from_secs(1);
/// A Subscription that was asked for a moment ago is waited for: so many times, so long.
const SETTLING: (u32, Duration) = (50, Duration::from_millis(100));
/// Looks at a credential that may fail in a row for want of an answer.
const UNCHECKED: u32 = 3;

/// Why a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    /// The client went, does not answer, or does not take what it is told.
    Gone,
    /// Nothing is bound any more, or nothing was in time.
    Unbound,
    /// The session or token is over.
    SessionEnded,
    /// The client says something that is no message of this protocol.
    Malformed,
    /// Nobody can say now what may be told.
    Unavailable,
}

impl Ending {
    const fn code(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::Unbound => "unbound",
            Self::SessionEnded => "session-ended",
            Self::Malformed => "malformed",
            Self::Unavailable => "unavailable",
        }
    }
}

/// A connection.
pub(super) struct Connection {
    sockets: Sockets,
    id: u64,
    held: Option<(Credential, Arc<Authenticated>)>,
    place: Place,
    news: Arc<Notify>,
    bindings: BTreeMap<Key, Binding>,
    /// Since when nothing is bound.
    unbound: Option<tokio::time::Instant>,
    unchecked: u32,
}

/// What comes next.
enum Next {
    Heard(Option<std::result::Result<Message, axum::Error>>),
    News,
    Ping,
    Recheck,
    Tick,
}

type Sink = SplitSink<WebSocket, Message>;

impl Connection {
    pub(super) fn new(
        sockets: Sockets,
        id: u64,
        held: Option<(Credential, Arc<Authenticated>)>,
        place: Place,
    ) -> Self {
        Self {
            sockets,
            id,
            held,
            place,
            news: Arc::default(),
            bindings: BTreeMap::new(),
            unbound: Some(tokio::time::Instant::now()),
            unchecked: 0,
        }
    }

    /// Serves the connection to its end.
    pub(super) async fn serve(mut self, socket: WebSocket) {
        let (mut sink, mut stream) = socket.split();
        let ending = self.run(&mut sink, &mut stream).await;
        let keys: Vec<Key> = self.bindings.keys().copied().collect();
        keys.into_iter().for_each(|key| self.unbind(key));
        if ending != Ending::Gone {
            let close = CloseFrame {
                code: CLOSE,
                reason: ending.code().into(),
            };
            let _ = timeout(FAREWELL, sink.send(Message::Close(Some(close)))).await;
        }
    }

    async fn run(&mut self, sink: &mut Sink, stream: &mut SplitStream<WebSocket>) -> Ending {
        let limits = self.sockets.inner.limits;
        let (interval, grace) = limits.ping;
        let mut alive = tokio::time::Instant::now();
        let mut pings = every(interval);
        let mut rechecks = every(limits.recheck);
        let mut ticks = every(TICK);
        let news = Arc::clone(&self.news);
        loop {
            let next = tokio::select! {
                biased;
                _ = pings.tick() => Next::Ping,
                _ = rechecks.tick() => Next::Recheck,
                _ = ticks.tick() => Next::Tick,
                () = news.notified() => Next::News,
                heard = stream.next() => Next::Heard(heard),
            };
            let outcome = match next {
                Next::Ping if alive.elapsed() > interval + grace => Err(Ending::Gone),
                Next::Ping => send(sink, Message::Ping(Bytes::new())).await,
                Next::Recheck => self.recheck().await,
                Next::Tick => self.tick(sink).await,
                Next::News => self.tell(sink).await,
                Next::Heard(None | Some(Err(_) | Ok(Message::Close(_)))) => Err(Ending::Gone),
                Next::Heard(Some(Ok(message))) => {
                    alive = tokio::time::Instant::now();
                    self.hear(sink, message).await
                }
            };
            if let Err(ending) = outcome {
                return ending;
            }
        }
    }

    async fn hear(&mut self, sink: &mut Sink, message: Message) -> Result<(), Ending> {
        let text = match message {
            Message::Text(text) => text,
            Message::Ping(_) | Message::Pong(_) => return Ok(()),
            Message::Binary(_) | Message::Close(_) => return Err(Ending::Malformed),
        };
        match text.trim().split_once(' ') {
            Some(("bind", id)) => self.bind_own(sink, id.trim()).await,
            Some(("bind-with-token", token)) => self.bind_by_token(sink, token.trim()).await,
            _ => Err(Ending::Malformed),
        }
    }

    /// `bind ID`: by the credential of the connection.
    async fn bind_own(&mut self, sink: &mut Sink, id: &str) -> Result<(), Ending> {
        let Some((_, who)) = &self.held else {
            return refuse(sink, id, "sign in, or bind with a token").await;
        };
        let who = Arc::clone(who);
        if self.bind(sink, &who, id, None).await? {
            self.say(sink, format!("bound {id}")).await?;
            self.shake(sink, &who, id).await?;
        }
        Ok(())
    }

    /// `bind-with-token TOKEN`: by what the token says. Subscriptions of the backport answer with their handshake.
    async fn bind_by_token(&mut self, sink: &mut Sink, token: &str) -> Result<(), Ending> {
        let subscriptions = self.sockets.inner.subscriptions.clone();
        let claims = subscriptions.claims(token).await.map_err(unavailable)?;
        let Some((tenant, claims)) = claims else {
            return refuse(sink, "token", "the token is not good").await;
        };
        let who = claims.who(tenant, token).map_err(unavailable)?;
        for id in &claims.subscriptions {
            if self.bind(sink, &who, id, Some(claims.until())).await?
                && !self.shake(sink, &who, id).await?
            {
                self.say(sink, format!("bound {id}")).await?;
            }
        }
        Ok(())
    }

    /// Binds one Subscription, which begins with what comes next; false when that was refused.
    async fn bind(
        &mut self,
        sink: &mut Sink,
        who: &Arc<Authenticated>,
        id: &str,
        until: Option<Instant>,
    ) -> Result<bool, Ending> {
        let inner = Arc::clone(&self.sockets.inner);
        if self.bindings.len() >= inner.limits.bindings
            || !self.place.is_of(who.tenant, &who.actor.id)
        {
            refuse(sink, id, "too many bindings or connections").await?;
            return Ok(false);
        }
        let found = self.find(who, id, until).await.map_err(unavailable)?;
        let Some(binding) = found else {
            refuse(sink, id, "there is no such Subscription of yours").await?;
            return Ok(false);
        };
        let board = &inner.subscriptions.board;
        board.watch(binding.key, self.id, &self.news);
        self.bindings.insert(binding.key, binding);
        self.unbound = None;
        Ok(true)
    }

    /// The Subscription as a binding. One that was just asked for becomes active in a moment.
    async fn find(
        &self,
        who: &Arc<Authenticated>,
        id: &str,
        until: Option<Instant>,
    ) -> Result<Option<Binding>> {
        let subscriptions = &self.sockets.inner.subscriptions;
        let caller = subscriptions.caller(Arc::clone(who), Interaction::Read);
        let caller = caller.await?;
        for _ in 0..SETTLING.0 {
            let found = Binding::find(subscriptions, who, id, until).await?;
            if found.is_some() {
                return Ok(found);
            }
            let store = &subscriptions.parts.store;
            let read = store.read(&caller, ResourceType::SUBSCRIPTION, id).await;
            let status = read.ok().and_then(|stored| {
                let resource: serde_json::Value = serde_json::from_slice(&stored.body).ok()?;
                resource["status"].as_str().map(str::to_owned)
            });
            if status.as_deref() != Some("requested") {
                return Binding::find(subscriptions, who, id, until).await;
            }
            tokio::time::sleep(SETTLING.1).await;
        }
        Ok(None)
    }

    /// Says the handshake of a Subscription of the backport; false when it is none.
    async fn shake(&self, sink: &mut Sink, who: &Authenticated, id: &str) -> Result<bool, Ending> {
        let key = (who.tenant, crate::store::row_of(id));
        let Some(binding) = self.bindings.get(&key) else {
            return Ok(false);
        };
        let handshake = binding.handshake(&self.sockets.inner.subscriptions).await;
        match handshake.map_err(unavailable)? {
            Some(text) => self.say(sink, text).await.map(|()| true),
            None => Ok(false),
        }
    }

    /// Says what is new of everything that is bound.
    async fn tell(&mut self, sink: &mut Sink) -> Result<(), Ending> {
        let subscriptions = self.sockets.inner.subscriptions.clone();
        let mut over = Vec::new();
        for (key, binding) in &mut self.bindings {
            loop {
                match binding.news(&subscriptions).await.map_err(unavailable)? {
                    Said::Nothing => break,
                    Said::Over => {
                        over.push(*key);
                        break;
                    }
                    Said::Messages(messages) => {
                        for text in messages {
                            send(sink, Message::Text(text.into())).await?;
                        }
                    }
                }
            }
        }
        over.into_iter().for_each(|key| self.unbind(key));
        Ok(())
    }

    /// Signs of life, and the end of what is over.
    async fn tick(&mut self, sink: &mut Sink) -> Result<(), Ending> {
        let subscriptions = self.sockets.inner.subscriptions.clone();
        let now = subscriptions.now();
        let is_over = |binding: &&Binding| binding.until.is_some_and(|until| until <= now);
        let over: Vec<Key> = self
            .bindings
            .values()
            .filter(is_over)
            .map(|binding| binding.key)
            .collect();
        over.into_iter().for_each(|key| self.unbind(key));
        for binding in self.bindings.values_mut() {
            let due = binding.heartbeat(&subscriptions).await;
            if let Some(text) = due.map_err(unavailable)? {
                send(sink, Message::Text(text.into())).await?;
            }
        }
        let patience = self.sockets.inner.limits.unbound;
        if self.unbound.is_some_and(|since| since.elapsed() > patience) {
            return Err(Ending::Unbound);
        }
        Ok(())
    }

    /// Looks whether the connection's own credential still holds, and what it opens now.
    async fn recheck(&mut self) -> Result<(), Ending> {
        let Some((credential, who)) = &mut self.held else {
            return Ok(());
        };
        let authenticator = &*self.sockets.inner.authenticator;
        match credential.authenticate(authenticator).await {
            Ok(now) if now.tenant == who.tenant && now.actor.id == who.actor.id => {
                self.unchecked = 0;
                let own = self.bindings.values_mut();
                own.filter(|binding| binding.until.is_none())
                    .for_each(|binding| binding.who = Arc::clone(&now));
                *who = now;
                Ok(())
            }
            Err(AuthenticationError::Unavailable) => {
                self.unchecked += 1;
                if self.unchecked < UNCHECKED {
                    Ok(())
                } else {
                    Err(Ending::Unavailable)
                }
            }
            Ok(_) | Err(_) => Err(Ending::SessionEnded),
        }
    }

    fn unbind(&mut self, key: Key) {
        let board = &self.sockets.inner.subscriptions.board;
        board.forget(key, self.id);
        self.bindings.remove(&key);
        if self.bindings.is_empty() {
            self.unbound = Some(tokio::time::Instant::now());
        }
    }

    async fn say(&self, sink: &mut Sink, text: String) -> Result<(), Ending> {
        send(sink, Message::Text(text.into())).await
    }
}

fn every(period: Duration) -> tokio::time::Interval {
    let mut interval = tokio::time::interval(period);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    interval.reset();
    interval
}

/// Sends one message, unless the client takes too long.
async fn send(sink: &mut Sink, message: Message) -> Result<(), Ending> {
    match timeout(PATIENCE, sink.send(message)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(Ending::Gone),
    }
}

/// The protocol has no word for a refusal; this one begins like none of its words.
async fn refuse(sink: &mut Sink, what: &str, why: &str) -> Result<(), Ending> {
    let named: String = what.chars().take(64).collect();
    send(sink, Message::text(format!("refused {named} {why}"))).await
}

/// A client that connects again is told what it missed by `$events`.
fn unavailable(error: crate::SubscriptionError) -> Ending {
    tracing::warn!(%error, "a client who waits for notifications cannot be told");
    Ending::Unavailable
}
