//! Binding tokens: what lets a client that cannot present its credential on a WebSocket bind Subscriptions there
//! (`$get-ws-binding-token`).
//!
//! A token is sealed under the tenant's key and holds what its holder might do when they asked. It is good for half an hour,
//! and no longer is anybody told by it; what is told is authorised each time besides.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mt_access::{Authenticated, GrantRecord};
use mt_crypto::Purpose;
use mt_kernel::{Actor, ActorKind, Assurance, ErrorKind, Fault, Instant, TenantId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::PATH;
use crate::domain::by_socket;
use crate::error::{Result, SubscriptionError};
use crate::service::Owner;
use crate::{Subscriptions, store};

/// How long a token is good, seconds.
const GOOD_FOR: i64 = 1_800;
/// Subscriptions of one token.
const MOST: usize = 64;
const PLACE: &[u8] = b"subscription binding";

/// What a token says.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Claims {
    holder: Owner,
    grant: GrantRecord,
    /// Literal ids of Subscriptions.
    pub(super) subscriptions: Vec<String>,
    /// Microseconds since 1970.
    until: i64,
}

impl Claims {
    /// Until when the token, and what is bound by it, is good.
    pub(super) const fn until(&self) -> Instant {
        Instant(self.until)
    }

    /// The holder, with what they might do when they asked.
    pub(super) fn who(&self, tenant: TenantId, token: &str) -> Result<Arc<Authenticated>> {
        let shared = |text: &String| Arc::<str>::from(text.as_str());
        let holder = &self.holder;
        let is_service = holder.roles.iter().any(|role| role == "service");
        let grant = self.grant.restore();
        Ok(Arc::new(Authenticated {
            tenant,
            actor: Actor {
                id: shared(&holder.actor),
                kind: if is_service {
                    ActorKind::Service
                } else {
                    ActorKind::User
                },
                roles: holder.roles.iter().map(shared).collect(),
                fhir_user: holder.fhir_user.as_ref().map(shared),
                client_id: holder.client.as_ref().map(shared),
                assurance: Assurance::Single,
            },
            grant: grant.map_err(|_| SubscriptionError::Unreadable)?,
            credential: mt_crypto::sha256(token.as_bytes()),
            client_key: 0,
        }))
    }
}

/// Whether a subscription is theirs: they asked for it last, through the same client.
pub(super) fn is_of(owner: &Owner, who: &Authenticated) -> bool {
    *owner.actor == *who.actor.id && owner.client.as_deref() == who.actor.client_id.as_deref()
}

impl Subscriptions {
    /// A token by which `who` may bind these Subscriptions to a WebSocket, as Parameters (`$get-ws-binding-token`). The caller may read them;
    /// that was asked.
    ///
    /// # Errors
    /// Invalid or forbidden when one of them is told otherwise or to somebody else; when the database does not answer.
    pub async fn binding_token(&self, who: &Authenticated, ids: &[String]) -> Result<Value> {
        let refused = |kind, message| Err(SubscriptionError::Refused(Fault::new(kind, message)));
        if ids.is_empty() || ids.len() > MOST {
            let message = "a token is for one to 64 Subscriptions";
            return refused(ErrorKind::Invalid, message);
        }
        let Some(grant) = who.grant.record() else {
            let message = "the caller's rights change from moment to moment; bind with the access token itself";
            return refused(ErrorKind::Unsupported, message);
        };
        let keys = self.parts.store.tenants().keys(who.tenant).await?;
        for id in ids {
            let resource = self.resource(who.tenant, id).await?.unwrap_or_default();
            if !by_socket(&resource) {
                let message = "the Subscription is not told by websocket";
                return refused(ErrorKind::Invalid, message);
            }
            // One that was asked for a moment ago is not known yet; whose it is is asked again when it is bound.
            let kept = store::find(&self.parts.database, &keys, store::row_of(id)).await?;
            if kept.is_some_and(|kept| !is_of(&kept.particulars.owner, who)) {
                let message = "the Subscription is told to somebody else";
                return refused(ErrorKind::Forbidden, message);
            }
        }
        let until = self.now().plus_seconds(GOOD_FOR);
        let claims = Claims {
            holder: Owner::of(&who.actor),
            grant,
            subscriptions: ids.to_vec(),
            until: until.0,
        };
        let plain = serde_json::to_vec(&claims).map_err(|_| SubscriptionError::Unreadable)?;
        let sealed = mt_crypto::seal(&keys, Purpose::Webhook, PLACE, &plain)?;
        let token = format!("{}.{}", who.tenant.0, URL_SAFE_NO_PAD.encode(sealed));
        let mut parameters = vec![
            json!({"name": "token", "valueString": token}),
            json!({"name": "expiration", "valueDateTime": until.to_fhir()}),
        ];
        let named = ids.iter();
        parameters.extend(named.map(|id| json!({"name": "subscription", "valueString": id})));
        parameters.push(json!({"name": "websocket-url", "valueUrl": self.socket_url()}));
        Ok(json!({"resourceType": "Parameters", "parameter": parameters}))
    }

    /// Where the WebSocket is.
    fn socket_url(&self) -> String {
        let origin = self.parts.origin.trim_end_matches('/');
        format!("{}{PATH}", origin.replacen("http", "ws", 1))
    }

    /// What a token says, while it is good.
    pub(super) async fn claims(&self, token: &str) -> Result<Option<(TenantId, Claims)>> {
        let parts = token.split_once('.').and_then(|(tenant, sealed)| {
            let tenant = TenantId(tenant.parse().ok()?);
            Some((tenant, URL_SAFE_NO_PAD.decode(sealed).ok()?))
        });
        let Some((tenant, sealed)) = parts else {
            return Ok(None);
        };
        // A tenant that is not, or does not serve, has no tokens.
        let Ok(keys) = self.parts.store.tenants().keys(tenant).await else {
            return Ok(None);
        };
        let Ok(plain) = mt_crypto::open(&keys, Purpose::Webhook, PLACE, &sealed) else {
            return Ok(None);
        };
        let claims: Claims =
            serde_json::from_slice(&plain).map_err(|_| SubscriptionError::Unreadable)?;
        Ok((claims.until() > self.now()).then_some((tenant, claims)))
    }
}
