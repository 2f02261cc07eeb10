//! Every event from now on, for a process that hands them to whom it is connected with.
//!
//! A group shares a topic among its processes and begins where it stopped. A feed is the opposite: each
//! process sees everything, nothing is kept of its place, and what happened while it was away is none of
//! its business.

use futures::future::BoxFuture;
use mt_database::Database;
use mt_kernel::{Instant, TenantId};
use tokio_postgres::Row;

use super::{Delivery, Spot};
use crate::catalogue::TOPICS;
use crate::error::Result;
use crate::event::SealedEvent;

/// Where the relay has come to; one row, so that looking costs little when nothing is new.
const END: &str = "select position from events.relay";

const NEXT: &str = "select f.partition, f.position, f.at, f.tenant, f.event, f.id, f.correlation, f.body \
      from unnest($1::int2[]) as t (topic) \
     cross join lateral events.fetch_held(t.topic, $2::int2[], $3::int8[], $4::int4) as f \
     order by f.position limit $4::int4";

/// The log's functions are bound to no tenant.
const NOBODY: TenantId = TenantId(0);

/// Events of all topics, in the order of the bus, from the moment at which the feed was opened.
pub trait EventFeed: Send {
    /// Up to `limit` events that come next; none when there is nothing new.
    ///
    /// # Errors
    /// When the bus does not answer; asking again goes on at the same place.
    fn next(&mut self, limit: usize) -> BoxFuture<'_, Result<Vec<Delivery>>>;
}

/// The feed of the embedded log.
pub(crate) struct LogFeed {
    database: Database,
    after: i64,
    topics: Vec<i16>,
    /// As many as the largest topic has; one that a topic lacks is empty.
    partitions: Vec<i16>,
}

impl LogFeed {
    /// A feed that begins at the present end of the log.
    pub(crate) async fn open(database: Database) -> Result<Self> {
        let most = TOPICS.iter().map(|topic| topic.partitions).max();
        let most = i16::try_from(most.unwrap_or_default()).unwrap_or(i16::MAX);
        let mut feed = Self {
            database,
            after: 0,
            topics: TOPICS.iter().map(|topic| topic.number).collect(),
            partitions: (0..most).collect(),
        };
        feed.after = feed.end().await?;
        Ok(feed)
    }

    async fn end(&self) -> Result<i64> {
        let rows = self.database.readers().query(NOBODY, END, &[]).await?;
        let position = rows.first().map_or(Ok(0), |row| row.try_get(0));
        Ok(position.map_err(mt_database::Error::from)?)
    }

    async fn read(&mut self, limit: usize) -> Result<Vec<Delivery>> {
        // Position and rows are one transaction of the relay: up to this end, nothing is still to come.
        let end = self.end().await?;
        if end <= self.after {
            return Ok(Vec::new());
        }
        let most = i32::try_from(limit).unwrap_or(i32::MAX);
        let afters = vec![self.after; self.partitions.len()];
        let params: mt_database::Params<'_> = &[&self.topics, &self.partitions, &afters, &most];
        let rows = self.database.readers().query(NOBODY, NEXT, params).await?;
        let found = rows.iter().map(delivered).collect::<Result<Vec<_>, _>>()?;
        let last = found.last().map(|delivery| delivery.spot.position);
        self.after = match last {
            Some(last) if found.len() >= limit => last,
            Some(last) => last.max(end),
            None => end,
        };
        Ok(found)
    }
}

impl EventFeed for LogFeed {
    fn next(&mut self, limit: usize) -> BoxFuture<'_, Result<Vec<Delivery>>> {
        Box::pin(self.read(limit))
    }
}

fn delivered(row: &Row) -> Result<Delivery, mt_database::Error> {
    Ok(Delivery {
        spot: Spot {
            partition: row.try_get(0)?,
            position: row.try_get(1)?,
        },
        sealed: SealedEvent {
            at: Instant(row.try_get(2)?),
            tenant: TenantId(row.try_get(3)?),
            number: row.try_get(4)?,
            id: row.try_get(5)?,
            correlation: row.try_get(6)?,
            body: row.try_get(7)?,
        },
        exhausted: false,
    })
}
