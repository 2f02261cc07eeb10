//! Revocation: by the client (RFC 7009), and of whole families when something is wrong or over.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use mt_audit::EventCode;
use mt_kernel::Instant;
use mt_store::DomainEvent;
use uuid::Uuid;

use super::Provider;
use super::client::{Authenticating, Client, authenticate};
use super::error::{Code, OAuthError, no_store};
use super::events::client_actor;
use super::family::{self, Families, Family, HandleKind, Which};
use super::params::Params;
use super::place::{At, Own};
use super::token::throttle;
use crate::{IdentityError, announce};

/// `POST /oauth2/revoke`
pub(super) async fn endpoint(
    State(provider): State<Arc<Provider>>,
    Own(at): Own,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, OAuthError> {
    let params = Params::from_body(&headers, body).await?;
    let request = Authenticating {
        provider: &provider,
        at: &at,
        headers: &headers,
        params: &params,
    };
    let client = authenticate(&request).await?;
    throttle(&provider, &at, &client)?;
    let token = params.need("token")?;
    if mt_access::key_id(token).is_some() {
        access(&provider, &at, &client, token).await?;
    } else {
        refresh(&provider, &at, &client, token).await?;
    }
    let mut response = StatusCode::OK.into_response();
    no_store(response.headers_mut());
    Ok(response)
}

/// A token that is not good any more needs no revocation (RFC 7009 §2.2).
async fn access(
    provider: &Provider,
    at: &At,
    client: &Client,
    token: &str,
) -> Result<(), OAuthError> {
    let Ok(verified) = provider.identity.verify(token).await else {
        return Ok(());
    };
    let claims = &verified.claims;
    if verified.tenant != at.tenant {
        return Ok(());
    }
    if claims.client_id != client.id.to_string() {
        return Err(foreign());
    }
    if let Ok(id) = Uuid::try_parse(&claims.jti) {
        let until = Instant(claims.exp * 1_000_000).plus_seconds(60);
        provider
            .identity
            .revocations
            .revoke(at.tenant, id, until)
            .await?;
        provider.identity.forget_sessions();
        provider.note(
            at,
            client_actor(client),
            EventCode::Token,
            "access token revoked",
        )?;
    }
    Ok(())
}

async fn refresh(
    provider: &Provider,
    at: &At,
    client: &Client,
    token: &str,
) -> Result<(), OAuthError> {
    let keys = provider.identity.tenants.keys(at.tenant).await?;
    let families = Families {
        database: &provider.identity.database,
        keys: &keys,
    };
    let Some(found) = families.look(HandleKind::Refresh, token).await? else {
        return Ok(());
    };
    if found.family.client != client.id {
        return Err(foreign());
    }
    let family = Which::Family(found.family.id);
    provider
        .end_family(at, family, "refresh token revoked")
        .await
}

fn foreign() -> OAuthError {
    OAuthError::new(
        Code::UnauthorizedClient,
        "the token belongs to another client",
    )
}

impl Provider {
    /// Ends families and with them their access tokens, and notes why.
    pub(super) async fn end_family(
        &self,
        at: &At,
        which: Which,
        reason: &'static str,
    ) -> Result<(), OAuthError> {
        self.end_telling(at, which, reason, None).await
    }

    /// Ends the family of a code or refresh token that came a second time, and says so.
    pub(super) async fn end_reused(
        &self,
        at: &At,
        family: &Family,
        reason: &'static str,
    ) -> Result<(), OAuthError> {
        let account = family.consented.person.account;
        let event = announce::token_reused(account, family.client).map_err(IdentityError::from)?;
        self.end_telling(at, Which::Family(family.id), reason, Some(event))
            .await
    }

    /// An event is said once, with the end that it goes with.
    async fn end_telling(
        &self,
        at: &At,
        which: Which,
        reason: &'static str,
        event: Option<DomainEvent>,
    ) -> Result<(), OAuthError> {
        let now = self.identity.clock.now();
        let tx = self.identity.database.tenant(at.tenant).await?;
        let ended = family::end(&tx, which, now).await?;
        if let Some(event) = event.filter(|_| !ended.is_empty()) {
            self.store.say(&tx, at.correlation, now, &[event]).await?;
        }
        tx.commit().await?;
        self.identity.revocations.forget();
        self.identity.forget_sessions();
        if ended.is_empty() {
            return Ok(());
        }
        metrics::counter!("oauth_families_ended", "reason" => reason).increment(ended.len() as u64);
        tracing::warn!(tenant = %at.tenant, families = ended.len(), reason, "tokens are revoked");
        for (family, client) in ended {
            let text = format!("{reason}; family {family} of client {client}");
            let actor = mt_kernel::Actor::system("authorization server");
            self.note(at, actor, EventCode::Token, &text)?;
        }
        Ok(())
    }
}
