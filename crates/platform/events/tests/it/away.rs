//! A database that is away for longer than all attempts together: it is no reason to give an event up.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::BoxFuture;
use mt_database::{Database, Sizes, TenantTx};
use mt_events::catalogue::Topic;
use mt_events::{Consumer, ConsumerOptions, Event, HandlerError, Runtime, Transaction};
use tokio::sync::oneshot;

use crate::fixture::Fixture;

const LEASE: Duration = Duration::from_secs(30);
const ATTEMPTS: u32 = 3;
const OPTIONS: ConsumerOptions = ConsumerOptions {
    attempts: ATTEMPTS,
    pause: (Duration::from_millis(1), Duration::from_millis(5)),
    poll: (Duration::from_millis(5), Duration::from_millis(20)),
    parallel: 1,
    together: 1,
    buffered: 10,
};
/// A connection is waited for for ten seconds: two attempts, and half of the wait in which an event would be given up.
const AWAY: Duration = Duration::from_secs(25);

/// Fails until the last attempt. In the first, the database goes away.
struct Unlucky {
    database: Database,
    attempts: AtomicU32,
    back: Mutex<Option<oneshot::Sender<()>>>,
}

impl Unlucky {
    /// Keeps both connections of the pool: the free one at once, that of the attempt as soon as it has ended.
    async fn take_the_database_away(&self, tx: &TenantTx) {
        let (database, tenant) = (self.database.clone(), tx.tenant());
        let first = database.tenant(tenant).await.unwrap();
        let back = self.back.lock().unwrap().take().unwrap();
        let (waits, waiting) = oneshot::channel();
        tokio::spawn(async move {
            let second = database.tenant(tenant);
            tokio::pin!(second);
            // Asked for before anybody else asks.
            assert!(futures::poll!(&mut second).is_pending());
            waits.send(()).unwrap();
            let second = second.await.unwrap();
            tokio::time::sleep(AWAY).await;
            first.rollback().await;
            second.rollback().await;
            back.send(()).unwrap();
        });
        waiting.await.unwrap();
    }
}

impl Consumer for Unlucky {
    fn name(&self) -> &'static str {
        "unlucky"
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
        tx: &'a TenantTx,
    ) -> BoxFuture<'a, Result<(), HandlerError>> {
        Box::pin(async move {
            let attempt = self.attempts.fetch_add(1, Ordering::SeqCst) + 1;
            if attempt == 1 {
                self.take_the_database_away(tx).await;
            }
            if attempt < ATTEMPTS {
                return Err(HandlerError::Retry("told to fail"));
            }
            Ok(())
        })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_of_the_database_is_no_attempt() {
    let fixture = Fixture::new().await;
    let mut relay = fixture.relay(LEASE);
    fixture.register().await;
    fixture.relay_all(&mut relay).await;
    let sizes = Sizes {
        pool: 2,
        readers: 1,
        writers: 1,
    };
    let endpoint = fixture.test.database.app();
    let database = Database::open(&endpoint, sizes).await.unwrap();
    let (back, is_back) = oneshot::channel();
    let consumer = Arc::new(Unlucky {
        database: database.clone(),
        attempts: AtomicU32::new(0),
        back: Mutex::new(Some(back)),
    });
    let mut runtime = Runtime::new(database, fixture.keys(), Arc::new(fixture.bus.clone()));
    runtime.start(&(Arc::clone(&consumer) as Arc<dyn Consumer>), OPTIONS);
    is_back.await.unwrap();
    let attempts = || consumer.attempts.load(Ordering::SeqCst);
    while attempts() < ATTEMPTS {
        let letters = fixture.letters().list(fixture.tenant, "unlucky", 10).await;
        assert!(letters.unwrap().is_empty(), "after {} attempts", attempts());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    runtime.stop().await;
    let letters = fixture.letters().list(fixture.tenant, "unlucky", 10).await;
    assert!(letters.unwrap().is_empty());
}
