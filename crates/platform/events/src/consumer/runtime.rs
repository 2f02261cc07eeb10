//! Runs a consumer: a task for each of its topics.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant as Monotonic};

use mt_database::Database;
use mt_kernel::{Clock, SystemClock};
use tokio::task::{AbortHandle, JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

use super::desk::{Attempt, Desk, unopened};
use super::lanes::{Item, Lanes};
use super::{Consumer, ConsumerOptions, HandlerError};
use crate::bus::{Delivery, EventBus, Group, Spot, Subscription};
use crate::catalogue::lane;
use crate::error::{EventError, Result};
use crate::event::{Event, Keys};

/// Runs consumers for as long as it lives.
pub struct Runtime {
    database: Database,
    keys: Arc<dyn Keys>,
    bus: Arc<dyn EventBus>,
    stop: CancellationToken,
    tasks: Vec<(AbortHandle, JoinHandle<()>)>,
}

/// How long events in work may take to end when a runtime stops.
const PATIENCE: Duration = Duration::from_secs(10);

/// The first pause before a consumer starts again, and the longest; it doubles in between.
const AGAIN: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

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
            stop: CancellationToken::new(),
            tasks: Vec::new(),
        }
    }

    /// Begins to run `consumer`.
    pub fn start(&mut self, consumer: &Arc<dyn Consumer>, options: ConsumerOptions) {
        for group in Group::of(consumer.as_ref()) {
            let worker = Worker {
                database: self.database.clone(),
                keys: Arc::clone(&self.keys),
                consumer: Arc::clone(consumer),
                group,
                options,
                stop: self.stop.clone(),
            };
            let bus = Arc::clone(&self.bus);
            let task = tokio::spawn(async move { Arc::new(worker).run(bus).await });
            self.tasks.push((task.abort_handle(), task));
        }
    }

    /// Begins nothing more, lets what is in work end, and leaves the groups.
    pub async fn stop(mut self) {
        self.stop.cancel();
        let tasks = std::mem::take(&mut self.tasks);
        for (abort, task) in tasks {
            if tokio::time::timeout(PATIENCE, task).await.is_err() {
                abort.abort();
            }
        }
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        for (abort, _) in &self.tasks {
            abort.abort();
        }
    }
}

struct Worker {
    database: Database,
    keys: Arc<dyn Keys>,
    consumer: Arc<dyn Consumer>,
    group: Group,
    options: ConsumerOptions,
    stop: CancellationToken,
}

/// Whether an event need not come again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Settled,
    /// The process stops before it was taken.
    Left,
}

/// What is in work between two polls.
#[derive(Default)]
struct Work {
    lanes: Lanes,
    running: JoinSet<(i64, Spot, Result<End>)>,
    settled: Vec<Spot>,
}

impl Worker {
    async fn run(self: Arc<Self>, bus: Arc<dyn EventBus>) {
        let mut pause = AGAIN.0;
        while !self.stop.is_cancelled() {
            let begun = Monotonic::now();
            let outcome = match bus.subscribe(self.group).await {
                Ok(mut subscription) => {
                    let followed = self.follow(subscription.as_mut()).await;
                    followed.and(subscription.leave().await)
                }
                Err(error) => Err(error),
            };
            if let Err(error) = outcome {
                tracing::warn!(consumer = self.consumer.name(), topic = self.group.topic.name, %error, "consumer starts again");
            }
            // Brokers count how often an event is handed out: whoever fails at once again waits longer.
            if begun.elapsed() > AGAIN.1 {
                pause = AGAIN.0;
            }
            tokio::select! {
                () = self.stop.cancelled() => {}
                () = tokio::time::sleep(pause) => pause = (pause * 2).min(AGAIN.1),
            }
        }
    }

