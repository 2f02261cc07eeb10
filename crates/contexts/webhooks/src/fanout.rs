//! From events to messages: one for each endpoint that chose the event, in the event's own transaction.

use futures::future::BoxFuture;
use mt_database::TenantTx;
use mt_events::catalogue::{EventType, TOPICS, Topic};
use mt_events::{Consumer, Event, HandlerError, Transaction};
use mt_outbound::NewParcel;
use uuid::Uuid;

use crate::courier::COURIER;
use crate::domain::{Selection, leaves, message};
use crate::error::{Result, WebhookError};
use crate::{Webhooks, store};

/// Makes messages of events.
#[derive(Clone, Debug)]
pub struct Fanout {
    webhooks: Webhooks,
}

impl Fanout {
    /// The consumer of a context.
    #[must_use]
    pub const fn new(webhooks: Webhooks) -> Self {
        Self { webhooks }
    }

    /// Makes the messages of events of one tenant, whose endpoints are read once.
    async fn put(&self, events: &[&Event], tx: &TenantTx) -> Result<()> {
        let parts = &self.webhooks.parts;
        let tenant = tx.tenant();
        let keys = parts.tenants.keys(tenant).await?;
        let endpoints = store::active(tx, &keys).await?;
        if endpoints.is_empty() {
            return Ok(());
        }
        let name = parts.tenants.name(tenant).await?;
        let base = format!("{}/t/{name}/fhir/R4", parts.origin.trim_end_matches('/'));
        let now = self.webhooks.now();
        let mut is_any = false;
        for event in events {
            let wanting = endpoints.iter().filter(|endpoint| {
                let chosen = Selection::new(endpoint.particulars.events.clone());
                chosen.is_some_and(|chosen| chosen.wants(event.kind))
            });
            for endpoint in wanting {
                let body = message(event, &base).map_err(|_| WebhookError::Unreadable)?;
                let parcel = NewParcel {
                    id: message_id(event.id, endpoint.id),
                    target: endpoint.id,
                    body: body.into_bytes(),
                    due_at: now,
                };
                parts.queue.put(tx, &keys, COURIER, &parcel, now).await?;
                is_any = true;
            }
        }
        if is_any {
            // The commit comes after this; who is woken too early looks again soon.
            parts.queue.wake();
        }
        Ok(())
    }
}

/// The id of an event's message to an endpoint: the same, however often the event is taken.
fn message_id(event: Uuid, endpoint: Uuid) -> Uuid {
    let digest = mt_crypto::sha256(&[&event.as_bytes()[..], endpoint.as_bytes()].concat());
    let (bytes, _) = digest
        .split_first_chunk::<16>()
        .expect("a digest has 32 bytes");
    uuid::Builder::from_custom_bytes(*bytes).into_uuid()
}

impl Consumer for Fanout {
    fn name(&self) -> &'static str {
        "webhooks"
    }

    fn topics(&self) -> Vec<&'static Topic> {
        let sent = |topic: &&&Topic| {
            let mut kinds = mt_events::catalogue::EVENTS.iter();
            kinds.any(|kind| kind.topic == **topic && leaves(kind))
        };
        TOPICS.iter().filter(sent).copied().collect()
    }

    fn wants(&self, kind: &'static EventType) -> bool {
        leaves(kind)
    }

    fn transaction(&self) -> Transaction {
        Transaction::Shared
    }

    fn handle<'a>(
        &'a self,
        event: &'a Event,
        tx: &'a TenantTx,
    ) -> BoxFuture<'a, Result<(), HandlerError>> {
        Box::pin(async move { self.put(&[event], tx).await.map_err(refusal) })
    }

    fn handle_all<'a>(
        &'a self,
        events: &'a [&'a Event],
        tx: &'a TenantTx,
    ) -> BoxFuture<'a, Result<(), HandlerError>> {
        Box::pin(async move { self.put(events, tx).await.map_err(refusal) })
    }
}

fn refusal(error: WebhookError) -> HandlerError {
    match error {
        WebhookError::Database(error) => error.into(),
        WebhookError::Unreadable | WebhookError::Crypto(_) => HandlerError::Poison("unreadable"),
        _ => HandlerError::Retry("unavailable"),
    }
}
