//! Runs a consumer: a task for each of its topics.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use mt_database::Database;
use tokio::task::{AbortHandle, JoinSet};

use super::desk::{Attempt, Desk, unopened};
use super::lanes::{Item, Lanes};
use super::{Consumer, ConsumerOptions, HandlerError};
use crate::bus::{Delivery, EventBus, Spot, Subscription};
use crate::catalogue::{Topic, lane};
use crate::error::{EventError, Result};
use crate::event::{Event, Keys};

/// Runs consumers for as long as it lives.
pub struct Runtime {
    database: Database,
    keys: Arc<dyn Keys>,
    bus: Arc<dyn EventBus>,
    tasks: Vec<AbortHandle>,
}

impl fmt::Debug for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runtime")
            .field("tasks", &self.tasks.len())
            .finish_non_exhaustive()
    }
}

impl Runtime {
    /// A runtime that reads from `bus` and works in `database`.
    #[must_use]
    pub fn new(database: Database, keys: Arc<dyn Keys>, bus: Arc<dyn EventBus>) -> Self {
        Self {
            database,
            keys,
            bus,
            tasks: Vec::new(),
        }
    }

    /// Begins to run `consumer`.
    pub fn start(&mut self, consumer: &Arc<dyn Consumer>, options: ConsumerOptions) {
        for topic in consumer.topics() {
            let worker = Worker {
                database: self.database.clone(),
                keys: Arc::clone(&self.keys),
                consumer: Arc::clone(consumer),
                topic,
                options,
            };
            let bus = Arc::clone(&self.bus);
            let task = tokio::spawn(async move { Arc::new(worker).run(bus).await });
            self.tasks.push(task.abort_handle());
        }
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

struct Worker {
    database: Database,
    keys: Arc<dyn Keys>,
    consumer: Arc<dyn Consumer>,
    topic: &'static Topic,
    options: ConsumerOptions,
}

/// What is in work between two polls.
#[derive(Default)]
struct Work {
    lanes: Lanes,
    running: JoinSet<(i64, Spot, Result<()>)>,
    settled: Vec<Spot>,
}

impl Worker {
    async fn run(self: Arc<Self>, bus: Arc<dyn EventBus>) {
        loop {
            let outcome = match bus.subscribe(self.consumer.name(), self.topic).await {
                Ok(mut subscription) => self.follow(subscription.as_mut()).await,
                Err(error) => Err(error),
            };
            if let Err(error) = outcome {
                tracing::warn!(consumer = self.consumer.name(), topic = self.topic.name, %error, "consumer starts again");
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    /// Reads and works until something fails; work in progress is dropped then, and comes again.
    async fn follow(self: &Arc<Self>, subscription: &mut dyn Subscription) -> Result<()> {
        let (shortest, longest) = self.options.poll;
        let mut pause = shortest;
        let mut work = Work::default();
        loop {
            let room = self.options.buffered.saturating_sub(work.lanes.waiting());
            let found = if room > 0 {
                subscription.poll(room).await?
            } else {
                Vec::new()
            };
            pause = if found.is_empty() {
                (pause * 2).min(longest)
            } else {
                shortest
            };
            for delivery in found {
                let item = self.open(delivery).await;
                let lane = item
                    .event
                    .as_ref()
                    .map_or(0, |event| lane(event.tenant, &event.key));
                work.lanes.push(lane, item);
            }
            self.begin(&mut work);
            self.wait(&mut work, pause).await?;
            if !work.settled.is_empty() {
                subscription.settle(&work.settled).await?;
                work.settled.clear();
            }
        }
    }

    async fn open(&self, delivery: Delivery) -> Item {
        let event = match self.keys.of(delivery.sealed.tenant).await {
            Ok(keys) => delivery.sealed.open(&keys),
            Err(_) => Err(EventError::TenantInactive),
        };
        Item {
            delivery,
            event: event.map_err(|error| unopened(&error)),
        }
    }

    fn begin(self: &Arc<Self>, work: &mut Work) {
        while work.running.len() < self.options.parallel {
            let Some((lane, item)) = work.lanes.begin() else {
                break;
            };
            let worker = Arc::clone(self);
            work.running.spawn(async move {
                let spot = item.delivery.spot;
                (lane, spot, worker.take(&item).await)
            });
        }
    }

    /// Waits until work has ended, or as long as there is nothing to read.
    async fn wait(self: &Arc<Self>, work: &mut Work, pause: Duration) -> Result<()> {
        let deadline = tokio::time::Instant::now() + pause;
        loop {
            let ended = tokio::select! {
                ended = work.running.join_next(), if !work.running.is_empty() => ended,
                () = tokio::time::sleep_until(deadline) => return Ok(()),
            };
            if let Some(Ok((lane, spot, outcome))) = ended {
                outcome?;
                work.settled.push(spot);
                work.lanes.end(lane);
            } else {
                return Err(EventError::Damaged(
                    "a consumer stopped in the middle of an event",
                ));
            }
            self.begin(work);
        }
    }

    /// Takes one event, however often it must be tried, or lays it among the dead letters.
    async fn take(&self, item: &Item) -> Result<()> {
        let desk = Desk {
            database: &self.database,
            consumer: self.consumer.as_ref(),
            topic: self.topic,
        };
        match &item.event {
            Err(reason) => desk.give_up(&item.delivery, None, reason, 0).await,
            Ok(event) => self.persist(&desk, event, &item.delivery).await,
        }
    }

    async fn persist(&self, desk: &Desk<'_>, event: &Event, delivery: &Delivery) -> Result<()> {
        let mut attempt = 1;
        loop {
            let reason = match desk.attempt(event, delivery).await {
                Ok(Attempt::Taken | Attempt::Behind) => {
                    metrics::counter!("events_consumed", "consumer" => self.consumer.name())
                        .increment(1);
                    return Ok(());
                }
                Err(HandlerError::Poison(reason)) => {
                    return desk.give_up(delivery, Some(event), reason, attempt).await;
                }
                // Without a database nothing can be given up either: the event comes again.
                Err(HandlerError::Retry(reason)) if attempt >= self.options.attempts => {
                    return desk.give_up(delivery, Some(event), reason, attempt).await;
                }
                Err(HandlerError::Retry(reason)) => reason,
            };
            tracing::debug!(consumer = self.consumer.name(), id = %event.id, attempt, reason, "event is tried again");
            tokio::time::sleep(self.options.pause_after(attempt)).await;
            attempt += 1;
        }
    }
}
