//! Carries messages to endpoints, signed.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use bytes::Bytes;
use futures::future::BoxFuture;
use mt_crypto::TenantKeys;
use mt_outbound::{Carried, Courier, Outgoing, Parcel};

use crate::app::EndpointState;
use crate::domain::{signatures, verdict};
use crate::error::Result;
use crate::store::Kept;
use crate::{Webhooks, store};

/// The name of the queue.
pub(crate) const COURIER: &str = "webhooks";
/// Longest wait for an endpoint.
const PATIENCE: Duration = Duration::from_secs(20);

/// Carries the messages of all tenants.
#[derive(Clone, Debug)]
pub struct WebhookCourier {
    webhooks: Webhooks,
}

impl WebhookCourier {
    /// The courier of a context.
    #[must_use]
    pub const fn new(webhooks: Webhooks) -> Self {
        Self { webhooks }
    }

    async fn deliver(&self, keys: &TenantKeys, parcel: &Parcel) -> Result<Carried> {
        let parts = &self.webhooks.parts;
        let never = |reason| Carried::Never {
            reason,
            status: None,
        };
        let Some(endpoint) = store::find(&parts.database, keys, parcel.target).await? else {
            return Ok(never("endpoint-removed"));
        };
        if endpoint.state != EndpointState::Active {
            return Ok(never("endpoint-off"));
        }
        let Some(outgoing) = signed(&endpoint, parcel) else {
            return Ok(never("no-secret"));
        };
        let answer = parts.guard.send(outgoing).await;
        let verdict = verdict(&answer, endpoint.failing_since, parcel.now);
        let succeeded = matches!(verdict.carried, Carried::Delivered(_));
        let (tenant, now) = (parcel.tenant, parcel.now);
        let outcome = (succeeded, verdict.disable);
        store::note(&parts.database, tenant, endpoint.id, outcome, now).await?;
        Ok(verdict.carried)
    }
}

/// The request of one attempt: its own time, and a signature for each secret in force. `None` without a secret.
fn signed(endpoint: &Kept, parcel: &Parcel) -> Option<Outgoing> {
    let secrets = endpoint.particulars.secrets_at(parcel.now);
    if secrets.is_empty() {
        return None;
    }
    let (id, timestamp) = (parcel.id.to_string(), parcel.now.unix_seconds());
    let signature = signatures(&secrets, &id, timestamp, &parcel.body);
    let mut headers = HeaderMap::new();
    for (name, value) in [
        (header::CONTENT_TYPE, "application/json".to_owned()),
        (HeaderName::from_static("webhook-id"), id),
        (
            HeaderName::from_static("webhook-timestamp"),
            timestamp.to_string(),
        ),
        (HeaderName::from_static("webhook-signature"), signature),
    ] {
        headers.insert(name, HeaderValue::from_str(&value).ok()?);
    }
    Some(Outgoing {
        method: Method::POST,
        url: endpoint.particulars.url.clone(),
        headers,
        body: Bytes::copy_from_slice(&parcel.body),
        timeout: PATIENCE,
    })
}

impl Courier for WebhookCourier {
    fn name(&self) -> &'static str {
        COURIER
    }

    fn carry<'a>(&'a self, keys: &'a TenantKeys, parcel: &'a Parcel) -> BoxFuture<'a, Carried> {
        Box::pin(async move {
            self.deliver(keys, parcel).await.unwrap_or(Carried::Later {
                reason: "unavailable",
                status: None,
                wish: None,
            })
        })
    }
}
