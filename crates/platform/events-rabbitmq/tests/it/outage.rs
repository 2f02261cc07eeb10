//! The broker goes while everybody works, in good order or killed, stays away, and comes back.

use std::sync::Arc;

use mt_events::EventBus;
use mt_events_contract::{Outage, World, kills};
use mt_events_rabbitmq::RabbitBus;

use crate::broker::{Broker, absent};

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_stops_or_is_killed_has_lost_nothing_and_the_relay_catches_up() {
    if let Some(what) = absent() {
        eprintln!("skipped, because {what}");
        return;
    }
    let world = World::new().await;
    let mut broker = Broker::start(false).await;
    let groups = vec![Outage::group()];
    let bus = RabbitBus::new(&broker.options(), world.database.clone(), groups);
    let bus: Arc<dyn EventBus> = Arc::new(bus.unwrap());
    let mut outage = Outage::begin(&world, bus).await;
    outage.work().await;
    // First in good order: a node forgets queues that it made just before it is killed.
    broker.stop();
    outage.without_broker().await;
    broker.resume().await;
    for _ in 0..kills(1) {
        outage.work().await;
        broker.kill();
        outage.without_broker().await;
        broker.resume().await;
    }
    outage.end().await;
}
