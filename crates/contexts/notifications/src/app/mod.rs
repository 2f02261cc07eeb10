//! What the context does, one file per matter.

mod due;
mod inbox;
mod letters;
mod log;
mod people;
mod receipts;
mod settings;
mod tell;
mod templates;
mod unsubscribe;

use std::fmt;
use std::sync::Arc;

use mt_audit::{Audit, Event, EventCode};
use mt_crypto::TenantKeys;
use mt_database::Database;
use mt_kernel::{Actor, Instant, OpCtx, PurposeOfUse, TenantId};
use mt_outbound::{Guard, Queue};
use mt_store::{Caller, Store};
use uuid::Uuid;

pub use inbox::{Inbox, Message};
pub(crate) use letters::Parcelled;
pub use log::{DeliveryView, TestSend};
pub use settings::{NewPush, PushView};
pub(crate) use tell::Telling;
pub use templates::{Previewed, TemplateView};

use crate::error::Result;
use crate::ports::{Organisations, Transports};
use crate::receipts::ReceiptKeys;

/// What the context is made of.
pub struct NotificationsParts {
    /// Records, tenants, database, time.
    pub store: Store,
    /// The trail.
    pub audit: Arc<Audit>,
    /// What leaves.
    pub queue: Queue,
    /// What may be called.
    pub guard: Guard,
    /// What organisations decided.
    pub organisations: Arc<dyn Organisations>,
    /// The ways out.
    pub transports: Transports,
    /// By what vendors' words are known.
    pub receipts: ReceiptKeys,
    /// What browsers register with, where they are woken.
    pub push_key: Option<String>,
    /// URL of the installation, without a slash at its end.
    pub origin: String,
}

/// The notifications of every tenant.
#[derive(Clone)]
pub struct Notifications {
    pub(crate) parts: Arc<NotificationsParts>,
}

impl fmt::Debug for Notifications {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notifications").finish_non_exhaustive()
    }
}

impl Notifications {
    /// The context.
    #[must_use]
    pub fn new(parts: NotificationsParts) -> Self {
        Self {
            parts: Arc::new(parts),
        }
    }

    pub(crate) fn database(&self) -> &Database {
        self.parts.store.database()
    }

    pub(crate) async fn keys(&self, tenant: TenantId) -> Result<TenantKeys> {
        Ok(self.parts.store.tenants().keys(tenant).await?)
    }

    pub(crate) fn now(&self) -> Instant {
        self.parts.store.clock().now()
    }

    /// Where people read their messages, whoever they are.
    pub(crate) fn link(&self) -> String {
        format!("{}/notifications", self.parts.origin)
    }

    /// The context itself, on account of what caused it.
    pub(crate) fn itself(&self, tenant: TenantId, correlation: Uuid) -> Caller {
        Caller::unrestricted(OpCtx {
            tenant,
            actor: Actor::system("notifications"),
            purpose: PurposeOfUse::Operations,
            correlation_id: correlation,
            now: self.now(),
        })
    }

    /// Enters in the trail what an administrator does.
    fn enter(&self, ctx: &OpCtx, what: &'static str) -> Result<()> {
        let event = Event {
            reason: Some(what),
            ..Event::done(EventCode::Configuration)
        };
        Ok(self.parts.audit.record(ctx, &event)?)
    }
}

/// An id that follows from others, so that doing something again finds it done: a UUID of version 8 (RFC 9562 §5.8).
pub(crate) fn derived(cause: Uuid, what: &str) -> Uuid {
    let digest = mt_crypto::sha256(&[&cause.as_bytes()[..], what.as_bytes()].concat());
    let (bytes, _) = digest
        .split_first_chunk::<16>()
        .expect("a digest has 32 bytes");
    uuid::Builder::from_custom_bytes(*bytes).into_uuid()
}
