//! One connected client: who it is, by which credential, and the way to it.

use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use axum::http::{HeaderMap, HeaderValue, Method, Uri, header};
use mt_access::{Authenticated, AuthenticationError, Authenticator, RequestHead};
use mt_kernel::{Secret, TenantId};
use serde_json::Value;

/// Why the hub ends a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The client does not read as fast as it is told.
    Slow,
    /// The session or token is over, or its tenant is suspended.
    SessionEnded,
    /// For some time nobody could say whether the session still holds.
    Unchecked,
    /// The server stops.
    Stopping,
}

impl Ending {
    /// The word that the client is told.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Slow => "slow",
            Self::SessionEnded => "session-ended",
            Self::Unchecked => "unchecked",
            Self::Stopping => "stopping",
        }
    }
}

/// The client's queue is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full;

/// The way to a client, whatever the transport. Nothing here waits for the client.
pub(crate) trait Outlet: Send + Sync {
    /// Queues a message.
    ///
    /// # Errors
    /// [`Full`] when the client has not taken what was said before.
    fn say(&self, name: &str, data: &Value) -> Result<(), Full>;

    /// Says why, and closes the connection.
    fn end(&self, ending: Ending);
}

/// What a client proved itself with, kept to look again while its connection lasts.
pub enum Credential {
    /// A bearer token.
    Token(Secret<String>),
    /// The session cookie, in the head of a request.
    Session(HeaderMap),
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credential(***)")
    }
}

impl Credential {
    /// The session cookie of a request, for looking without keeping the session alive.
    pub(crate) fn session(headers: &HeaderMap) -> Self {
        let mut kept = HeaderMap::new();
        for value in headers.get_all(header::COOKIE) {
            kept.append(header::COOKIE, value.clone());
        }
        kept.insert("x-mt-background", HeaderValue::from_static("1"));
        Self::Session(kept)
    }

    /// Who holds this credential now.
    ///
    /// # Errors
    /// When it is not good any more, or nobody can say.
    pub async fn authenticate(
        &self,
        authenticator: &dyn Authenticator,
    ) -> Result<Arc<Authenticated>, AuthenticationError> {
        match self {
            Self::Token(token) => authenticator.authenticate(token.expose()).await,
            Self::Session(headers) => {
                let uri = Uri::default();
                let head = RequestHead {
                    method: &Method::GET,
                    uri: &uri,
                    headers,
                };
                authenticator.authenticate_head(head).await
            }
        }
    }
}

/// A connected client.
pub(crate) struct Client {
    pub(crate) id: u64,
    pub(crate) tenant: TenantId,
    pub(crate) user: Arc<str>,
    pub(crate) credential: Arc<Credential>,
    pub(crate) outlet: Box<dyn Outlet>,
    who: RwLock<Arc<Authenticated>>,
    /// Checks in a row that could not be made.
    unchecked: AtomicU32,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl Client {
    pub(crate) fn new(
        id: u64,
        who: Arc<Authenticated>,
        credential: Arc<Credential>,
        outlet: Box<dyn Outlet>,
    ) -> Self {
        Self {
            id,
            tenant: who.tenant,
            user: Arc::clone(&who.actor.id),
            credential,
            outlet,
            who: RwLock::new(who),
            unchecked: AtomicU32::new(0),
        }
    }

    /// Who the client is, with the standing that was found last.
    pub(crate) fn who(&self) -> Arc<Authenticated> {
        let who = self.who.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&who)
    }

    /// Keeps a new standing; returns the one before.
    pub(crate) fn stands(&self, who: Arc<Authenticated>) -> Arc<Authenticated> {
        self.unchecked.store(0, Ordering::Relaxed);
        let mut kept = self.who.write().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *kept, who)
    }

    /// Counts a check that could not be made; returns how many there were in a row.
    pub(crate) fn could_not_be_checked(&self) -> u32 {
        self.unchecked.fetch_add(1, Ordering::Relaxed) + 1
    }
}
