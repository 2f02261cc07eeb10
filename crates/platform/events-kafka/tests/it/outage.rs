//! The broker is killed while everybody works, stays away, and comes back on what it had.

use std::sync::Arc;

use mt_events::EventBus;
use mt_events_contract::{Outage, World, kills};
use mt_events_kafka::KafkaBus;

use crate::broker::{Broker, absent};

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_is_killed_and_comes_back_has_lost_nothing_and_the_relay_catches_up() {
    if let Some(what) = absent() {
        eprintln!("skipped, because {what}");
        return;
    }
    let world = World::new().await;
    let mut broker = Broker::start(false).await;
    let bus = KafkaBus::new(
        broker.options(),
        world.database.clone(),
        vec![Outage::group()],
    );
    let bus: Arc<dyn EventBus> = Arc::new(bus.unwrap());
    let mut outage = Outage::begin(&world, bus).await;
    for _ in 0..kills(1) {
        outage.work().await;
        broker.kill();
        outage.without_broker().await;
        broker.resume().await;
    }
    outage.end().await;
}
