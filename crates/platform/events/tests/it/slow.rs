//! A consumer that does not keep up: it is given no more than it can hold, keeps its place, and holds nobody up.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant as Monotonic};

use futures::future::BoxFuture;
use mt_database::TenantTx;
use mt_events::catalogue::Topic;
use mt_events::{
    Consumer, ConsumerOptions, Delivery, Event, EventBus, EventFeed, Group, GroupStatus,
    HandlerError, LogBus, Outgoing, Place, Result, Runtime, Spot, Subscription, Transaction,
};
use mt_events_contract::Ledger;
use tokio::sync::Semaphore;

use crate::fixture::Fixture;

const OPTIONS: ConsumerOptions = ConsumerOptions {
    attempts: 3,
    pause: (Duration::from_millis(1), Duration::from_millis(5)),
    poll: (Duration::from_millis(5), Duration::from_millis(100)),
    parallel: 2,
    together: 64,
    buffered: 5,
};
const LEASE: Duration = Duration::from_secs(30);
const PATIENTS: usize = 30;

/// Takes an event for each permit.
struct Gated {
    permits: Arc<Semaphore>,
    done: Arc<AtomicUsize>,
}

impl Consumer for Gated {
    fn name(&self) -> &'static str {
        "slow"
    }

    fn topics(&self) -> Vec<&'static Topic> {
        vec![Topic::named("patient-events").unwrap()]
    }

    fn transaction(&self) -> Transaction {
        Transaction::Own
    }

    fn handle<'a>(
        &'a self,
        _: &'a Event,
        _: &'a TenantTx,
    ) -> BoxFuture<'a, Result<(), HandlerError>> {
        Box::pin(async move {
            self.permits.acquire().await.unwrap().forget();
            self.done.fetch_add(1, Ordering::SeqCst);
            Ok(())
        })
    }
}

/// The log, with a count of what it has handed out and was not settled.
#[derive(Clone, Debug)]
struct Watched {
    log: LogBus,
    held: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

impl EventBus for Watched {
    fn name(&self) -> &'static str {
        "watched"
    }

    fn carry<'a>(&'a self, events: &'a [Outgoing], place: &'a Place) -> BoxFuture<'a, Result<()>> {
        self.log.carry(events, place)
    }

    fn subscribe(&self, group: Group) -> BoxFuture<'_, Result<Box<dyn Subscription>>> {
        Box::pin(async move {
            let subscription = self.log.subscribe(group).await?;
            let watched = WatchedSubscription(subscription, self.clone());
            Ok(Box::new(watched) as Box<dyn Subscription>)
        })
    }

    fn feed(&self) -> BoxFuture<'_, Result<Box<dyn EventFeed>>> {
        self.log.feed()
    }

    fn groups(&self) -> BoxFuture<'_, Result<Vec<GroupStatus>>> {
        self.log.groups()
    }
}

struct WatchedSubscription(Box<dyn Subscription>, Watched);

impl Subscription for WatchedSubscription {
    fn poll(&mut self, limit: usize) -> BoxFuture<'_, Result<Vec<Delivery>>> {
        Box::pin(async move {
            let found = self.0.poll(limit).await?;
            let held = self.1.held.fetch_add(found.len(), Ordering::SeqCst) + found.len();
            self.1.most.fetch_max(held, Ordering::SeqCst);
            Ok(found)
        })
    }

    fn settle<'a>(&'a mut self, done: &'a [Spot]) -> BoxFuture<'a, Result<()>> {
        self.1.held.fetch_sub(done.len(), Ordering::SeqCst);
        self.0.settle(done)
    }

    fn ready(&mut self) -> BoxFuture<'_, ()> {
        self.0.ready()
    }

    fn leave(&mut self) -> BoxFuture<'_, Result<()>> {
        self.0.leave()
    }
}

/// Waits until it is so.
async fn until(what: &str, mut is: impl AsyncFnMut() -> bool) {
    let begun = Monotonic::now();
    while !is().await {
        assert!(begun.elapsed() < Duration::from_secs(90), "{what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_consumer_holds_few_events_keeps_its_place_and_holds_nobody_up() {
    let fixture = Fixture::new().await;
    let mut relay = fixture.relay(LEASE);
    let watched = Watched {
        log: fixture.bus.clone(),
        held: Arc::default(),
        most: Arc::default(),
    };
    let (permits, done) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicUsize::new(0)));
    let slow: Arc<dyn Consumer> = Arc::new(Gated {
        permits: Arc::clone(&permits),
        done: Arc::clone(&done),
    });
    for _ in 0..PATIENTS {
        fixture.register().await;
    }
    // Before anybody reads: a transaction that waits would hold the horizon back.
    fixture.relay_all(&mut relay).await;
    let bus = Arc::new(watched.clone());
    let mut runtime = Runtime::new(fixture.database.clone(), fixture.keys(), bus);
    runtime.start(&slow, OPTIONS);
    let (_fast, _) = fixture.run(Ledger {
        name: "fast",
        ..Ledger::default()
    });

    fixture.ledger_of("fast", PATIENTS).await;
    let full = OPTIONS.buffered;
    let held = || watched.held.load(Ordering::SeqCst);
    until("it takes what it can hold", async || held() == full).await;
    // It can take nothing more, and yet says that it lives.
    let before = fixture.lease("slow").await;
    until("its lease is renewed", async || {
        fixture.lease("slow").await > before
    })
    .await;
    assert_eq!((held(), done.load(Ordering::SeqCst)), (full, 0));

    permits.add_permits(PATIENTS);
    until("it catches up", async || {
        done.load(Ordering::SeqCst) == PATIENTS
    })
    .await;
    assert!(watched.most.load(Ordering::SeqCst) <= full, "{watched:?}");
    runtime.stop().await;
}
