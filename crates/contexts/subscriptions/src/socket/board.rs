//! How far the Subscriptions are that clients of this process wait for.
//!
//! Any process may have numbered a notification, so each looks at the table, five times a second while anybody waits, with one
//! question for all its clients; what this process numbers itself is looked for at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use mt_database::Database;
use mt_kernel::TenantId;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::error::Result;
use crate::store::{self, State};

/// How often the table is looked at.
const EVERY: Duration = Duration::from_millis(200);

/// A tenant's subscription.
pub(super) type Key = (TenantId, Uuid);

/// What clients wait for.
#[derive(Debug, Default)]
pub(crate) struct Board {
    watched: Mutex<HashMap<Key, Watched>>,
    wake: Notify,
}

#[derive(Debug, Default)]
struct Watched {
    /// State and number of the last notification; nothing before the first look.
    found: Option<(State, i64)>,
    gone: bool,
    listeners: HashMap<u64, Arc<Notify>>,
}

/// How far a subscription is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// Nobody has looked yet.
    Unknown,
    /// Number of the last notification.
    At(i64),
    /// It is not told any more, or not now.
    Gone,
}

impl Board {
    /// Something was numbered: looks soon.
    pub(crate) fn look(&self) {
        self.wake.notify_one();
    }

    /// Looks at the table for as long as the process lives.
    pub(crate) async fn keep(&self, database: &Database) {
        loop {
            let _ = tokio::time::timeout(EVERY, self.wake.notified()).await;
            if let Err(error) = self.refresh(database).await {
                tracing::warn!(%error, "clients who wait for notifications cannot be told");
                tokio::time::sleep(EVERY).await;
            }
        }
    }

    /// Looks at the table once and wakes those for whom there is news.
    async fn refresh(&self, database: &Database) -> Result<()> {
        let wanted: Vec<Key> = self.watched().keys().copied().collect();
        if wanted.is_empty() {
            return Ok(());
        }
        let found: HashMap<Key, (State, i64)> = store::progress(database, &wanted)
            .await?
            .into_iter()
            .collect();
        let mut watched = self.watched();
        for key in wanted {
            let Some(one) = watched.get_mut(&key) else {
                continue;
            };
            let now = found.get(&key).copied();
            if one.found != now || one.gone != now.is_none() {
                one.found = now;
                one.gone = now.is_none();
                one.listeners.values().for_each(|news| news.notify_one());
            }
        }
        Ok(())
    }

    /// Wakes `news` whenever there is something new of a subscription.
    pub(super) fn watch(&self, key: Key, listener: u64, news: &Arc<Notify>) {
        let mut watched = self.watched();
        let one = watched.entry(key).or_default();
        one.listeners.insert(listener, Arc::clone(news));
        drop(watched);
        self.look();
    }

    pub(super) fn forget(&self, key: Key, listener: u64) {
        let mut watched = self.watched();
        if let Some(one) = watched.get_mut(&key) {
            one.listeners.remove(&listener);
            if one.listeners.is_empty() {
                watched.remove(&key);
            }
        }
    }

    pub(super) fn progress(&self, key: Key) -> Progress {
        match self.watched().get(&key) {
            Some(one) if one.gone => Progress::Gone,
            Some(Watched {
                found: Some((State::Error, _)),
                ..
            }) => Progress::Gone,
            Some(Watched {
                found: Some((_, events)),
                ..
            }) => Progress::At(*events),
            _ => Progress::Unknown,
        }
    }

    fn watched(&self) -> MutexGuard<'_, HashMap<Key, Watched>> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
