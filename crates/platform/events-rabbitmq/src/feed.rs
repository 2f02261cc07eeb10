//! Every event from now on, for one process: a queue of its own behind all topics.
//!
//! The broker keeps the queue for some minutes, so that a feed whose connection was lost goes on where it
//! stopped; it keeps a hundred thousand messages at most and drops the oldest, because a feed is news, not a record.

use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt};
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicQosOptions};
use lapin::types::FieldTable;
use mt_events::{Delivery, EventError, EventFeed, Result, Spot};
use uuid::Uuid;

use crate::link::{Link, Open, answer, refused};
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

    async fn begin(&self) -> Result<Reading> {
        let open = self.link.open().await?;
        let consumer = self.consume(&open).await;
        let consumer = consumer.map_err(|error| refused(&error, "rabbitmq takes no feed"))?;
        Ok(Reading { open, consumer })
    }

    async fn consume(&self, open: &Open) -> lapin::Result<lapin::Consumer> {
        let channel = &open.channel;
        self.topology.exchanges(channel).await?;
        self.topology.feed(channel, &self.queue).await?;
        channel
            .basic_qos(PREFETCH, BasicQosOptions::default())
            .await?;
        let (options, none) = (BasicConsumeOptions::default(), FieldTable::default());
        let queue = self.queue.as_str().into();
        channel.basic_consume(queue, "".into(), options, none).await
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
            let said = reading.open.channel.basic_ack(last, all).await;
            said.map_err(|error| refused(&error, "rabbitmq takes no acknowledgement"))?;
        }
        self.reading = Some(reading);
        Ok(found)
    }
}

impl EventFeed for RabbitFeed {
    fn next(&mut self, limit: usize) -> BoxFuture<'_, Result<Vec<Delivery>>> {
        Box::pin(answer(self.read(limit)))
    }
}
