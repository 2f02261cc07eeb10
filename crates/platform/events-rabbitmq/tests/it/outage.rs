//! The broker goes while everybody works, stays away, and comes back.

use std::sync::Arc;
use std::time::Duration;

use mt_events::catalogue::Topic;
use mt_events::{EventBus, Group};
use mt_events_contract::{Ledger, World};
use mt_events_rabbitmq::RabbitBus;
use tokio_util::sync::CancellationToken;

use crate::broker::{Broker, absent};

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_goes_and_comes_back_has_lost_nothing_and_the_relay_catches_up() {
    if let Some(what) = absent() {
        eprintln!("skipped, because {what}");
        return;
    }
    let world = World::new().await;
    let mut broker = Broker::start(false).await;
    let group = Group {
        consumer: "patient",
        topic: Topic::named("patient-events").unwrap(),
    };
    let bus = RabbitBus::new(&broker.options(), world.database.clone(), vec![group]);
    let bus: Arc<dyn EventBus> = Arc::new(bus.unwrap());
    let stop = CancellationToken::new();
    let relay = world.relay(Arc::clone(&bus), Duration::from_secs(60));
    let relaying = tokio::spawn(relay.run(stop.clone()));
    let ledger = Ledger {
        name: "patient",
        ..Ledger::default()
    };
    let (runtime, _) = world.run(Arc::clone(&bus), ledger);

    let patients = world.register_all(4).await;
    world.ledger_of("patient", 1).await;
    world.change_all(&patients, 1..4).await;
    broker.stop();
    // Commits are acknowledged all the same.
    world.change_all(&patients, 4..8).await;
    let before = world.ledger("patient").await.len();
    assert!(before < 32);
    broker.resume().await;
    world.change_all(&patients, 8..10).await;

    let entries = world.ledger_of("patient", 40).await;
    world.behind(bus.as_ref(), group, 0).await;
    assert_eq!(world.ledger("patient").await.len(), 40);
    for patient in &patients {
        let of_patient = entries.iter().filter(|(key, _)| key == patient);
        let versions: Vec<i64> = of_patient.map(|(_, version)| *version).collect();
        assert_eq!(versions, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    }
    runtime.stop().await;
    stop.cancel();
    relaying.await.unwrap();
}
