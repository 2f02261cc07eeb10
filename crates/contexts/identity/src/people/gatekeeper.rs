//! Who is calling: by a token, which the authorization server checks, or by a session cookie.

use std::sync::Arc;

use axum::http::Method;
use mt_access::{
    Authenticated, Authentication, AuthenticationError, Authenticator, Grant, LaunchContext,
    RequestHead,
};
use mt_kernel::{Actor, ActorKind, Clock};

use super::sessions::{Session, Sessions, Touch};

/// Set by pages on requests that nobody asked for: they do not keep a session alive.
const BACKGROUND: &str = "x-mt-background";
/// Repeats the session's token on everything but safe methods.
const CSRF: &str = "x-csrf-token";

/// Checks tokens and sessions, for every door.
pub struct Gatekeeper {
    tokens: Arc<dyn Authenticator>,
    sessions: Sessions,
    clock: Arc<dyn Clock>,
}

impl Gatekeeper {
    /// A gatekeeper that leaves tokens to `tokens`.
    #[must_use]
    pub fn new(tokens: Arc<dyn Authenticator>, sessions: Sessions, clock: Arc<dyn Clock>) -> Self {
        Self {
            tokens,
            sessions,
            clock,
        }
    }

    async fn by_session(
        &self,
        head: RequestHead<'_>,
    ) -> Result<Arc<Authenticated>, AuthenticationError> {
        let touch = if head.headers.contains_key(BACKGROUND) {
            Touch::Background
        } else {
            Touch::Person
        };
        let found = self.sessions.find(head.headers, touch).await;
        let session = found.map_err(|error| {
            tracing::warn!(%error, "a session cannot be checked");
            AuthenticationError::Unavailable
        })?;
        let session = session.ok_or(AuthenticationError::Missing)?;
        let safe = [Method::GET, Method::HEAD, Method::OPTIONS].contains(head.method);
        let token = head.headers.get(CSRF).and_then(|value| value.to_str().ok());
        if !safe && !token.is_some_and(|token| session.is_own_form(token)) {
            return Err(AuthenticationError::CrossSite);
        }
        Ok(Arc::new(authenticated(&session, &*self.clock)))
    }
}

impl Authenticator for Gatekeeper {
    fn authenticate<'a>(&'a self, token: &'a str) -> Authentication<'a> {
        self.tokens.authenticate(token)
    }

    fn authenticate_head<'a>(&'a self, head: RequestHead<'a>) -> Authentication<'a> {
        // A request that presents a token is judged by it alone.
        if head.authorization().is_some() {
            return self.tokens.authenticate_head(head);
        }
        Box::pin(self.by_session(head))
    }
}

/// The caller that a session stands for.
#[must_use]
pub fn authenticated(session: &Session, clock: &dyn Clock) -> Authenticated {
    let roles = session.matrix_roles();
    let own = session.account.own_patients();
    let own = own.iter().map(|id| Arc::from(id.as_str())).collect();
    let now = clock.now();
    let credential = session.credential(now);
    let (key, _) = credential
        .split_first_chunk::<8>()
        .expect("a digest has 32 bytes");
    Authenticated {
        tenant: session.tenant,
        actor: actor_of(session, now),
        grant: Grant::new(roles, None, own, LaunchContext::default()),
        credential,
        client_key: u64::from_be_bytes(*key),
    }
}

/// The actor of a session.
pub(crate) fn actor_of(session: &Session, now: mt_kernel::Instant) -> Actor {
    let roles = session
        .roles
        .iter()
        .map(|held| Arc::from(held.role.as_str()));
    Actor {
        id: session.account.id.to_string().into(),
        kind: ActorKind::User,
        roles: roles.collect(),
        fhir_user: session.account.profile.fhir_user.as_deref().map(Arc::from),
        client_id: None,
        assurance: session.assurance(now),
    }
}
