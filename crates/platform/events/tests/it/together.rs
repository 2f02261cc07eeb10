//! Events that share a transaction: fewer transactions, and the same in effect whoever dies or is replaced.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant as Monotonic};

use futures::future::BoxFuture;
use mt_database::TenantTx;
use mt_events::catalogue::Topic;
use mt_events::{Consumer, Event, HandlerError, Transaction};
use mt_events_contract::Ledger;
use tokio::sync::Semaphore;

use crate::fixture::Fixture;

const LEASE: Duration = Duration::from_secs(30);
const PATIENTS: usize = 3;

/// Keeps a ledger, with or without sharing transactions, and stops in the middle where it is told to.
struct Stopping {
    ledger: Ledger,
    transaction: Transaction,
    /// Before so many events it waits for a permit.
    after: usize,
    taken: AtomicUsize,
    permits: Semaphore,
}

impl Stopping {
    fn new(name: &'static str, transaction: Transaction, after: usize) -> Arc<Self> {
        Arc::new(Self {
            ledger: Ledger {
                name,
                ..Ledger::default()
            },
            transaction,
            after,
            taken: AtomicUsize::new(0),
            permits: Semaphore::new(0),
        })
    }
}

impl Consumer for Stopping {
    fn name(&self) -> &'static str {
        self.ledger.name
    }

    fn topics(&self) -> Vec<&'static Topic> {
        self.ledger.topics()
    }

    fn transaction(&self) -> Transaction {
        self.transaction
    }

    fn handle<'a>(
        &'a self,
        event: &'a Event,
        tx: &'a TenantTx,
    ) -> BoxFuture<'a, Result<(), HandlerError>> {
        Box::pin(async move {
            if self.taken.fetch_add(1, Ordering::SeqCst) == self.after {
                self.permits.acquire().await.unwrap().forget();
            }
            self.ledger.handle(event, tx).await
        })
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

/// Three patients with four versions each, in the log.
async fn twelve_events() -> Fixture {
    let fixture = Fixture::new().await;
    let mut relay = fixture.relay(LEASE);
    let patients = fixture.register_all(PATIENTS).await;
    fixture.change_all(&patients, 1..4).await;
    fixture.relay_all(&mut relay).await;
    fixture
}

/// In how many transactions a consumer did what it did.
async fn transactions(fixture: &Fixture, consumer: &str) -> i64 {
    let sql = "select count(distinct xid) from ledger.entry where consumer = $1";
    let readers = fixture.database.readers();
    let rows = readers.query(fixture.tenant, sql, &[&consumer]).await;
    rows.unwrap()[0].get(0)
}

/// Everything once, and of each patient in order.
async fn assert_once_and_in_order(fixture: &Fixture, consumer: &str) {
    let mut entries = fixture.ledger(consumer).await;
    // A stable sort: versions stay in the order in which they came.
    entries.sort_by(|one, other| one.0.cmp(&other.0));
    let versions: Vec<i64> = entries.iter().map(|(_, version)| *version).collect();
    assert_eq!(versions, [1, 2, 3, 4].repeat(PATIENTS), "{entries:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_are_there_together_share_a_transaction_unless_the_consumer_forbids_it() {
    let fixture = twelve_events().await;
    let shares: Arc<dyn Consumer> = Stopping::new("shares", Transaction::Shared, usize::MAX);
    let forbids: Arc<dyn Consumer> = Stopping::new("forbids", Transaction::Own, usize::MAX);
    let (_one, _other) = (fixture.run_any(&shares), fixture.run_any(&forbids));
    for name in ["shares", "forbids"] {
        fixture.ledger_of(name, 12).await;
        assert_once_and_in_order(&fixture, name).await;
    }
    assert_eq!(transactions(&fixture, "shares").await, 1);
    assert_eq!(transactions(&fixture, "forbids").await, 12);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_is_replaced_in_the_middle_of_a_batch_does_nothing_twice() {
    for lives in [true, false] {
        let fixture = twelve_events().await;
        let zombie = Stopping::new("replaced", Transaction::Shared, 5);
        let consumer: Arc<dyn Consumer> = Arc::clone(&zombie) as Arc<dyn Consumer>;
        let runtime = fixture.run_any(&consumer);
        let stands = async || zombie.taken.load(Ordering::SeqCst) > zombie.after;
        until("it stands in the middle", stands).await;
        fixture.age_leases("replaced").await;
        let heir: Arc<dyn Consumer> = Stopping::new("replaced", Transaction::Shared, usize::MAX);
        let replacing = fixture.run_any(&heir);
        // What the one that stands has marked, nobody else takes before its transaction has ended.
        until("the heir waits", async || waits(&fixture).await).await;
        assert_eq!(fixture.ledger("replaced").await, []);
        if lives {
            zombie.permits.add_permits(1);
        } else {
            drop(runtime);
        }
        fixture.ledger_of("replaced", 12).await;
        until("progress is written", async || {
            fixture.progress("replaced").await > 0
        })
        .await;
        replacing.stop().await;
        assert_once_and_in_order(&fixture, "replaced").await;
    }
}

/// Whether somebody waits for the transaction of another.
async fn waits(fixture: &Fixture) -> bool {
    let (owner, _connection) = fixture.test.database.owner().connect().await.unwrap();
    let sql = "select count(*) from pg_stat_activity \
         where datname = current_database() and cardinality(pg_blocking_pids(pid)) > 0";
    let waiting: i64 = owner.query_one(sql, &[]).await.unwrap().get(0);
    waiting > 0
}
