//! The bus: batches from the relay to the broker, each message confirmed before the relay's place moves.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Mutex as Lock, PoisonError};

use futures::future::BoxFuture;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::{Confirmation, PublisherConfirm};
use mt_database::Database;
use mt_events::catalogue::Topic;
use mt_events::{
    EventBus, EventError, EventFeed, Group, GroupStatus, Outgoing, Place, Result, Subscription,
};
use tokio::sync::Mutex;

use crate::feed::RabbitFeed;
use crate::link::{Link, Open, aside, ask};
use crate::message::properties;
use crate::options::{OptionsError, RabbitOptions, Target};
use crate::subscription::{InHand, RabbitSubscription};
use crate::topology::Topology;

/// Events over RabbitMQ.
pub struct RabbitBus {
    database: Database,
    target: Target,
    topology: Topology,
    groups: Vec<Group>,
    publishing: Link,
    consuming: Link,
    publisher: Mutex<Option<Open>>,
    in_hand: Lock<HashMap<(&'static str, i16), InHand>>,
}

impl fmt::Debug for RabbitBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RabbitBus")
            .field("target", &self.target)
            .finish_non_exhaustive()
    }
}

impl RabbitBus {
    /// A bus over the broker, for these groups; the relay's place stays in `database`. Does not connect yet.
    ///
    /// # Errors
    /// [`OptionsError`] when the settings cannot be used.
    pub fn new(
        options: &RabbitOptions,
        database: Database,
        groups: Vec<Group>,
    ) -> Result<Self, OptionsError> {
        let target = Target::new(options)?;
        Ok(Self {
            database,
            topology: Topology::new(&target),
            groups,
            publishing: Link::new(target.clone(), "relay"),
            consuming: Link::new(target.clone(), "consumers"),
            target,
            publisher: Mutex::new(None),
            in_hand: Lock::default(),
        })
    }

    /// Publishes a batch in its order and waits until the broker has confirmed all of it.
    async fn publish(&self, batch: &[Outgoing]) -> Result<()> {
        if batch.is_empty() {
            return Ok(());
        }
        let mut publisher = self.publisher.lock().await;
        // Put back only when all went well: what the broker then still has of a batch that failed is
        // followed by the batch again, on a new channel.
        let open = match publisher.take() {
            Some(open) if open.is_alive() => open,
            _ => {
                let (link, topology) = (self.publishing.clone(), self.topology.clone());
                aside(confirming(link, topology, self.groups.clone())).await?
            }
        };
        let outcome = self.publish_on(&open, batch).await;
        if outcome.is_err() && open.is_refused() {
            self.topology.forget();
        }
        outcome.map(|()| *publisher = Some(open))
    }

    async fn publish_on(&self, open: &Open, batch: &[Outgoing]) -> Result<()> {
        let mut sent = Vec::with_capacity(batch.len());
        for outgoing in batch {
            let queued = self.send(open, outgoing);
            sent.push(ask("rabbitmq takes no event", queued).await?);
        }
        for confirm in sent {
            match ask("rabbitmq did not confirm an event", confirm).await? {
                Confirmation::Ack(None) => {}
                Confirmation::Ack(Some(_)) => {
                    self.topology.forget();
                    return Err(EventError::Bus("a queue of rabbitmq is missing"));
                }
                _ => return Err(EventError::Bus("rabbitmq did not keep an event")),
            }
        }
        Ok(())
    }

    async fn send(&self, open: &Open, outgoing: &Outgoing) -> lapin::Result<PublisherConfirm> {
        let topic = outgoing.event.kind.topic;
        let options = BasicPublishOptions {
            // An event that nobody reads may have no queue, one that somebody reads must have one.
            mandatory: self.is_read(topic),
            ..BasicPublishOptions::default()
        };
        let exchange = self.topology.exchange(topic).into();
        let key = outgoing.event.partition().to_string().into();
        let body = &outgoing.sealed.body;
        open.channel
            .basic_publish(exchange, key, options, body, properties(outgoing))
            .await
    }

    fn is_read(&self, topic: &Topic) -> bool {
        self.groups.iter().any(|group| group.topic == topic)
    }

    fn in_hand(&self, group: Group) -> InHand {
        let mut all = self.in_hand.lock().unwrap_or_else(PoisonError::into_inner);
        InHand::clone(all.entry((group.consumer, group.topic.number)).or_default())
    }
}

/// A channel with confirms, behind which every group has its queues.
async fn confirming(link: Link, topology: Topology, groups: Vec<Group>) -> Result<Open> {
    let open = link.open().await?;
    let confirming = open.channel.confirm_select(ConfirmSelectOptions::default());
    ask("rabbitmq confirms nothing", confirming).await?;
    topology.exchanges(&open.channel).await?;
    for group in groups {
        topology.group(&open.channel, group).await?;
    }
    Ok(open)
}

/// How much lies in the queues of groups.
async fn lags(link: Link, topology: Topology, groups: Vec<Group>) -> Result<Vec<GroupStatus>> {
    let open = link.open().await?;
    let mut all = Vec::with_capacity(groups.len());
    for group in groups {
        let counted = topology.waiting(&open.channel, group).await;
        if counted.is_err() && open.is_refused() {
            topology.forget();
        }
        all.push(GroupStatus {
            consumer: group.consumer.to_owned(),
            topic: Some(group.topic),
            behind: counted?,
        });
    }
    Ok(all)
}

impl EventBus for RabbitBus {
    fn name(&self) -> &'static str {
        "rabbitmq"
    }

    fn carry<'a>(&'a self, events: &'a [Outgoing], place: &'a Place) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            self.publish(events).await?;
            place.commit(&self.database).await
        })
    }

    fn subscribe(&self, group: Group) -> BoxFuture<'_, Result<Box<dyn Subscription>>> {
        Box::pin(async move {
            let in_hand = self.in_hand(group);
            let (link, topology) = (self.consuming.clone(), self.topology.clone());
            let joined = RabbitSubscription::join(link, topology, group, in_hand);
            Ok(Box::new(aside(joined).await?) as Box<dyn Subscription>)
        })
    }

    fn feed(&self) -> BoxFuture<'_, Result<Box<dyn EventFeed>>> {
        Box::pin(async move {
            let link = Link::new(self.target.clone(), "feed");
            let feed = aside(RabbitFeed::open(link, self.topology.clone())).await?;
            Ok(Box::new(feed) as Box<dyn EventFeed>)
        })
    }

    fn groups(&self) -> BoxFuture<'_, Result<Vec<GroupStatus>>> {
        Box::pin(async move {
            let counted = aside(lags(
                self.consuming.clone(),
                self.topology.clone(),
                self.groups.clone(),
            ));
            let mut groups = counted.await?;
            for (status, group) in groups.iter_mut().zip(&self.groups) {
                status.behind += self.in_hand(*group).load(Ordering::Relaxed);
            }
            Ok(groups)
        })
    }
}
