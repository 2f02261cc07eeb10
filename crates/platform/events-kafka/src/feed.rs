//! Every event from now on, for one process: all partitions of all topics, without a group.

use futures::FutureExt;
use futures::future::BoxFuture;
use mt_events::catalogue::TOPICS;
use mt_events::{Delivery, EventError, EventFeed, Result};
use rdkafka::consumer::{Consumer, StreamConsumer};
use uuid::Uuid;

use crate::lag::{Edge, edges};
use crate::options::KafkaOptions;
use crate::subscription::{Received, refused};

/// A feed over Kafka.
pub(crate) struct KafkaFeed(StreamConsumer);

impl KafkaFeed {
    pub(crate) async fn open(options: &KafkaOptions) -> Result<Self> {
        const CANNOT: &str = "kafka opens no feed";
        // The library wants a name for a group; since nothing is committed, the cluster never hears of it.
        let name = format!("{}meditrack.feed.{}", options.prefix, Uuid::now_v7());
        let config = options.consumer(&name);
        let config = config.map_err(|_| EventError::Bus("the settings of kafka cannot be used"))?;
        let consumer: StreamConsumer = config.create().map_err(|error| refused(&error, CANNOT))?;
        let topics: Vec<_> = TOPICS
            .iter()
            .map(|topic| (options.topic(topic), *topic))
            .collect();
        let opened = tokio::task::spawn_blocking(move || {
            let ends = edges(&consumer, &topics, Edge::End)?;
            consumer.assign(&ends)?;
            Ok(consumer)
        });
        let opened = opened.await.map_err(|_| EventError::Bus(CANNOT))?;
        opened.map(Self).map_err(|error| refused(&error, CANNOT))
    }

    fn read(&self, limit: usize) -> Result<Vec<Delivery>> {
        let mut found = Vec::new();
        while found.len() < limit
            && let Some(received) = self.0.recv().now_or_never()
        {
            let received = received.map_err(|error| refused(&error, "a feed cannot be read"))?;
            if let Some(Received {
                spot,
                sealed: Some(sealed),
            }) = Received::of(&received)
            {
                found.push(Delivery {
                    spot,
                    sealed,
                    exhausted: false,
                });
            }
        }
        Ok(found)
    }
}

impl EventFeed for KafkaFeed {
    fn next(&mut self, limit: usize) -> BoxFuture<'_, Result<Vec<Delivery>>> {
        Box::pin(std::future::ready(self.read(limit)))
    }
}
