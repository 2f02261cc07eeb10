//! Keys that cannot be had: for a while, which holds events up and gives none of them up, and for good.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures::future::BoxFuture;
use mt_crypto::TenantKeys;
use mt_events::{Consumer, ConsumerOptions, DeadLetterState, Keys, Runtime};
use mt_events_contract::Ledger;
use mt_kernel::{ErrorKind, Fault, TenantId};

use crate::fixture::Fixture;

const LEASE: Duration = Duration::from_secs(30);
const OPTIONS: ConsumerOptions = ConsumerOptions {
    attempts: 3,
    pause: (Duration::from_millis(1), Duration::from_millis(5)),
    poll: (Duration::from_millis(5), Duration::from_millis(20)),
    parallel: 2,
    together: 64,
    buffered: 50,
};

/// Keys that are refused a few times before they are given.
struct Refused {
    keys: Arc<dyn Keys>,
    kind: ErrorKind,
    times: AtomicU32,
    /// Whether anybody can say meanwhile that the tenant serves.
    is_known: bool,
}

impl Refused {
    fn fault(&self) -> Option<Fault> {
        let one_less = |n: u32| n.checked_sub(1);
        let left = self
            .times
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less);
        left.ok().map(|_| Fault::new(self.kind, "told to refuse"))
    }
}

impl Keys for Refused {
    fn of(&self, tenant: TenantId) -> BoxFuture<'_, Result<TenantKeys, Fault>> {
        match self.fault() {
            Some(fault) => Box::pin(std::future::ready(Err(fault))),
            None => self.keys.of(tenant),
        }
    }

    fn serves(&self, tenant: TenantId) -> BoxFuture<'_, Result<bool, Fault>> {
        if self.is_known {
            return self.keys.serves(tenant);
        }
        let nobody = Fault::new(ErrorKind::Unavailable, "nobody can say");
        Box::pin(std::future::ready(Err(nobody)))
    }
}

/// Runs a consumer with these keys.
fn run(fixture: &Fixture, name: &'static str, keys: Refused) -> Runtime {
    let bus = Arc::new(fixture.bus.clone());
    let consumer: Arc<dyn Consumer> = Arc::new(Ledger {
        name,
        ..Ledger::default()
    });
    let mut runtime = Runtime::new(fixture.database.clone(), Arc::new(keys), bus);
    runtime.start(&consumer, OPTIONS);
    runtime
}

/// Waits for the first dead letter: why it was laid there.
async fn reason(fixture: &Fixture, consumer: &str) -> (DeadLetterState, String) {
    loop {
        let letters = fixture.letters().list(fixture.tenant, consumer, 10).await;
        if let Some(letter) = letters.unwrap().into_iter().next() {
            return (letter.state, letter.reason);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_cannot_be_had_for_a_while_hold_events_up_and_give_none_up() {
    let fixture = Fixture::new().await;
    let mut relay = fixture.relay(LEASE);
    let patients = fixture.register_all(3).await;
    fixture.change_all(&patients, 1..3).await;
    fixture.relay_all(&mut relay).await;
    for (name, is_known) in [("known", true), ("unknown", false)] {
        let keys = Refused {
            keys: fixture.keys(),
            kind: ErrorKind::Unavailable,
            times: AtomicU32::new(12),
            is_known,
        };
        let runtime = run(&fixture, name, keys);
        let entries = fixture.ledger_of(name, 9).await;
        for patient in &patients {
            let of_patient = entries.iter().filter(|(key, _)| key == patient);
            let versions: Vec<i64> = of_patient.map(|(_, version)| *version).collect();
            assert_eq!(versions, [1, 2, 3], "{name}");
        }
        let letters = fixture.letters().list(fixture.tenant, name, 10).await;
        assert!(letters.unwrap().is_empty(), "{name}");
        runtime.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_a_tenant_that_does_not_serve_are_laid_aside() {
    let fixture = Fixture::new().await;
    let mut relay = fixture.relay(LEASE);
    fixture.register().await;
    fixture.relay_all(&mut relay).await;
    let tenants = fixture.test.store.tenants();
    tenants.suspend(fixture.tenant).await.unwrap();
    let (_runtime, _) = fixture.run(Ledger {
        name: "suspended",
        ..Ledger::default()
    });
    let expected = (DeadLetterState::Dead, "tenant-inactive".to_owned());
    assert_eq!(reason(&fixture, "suspended").await, expected);
    assert!(fixture.ledger("suspended").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_are_damaged_hold_nobody_up() {
    let fixture = Fixture::new().await;
    let mut relay = fixture.relay(LEASE);
    fixture.register().await;
    fixture.relay_all(&mut relay).await;
    let keys = Refused {
        keys: fixture.keys(),
        kind: ErrorKind::Internal,
        times: AtomicU32::new(u32::MAX),
        is_known: true,
    };
    let _runtime = run(&fixture, "damaged", keys);
    let expected = (DeadLetterState::Dead, "keys".to_owned());
    assert_eq!(reason(&fixture, "damaged").await, expected);
}
