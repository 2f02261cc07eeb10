//! From the log to an effect: once, in order, whoever is killed in between.

use std::sync::atomic::AtomicU32;
use std::time::Duration;

use mt_events::catalogue::Topic;
use mt_events::{EventBus, Group};

use mt_events_contract::Ledger;

use crate::fixture::Fixture;

fn group(consumer: &'static str) -> Group {
    let topic = Topic::named("patient-events").unwrap();
    Group { consumer, topic }
}

const LEASE: Duration = Duration::from_secs(30);

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
    let mut first = fixture.bus.subscribe(group("shared")).await.unwrap();
    first.poll(1).await.unwrap();
    assert_eq!(fixture.held("shared").await, [12]);
    let mut second = fixture.bus.subscribe(group("shared")).await.unwrap();
    second.poll(1).await.unwrap();
    // The first gives up what is above its share when it next renews.
    fixture.age_leases("shared").await;
    let mut third = fixture.bus.subscribe(group("shared")).await.unwrap();
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
    let mut zombie = fixture.bus.subscribe(group("fenced")).await.unwrap();
    let read = zombie.poll(10).await.unwrap();
    assert_eq!(read.len(), 1);
    fixture.age_leases("fenced").await;
    let mut heir = fixture.bus.subscribe(group("fenced")).await.unwrap();
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
