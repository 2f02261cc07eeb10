//! Who the broker is, and who we are to it.

use mt_events::catalogue::Topic;
use mt_events::{EventBus, EventError, Group};
use mt_events_contract::World;
use mt_events_rabbitmq::{RabbitBus, RabbitOptions};
use mt_kernel::Secret;

use crate::broker::{Shared, absent};

async fn outcome(world: &World, options: &RabbitOptions) -> Result<(), EventError> {
    let group = Group {
        consumer: "secure",
        topic: Topic::named("dlq-events").unwrap(),
    };
    let bus = RabbitBus::new(options, world.database.clone(), vec![group]).unwrap();
    bus.groups().await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_is_spoken_with_the_broker_whose_certificate_is_trusted_and_no_other() {
    if let Some(what) = absent() {
        eprintln!("skipped, because {what}");
        return;
    }
    let world = World::new().await;
    let broker = Shared::broker().await;
    let at = |host: &str| {
        Secret::new(format!(
            "amqps://guest:guest@{host}:{}/%2f",
            broker.tls_port
        ))
    };
    let trusting = RabbitOptions {
        url: at("localhost"),
        ca_file: Some(broker.certificate()),
        ..broker.options()
    };
    outcome(&world, &trusting).await.unwrap();
    let strangers = [
        RabbitOptions {
            ca_file: None,
            ..trusting.clone()
        },
        RabbitOptions {
            url: at("127.0.0.1"),
            ..trusting
        },
    ];
    for options in strangers {
        let refused = outcome(&world, &options).await;
        assert!(matches!(refused, Err(EventError::Bus(_))), "{refused:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_refused_and_not_repeated() {
    if let Some(what) = absent() {
        eprintln!("skipped, because {what}");
        return;
    }
    let world = World::new().await;
    let broker = Shared::broker().await;
    let options = RabbitOptions {
        url: Secret::new(format!(
            "amqp://guest:hunter2@127.0.0.1:{}/%2f",
            broker.port
        )),
        ..broker.options()
    };
    let refused = outcome(&world, &options).await.unwrap_err();
    assert!(!format!("{refused} {refused:?} {options:?}").contains("hunter2"));
}
