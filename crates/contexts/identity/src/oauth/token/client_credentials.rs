//! `client_credentials`: a service acts for itself (RFC 6749 §4.4, SMART backend services).

use mt_access::{ScopeContext, Scopes};
use mt_audit::EventCode;

use super::Call;
use super::issue::{self, Issued};
use crate::oauth::error::{Code, OAuthError};
use crate::oauth::events::client_actor;
use crate::oauth::scopes;

pub(super) async fn grant(call: &Call<'_>) -> Result<Issued, OAuthError> {
    let client = &call.client;
    if !client.is_confidential() {
        return Err(OAuthError::new(
            Code::UnauthorizedClient,
            "a public client cannot act for itself",
        ));
    }
    let allowed = client.metadata.scope.as_str();
    let asked = call.params.get("scope").unwrap_or(allowed);
    let granted = scopes::granted(asked, allowed)?;
    // Nobody is signed in, so only scopes of services mean anything.
    let words: Vec<&str> = granted
        .split_ascii_whitespace()
        .filter(|word| {
            Scopes::parse(word).is_ok_and(|scopes| {
                scopes
                    .clinical
                    .iter()
                    .any(|scope| scope.context == ScopeContext::System)
            })
        })
        .collect();
    if words.is_empty() {
        return Err(OAuthError::new(
            Code::InvalidScope,
            "a service may only be given system scopes",
        ));
    }
    let issued = issue::for_service(call, &words.join(" ")).await?;
    let actor = client_actor(client);
    call.provider
        .note(call.at, actor, EventCode::Token, "client_credentials")?;
    Ok(issued)
}
