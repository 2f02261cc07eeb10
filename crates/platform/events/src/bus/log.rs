//! The embedded log: a table in the same database, read by position.
//!
//! The batch and the relay's place are one transaction, so every event is in the log exactly once.
//! One relay writes at a time, in the order of positions, so that a reader never passes a
//! position which is still to come.
//!
//! A batch is acknowledged before it is on the disk. A crash of the database may take it back, with its place: it is relayed
//! again, at positions that nobody has seen. Whatever a consumer has committed meanwhile came after it in the
//! database's log and has brought it to the disk.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use mt_database::{Database, Step};
use mt_kernel::{Clock, TenantId};
use tokio::sync::Mutex;
use tokio_postgres::Row;
use uuid::Uuid;

use super::feed::LogFeed;
use super::head::Heads;
use super::held::LogSubscription;
use super::{EventBus, EventFeed, Group, GroupStatus, LAZILY, Outgoing, Place, Subscription};
use crate::catalogue::TOPICS;
use crate::error::Result;

const APPEND: &str =
    "select events.append($1, $2, $3::text::date, $4, $5, $6, $7, $8, $9, $10, $11)";

const LAGS: &str = "select consumer, topic, behind from events.lags() order by consumer, topic";

/// The log's functions are bound to no tenant.
const NOBODY: TenantId = TenantId(0);

/// How long a reader keeps its partitions without a sign of life.
const LEASE: Duration = Duration::from_secs(15);

/// The bus of an installation without a broker.
#[derive(Clone)]
pub struct LogBus {
    database: Database,
    clock: Arc<dyn Clock>,
    heads: Heads,
    /// The last day for which each topic has a partition.
    prepared: Arc<Mutex<BTreeMap<i16, String>>>,
    /// Under which token the last batch was appended, and at which position it ended.
    appended: Arc<Mutex<Option<(i64, i64)>>>,
}

impl fmt::Debug for LogBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogBus").finish_non_exhaustive()
    }
}

impl LogBus {
    /// The log in this database.
    #[must_use]
    pub fn new(database: Database, clock: Arc<dyn Clock>) -> Self {
        Self {
            heads: Heads::new(database.clone()),
            database,
            clock,
            prepared: Arc::default(),
            appended: Arc::default(),
        }
    }

    /// Drops what is older than each topic keeps and has been read by every consumer. Returns how many
    /// days' partitions went.
    async fn drop_days(&self) -> Result<u64> {
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
    async fn prepare(&self, events: &[Outgoing], today: &str) -> Result<()> {
        let mut prepared = self.prepared.lock().await;
        for outgoing in events {
            let topic = outgoing.event.kind.topic.number;
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

    async fn append(&self, events: &[Outgoing], place: &Place) -> Result<()> {
        if events.is_empty() {
            return place.commit(&self.database).await;
        }
        let now = self.clock.now().to_fhir();
        let today = day(&now);
        self.prepare(events, today).await?;
        let mut appended = self.appended.lock().await;
        // Forgotten until the batch is there: after a failure the relay comes back with another token.
        let last = appended.take().filter(|(token, _)| *token == place.token);
        let last = last.map(|(_, position)| position);
        let columns = Columns::of(events);
        let append = Step {
            sql: APPEND,
            params: &[
                &place.token,
                &last,
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
        };
        let written = place.commit_after(&self.database, vec![LAZILY, append]);
        let written = written.await?;
        if let Some(row) = written.get(1).and_then(|one| one.rows.first()) {
            let last = row.try_get(0).map_err(mt_database::Error::from)?;
            *appended = Some((place.token, last));
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

    async fn lags(&self) -> Result<Vec<GroupStatus>> {
        let rows = self.database.readers().query(NOBODY, LAGS, &[]).await?;
        Ok(rows.iter().map(lag).collect::<Result<_, _>>()?)
    }
}

/// The parameters of one append, an array for each column.
#[derive(Default)]
struct Columns<'a> {
    topics: Vec<i16>,
    partitions: Vec<i16>,
    events: Vec<i16>,
    ats: Vec<i64>,
    tenants: Vec<i32>,
    ids: Vec<Uuid>,
    correlations: Vec<Uuid>,
    bodies: Vec<&'a [u8]>,
}

impl<'a> Columns<'a> {
    fn of(batch: &'a [Outgoing]) -> Self {
        let mut columns = Self::default();
        for Outgoing { event, sealed } in batch {
            columns.topics.push(event.kind.topic.number);
            columns.partitions.push(event.partition());
            columns.events.push(sealed.number);
            columns.ats.push(sealed.at.0);
            columns.tenants.push(sealed.tenant.0);
            columns.ids.push(sealed.id);
            columns.correlations.push(sealed.correlation);
            columns.bodies.push(&sealed.body);
        }
        columns
    }
}

impl EventBus for LogBus {
    fn name(&self) -> &'static str {
        "embedded"
    }

    fn carry<'a>(&'a self, events: &'a [Outgoing], place: &'a Place) -> BoxFuture<'a, Result<()>> {
        Box::pin(self.append(events, place))
    }

    fn subscribe(&self, group: Group) -> BoxFuture<'_, Result<Box<dyn Subscription>>> {
        Box::pin(async move {
            let place = (self.database.clone(), self.heads.clone());
            let joined = LogSubscription::join(place, group, LEASE).await?;
            Ok(Box::new(joined) as Box<dyn Subscription>)
        })
    }

    fn feed(&self) -> BoxFuture<'_, Result<Box<dyn EventFeed>>> {
        Box::pin(async move {
            let feed = LogFeed::open(self.database.clone()).await?;
            Ok(Box::new(feed) as Box<dyn EventFeed>)
        })
    }

    fn groups(&self) -> BoxFuture<'_, Result<Vec<GroupStatus>>> {
        Box::pin(self.lags())
    }

    /// A day of a topic goes when its retention is over and every group has read it.
    fn expire(&self) -> BoxFuture<'_, Result<u64>> {
        Box::pin(self.drop_days())
    }
}

fn lag(row: &Row) -> Result<GroupStatus, mt_database::Error> {
    let number: i16 = row.try_get(1)?;
    Ok(GroupStatus {
        consumer: row.try_get(0)?,
        topic: TOPICS.into_iter().find(|topic| topic.number == number),
        behind: row.try_get(2)?,
    })
}

/// The day of a FHIR instant (UTC).
fn day(instant: &str) -> &str {
    instant.get(..10).unwrap_or(instant)
}
