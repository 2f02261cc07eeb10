//! What is not an event of ours, what was changed on the way, and what the broker gave up.

use std::sync::Arc;
use std::time::Duration;

use lapin::BasicProperties;
use lapin::options::BasicPublishOptions;
use lapin::types::{AMQPValue, FieldTable, ShortString};
use mt_events::catalogue::Topic;
use mt_events::{DeadLetter, EventBus, Group};
use mt_events_contract::{Ledger, World};
use mt_events_rabbitmq::{RabbitBus, RabbitOptions};
use uuid::Uuid;

use crate::broker::{Shared, absent};

const LEASE: Duration = Duration::from_secs(60);

fn group(consumer: &'static str) -> Group {
    let topic = Topic::named("patient-events").unwrap();
    Group { consumer, topic }
}

fn bus(world: &World, options: &RabbitOptions, consumer: &'static str) -> Arc<dyn EventBus> {
    let bus = RabbitBus::new(options, world.database.clone(), vec![group(consumer)]);
    Arc::new(bus.unwrap())
}

async fn publish(options: &RabbitOptions, properties: BasicProperties, body: &[u8]) {
    let connection = Shared::broker().await.connect().await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    let exchange = format!("{}.patient-events", options.prefix).into();
    let plain = BasicPublishOptions::default();
    let sent = channel.basic_publish(exchange, "0".into(), plain, body, properties);
    sent.await.unwrap().await.unwrap();
    connection.close(200, "done".into()).await.unwrap();
}

/// Waits until as many letters lie there.
async fn letters(world: &World, consumer: &str, count: usize) -> Vec<DeadLetter> {
    for _ in 0..3_000 {
        let found = world.letters().list(world.tenant, consumer, 10).await;
        let found = found.unwrap();
        if found.len() >= count {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("no letter comes");
}

#[tokio::test(flavor = "multi_thread")]
async fn foreign_messages_are_passed_over_and_forged_ones_are_laid_aside() {
    if let Some(what) = absent() {
        eprintln!("skipped, because {what}");
        return;
    }
    let world = World::new().await;
    let options = Shared::broker().await.options();
    let bus = bus(&world, &options, "careful");
    let mut relay = world.relay(Arc::clone(&bus), LEASE);
    world.register().await;
    world.relay_all(&mut relay).await;

    publish(&options, BasicProperties::default(), b"{\"patient\":1}").await;
    let mut headers = FieldTable::default();
    let values = [
        ("mt-number", AMQPValue::ShortInt(1)),
        ("mt-tenant", AMQPValue::LongInt(world.tenant.0)),
        ("mt-at", AMQPValue::LongLongInt(1_763_835_644_123_456)),
        ("mt-partition", AMQPValue::ShortInt(0)),
    ];
    for (name, value) in values {
        headers.insert(name.into(), value);
    }
    let id = || ShortString::from(Uuid::now_v7().to_string());
    let forged = BasicProperties::default()
        .with_message_id(id())
        .with_correlation_id(id())
        .with_headers(headers);
    publish(&options, forged, b"a patient who was never registered").await;

    let ledger = Ledger {
        name: "careful",
        ..Ledger::default()
    };
    let (runtime, _) = world.run(Arc::clone(&bus), ledger);
    let found = letters(&world, "careful", 1).await;
    assert_eq!(found[0].reason, "damaged");
    world.behind(bus.as_ref(), group("careful"), 0).await;
    assert!(world.ledger("careful").await.len() <= 1);
    runtime.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_handed_out_too_often_ends_among_the_dead_letters() {
    if let Some(what) = absent() {
        eprintln!("skipped, because {what}");
        return;
    }
    let world = World::new().await;
    let options = RabbitOptions {
        delivery_limit: 3,
        ..Shared::broker().await.options()
    };
    let bus = bus(&world, &options, "dies");
    let mut relay = world.relay(Arc::clone(&bus), LEASE);
    let patient = world.register().await;
    world.relay_all(&mut relay).await;
    // Whoever takes it dies of it.
    for _ in 0..4 {
        let mut subscription = bus.subscribe(group("dies")).await.unwrap();
        let events = world.take(subscription.as_mut(), 1, false).await;
        assert_eq!(*events[0].key, *patient);
        subscription.leave().await.unwrap();
    }
    let ledger = Ledger {
        name: "dies",
        ..Ledger::default()
    };
    let (runtime, consumer) = world.run(Arc::clone(&bus), ledger);
    let found = letters(&world, "dies", 1).await;
    assert_eq!(found[0].reason, "delivery-limit");
    assert!(world.ledger("dies").await.is_empty());
    let replayed = world
        .letters()
        .replay(world.tenant, consumer.as_ref(), 10)
        .await;
    assert_eq!(replayed.unwrap(), (1, 0));
    runtime.stop().await;
}
