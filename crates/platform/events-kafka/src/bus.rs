//! The bus: batches from the relay to the cluster, each message acknowledged before the relay's place moves.

use std::fmt;

use futures::future::{BoxFuture, try_join_all};
use mt_database::Database;
use mt_events::{
    EventBus, EventError, EventFeed, Group, GroupStatus, Outgoing, Place, Result, Subscription,
};
use rdkafka::error::KafkaError;
use rdkafka::producer::future_producer::DeliveryFuture;
use rdkafka::producer::{FutureProducer, FutureRecord};
use tokio::sync::{Mutex, OnceCell};

use crate::feed::KafkaFeed;
use crate::lag::behind;
use crate::message::{headers, value};
use crate::options::{KafkaOptions, OptionsError};
use crate::registry::Registry;
use crate::subscription::{KafkaSubscription, refused};
use crate::topics;

/// How long the cluster may take to keep a batch before it is given to it anew.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(30);

/// Events over Kafka.
pub struct KafkaBus {
    options: KafkaOptions,
    producer: Mutex<Option<FutureProducer>>,
    registry: Option<Registry>,
    database: Database,
    groups: Vec<Group>,
    prepared: OnceCell<()>,
}

impl fmt::Debug for KafkaBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KafkaBus")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl KafkaBus {
    /// A bus over the cluster, for these groups; the relay's place stays in `database`. Does not connect yet.
    ///
    /// # Errors
    /// [`OptionsError`] when the settings cannot be used.
    pub fn new(
        options: KafkaOptions,
        database: Database,
        groups: Vec<Group>,
    ) -> Result<Self, OptionsError> {
        let refuse = |error: &dyn fmt::Display| OptionsError::Refused(error.to_string());
        let producer: FutureProducer = options.producer()?.create().map_err(|e| refuse(&e))?;
        let registry = options.registry.clone().map(Registry::new).transpose();
        Ok(Self {
            options,
            producer: Mutex::new(Some(producer)),
            registry: registry.map_err(|e| refuse(&e))?,
            database,
            groups,
            prepared: OnceCell::new(),
        })
    }

    /// Makes the topics once.
    async fn prepare(&self) -> Result<()> {
        let made = self
            .prepared
            .get_or_try_init(|| topics::prepare(&self.options));
        made.await?;
        Ok(())
    }

    /// Produces a batch in its order and waits until every message is acknowledged.
    async fn produce(&self, batch: &[Outgoing]) -> Result<()> {
        if batch.is_empty() {
            return Ok(());
        }
        self.prepare().await?;
        let mut known = self.producer.lock().await;
        // Put back only when all went well: what a producer still holds of a batch that failed must not
        // come behind the batch again, so it is thrown away with the producer.
        let producer = Producer(Some(match known.take() {
            Some(producer) => producer,
            None => self.new_producer()?,
        }));
        let mut sent = Vec::with_capacity(batch.len());
        for outgoing in batch {
            sent.push(self.send(&producer, outgoing).await?);
        }
        try_join_all(sent.into_iter().map(acknowledged)).await?;
        *known = producer.keep();
        Ok(())
    }

    fn new_producer(&self) -> Result<FutureProducer> {
        let config = self.options.producer();
        let config = config.map_err(|_| EventError::Bus("the settings of kafka cannot be used"))?;
        let made = config.create();
        made.map_err(|error| refused(&error, "kafka takes no producer"))
    }

    async fn send(&self, producer: &Producer, outgoing: &Outgoing) -> Result<DeliveryFuture> {
        let event = &outgoing.event;
        let value = match &self.registry {
            Some(registry) => value(event, registry.id(event.kind).await?),
            None => None,
        };
        let (topic, key) = (self.options.topic(event.kind.topic), event.wire_key());
        let mut record: FutureRecord<'_, [u8], [u8]> = FutureRecord::to(&topic)
            .partition(event.partition().into())
            .key(key.as_slice())
            .timestamp(event.at.0 / 1000)
            .headers(headers(outgoing));
        if let Some(value) = &value {
            record = record.payload(value.as_slice());
        }
        let producer = producer.0.as_ref().ok_or(EventError::Bus("no producer"))?;
        let queued = producer.send_result(record);
        queued.map_err(|(error, _)| refused(&error, "kafka takes no event"))
    }
}

/// A producer that is taken apart aside, because that waits.
struct Producer(Option<FutureProducer>);

impl Producer {
    fn keep(mut self) -> Option<FutureProducer> {
        self.0.take()
    }
}

impl Drop for Producer {
    fn drop(&mut self) {
        if let Some(producer) = self.0.take() {
            std::thread::spawn(move || drop(producer));
        }
    }
}

async fn acknowledged(delivery: DeliveryFuture) -> Result<()> {
    match delivery.await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err((error, _))) => Err(refused(&error, "kafka did not keep an event")),
        Err(_) => Err(refused(
            &KafkaError::Canceled,
            "kafka did not keep an event",
        )),
    }
}

impl EventBus for KafkaBus {
    fn name(&self) -> &'static str {
        "kafka"
    }

    fn carry<'a>(&'a self, events: &'a [Outgoing], place: &'a Place) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let produced = tokio::time::timeout(PATIENCE, self.produce(events)).await;
            produced.map_err(|_| EventError::Bus("kafka does not acknowledge"))??;
            place.commit(&self.database).await
        })
    }

    fn subscribe(&self, group: Group) -> BoxFuture<'_, Result<Box<dyn Subscription>>> {
        Box::pin(async move {
            self.prepare().await?;
            let joined = KafkaSubscription::join(&self.options, group)?;
            Ok(Box::new(joined) as Box<dyn Subscription>)
        })
    }

    fn feed(&self) -> BoxFuture<'_, Result<Box<dyn EventFeed>>> {
        Box::pin(async move {
            self.prepare().await?;
            let feed = KafkaFeed::open(&self.options).await?;
            Ok(Box::new(feed) as Box<dyn EventFeed>)
        })
    }

    fn groups(&self) -> BoxFuture<'_, Result<Vec<GroupStatus>>> {
        Box::pin(async move {
            self.prepare().await?;
            let (options, groups) = (self.options.clone(), self.groups.clone());
            let counted = tokio::task::spawn_blocking(move || {
                let of = |group: Group| behind(&options, group);
                groups.into_iter().map(of).collect::<Result<Vec<_>, _>>()
            });
            let counted = counted
                .await
                .map_err(|_| EventError::Bus("kafka does not count"))?;
            counted.map_err(|error| refused(&error, "kafka does not count"))
        })
    }
}
