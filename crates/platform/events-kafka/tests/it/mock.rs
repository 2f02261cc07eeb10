//! A cluster of three brokers in this process.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use mt_events::catalogue::{TOPICS, Topic};
use mt_events::{EventBus, Group};
use mt_events_contract::{Ledger, Rig, World};
use mt_events_kafka::{KafkaBus, KafkaOptions, RegistryOptions};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use tokio_util::sync::CancellationToken;

use crate::registry;

type Cluster = MockCluster<'static, DefaultProducerContext>;

fn cluster() -> Cluster {
    let cluster = MockCluster::new(3).unwrap();
    for topic in TOPICS {
        cluster
            .create_topic(topic.name, topic.partitions.into(), 3)
            .unwrap();
    }
    cluster
}

async fn options(brokers: String) -> KafkaOptions {
    KafkaOptions {
        brokers,
        prefix: String::new(),
        // The played cluster knows no administration.
        create_topics: false,
        replication: 3,
        security: BTreeMap::new(),
        password: None,
        registry: Some(RegistryOptions {
            url: registry::start().await,
            login: None,
        }),
    }
}

struct Played;

impl Rig for Played {
    fn bus<'a>(&'a self, world: &'a World, groups: Vec<Group>) -> BoxFuture<'a, Arc<dyn EventBus>> {
        let cluster = cluster();
        let brokers = cluster.bootstrap_servers();
        // It lives as long as the process.
        std::mem::forget(cluster);
        Box::pin(async move {
            let bus = KafkaBus::new(options(brokers).await, world.database.clone(), groups);
            Arc::new(bus.unwrap()) as Arc<dyn EventBus>
        })
    }
}

mt_events_contract::contract!(Played);

#[tokio::test(flavor = "multi_thread")]
async fn what_the_cluster_refuses_or_cannot_answer_is_produced_again_in_order() {
    let world = World::new().await;
    let cluster = cluster();
    let group = Group {
        consumer: "patient",
        topic: Topic::named("patient-events").unwrap(),
    };
    let options = options(cluster.bootstrap_servers()).await;
    let bus = KafkaBus::new(options, world.database.clone(), vec![group]).unwrap();
    let bus: Arc<dyn EventBus> = Arc::new(bus);
    let stop = CancellationToken::new();
    let relay = world.relay(Arc::clone(&bus), Duration::from_secs(60));
    let relaying = tokio::spawn(relay.run(stop.clone()));
    let ledger = Ledger {
        name: "patient",
        ..Ledger::default()
    };
    let (runtime, _) = world.run(Arc::clone(&bus), ledger);
    let patients = world.register_all(4).await;
    let refusals = [
        RDKafkaRespErr::RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
        RDKafkaRespErr::RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
        RDKafkaRespErr::RD_KAFKA_RESP_ERR__TRANSPORT,
    ];
    cluster.request_errors(RDKafkaApiKey::Produce, &refusals);
    world.change_all(&patients, 1..4).await;
    for broker in 1..=3 {
        cluster.broker_down(broker).unwrap();
    }
    world.change_all(&patients, 4..6).await;
    for broker in 1..=3 {
        cluster.broker_up(broker).unwrap();
    }
    world.change_all(&patients, 6..8).await;
    let entries = world.ledger_of("patient", 32).await;
    assert_eq!(entries.len(), 32);
    for patient in &patients {
        let of_patient = entries.iter().filter(|(key, _)| key == patient);
        let versions: Vec<i64> = of_patient.map(|(_, version)| *version).collect();
        assert_eq!(versions, [1, 2, 3, 4, 5, 6, 7, 8]);
    }
    runtime.stop().await;
    stop.cancel();
    relaying.await.unwrap();
}
