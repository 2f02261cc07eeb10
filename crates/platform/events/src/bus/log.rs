//! The embedded log: a table in the same database, read by position.
//!
//! The batch and the relay's place are one transaction, so every event is in the log exactly once.
//! One relay writes at a time, in the order of positions, so that a reader never passes a
//! position which is still to come.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use mt_crypto::TenantKeys;
use mt_database::Database;
use mt_kernel::{Clock, TenantId};
use tokio::sync::Mutex;
use uuid::Uuid;

use super::feed::LogFeed;
use super::head::Heads;
use super::held::LogSubscription;
use super::{EventBus, EventFeed, Place, Subscription};
use crate::catalogue::{TOPICS, Topic, partition_of};
use crate::error::{EventError, Result, fenced};
use crate::event::{Event, Keys};

const APPEND: &str = "select events.append($1, $2::text::date, $3, $4, $5, $6, $7, $8, $9, $10)";

/// How long a reader keeps its partitions without a sign of life.
const LEASE: Duration = Duration::from_secs(15);

/// The bus of an installation without a broker.
#[derive(Clone)]
pub struct LogBus {
    database: Database,
    keys: Arc<dyn Keys>,
    clock: Arc<dyn Clock>,
    heads: Heads,
    /// The last day for which each topic has a partition.
    prepared: Arc<Mutex<BTreeMap<i16, String>>>,
}

impl fmt::Debug for LogBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogBus").finish_non_exhaustive()
    }
}

impl LogBus {
    /// The log in this database.
    #[must_use]
    pub fn new(database: Database, keys: Arc<dyn Keys>, clock: Arc<dyn Clock>) -> Self {
        Self {
            heads: Heads::new(database.clone()),
            database,
            keys,
            clock,
            prepared: Arc::default(),
        }
    }

    /// Opens a feed of every event from now on.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn feed(&self) -> Result<Box<dyn EventFeed>> {
        Ok(Box::new(LogFeed::open(self.database.clone()).await?))
    }

    /// Drops what is older than each topic keeps and has been read by every consumer. Returns how many
    /// days' partitions went.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn expire(&self) -> Result<u64> {
        let mut dropped = 0;
        for topic in TOPICS {
            let kept = i64::from(topic.retention_days) * 86_400;
            let before = self.clock.now().plus_seconds(-kept).to_fhir();
            let tx = self.database.admin().await?;
            let row = tx
                .query_one(
                    "select events.expire($1, $2::text::date)",
                    &[&topic.number, &day(&before)],
                )
                .await?;
            tx.commit().await?;
            let count: i32 = row.try_get(0).map_err(mt_database::Error::from)?;
            dropped += u64::try_from(count).unwrap_or_default();
        }
        Ok(dropped)
    }

    /// Makes the day's partitions of the topics in a batch, once.
    async fn prepare(&self, events: &[Event], today: &str) -> Result<()> {
        let mut prepared = self.prepared.lock().await;
        for event in events {
            let topic = event.kind.topic.number;
            if prepared.get(&topic).is_some_and(|day| day == today) {
                continue;
            }
            let tx = self.database.admin().await?;
            tx.execute(
                "select events.prepare($1, $2::text::date)",
                &[&topic, &today],
            )
            .await?;
            tx.commit().await?;
            prepared.insert(topic, today.to_owned());
        }
        Ok(())
    }

    async fn append(&self, events: &[Event], place: &Place) -> Result<()> {
        let now = self.clock.now().to_fhir();
        let today = day(&now);
        self.prepare(events, today).await?;
        let columns = self.columns(events).await?;
        let tx = self.database.admin().await?;
        let mut last = None;
        if !events.is_empty() {
            let row = tx
                .query_one(
                    APPEND,
                    &[
                        &place.token,
                        &today,
                        &columns.topics,
                        &columns.partitions,
                        &columns.events,
                        &columns.ats,
                        &columns.tenants,
                        &columns.ids,
                        &columns.correlations,
                        &columns.bodies,
                    ],
                )
                .await
                .map_err(fenced)?;
            last = Some(row.try_get(0).map_err(mt_database::Error::from)?);
        }
        place.write(&tx).await?;
        tx.commit().await?;
        if let Some(last) = last {
            self.raise(&columns.topics, last);
        }
        Ok(())
    }

    /// Tells our own readers where the topics of a batch end; `last` is the place of its last event.
    fn raise(&self, topics: &[i16], last: i64) {
        for (back, topic) in (0..).zip(topics.iter().rev()) {
            self.heads.raise(*topic, last - back);
        }
    }

    async fn columns(&self, events: &[Event]) -> Result<Columns> {
        let mut columns = Columns::default();
        let mut keys: BTreeMap<TenantId, TenantKeys> = BTreeMap::new();
        for event in events {
            let sealing = match keys.entry(event.tenant) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(unknown) => {
                    let found = self.keys.of(event.tenant).await;
                    unknown.insert(found.map_err(|_| EventError::TenantInactive)?)
                }
            };
            columns.push(event, event.seal(sealing)?.body);
        }
        Ok(columns)
    }
}

/// The parameters of one append, an array for each column.
#[derive(Default)]
struct Columns {
    topics: Vec<i16>,
    partitions: Vec<i16>,
    events: Vec<i16>,
    ats: Vec<i64>,
    tenants: Vec<i32>,
    ids: Vec<Uuid>,
    correlations: Vec<Uuid>,
    bodies: Vec<Vec<u8>>,
}

impl Columns {
    fn push(&mut self, event: &Event, body: Vec<u8>) {
        let topic = event.kind.topic;
        self.topics.push(topic.number);
        self.partitions
            .push(partition_of(topic, event.tenant, &event.key));
        self.events.push(event.kind.number);
        self.ats.push(event.at.0);
        self.tenants.push(event.tenant.0);
        self.ids.push(event.id);
        self.correlations.push(event.correlation);
        self.bodies.push(body);
    }
}

impl EventBus for LogBus {
    fn carry<'a>(&'a self, events: &'a [Event], place: &'a Place) -> BoxFuture<'a, Result<()>> {
        Box::pin(self.append(events, place))
    }

    fn subscribe<'a>(
        &'a self,
        consumer: &'static str,
        topic: &'static Topic,
    ) -> BoxFuture<'a, Result<Box<dyn Subscription>>> {
        Box::pin(async move {
            let place = (self.database.clone(), self.heads.clone());
            let joined = LogSubscription::join(place, consumer, topic, LEASE).await?;
            Ok(Box::new(joined) as Box<dyn Subscription>)
        })
    }
}

/// The day of a FHIR instant (UTC).
fn day(instant: &str) -> &str {
    instant.get(..10).unwrap_or(instant)
}
