//! From what happens to who is told: the consumer group `notifications`.

mod meaning;
mod record;

use std::sync::Arc;

use futures::future::BoxFuture;
use mt_database::TenantTx;
use mt_events::catalogue::{EventType, Topic};
use mt_events::{Consumer, Event, HandlerError, Transaction};
use mt_kernel::ErrorKind;

use crate::Notifications;
use crate::error::NotificationError;

/// What it reads.
const TOPICS: [&str; 5] = [
    "scheduling-events",
    "lab-events",
    "pharmacy-events",
    "insurance-events",
    "care-coordination-events",
];

/// Nobody is told of what happened longer ago: a replay or an import is no news.
const NEWS_SECONDS: i64 = 7 * 86_400;

/// Tells people what concerns them.
pub struct Announcer {
    notifications: Notifications,
}

impl std::fmt::Debug for Announcer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Announcer").finish_non_exhaustive()
    }
}

/// The consumer of a context.
#[must_use]
pub fn announcer(notifications: Notifications) -> Arc<dyn Consumer> {
    Arc::new(Announcer { notifications })
}

impl Consumer for Announcer {
    fn name(&self) -> &'static str {
        "notifications"
    }

    fn topics(&self) -> Vec<&'static Topic> {
        TOPICS.into_iter().filter_map(Topic::named).collect()
    }

    fn wants(&self, kind: &'static EventType) -> bool {
        meaning::RULES.iter().any(|(name, _)| *name == kind.name)
    }

    fn transaction(&self) -> Transaction {
        Transaction::Shared
    }

    fn handle<'a>(
        &'a self,
        event: &'a Event,
        tx: &'a TenantTx,
    ) -> BoxFuture<'a, Result<(), HandlerError>> {
        Box::pin(async move {
            let told = meaning::tell_all(&self.notifications, event, tx).await;
            told.map_err(refusal)
        })
    }
}

/// Whether it may work later.
fn refusal(error: NotificationError) -> HandlerError {
    match error {
        NotificationError::Database(error) => error.into(),
        error => match error.kind() {
            ErrorKind::Internal | ErrorKind::Invalid => HandlerError::Poison("unreadable"),
            _ => HandlerError::Retry("unavailable"),
        },
    }
}
