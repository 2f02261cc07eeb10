//! A bus that takes longer for a batch than the relay's place is kept without a sign of life.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use mt_events::{
    EventBus, EventFeed, Group, GroupStatus, LogBus, Outgoing, Place, Result, Subscription,
};
use tokio_util::sync::CancellationToken;

use crate::fixture::Fixture;

const LEASE: Duration = Duration::from_millis(900);
/// How long a batch takes.
const LONG: Duration = Duration::from_secs(3);
const PATIENCE: Duration = Duration::from_secs(60);

/// The log, which takes its time.
#[derive(Clone, Debug)]
struct Busy {
    log: LogBus,
    batches: Arc<AtomicUsize>,
}

impl EventBus for Busy {
    fn name(&self) -> &'static str {
        "busy"
    }

    fn carry<'a>(&'a self, events: &'a [Outgoing], place: &'a Place) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            self.batches.fetch_add(1, Ordering::SeqCst);
            tokio::time::sleep(LONG).await;
            self.log.carry(events, place).await
        })
    }

    fn subscribe(&self, group: Group) -> BoxFuture<'_, Result<Box<dyn Subscription>>> {
        self.log.subscribe(group)
    }

    fn feed(&self) -> BoxFuture<'_, Result<Box<dyn EventFeed>>> {
        self.log.feed()
    }

    fn groups(&self) -> BoxFuture<'_, Result<Vec<GroupStatus>>> {
        self.log.groups()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn relays_do_not_take_the_place_from_each_other_in_the_middle_of_a_batch() {
    let fixture = Fixture::new().await;
    fixture.register_all(3).await;
    let busy = Busy {
        log: fixture.bus.clone(),
        batches: Arc::default(),
    };
    let stop = CancellationToken::new();
    let relays: Vec<_> = (0..2)
        .map(|_| {
            let relay = fixture.relay_over(Arc::new(busy.clone()), LEASE);
            tokio::spawn(relay.run(stop.clone()))
        })
        .collect();
    let begun = Instant::now();
    while fixture.logged("patient-events").await.len() < 3 {
        let batches = busy.batches.load(Ordering::SeqCst);
        assert!(begun.elapsed() < PATIENCE, "{batches} batches in vain");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    stop.cancel();
    for relay in relays {
        relay.await.unwrap();
    }
    assert_eq!(fixture.logged("patient-events").await.len(), 3);
    let batches = busy.batches.load(Ordering::SeqCst);
    assert!(
        batches <= 3,
        "{batches}: what one relay carries, no other does"
    );
}
