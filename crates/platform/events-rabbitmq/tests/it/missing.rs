//! What a process has made is not made again, unless it turns out to be missing.

use std::sync::Arc;
use std::time::{Duration, Instant};

use lapin::options::{ExchangeDeleteOptions, QueueDeleteOptions};
use mt_events::catalogue::Topic;
use mt_events::{EventBus, Group, Result};
use mt_events_contract::World;
use mt_events_rabbitmq::{RabbitBus, RabbitOptions};

use crate::broker::{Shared, absent};

const LEASE: Duration = Duration::from_secs(60);
const PATIENCE: Duration = Duration::from_secs(90);

fn group() -> Group {
    let topic = Topic::named("patient-events").unwrap();
    Group {
        consumer: "deleted",
        topic,
    }
}

/// Deletes the queues of the group, and the exchange before them when told to, as an operator may.
async fn delete(options: &RabbitOptions, exchange_too: bool) {
    let connection = Shared::broker().await.connect().await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    let topic = format!("{}.patient-events", options.prefix);
    if exchange_too {
        let deleted = channel.exchange_delete(topic.into(), ExchangeDeleteOptions::default());
        deleted.await.unwrap();
    }
    for partition in 0..group().topic.partitions {
        let queue = format!("{}.deleted.patient-events.{partition}", options.prefix);
        let deleted = channel.queue_delete(queue.into(), QueueDeleteOptions::default());
        deleted.await.unwrap();
    }
    connection.close(200, "done".into()).await.unwrap();
}

/// Tries again until it is as it should be.
async fn until<T>(mut attempt: impl AsyncFnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = attempt().await {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "it does not get on");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_operator_deleted_is_made_again() {
    if let Some(what) = absent() {
        eprintln!("skipped, because {what}");
        return;
    }
    let world = World::new().await;
    let options = Shared::broker().await.options();
    let bus = RabbitBus::new(&options, world.database.clone(), vec![group()]);
    let bus: Arc<dyn EventBus> = Arc::new(bus.unwrap());
    let mut relay = world.relay(Arc::clone(&bus), LEASE);
    for exchange_too in [false, true] {
        let mut reader = until(async || bus.subscribe(group()).await.ok()).await;
        world.register().await;
        until(async || carried(relay.step().await)).await;
        world.take(reader.as_mut(), 1, true).await;

        delete(&options, exchange_too).await;
        until(async || reader.poll(10).await.err()).await;
        drop(reader);
        // What is carried now finds the queues again before anybody reads.
        world.register().await;
        until(async || carried(relay.step().await)).await;
        let mut reader = until(async || bus.subscribe(group()).await.ok()).await;
        assert_eq!(world.take(reader.as_mut(), 1, true).await.len(), 1);
        reader.leave().await.unwrap();
    }
}

/// Whether an event was carried: a batch that failed is carried again.
fn carried(step: Result<mt_events::Relayed>) -> Option<()> {
    step.is_ok_and(|relayed| relayed.events > 0).then_some(())
}
