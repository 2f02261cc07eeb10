//! Exchanges and queues: which there are, what they are called, and making them.
//!
//! Everything is made by whoever first needs it, with the same arguments everywhere, so that making it again
//! changes nothing and says how much lies in it. A process makes everything once: it survives the broker, and several hundred
//! questions by every consumer are much for one that has just come back. What turns out to be missing is made again.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lapin::options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{Channel, ExchangeKind};
use mt_events::catalogue::{TOPICS, Topic};
use mt_events::{Group, Result};

use crate::link::ask;
use crate::options::Target;

const MADE: &str = "rabbitmq makes no queues";

/// The names of one installation.
#[derive(Clone, Debug)]
pub(crate) struct Topology {
    prefix: Arc<str>,
    delivery_limit: u16,
    made: Arc<Mutex<HashSet<Made>>>,
}

/// Something that this process has made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Made {
    Exchanges,
    /// The queues of a consumer for the topic of this number.
    Queues(&'static str, i16),
}

impl Made {
    fn of(group: Group) -> Self {
        Self::Queues(group.consumer, group.topic.number)
    }
}

impl Topology {
    pub(crate) fn new(target: &Target) -> Self {
        Self {
            prefix: Arc::clone(&target.prefix),
            delivery_limit: target.delivery_limit,
            made: Arc::default(),
        }
    }

    fn made(&self) -> MutexGuard<'_, HashSet<Made>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something is missing: everything is made again by whoever needs it next.
    pub(crate) fn forget(&self) {
        self.made().clear();
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

    /// Makes the exchanges, unless this process has.
    pub(crate) async fn exchanges(&self, channel: &Channel) -> Result<()> {
        if self.made().contains(&Made::Exchanges) {
            return Ok(());
        }
        let dead = (self.dead_exchange(), ExchangeKind::Direct);
        let of_topic = |topic: &&Topic| (self.exchange(topic), ExchangeKind::Topic);
        for (name, kind) in TOPICS.iter().map(of_topic).chain([dead]) {
            let durable = ExchangeDeclareOptions {
                durable: true,
                ..ExchangeDeclareOptions::default()
            };
            let none = FieldTable::default();
            let made = channel.exchange_declare(name.into(), kind, durable, none);
            ask(MADE, made).await?;
        }
        self.made().insert(Made::Exchanges);
        Ok(())
    }

    /// Makes exchanges and queues of a group, unless this process has.
    pub(crate) async fn group(&self, channel: &Channel, group: Group) -> Result<()> {
        self.exchanges(channel).await?;
        if self.made().contains(&Made::of(group)) {
            return Ok(());
        }
        let (dead, exchange) = (self.dead_queue(group), self.exchange(group.topic));
        declare(channel, &dead, quorum()).await?;
        bind(channel, &dead, &self.dead_exchange(), &dead).await?;
        for partition in partitions(group.topic) {
            let queue = self.queue(group, partition);
            declare(channel, &queue, self.partition_arguments(&dead)).await?;
            bind(channel, &queue, &exchange, &partition.to_string()).await?;
        }
        self.made().insert(Made::of(group));
        Ok(())
    }

    /// How much waits in the queues of a group, which are made when they are missing.
    pub(crate) async fn waiting(&self, channel: &Channel, group: Group) -> Result<i64> {
        self.group(channel, group).await?;
        let queues = partitions(group.topic).map(|partition| self.queue(group, partition));
        let mut waiting = 0;
        for queue in queues.chain([self.dead_queue(group)]) {
            let passive = QueueDeclareOptions {
                passive: true,
                ..QueueDeclareOptions::default()
            };
            let counted = channel.queue_declare(queue.into(), passive, FieldTable::default());
            let counted = ask("rabbitmq does not count", counted).await?;
            waiting += i64::from(counted.message_count());
        }
        Ok(waiting)
    }

    /// Makes the queue of a feed, which the broker drops when nobody has read it for a minute: until then it holds everything
    /// for a process that may never come back.
    pub(crate) async fn feed(&self, channel: &Channel, queue: &str) -> Result<()> {
        const FORGOTTEN_AFTER_MS: i32 = 60_000;
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

async fn declare(channel: &Channel, queue: &str, arguments: FieldTable) -> Result<()> {
    let options = QueueDeclareOptions::durable();
    let made = channel.queue_declare(queue.into(), options, arguments);
    ask(MADE, made).await.map(drop)
}

async fn bind(channel: &Channel, queue: &str, exchange: &str, key: &str) -> Result<()> {
    let (options, none) = (QueueBindOptions::default(), FieldTable::default());
    let bound = channel.queue_bind(queue.into(), exchange.into(), key.into(), options, none);
    ask(MADE, bound).await
}
