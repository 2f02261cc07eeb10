//! Apache Kafka itself.

use std::sync::Arc;

use futures::future::BoxFuture;
use mt_events::{EventBus, Group};
use mt_events_contract::{Rig, World};
use mt_events_kafka::{KafkaBus, KafkaOptions, RegistryOptions};

use crate::{broker, registry};

struct Real;

impl Rig for Real {
    fn absent(&self) -> Option<&'static str> {
        broker::absent()
    }

    fn bus<'a>(&'a self, world: &'a World, groups: Vec<Group>) -> BoxFuture<'a, Arc<dyn EventBus>> {
        Box::pin(async move {
            let options = KafkaOptions {
                registry: Some(RegistryOptions {
                    url: registry::start().await,
                    login: None,
                }),
                ..broker::shared().await.options()
            };
            let bus = KafkaBus::new(options, world.database.clone(), groups);
            Arc::new(bus.unwrap()) as Arc<dyn EventBus>
        })
    }
}

mt_events_contract::contract!(Real);
