//! Runs a consumer: a task for each of its topics.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant as Monotonic};

use mt_crypto::TenantKeys;
use mt_database::Database;
use mt_kernel::{Clock, ErrorKind, SystemClock, TenantId};
use tokio::task::{AbortHandle, JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

use super::desk::{Desk, Given, unopened};
use super::lanes::{Item, Lanes};
use super::{Consumer, ConsumerOptions, HandlerError, Transaction};
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

/// How long the effects that share a transaction may take before fewer share one: it holds the relay's horizon back.
const SLICE: Duration = Duration::from_millis(50);

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
                together: AtomicUsize::new(options.together.max(1)),
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
    /// Events that share a transaction, as long as their effects do not take too long.
    together: AtomicUsize,
    stop: CancellationToken,
}

/// What came of events that were begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// They need not come again.
    Settled,
    /// They could not be taken together.
    Apart,
    /// The process stops before they were taken.
    Left,
}

/// What is in work between two polls.
#[derive(Default)]
struct Work {
    lanes: Lanes,
    running: JoinSet<(Vec<Item>, Result<End>)>,
    settled: Vec<Spot>,
}

impl Work {
    fn settle(&mut self, items: &[Item]) {
        let spots = items.iter().map(|item| item.delivery.spot);
        self.settled.extend(spots);
        self.lanes.end(items);
    }
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
            let room = self.options.buffered.saturating_sub(work.lanes.held());
            // Also without room: whoever does not poll loses the place in the group.
            let found = subscription.poll(room).await?;
            pause = if found.is_empty() {
                (pause * 2).min(longest)
            } else {
                shortest
            };
            for delivery in found {
                work.lanes.push(self.open(delivery, subscription).await?);
            }
            self.begin(&mut work);
            self.wait(&mut work, subscription, pause).await?;
            if !work.settled.is_empty() {
                subscription.settle(&work.settled).await?;
                work.settled.clear();
            }
        }
        while let Some(ended) = work.running.join_next().await {
            let (items, outcome) = ended.map_err(|_| STOPPED)?;
            if outcome? == End::Settled {
                work.settle(&items);
            }
        }
        subscription.settle(&work.settled).await
    }

    async fn open(&self, delivery: Delivery, subscription: &mut dyn Subscription) -> Result<Item> {
        let event = match self.keys_of(delivery.tenant(), subscription).await? {
            Ok(keys) => delivery.open(&keys).map_err(|error| unopened(&error)),
            Err(reason) => Err(reason),
        };
        let of_key = |event: &Event| lane(event.tenant, &event.key);
        let has_own = self.consumer.transaction() == Transaction::Own;
        Ok(Item {
            lane: event.as_ref().map_or(0, of_key),
            alone: has_own || event.is_err() || delivery.exhausted,
            delivery,
            event,
        })
    }

    /// The keys of a tenant, or why it has none. Waits while nobody can say: an event that is laid aside without having been
    /// opened holds back everything of its tenant. The place in the group is kept meanwhile.
    async fn keys_of(
        &self,
        tenant: TenantId,
        subscription: &mut dyn Subscription,
    ) -> Result<Result<TenantKeys, &'static str>> {
        let mut is_told = false;
        loop {
            let fault = match self.keys.of(tenant).await {
                Ok(keys) => return Ok(Ok(keys)),
                Err(fault) => fault,
            };
            match self.keys.serves(tenant).await {
                Ok(false) => return Ok(Err(unopened(&EventError::TenantInactive))),
                Ok(true) if fault.kind == ErrorKind::Internal => return Ok(Err("keys")),
                Ok(true) | Err(_) => {}
            }
            if !std::mem::replace(&mut is_told, true) {
                tracing::warn!(consumer = self.consumer.name(), %fault, "events wait for the keys of their tenant");
            }
            subscription.poll(0).await?;
            tokio::select! {
                () = self.stop.cancelled() => return Err(STOPPED),
                () = tokio::time::sleep(self.options.poll.1) => {}
            }
        }
    }

    fn begin(self: &Arc<Self>, work: &mut Work) {
        while work.running.len() < self.options.parallel {
            let Some(items) = work.lanes.begin(self.together.load(Ordering::Relaxed)) else {
                break;
            };
            let worker = Arc::clone(self);
            work.running.spawn(async move {
                let outcome = worker.take(&items).await;
                (items, outcome)
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
            let room = work.lanes.held() < self.options.buffered;
            let ended = tokio::select! {
                ended = work.running.join_next(), if !work.running.is_empty() => ended,
                () = tokio::time::sleep_until(deadline) => return Ok(()),
                () = subscription.ready(), if room => return Ok(()),
                () = self.stop.cancelled() => return Ok(()),
            };
            let Some(Ok((items, outcome))) = ended else {
                return Err(STOPPED);
            };
            match outcome? {
                End::Settled => work.settle(&items),
                End::Apart => work.lanes.part(items),
                End::Left => return Ok(()),
            }
            self.begin(work);
        }
    }

    /// Takes one event, however often it must be tried, or several at once.
    async fn take(&self, items: &[Item]) -> Result<End> {
        let desk = Desk {
            database: &self.database,
            consumer: self.consumer.as_ref(),
            topic: self.group.topic,
        };
        match items {
            [item] => self.take_alone(&desk, item).await,
            several => Ok(self.take_together(&desk, several).await),
        }
    }

    /// Takes events in one transaction, or says that each needs its own.
    async fn take_together(&self, desk: &Desk<'_>, items: &[Item]) -> End {
        fn given(item: &Item) -> Option<Given<'_>> {
            Some((item.event.as_ref().ok()?, &item.delivery))
        }
        let Some(events) = items.iter().map(given).collect::<Option<Vec<Given<'_>>>>() else {
            return End::Apart;
        };
        match desk.attempt(&events).await {
            Ok(took) => {
                self.pace(events.len(), took);
                events.iter().for_each(|(event, _)| self.measure(event));
                End::Settled
            }
            Err(error) => {
                let (consumer, count) = (self.consumer.name(), events.len());
                tracing::debug!(consumer, count, %error, "events are taken one by one");
                End::Apart
            }
        }
    }

    /// Lets fewer events share a transaction when their effects took too long, and more when they did not.
    fn pace(&self, count: usize, took: Duration) {
        let most = self.together.load(Ordering::Relaxed);
        let next = if took > SLICE {
            (count / 2).max(2)
        } else if count >= most && took < SLICE / 4 {
            (most * 2).min(self.options.together.max(1))
        } else {
            most
        };
        self.together.store(next, Ordering::Relaxed);
    }

    /// Takes one event, however often it must be tried, or lays it among the dead letters.
    async fn take_alone(&self, desk: &Desk<'_>, item: &Item) -> Result<End> {
        match &item.event {
            Err(reason) => self.lay_aside(desk, &item.delivery, None, reason).await,
            Ok(event) if item.delivery.exhausted => {
                let event = Some(event);
                self.lay_aside(desk, &item.delivery, event, "delivery-limit")
                    .await
            }
            Ok(event) => self.persist(desk, event, &item.delivery).await,
        }
    }

    /// Lays an event among the dead letters without having tried it, as soon as that can be done.
    async fn lay_aside(
        &self,
        desk: &Desk<'_>,
        delivery: &Delivery,
        event: Option<&Event>,
        reason: &'static str,
    ) -> Result<End> {
        while let Err(error) = desk.give_up(delivery, event, reason, 0).await {
            self.hold(&error);
            if !self.rest(delivery.tenant(), 1).await {
                return Ok(End::Left);
            }
        }
        Ok(End::Settled)
    }

    async fn persist(&self, desk: &Desk<'_>, event: &Event, delivery: &Delivery) -> Result<End> {
        let mut attempt = 1;
        loop {
            let reason = match desk.attempt(&[(event, delivery)]).await {
                Ok(_) => {
                    self.measure(event);
                    return Ok(End::Settled);
                }
                Err(HandlerError::Retry(reason)) if attempt < self.options.attempts => reason,
                Err(HandlerError::Poison(reason) | HandlerError::Retry(reason)) => {
                    match desk.give_up(delivery, Some(event), reason, attempt).await {
                        Ok(()) => return Ok(End::Settled),
                        // Without a database nothing can be given up either: it is tried afresh.
                        Err(error) => {
                            self.hold(&error);
                            attempt = 0;
                            reason
                        }
                    }
                }
            };
            tracing::debug!(consumer = self.consumer.name(), id = %event.id, attempt, reason, "event is tried again");
            if !self.rest(event.tenant, attempt).await {
                return Ok(End::Left);
            }
            attempt += 1;
        }
    }

    fn hold(&self, error: &EventError) {
        tracing::warn!(consumer = self.consumer.name(), %error, "an event is held");
    }

    /// The pause after an attempt, and then for as long as the database is away: what fails without it says nothing of the
    /// event, and an outage is no reason to give it up. False when the runtime stops.
    async fn rest(&self, tenant: TenantId, attempt: u32) -> bool {
        let rested = async {
            tokio::time::sleep(self.options.pause_after(attempt)).await;
            while self.is_away(tenant).await {
                tokio::time::sleep(AGAIN.0).await;
            }
        };
        tokio::select! {
            () = rested => true,
            () = self.stop.cancelled() => false,
        }
    }

    async fn is_away(&self, tenant: TenantId) -> bool {
        match self.database.tenant(tenant).await {
            Ok(tx) => {
                tx.rollback().await;
                false
            }
            Err(error) => matches!(error, mt_database::Error::Unavailable { .. }),
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
