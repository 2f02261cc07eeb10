//! Every event from now on, for one process: a queue of its own behind all topics.
//!
//! The broker keeps the queue for a minute, so that a feed whose connection was lost goes on where it
//! stopped; it keeps a hundred thousand messages at most and drops the oldest, because a feed is news, not a record.

use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt};
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicQosOptions};
use lapin::types::FieldTable;
use mt_events::{Delivery, EventError, EventFeed, Result, Spot};
use uuid::Uuid;

use crate::link::{Link, Open, aside, ask, refused};
use crate::message::event;
use crate::topology::Topology;

/// Messages that are on the way to us.
const PREFETCH: u16 = 1_000;

const LOST: EventError = EventError::Bus("rabbitmq took the queue of a feed away");

/// A feed over RabbitMQ.
pub(crate) struct RabbitFeed {
    link: Link,
    topology: Topology,
    queue: String,
    reading: Option<Reading>,
}

struct Reading {
    open: Open,
    consumer: lapin::Consumer,
}

impl RabbitFeed {
    pub(crate) async fn open(link: Link, topology: Topology) -> Result<Self> {
        let queue = topology.feed_queue(Uuid::now_v7());
        let mut feed = Self {
            link,
            topology,
            queue,
            reading: None,
        };
        feed.reading = Some(feed.begin().await?);
        Ok(feed)
    }

    /// Begins to read, or goes on where the queue stopped.
    async fn begin(&self) -> Result<Reading> {
        let (link, topology) = (self.link.clone(), self.topology.clone());
        aside(consume(link, topology, self.queue.clone())).await
    }

    async fn read(&mut self, limit: usize) -> Result<Vec<Delivery>> {
        // Put back only when all went well: whatever fails is begun anew.
        let mut reading = match self.reading.take() {
            Some(reading) if reading.open.is_alive() => reading,
            _ => self.begin().await?,
        };
        let mut found = Vec::new();
        let mut last = None;
        while found.len() < limit
            && let Some(given) = reading.consumer.next().now_or_never()
        {
            let message = given.ok_or(LOST)?;
            let message = message.map_err(|error| refused(&error, "a feed cannot be read"))?;
            last = Some(message.delivery_tag);
            if let Some((partition, sealed)) = event(&message) {
                let position = i64::try_from(message.delivery_tag).unwrap_or(i64::MAX);
                found.push(Delivery {
                    spot: Spot {
                        partition,
                        position,
                    },
                    sealed,
                    exhausted: false,
                });
            }
        }
        if let Some(last) = last {
            let all = BasicAckOptions { multiple: true };
            let said = reading.open.channel.basic_ack(last, all);
            ask("rabbitmq takes no acknowledgement", said).await?;
        }
        self.reading = Some(reading);
        Ok(found)
    }
}

/// Consumes from the queue of a feed, which is made when it is missing.
async fn consume(link: Link, topology: Topology, queue: String) -> Result<Reading> {
    const NO_FEED: &str = "rabbitmq takes no feed";
    let open = link.open().await?;
    let channel = &open.channel;
    let made = async {
        topology.exchanges(channel).await?;
        topology.feed(channel, &queue).await
    };
    let made = made.await;
    if made.is_err() && open.is_refused() {
        topology.forget();
    }
    made?;
    let prefetch = channel.basic_qos(PREFETCH, BasicQosOptions::default());
    ask(NO_FEED, prefetch).await?;
    let (options, none) = (BasicConsumeOptions::default(), FieldTable::default());
    let consumer = channel.basic_consume(queue.as_str().into(), "".into(), options, none);
    let consumer = ask(NO_FEED, consumer).await?;
    Ok(Reading { open, consumer })
}

impl EventFeed for RabbitFeed {
    fn next(&mut self, limit: usize) -> BoxFuture<'_, Result<Vec<Delivery>>> {
        Box::pin(self.read(limit))
    }
}
