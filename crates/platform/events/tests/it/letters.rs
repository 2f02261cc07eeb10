//! Events that cannot be taken: others go on, order is kept, replaying heals.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use mt_events::DeadLetterState;

use mt_events_contract::Ledger;

use crate::fixture::Fixture;

const LEASE: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn a_poisoned_key_waits_in_order_while_others_go_on_and_is_replayed() {
    let fixture = Fixture::new().await;
    let mut relay = fixture.relay(LEASE);
    let (bad, good) = (fixture.register().await, fixture.register().await);
    for round in 1..3 {
        fixture.change(&bad, round).await;
        fixture.change(&good, round).await;
    }
    fixture.relay_all(&mut relay).await;
    let healed = Arc::new(AtomicU32::new(0));
    let (_runtime, consumer) = fixture.run(Ledger {
        name: "poisoned",
        poison: Some((bad.clone(), 1)),
        healed: Arc::clone(&healed),
        ..Ledger::default()
    });
    let entries = fixture.ledger_of("poisoned", 3).await;
    assert!(entries.iter().all(|(key, _)| *key == good), "{entries:?}");

    let letters = fixture.letters();
    let waiting = loop {
        let waiting = letters.list(fixture.tenant, "poisoned", 10).await.unwrap();
        if waiting.len() == 3 {
            break waiting;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    let states: Vec<DeadLetterState> = waiting.iter().map(|letter| letter.state).collect();
    assert_eq!(
        states,
        [
            DeadLetterState::Dead,
            DeadLetterState::Waiting,
            DeadLetterState::Waiting
        ]
    );
    assert_eq!(waiting[0].reason, "told to be poisoned");

    let replayed = letters
        .replay(fixture.tenant, consumer.as_ref(), 10)
        .await
        .unwrap();
    assert_eq!(replayed, (0, 3), "the first still fails, so none passes it");

    healed.store(1, Ordering::SeqCst);
    let replayed = letters
        .replay(fixture.tenant, consumer.as_ref(), 10)
        .await
        .unwrap();
    assert_eq!(replayed, (3, 0));
    let versions: Vec<i64> = fixture
        .ledger("poisoned")
        .await
        .into_iter()
        .filter(|(key, _)| *key == bad)
        .map(|(_, version)| version)
        .collect();
    assert_eq!(versions, [1, 2, 3]);
    assert!(
        letters
            .list(fixture.tenant, "poisoned", 10)
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_that_is_discarded_lets_its_key_go_on() {
    let fixture = Fixture::new().await;
    let mut relay = fixture.relay(LEASE);
    let bad = fixture.register().await;
    fixture.relay_all(&mut relay).await;
    let healed = Arc::new(AtomicU32::new(0));
    let (_runtime, _) = fixture.run(Ledger {
        name: "discards",
        poison: Some((bad.clone(), 1)),
        healed: Arc::clone(&healed),
        ..Ledger::default()
    });
    let letters = fixture.letters();
    let letter = loop {
        if let Some(letter) = letters
            .list(fixture.tenant, "discards", 10)
            .await
            .unwrap()
            .pop()
        {
            break letter;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    letters
        .discard(fixture.tenant, "discards", letter.id)
        .await
        .unwrap();
    assert!(
        letters
            .discard(fixture.tenant, "discards", letter.id)
            .await
            .is_err()
    );
    healed.store(1, Ordering::SeqCst);
    fixture.change(&bad, 1).await;
    fixture.relay_all(&mut relay).await;
    assert_eq!(fixture.ledger_of("discards", 1).await, [(bad, 2)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_that_never_end_end_among_the_dead_letters() {
    let fixture = Fixture::new().await;
    let mut relay = fixture.relay(LEASE);
    fixture.register().await;
    fixture.relay_all(&mut relay).await;
    let (_runtime, _) = fixture.run(Ledger {
        name: "fails",
        failures: AtomicU32::new(u32::MAX),
        ..Ledger::default()
    });
    let letter = loop {
        let letters = fixture
            .letters()
            .list(fixture.tenant, "fails", 10)
            .await
            .unwrap();
        if let Some(letter) = letters.into_iter().next() {
            break letter;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    assert_eq!(
        (letter.attempts, letter.reason.as_str()),
        (3, "told to fail")
    );
    assert!(
        fixture.ledger("fails").await.is_empty(),
        "every attempt was undone"
    );
}
