//! One process's part of a topic: it stands in line at the queue of every partition.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use futures::future::BoxFuture;
use futures::stream::{self, BoxStream, SelectAll};
use futures::{FutureExt, StreamExt};
use lapin::Channel;
use lapin::message::Delivery as Message;
use lapin::options::{BasicAckOptions, BasicConsumeOptions, BasicQosOptions};
use lapin::types::FieldTable;
use mt_events::{Delivery, EventError, Group, Result, Spot, Subscription};

use crate::link::{Link, Open, ask, refused};
use crate::message::event;
use crate::tags::Tags;
use crate::topology::{Topology, partitions};

/// Messages of one partition that are on the way to us or not settled.
const PREFETCH: u16 = 100;

const LOST: EventError = EventError::Bus("the connection to rabbitmq was lost");

/// How many events the subscriptions of this process have in hand for a group.
pub(crate) type InHand = Arc<AtomicI64>;

/// What a queue gives: a message and whether it lay in the dead queue. The end of a queue is an error.
type Given = lapin::Result<Option<(bool, Message)>>;

/// Membership of a group in one topic.
pub(crate) struct RabbitSubscription {
    open: Open,
    topology: Topology,
    messages: SelectAll<BoxStream<'static, Given>>,
    /// The one that [`Subscription::ready`] found.
    next: Option<Given>,
    tags: Tags,
    group: Group,
    in_hand: InHand,
}

impl RabbitSubscription {
    pub(crate) async fn join(
        link: Link,
        topology: Topology,
        group: Group,
        in_hand: InHand,
    ) -> Result<Self> {
        let open = link.open().await?;
        let joined = stand_in_line(&open, &topology, group).await;
        if joined.is_err() && open.is_refused() {
            topology.forget();
        }
        Ok(Self {
            messages: joined?,
            open,
            topology,
            next: None,
            tags: Tags::default(),
            group,
            in_hand,
        })
    }

    async fn read(&mut self, limit: usize) -> Result<Vec<Delivery>> {
        if !self.open.is_alive() {
            return Err(LOST);
        }
        let mut found = Vec::new();
        while found.len() < limit {
            let given = match self.next.take() {
                Some(given) => given,
                None => match self.messages.next().now_or_never() {
                    Some(given) => given.unwrap_or(Ok(None)),
                    None => break,
                },
            };
            let given = given.map_err(|error| refused(&error, "rabbitmq cannot be read"))?;
            let Some((exhausted, message)) = given else {
                self.topology.forget();
                return Err(LOST);
            };
            let tag = message.delivery_tag;
            let Some((partition, sealed)) = event(&message) else {
                let topic = self.group.topic.name;
                metrics::counter!("events_foreign_messages", "topic" => topic).increment(1);
                self.tags.see(tag);
                acknowledge(&self.open.channel, tag, false).await?;
                continue;
            };
            self.tags.open(tag);
            self.in_hand.fetch_add(1, Ordering::Relaxed);
            let position = i64::try_from(tag).unwrap_or(i64::MAX);
            found.push(Delivery {
                spot: Spot {
                    partition,
                    position,
                },
                sealed,
                exhausted,
            });
        }
        Ok(found)
    }

    async fn say(&mut self, done: &[Spot]) -> Result<()> {
        let before = self.tags.len();
        let tags = done.iter().map(|spot| spot.position.unsigned_abs());
        let words = self.tags.settle(tags);
        let settled = before - self.tags.len();
        self.put_down(settled);
        for word in words {
            acknowledge(&self.open.channel, word.tag, word.multiple).await?;
        }
        Ok(())
    }

    fn put_down(&self, count: usize) {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        self.in_hand.fetch_sub(count, Ordering::Relaxed);
    }
}

async fn acknowledge(channel: &Channel, tag: u64, multiple: bool) -> Result<()> {
    let said = channel.basic_ack(tag, BasicAckOptions { multiple });
    ask("rabbitmq takes no acknowledgement", said).await
}

/// Consumes from every queue of the group, the dead one too.
async fn stand_in_line(
    open: &Open,
    topology: &Topology,
    group: Group,
) -> Result<SelectAll<BoxStream<'static, Given>>> {
    const NO_CONSUMER: &str = "rabbitmq takes no consumer";
    let channel = &open.channel;
    topology.group(channel, group).await?;
    let prefetch = channel.basic_qos(PREFETCH, BasicQosOptions::default());
    ask(NO_CONSUMER, prefetch).await?;
    let of_partition = |partition| (topology.queue(group, partition), false);
    let queues = partitions(group.topic).map(of_partition);
    let mut messages = SelectAll::new();
    for (queue, is_dead) in queues.chain([(topology.dead_queue(group), true)]) {
        let (options, none) = (BasicConsumeOptions::default(), FieldTable::default());
        let consumer = channel.basic_consume(queue.into(), "".into(), options, none);
        let consumer = ask(NO_CONSUMER, consumer).await?;
        let given = consumer.map(move |message| message.map(|message| Some((is_dead, message))));
        // A queue that was deleted under us just ends.
        let end = stream::once(std::future::ready(Ok(None)));
        messages.push(given.chain(end).boxed());
    }
    Ok(messages)
}

impl Subscription for RabbitSubscription {
    fn poll(&mut self, limit: usize) -> BoxFuture<'_, Result<Vec<Delivery>>> {
        Box::pin(self.read(limit))
    }

    fn settle<'a>(&'a mut self, done: &'a [Spot]) -> BoxFuture<'a, Result<()>> {
        Box::pin(self.say(done))
    }

    fn ready(&mut self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            if self.next.is_none() {
                self.next = Some(self.messages.next().await.unwrap_or(Ok(None)));
            }
        })
    }

    /// The broker takes back what was not settled, in order, before somebody else is served.
    fn leave(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(self.open.close())
    }
}

impl Drop for RabbitSubscription {
    fn drop(&mut self) {
        self.put_down(self.tags.len());
    }
}
