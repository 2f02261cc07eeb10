//! How far the log of each topic goes, as this process knows it.
//!
//! Subscriptions look here instead of into the log, so that a process asks the database once in a while
//! however many consumers it runs, and not at all for what its own relay has just written.

use std::sync::Arc;
use std::time::{Duration, Instant as Monotonic};

use mt_database::Database;
use mt_kernel::TenantId;
use tokio::sync::{Mutex, watch};

use crate::catalogue::TOPICS;
use crate::error::Result;

/// How old what is known may be.
const FRESH: Duration = Duration::from_millis(10);

const HEADS: &str = "select topic, position from events.head";

/// The table has no tenant.
const NOBODY: TenantId = TenantId(0);

/// The heads of all topics.
#[derive(Clone)]
pub(super) struct Heads(Arc<Inner>);

struct Inner {
    database: Database,
    asked: Mutex<Option<Monotonic>>,
    topics: Vec<(i16, watch::Sender<i64>)>,
}

impl Heads {
    pub(super) fn new(database: Database) -> Self {
        let topics = TOPICS
            .iter()
            .map(|topic| (topic.number, watch::Sender::new(0)))
            .collect();
        Self(Arc::new(Inner {
            database,
            asked: Mutex::new(None),
            topics,
        }))
    }

    /// Follows the head of a topic.
    pub(super) fn of(&self, topic: i16) -> watch::Receiver<i64> {
        let known = self.0.topics.iter().find(|(number, _)| *number == topic);
        known.map_or_else(|| watch::channel(0).1, |(_, head)| head.subscribe())
    }

    /// Asks the database unless somebody has just done so.
    pub(super) async fn refresh(&self) -> Result<()> {
        let mut asked = self.0.asked.lock().await;
        if asked.is_some_and(|at| at.elapsed() < FRESH) {
            return Ok(());
        }
        let rows = self.0.database.readers().query(NOBODY, HEADS, &[]).await?;
        for row in &rows {
            let (topic, position) = (row.try_get(0), row.try_get(1));
            self.raise(
                topic.map_err(mt_database::Error::from)?,
                position.map_err(mt_database::Error::from)?,
            );
        }
        *asked = Some(Monotonic::now());
        Ok(())
    }

    /// The log of a topic goes at least to `position`.
    pub(super) fn raise(&self, topic: i16, position: i64) {
        if let Some((_, head)) = self.0.topics.iter().find(|(number, _)| *number == topic) {
            head.send_if_modified(|known| {
                let more = position > *known;
                *known = position.max(*known);
                more
            });
        }
    }
}
