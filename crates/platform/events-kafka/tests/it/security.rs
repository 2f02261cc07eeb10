//! TLS and passwords: the broker is who it must be, and so are we.

use std::collections::BTreeMap;

use mt_events::catalogue::Topic;
use mt_events::{EventBus, EventError, Group};
use mt_events_contract::World;
use mt_events_kafka::{KafkaBus, KafkaOptions};
use mt_kernel::Secret;

use crate::broker::{Broker, PASSWORD, USER, absent, shared};

/// The settings that the README shows.
fn guarded(broker: &Broker, password: &str, is_ours: bool) -> KafkaOptions {
    let security = [
        ("security.protocol", "SASL_SSL".to_owned()),
        ("sasl.mechanism", "SCRAM-SHA-512".to_owned()),
        ("sasl.username", USER.to_owned()),
        ("ssl.ca.location", broker.authority(is_ours)),
    ];
    KafkaOptions {
        brokers: broker.guarded(),
        security: BTreeMap::from(security.map(|(name, value)| (name.to_owned(), value))),
        password: Some(Secret::new(password.to_owned())),
        ..broker.options()
    }
}

fn bus(world: &World, options: KafkaOptions) -> KafkaBus {
    let group = Group {
        consumer: "secure",
        topic: Topic::named("patient-events").unwrap(),
    };
    KafkaBus::new(options, world.database.clone(), vec![group]).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn events_pass_through_tls_with_a_password() {
    if let Some(what) = absent() {
        eprintln!("skipped, because {what}");
        return;
    }
    let world = World::new().await;
    let bus = std::sync::Arc::new(bus(&world, guarded(shared().await, PASSWORD, true)));
    let group = Group {
        consumer: "secure",
        topic: Topic::named("patient-events").unwrap(),
    };
    let mut relay = world.relay(bus.clone(), std::time::Duration::from_secs(60));
    let patient = world.register().await;
    world.relay_all(&mut relay).await;
    let mut reader = bus.subscribe(group).await.unwrap();
    let events = world.take(reader.as_mut(), 1, true).await;
    assert_eq!(*events[0].key, *patient);
    reader.leave().await.unwrap();
    world.behind(bus.as_ref(), group, 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_and_a_strange_certificate_are_refused_and_called_so() {
    if let Some(what) = absent() {
        eprintln!("skipped, because {what}");
        return;
    }
    let world = World::new().await;
    let broker = shared().await;
    let untrusted = "the certificate of kafka is not trusted, or it wants no TLS";
    let cases = [
        (
            guarded(broker, "hunter3", true),
            "kafka refuses the name or the password",
        ),
        (guarded(broker, PASSWORD, false), untrusted),
        // The certificate is for another name.
        (
            KafkaOptions {
                brokers: broker.guarded().replace("localhost", "127.0.0.1"),
                ..guarded(broker, PASSWORD, true)
            },
            untrusted,
        ),
    ];
    for (options, said) in cases {
        let shown = format!("{options:?}");
        let refused = bus(&world, options).groups().await.unwrap_err();
        assert!(
            matches!(refused, EventError::Bus(what) if what == said),
            "{refused}"
        );
        assert!(!shown.contains("hunter"), "{shown}");
    }
}
