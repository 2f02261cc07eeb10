//! From the log to an effect: once, in order, whoever is killed in between.

use std::sync::atomic::AtomicU32;
use std::time::Duration;

use mt_events::EventBus;
use mt_events::catalogue::Topic;

use crate::fixture::{Fixture, Ledger};

const LEASE: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_that_is_stopped_again_and_again_does_everything_once_and_in_order() {
    let fixture = Fixture::new().await;
    let mut relay = fixture.relay(LEASE);
    let mut patients = Vec::new();
    for _ in 0..6 {
        patients.push(fixture.register().await);
    }
    for round in 1..6 {
        for patient in &patients {
            fixture.change(patient, round).await;
        }
    }
    fixture.relay_all(&mut relay).await;
    // Each of them is dropped in the middle of what it does, and leaves its partitions behind.
    for stop in 0..8_u64 {
        let (runtime, _) = fixture.run(Ledger {
            name: "once",
            ..Ledger::default()
        });
        tokio::time::sleep(Duration::from_millis(3 + stop * 5)).await;
        drop(runtime);
        fixture.age_leases("once").await;
    }
    let (_runtime, _) = fixture.run(Ledger {
        name: "once",
        ..Ledger::default()
    });
    let entries = fixture.ledger_of("once", 36).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(fixture.ledger("once").await.len(), 36);
    for patient in &patients {
        let versions: Vec<i64> = entries
            .iter()
            .filter(|(key, _)| key == patient)
            .map(|(_, version)| *version)
            .collect();
        assert_eq!(versions, [1, 2, 3, 4, 5, 6]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_undone_and_tried_again() {
    let fixture = Fixture::new().await;
    let mut relay = fixture.relay(LEASE);
    let patient = fixture.register().await;
    fixture.relay_all(&mut relay).await;
    let (_runtime, _) = fixture.run(Ledger {
        name: "stumbles",
        failures: AtomicU32::new(2),
        ..Ledger::default()
    });
    assert_eq!(fixture.ledger_of("stumbles", 1).await, [(patient, 1)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_share_the_partitions_and_a_lost_one_is_replaced() {
    let fixture = Fixture::new().await;
    let topic = Topic::named("patient-events").unwrap();
    let mut first = fixture.bus.subscribe("shared", topic).await.unwrap();
    first.poll(1).await.unwrap();
    assert_eq!(fixture.held("shared").await, [12]);
    let mut second = fixture.bus.subscribe("shared", topic).await.unwrap();
    second.poll(1).await.unwrap();
    // The first gives up what is above its share when it next renews.
    fixture.age_leases("shared").await;
    let mut third = fixture.bus.subscribe("shared", topic).await.unwrap();
    third.poll(1).await.unwrap();
    assert_eq!(
        fixture.held("shared").await,
        [12],
        "all partitions passed to the one that lives"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_of_a_replaced_process_is_refused() {
    let fixture = Fixture::new().await;
    let mut relay = fixture.relay(LEASE);
    fixture.register().await;
    fixture.relay_all(&mut relay).await;
    let topic = Topic::named("patient-events").unwrap();
    let mut zombie = fixture.bus.subscribe("fenced", topic).await.unwrap();
    let read = zombie.poll(10).await.unwrap();
    assert_eq!(read.len(), 1);
    fixture.age_leases("fenced").await;
    let mut heir = fixture.bus.subscribe("fenced", topic).await.unwrap();
    assert_eq!(heir.poll(10).await.unwrap().len(), 1);

    zombie.settle(&[read[0].spot]).await.unwrap();
    assert_eq!(
        fixture.progress("fenced").await,
        0,
        "an old token moves nothing"
    );
    heir.settle(&[read[0].spot]).await.unwrap();
    assert!(fixture.progress("fenced").await > 0);
}