    /// Reads and works until the runtime stops or something fails; work in progress is dropped when
    /// something fails, and comes again.
    async fn follow(self: &Arc<Self>, subscription: &mut dyn Subscription) -> Result<()> {
        let (shortest, longest) = self.options.poll;
        let mut pause = shortest;
        let mut work = Work::default();
        while !self.stop.is_cancelled() {
            let room = self.options.buffered.saturating_sub(work.lanes.waiting());
            // Also without room: whoever does not poll loses the place in the group.
            let found = subscription.poll(room).await?;
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
            self.wait(&mut work, subscription, pause).await?;
            if !work.settled.is_empty() {
                subscription.settle(&work.settled).await?;
                work.settled.clear();
            }
        }
        while let Some(ended) = work.running.join_next().await {
            let (_, spot, outcome) = ended.map_err(|_| STOPPED)?;
            if outcome? == End::Settled {
                work.settled.push(spot);
            }
        }
        subscription.settle(&work.settled).await
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

    /// Works until there may be something to read.
    async fn wait(
        self: &Arc<Self>,
        work: &mut Work,
        subscription: &mut dyn Subscription,
        pause: Duration,
    ) -> Result<()> {
        let deadline = tokio::time::Instant::now() + pause;
        loop {
            let room = work.lanes.waiting() < self.options.buffered;
            let ended = tokio::select! {
                ended = work.running.join_next(), if !work.running.is_empty() => ended,
                () = tokio::time::sleep_until(deadline) => return Ok(()),
                () = subscription.ready(), if room => return Ok(()),
                () = self.stop.cancelled() => return Ok(()),
            };
            let Some(Ok((lane, spot, outcome))) = ended else {
                return Err(STOPPED);
            };
            if outcome? == End::Left {
                return Ok(());
            }
            work.settled.push(spot);
            work.lanes.end(lane);
            self.begin(work);
        }
    }

    /// Takes one event, however often it must be tried, or lays it among the dead letters.
    async fn take(&self, item: &Item) -> Result<End> {
        let desk = Desk {
            database: &self.database,
            consumer: self.consumer.as_ref(),
            topic: self.group.topic,
        };
        match &item.event {
            Err(reason) => {
                desk.give_up(&item.delivery, None, reason, 0).await?;
                Ok(End::Settled)
            }
            Ok(event) if item.delivery.exhausted => {
                let given_up = desk.give_up(&item.delivery, Some(event), "delivery-limit", 0);
                given_up.await.map(|()| End::Settled)
            }
            Ok(event) => self.persist(&desk, event, &item.delivery).await,
        }
    }

    async fn persist(&self, desk: &Desk<'_>, event: &Event, delivery: &Delivery) -> Result<End> {
        let mut attempt = 1;
        loop {
            let reason = match desk.attempt(event, delivery).await {
                Ok(Attempt::Taken | Attempt::Behind) => {
                    self.measure(event);
                    return Ok(End::Settled);
                }
                Err(HandlerError::Retry(reason)) if attempt < self.options.attempts => reason,
                Err(HandlerError::Poison(reason) | HandlerError::Retry(reason)) => {
                    match desk.give_up(delivery, Some(event), reason, attempt).await {
                        Ok(()) => return Ok(End::Settled),
                        // Without a database nothing can be given up either: it is tried afresh.
                        Err(error) => {
                            tracing::warn!(consumer = self.consumer.name(), %error, "an event is held");
                            attempt = 0;
                            reason
                        }
                    }
                }
            };
            tracing::debug!(consumer = self.consumer.name(), id = %event.id, attempt, reason, "event is tried again");
            tokio::select! {
                () = tokio::time::sleep(self.options.pause_after(attempt)) => attempt += 1,
                () = self.stop.cancelled() => return Ok(End::Left),
            }
        }
    }

    fn measure(&self, event: &Event) {
        let consumer = self.consumer.name();
        metrics::counter!("events_consumed", "consumer" => consumer).increment(1);
        let age = SystemClock.now().0 - event.at.0;
        let age = Duration::from_micros(age.max(0).unsigned_abs());
        metrics::histogram!("events_delivery_seconds", "consumer" => consumer)
            .record(age.as_secs_f64());
    }
}

const STOPPED: EventError = EventError::Damaged("a consumer stopped in the middle of an event");
