//! One process's part of a topic.

use std::sync::{Arc, Mutex, PoisonError};

use futures::FutureExt;
use futures::future::BoxFuture;
use mt_events::{Delivery, EventError, Group, Result, SealedEvent, Spot, Subscription};
use rdkafka::client::ClientContext;
use rdkafka::consumer::{
    BaseConsumer, CommitMode, Consumer, ConsumerContext, Rebalance, StreamConsumer,
};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::held::Held;
use crate::message::sealed;
use crate::options::KafkaOptions;

/// Hears which partitions are taken away.
#[derive(Clone, Default)]
struct Lost(Arc<Mutex<Vec<i16>>>);

impl Lost {
    fn take(&self) -> Vec<i16> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl ClientContext for Lost {}

impl ConsumerContext for Lost {
    fn pre_rebalance(&self, _: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        if let Rebalance::Revoke(partitions) = rebalance {
            let mut lost = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let numbers = partitions.elements();
            lost.extend(
                numbers
                    .iter()
                    .filter_map(|one| i16::try_from(one.partition()).ok()),
            );
        }
    }
}

/// What one message is to us.
pub(crate) struct Received {
    pub(crate) spot: Spot,
    /// `None` when it is none of ours.
    pub(crate) sealed: Option<SealedEvent>,
}

impl Received {
    /// `None` when it lies in a partition beyond all of ours.
    pub(crate) fn of(message: &BorrowedMessage<'_>) -> Option<Self> {
        Some(Self {
            spot: Spot {
                partition: i16::try_from(message.partition()).ok()?,
                position: message.offset(),
            },
            sealed: sealed(message.headers()),
        })
    }
}

/// Membership of a consumer group in one topic.
pub(crate) struct KafkaSubscription {
    consumer: Option<StreamConsumer<Lost>>,
    lost: Lost,
    group: Group,
    topic: String,
    held: Held,
    /// The one that [`Subscription::ready`] found.
    next: Option<Result<Option<Received>, KafkaError>>,
}

const LEFT: EventError = EventError::Bus("the group was left");

impl KafkaSubscription {
    pub(crate) fn join(options: &KafkaOptions, group: Group) -> Result<Self> {
        let config = options.consumer(&options.group(group));
        let config = config.map_err(|_| EventError::Bus("the settings of kafka cannot be used"))?;
        let lost = Lost::default();
        let consumer: StreamConsumer<Lost> = config
            .create_with_context(lost.clone())
            .map_err(|error| refused(&error, "kafka takes no consumer"))?;
        let topic = options.topic(group.topic);
        consumer
            .subscribe(&[&topic])
            .map_err(|error| refused(&error, "kafka takes no subscription"))?;
        Ok(Self {
            consumer: Some(consumer),
            lost,
            group,
            topic,
            held: Held::default(),
            next: None,
        })
    }

    fn read(&mut self, limit: usize) -> Result<Vec<Delivery>> {
        let mut found = Vec::new();
        while found.len() < limit {
            let received = match self.next.take() {
                Some(received) => received,
                None => match self.receive().now_or_never() {
                    Some(received) => received,
                    None => break,
                },
            };
            match received {
                Ok(Some(received)) => self.take(received, &mut found),
                Ok(None) => {}
                Err(error) if is_final(&error) => {
                    return Err(refused(&error, "kafka cannot be read"));
                }
                // The library connects again by itself.
                Err(error) => {
                    tracing::info!(topic = self.topic, %error, "kafka is waited for");
                    break;
                }
            }
        }
        self.give_up_lost(&mut found);
        Ok(found)
    }

    async fn receive(&self) -> Result<Option<Received>, KafkaError> {
        match &self.consumer {
            Some(consumer) => Ok(Received::of(&consumer.recv().await?)),
            None => Err(KafkaError::Canceled),
        }
    }

    fn take(&mut self, received: Received, found: &mut Vec<Delivery>) {
        self.give_up_lost(found);
        let Received { spot, sealed } = received;
        let Some(sealed) = sealed else {
            let topic = self.group.topic.name;
            metrics::counter!("events_foreign_messages", "topic" => topic).increment(1);
            self.held.pass(spot);
            return;
        };
        self.held.open(spot);
        found.push(Delivery {
            spot,
            sealed,
            exhausted: false,
        });
    }

    /// What lies in partitions that were taken away goes to another process.
    fn give_up_lost(&mut self, found: &mut Vec<Delivery>) {
        for partition in self.lost.take() {
            self.held.lose(partition);
            found.retain(|delivery| delivery.spot.partition != partition);
        }
    }

    fn write(&mut self, done: &[Spot], mode: CommitMode) -> Result<()> {
        self.give_up_lost(&mut Vec::new());
        for spot in done {
            self.held.settle(*spot);
        }
        let consumer = self.consumer.as_ref().ok_or(LEFT)?;
        let mut offsets = TopicPartitionList::new();
        for (partition, next) in self.held.moved() {
            offsets
                .add_partition_offset(&self.topic, partition.into(), Offset::Offset(next))
                .map_err(|error| refused(&error, "an offset"))?;
        }
        if offsets.count() == 0 {
            return Ok(());
        }
        // A partition that was taken away meanwhile begins again elsewhere: nothing is lost by that.
        if let Err(error) = consumer.commit(&offsets, mode) {
            tracing::info!(topic = self.topic, %error, "offsets were not committed");
        }
        Ok(())
    }

    /// Takes the consumer apart: it says goodbye, for which it waits.
    fn close(&mut self) -> Option<std::thread::JoinHandle<()>> {
        let consumer = self.consumer.take()?;
        let (topic, offsets) = (self.topic.clone(), self.held.committed());
        Some(std::thread::spawn(move || {
            let mut list = TopicPartitionList::new();
            for (partition, next) in offsets {
                // Numbers of partitions that we were given, and offsets that we have read.
                let _ = list.add_partition_offset(&topic, partition.into(), Offset::Offset(next));
            }
            if list.count() > 0
                && let Err(error) = consumer.commit(&list, CommitMode::Sync)
            {
                tracing::info!(topic, %error, "offsets were not committed");
            }
            drop(consumer);
        }))
    }
}

/// Whether the consumer must be made anew.
fn is_final(error: &KafkaError) -> bool {
    match error {
        KafkaError::MessageConsumption(code) => *code == RDKafkaErrorCode::PollExceeded,
        KafkaError::PartitionEOF(_) => false,
        _ => true,
    }
}

/// The error as the port has it; the reason goes to the log.
pub(crate) fn refused(error: &KafkaError, what: &'static str) -> EventError {
    tracing::warn!(%error, "{what}");
    EventError::Bus(what)
}

impl Subscription for KafkaSubscription {
    fn poll(&mut self, limit: usize) -> BoxFuture<'_, Result<Vec<Delivery>>> {
        Box::pin(std::future::ready(self.read(limit)))
    }

    fn settle<'a>(&'a mut self, done: &'a [Spot]) -> BoxFuture<'a, Result<()>> {
        Box::pin(std::future::ready(self.write(done, CommitMode::Async)))
    }

    fn ready(&mut self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            if self.next.is_none() {
                self.next = Some(self.receive().await);
            }
        })
    }

    fn leave(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let Some(closing) = self.close() else {
                return Ok(());
            };
            let closed = tokio::task::spawn_blocking(move || closing.join());
            closed.await.map_err(|_| LEFT)?.map_err(|_| LEFT)
        })
    }
}

impl Drop for KafkaSubscription {
    fn drop(&mut self) {
        drop(self.close());
    }
}
