//! Exchanges and queues: which there are, what they are called, and making them.
//!
//! Everything is made by whoever first needs it, with the same arguments everywhere, so that making it again
//! changes nothing and says how much lies in it.

use std::sync::Arc;

use lapin::options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Channel, ExchangeKind};
use mt_events::Group;
use mt_events::catalogue::{TOPICS, Topic};

use crate::options::Target;

/// The names of one installation.
#[derive(Clone, Debug)]
pub(crate) struct Topology {
    prefix: Arc<str>,
    delivery_limit: u16,
}

impl Topology {
    pub(crate) fn new(target: &Target) -> Self {
        Self {
            prefix: Arc::clone(&target.prefix),
            delivery_limit: target.delivery_limit,
        }
    }

    /// Where events of a topic are published; the routing key is the partition.
    pub(crate) fn exchange(&self, topic: &Topic) -> String {
        format!("{}.{}", self.prefix, topic.name)
    }

    /// What a group has not read of a partition.
    pub(crate) fn queue(&self, group: Group, partition: i16) -> String {
        let Group { consumer, topic } = group;
        format!("{}.{consumer}.{}.{partition}", self.prefix, topic.name)
    }

    /// What the broker laid aside for a group.
    pub(crate) fn dead_queue(&self, group: Group) -> String {
        let Group { consumer, topic } = group;
        format!("{}.{consumer}.{}.dead", self.prefix, topic.name)
    }

    /// What one feed has not read.
    pub(crate) fn feed_queue(&self, id: uuid::Uuid) -> String {
        format!("{}.feed.{id}", self.prefix)
    }

    fn dead_exchange(&self) -> String {
        format!("{}.dead", self.prefix)
    }

    /// Makes the exchanges.
    pub(crate) async fn exchanges(&self, channel: &Channel) -> lapin::Result<()> {
        let durable = ExchangeDeclareOptions {
            durable: true,
            ..ExchangeDeclareOptions::default()
        };
        let none = FieldTable::default;
        for topic in TOPICS {
            let name = self.exchange(topic).into();
            channel
                .exchange_declare(name, ExchangeKind::Topic, durable, none())
                .await?;
        }
        let name = self.dead_exchange().into();
        channel
            .exchange_declare(name, ExchangeKind::Direct, durable, none())
            .await
    }

    /// Makes the queues of a group, and counts what waits in them.
    pub(crate) async fn group(&self, channel: &Channel, group: Group) -> lapin::Result<i64> {
        let dead = self.dead_queue(group);
        let mut waiting = declare(channel, &dead, quorum()).await?;
        bind(channel, &dead, &self.dead_exchange(), &dead).await?;
        let exchange = self.exchange(group.topic);
        for partition in partitions(group.topic) {
            let queue = self.queue(group, partition);
            let arguments = self.partition_arguments(&dead);
            waiting += declare(channel, &queue, arguments).await?;
            bind(channel, &queue, &exchange, &partition.to_string()).await?;
        }
        Ok(waiting)
    }

    /// Makes the queue of a feed, which the broker drops when nobody has read it for some minutes.
    pub(crate) async fn feed(&self, channel: &Channel, queue: &str) -> lapin::Result<()> {
        const FORGOTTEN_AFTER_MS: i32 = 300_000;
        const LONGEST: i32 = 100_000;
        let mut arguments = FieldTable::default();
        arguments.insert("x-expires".into(), AMQPValue::LongInt(FORGOTTEN_AFTER_MS));
        arguments.insert("x-max-length".into(), AMQPValue::LongInt(LONGEST));
        declare(channel, queue, arguments).await?;
        for topic in TOPICS {
            bind(channel, queue, &self.exchange(topic), "#").await?;
        }
        Ok(())
    }

    /// One process at a time reads a partition, in order. What was handed out too often is moved to the
    /// dead queue, and is removed here only when it has arrived there.
    fn partition_arguments(&self, dead: &str) -> FieldTable {
        let mut arguments = quorum();
        arguments.insert(
            "x-delivery-limit".into(),
            AMQPValue::LongInt(self.delivery_limit.into()),
        );
        for (name, value) in [
            ("x-dead-letter-exchange", self.dead_exchange().as_str()),
            ("x-dead-letter-routing-key", dead),
            ("x-dead-letter-strategy", "at-least-once"),
            ("x-overflow", "reject-publish"),
        ] {
            arguments.insert(name.into(), text(value));
        }
        arguments
    }
}

/// The partitions of a topic.
pub(crate) fn partitions(topic: &Topic) -> impl Iterator<Item = i16> + use<> {
    (0..topic.partitions).filter_map(|number| i16::try_from(number).ok())
}

/// A queue that survives the loss of brokers and has one reader at a time.
fn quorum() -> FieldTable {
    let mut arguments = FieldTable::default();
    arguments.insert("x-queue-type".into(), text("quorum"));
    arguments.insert("x-single-active-consumer".into(), AMQPValue::Boolean(true));
    arguments
}

fn text(value: &str) -> AMQPValue {
    AMQPValue::LongString(value.into())
}

async fn declare(channel: &Channel, queue: &str, arguments: FieldTable) -> lapin::Result<i64> {
    let options = QueueDeclareOptions::durable();
    let made = channel
        .queue_declare(queue.into(), options, arguments)
        .await?;
    Ok(made.message_count().into())
}

async fn bind(channel: &Channel, queue: &str, exchange: &str, key: &str) -> lapin::Result<()> {
    let (options, none) = (QueueBindOptions::default(), FieldTable::default());
    channel
        .queue_bind(queue.into(), exchange.into(), key.into(), options, none)
        .await
}
