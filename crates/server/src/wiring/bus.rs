//! Which bus carries the events, as the configuration says.

use std::sync::Arc;

use anyhow::Context;
use futures::future::BoxFuture;
use mt_database::Database;
use mt_events::{Delivery, EventBus, EventFeed, Group, LogBus};
use mt_events_kafka::{KafkaBus, KafkaOptions, RegistryOptions};
use mt_events_rabbitmq::{RabbitBus, RabbitOptions};
use mt_kernel::Clock;

use crate::config;

/// The bus, for these groups. Connects when it is first used: a broker that is away stops no start.
pub(crate) fn open(
    events: &config::Events,
    database: Database,
    clock: Arc<dyn Clock>,
    groups: Vec<Group>,
) -> anyhow::Result<Arc<dyn EventBus>> {
    let bus: Arc<dyn EventBus> = match events.bus {
        config::Bus::Embedded => Arc::new(LogBus::new(database, clock)),
        config::Bus::Kafka => {
            let options = kafka(&events.kafka)?;
            Arc::new(KafkaBus::new(options, database, groups).context("events.kafka")?)
        }
        config::Bus::RabbitMq => {
            let rabbitmq = &events.rabbitmq;
            let url = rabbitmq.url.as_ref();
            let options = RabbitOptions {
                url: url.context("events.rabbitmq.url is missing")?.secret(),
                prefix: rabbitmq.prefix.clone(),
                delivery_limit: RabbitOptions::DELIVERY_LIMIT,
                ca_file: rabbitmq.ca_file.clone(),
            };
            Arc::new(RabbitBus::new(&options, database, groups).context("events.rabbitmq")?)
        }
    };
    Ok(bus)
}

fn kafka(kafka: &config::Kafka) -> anyhow::Result<KafkaOptions> {
    anyhow::ensure!(!kafka.brokers.is_empty(), "events.kafka.brokers is missing");
    // They would be printed with the configuration.
    let secret = |name: &&String| {
        name.ends_with("password") || name.contains("secret") || name.ends_with("key.pem")
    };
    if let Some(name) = kafka.security.keys().find(secret) {
        anyhow::bail!("events.kafka.security: {name} is a secret and may not stand there");
    }
    let mut security = kafka.security.clone();
    if let Some(user) = &kafka.user {
        security.insert("sasl.username".to_owned(), user.clone());
    }
    let password = kafka.registry_password.as_ref().map(config::Hidden::secret);
    let login = kafka.registry_user.clone().zip(password);
    Ok(KafkaOptions {
        brokers: kafka.brokers.clone(),
        prefix: kafka.prefix.clone(),
        create_topics: kafka.create_topics,
        replication: kafka.replication,
        security,
        password: kafka.password.as_ref().map(config::Hidden::secret),
        registry: kafka
            .registry
            .clone()
            .map(|url| RegistryOptions { url, login }),
    })
}

/// A feed that is opened as soon as the bus answers.
pub(crate) struct Eventually {
    bus: Arc<dyn EventBus>,
    feed: Option<Box<dyn EventFeed>>,
}

impl Eventually {
    /// A feed that begins now, or when a bus that does not answer is back.
    pub(crate) async fn open(bus: Arc<dyn EventBus>) -> Self {
        let feed = bus.feed().await;
        let feed =
            feed.inspect_err(|error| tracing::warn!(%error, "the feed of the hub is waited for"));
        Self {
            bus,
            feed: feed.ok(),
        }
    }

    async fn read(&mut self, limit: usize) -> mt_events::Result<Vec<Delivery>> {
        let feed = match &mut self.feed {
            Some(feed) => feed,
            none => none.insert(self.bus.feed().await?),
        };
        feed.next(limit).await
    }
}

impl EventFeed for Eventually {
    fn next(&mut self, limit: usize) -> BoxFuture<'_, mt_events::Result<Vec<Delivery>>> {
        Box::pin(self.read(limit))
    }
}
