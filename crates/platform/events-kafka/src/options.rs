//! How the cluster and its schema registry are reached.

use std::collections::BTreeMap;

use mt_events::Group;
use mt_events::catalogue::Topic;
use mt_kernel::Secret;
use rdkafka::ClientConfig;

/// Settings that may be passed on to librdkafka: those that say how to reach the cluster, none that weakens a promise.
const PASSED_ON: &[&str] = &[
    "security.",
    "sasl.",
    "ssl.",
    "enable.ssl.",
    "https.",
    "broker.address.family",
];

/// The largest message: a transaction of tens of thousands of records.
pub(crate) const LARGEST: &str = "8388608";

/// How the cluster is reached.
#[derive(Clone)]
pub struct KafkaOptions {
    /// `host:port`, several separated by commas.
    pub brokers: String,
    /// What the names of all topics and groups begin with; nothing, unless several installations share a cluster.
    pub prefix: String,
    /// Whether missing topics are made; otherwise they must be there.
    pub create_topics: bool,
    /// Copies of each topic that is made.
    pub replication: i32,
    /// Settings of librdkafka for TLS and SASL, such as `security.protocol`.
    pub security: BTreeMap<String, String>,
    /// `sasl.password`.
    pub password: Option<Secret<String>>,
    /// The schema registry. Without one, messages have headers only, and nobody but our consumers reads them.
    pub registry: Option<RegistryOptions>,
}

/// How the schema registry is reached.
#[derive(Clone)]
pub struct RegistryOptions {
    /// Base URL.
    pub url: String,
    /// Name and password.
    pub login: Option<(String, Secret<String>)>,
}

/// A setting that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OptionsError {
    /// It is not one of those that are passed on.
    #[error("{0} cannot be set; only security.*, sasl.* and ssl.* can")]
    NotPassedOn(String),
    /// librdkafka refuses the settings.
    #[error("kafka: {0}")]
    Refused(String),
}

impl KafkaOptions {
    /// A configuration that both producers and consumers begin with.
    pub(crate) fn base(&self) -> Result<ClientConfig, OptionsError> {
        let mut config = ClientConfig::new();
        for (name, value) in &self.security {
            if !PASSED_ON.iter().any(|prefix| name.starts_with(prefix)) {
                return Err(OptionsError::NotPassedOn(name.clone()));
            }
            config.set(name, value);
        }
        if let Some(password) = &self.password {
            config.set("sasl.password", password.expose());
        }
        config.set("bootstrap.servers", &self.brokers);
        config.set("client.id", "meditrack");
        Ok(config)
    }

    pub(crate) fn producer(&self) -> Result<ClientConfig, OptionsError> {
        let mut config = self.base()?;
        config
            .set("enable.idempotence", "true")
            .set("acks", "all")
            .set("max.in.flight.requests.per.connection", "5")
            .set("compression.type", "lz4")
            .set("linger.ms", "2")
            .set("message.max.bytes", LARGEST)
            // A message that gave up while a later one was kept would turn their order round: none gives up.
            .set("message.timeout.ms", "0");
        Ok(config)
    }

    /// The name of a topic in the cluster.
    pub(crate) fn topic(&self, topic: &Topic) -> String {
        format!("{}{}", self.prefix, topic.name)
    }

    /// The id of a group in the cluster.
    pub(crate) fn group(&self, group: Group) -> String {
        let Group { consumer, topic } = group;
        format!("{}meditrack.{consumer}.{}", self.prefix, topic.name)
    }

    pub(crate) fn consumer(&self, group: &str) -> Result<ClientConfig, OptionsError> {
        let mut config = self.base()?;
        config
            .set("group.id", group)
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("auto.offset.reset", "earliest")
            .set("isolation.level", "read_committed")
            .set("partition.assignment.strategy", "cooperative-sticky")
            .set("session.timeout.ms", "10000")
            .set("max.poll.interval.ms", "600000")
            .set("fetch.wait.max.ms", "20");
        Ok(config)
    }
}

impl std::fmt::Debug for KafkaOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KafkaOptions")
            .field("brokers", &self.brokers)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(name: &str) -> KafkaOptions {
        KafkaOptions {
            brokers: "broker:9092".to_owned(),
            prefix: String::new(),
            create_topics: true,
            replication: 3,
            security: BTreeMap::from([(name.to_owned(), "x".to_owned())]),
            password: Some(Secret::new("hunter2".to_owned())),
            registry: Some(RegistryOptions {
                url: "http://registry".to_owned(),
                login: Some(("ehr".to_owned(), Secret::new("hunter3".to_owned()))),
            }),
        }
    }

    #[test]
    fn what_weakens_a_promise_cannot_be_set() {
        for name in [
            "acks",
            "enable.idempotence",
            "isolation.level",
            "bootstrap.servers",
        ] {
            let refused = options(name).producer().unwrap_err();
            assert_eq!(refused, OptionsError::NotPassedOn(name.to_owned()));
        }
        let config = options("sasl.username").producer().unwrap();
        assert_eq!(config.get("acks"), Some("all"));
        assert_eq!(config.get("sasl.password"), Some("hunter2"));
        assert!(!format!("{:?}", options("x")).contains("hunter"));
    }
}
