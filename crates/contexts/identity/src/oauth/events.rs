//! What the audit trail learns of tokens and clients.

use std::sync::Arc;

use mt_audit::{Event, EventCode};
use mt_kernel::{Actor, ActorKind, Assurance, ErrorKind, Fault, OpCtx, PurposeOfUse};

use super::Provider;
use super::client::Client;
use super::error::OAuthError;
use super::place::At;

/// Who an event is about.
pub(crate) fn client_actor(client: &Client) -> Actor {
    let id: Arc<str> = Arc::from(client.id.to_string());
    Actor {
        id: Arc::clone(&id),
        kind: ActorKind::Service,
        roles: client
            .metadata
            .roles
            .iter()
            .map(|role| Arc::from(role.as_str()))
            .collect(),
        fhir_user: None,
        client_id: Some(id),
        assurance: Assurance::Single,
    }
}

/// A person who acts through a client.
pub(crate) fn person_actor(account: &str, client: Option<&Client>) -> Actor {
    Actor {
        id: Arc::from(account),
        kind: ActorKind::User,
        roles: Arc::from([]),
        fhir_user: None,
        client_id: client.map(|client| Arc::from(client.id.to_string())),
        assurance: Assurance::Single,
    }
}

impl Provider {
    /// Notes what was done. When the trail cannot take it, what was about to be done is refused.
    pub(crate) fn note(
        &self,
        at: &At,
        actor: Actor,
        code: EventCode,
        reason: &str,
    ) -> Result<(), OAuthError> {
        let event = Event {
            reason: Some(reason),
            ..Event::done(code)
        };
        Ok(self.audit.record(&self.context(at, actor), &event)?)
    }

    /// Notes a refusal. There are bounds on how many are noted per second, because anybody can cause them.
    pub(crate) fn note_refusal(&self, at: &At, actor: Actor, error: &OAuthError) {
        metrics::counter!("oauth_refusals", "error" => error.code.word()).increment(1);
        if self.refusals.check(at.tenant, 0).is_err() {
            return;
        }
        let fault = Fault::new(ErrorKind::Forbidden, error.description.clone());
        let event = Event {
            refusal: Some(&fault),
            reason: Some(error.code.word()),
            ..Event::done(EventCode::Token)
        };
        if let Err(error) = self.audit.record(&self.context(at, actor), &event) {
            tracing::error!(%error, "a refusal is missing in the audit trail");
        }
    }

    fn context(&self, at: &At, actor: Actor) -> OpCtx {
        OpCtx {
            tenant: at.tenant,
            actor,
            purpose: PurposeOfUse::Operations,
            correlation_id: at.correlation,
            now: self.identity.clock.now(),
        }
    }
}
