//! The topics in the cluster: made as the catalogue says, and checked against it.

use std::time::{Duration, Instant};

use mt_events::catalogue::{TOPICS, Topic};
use mt_events::{EventError, Result};
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::error::RDKafkaErrorCode;

use crate::knock::knock;
use crate::options::{KafkaOptions, LARGEST};
use crate::subscription::refused;

/// How long the cluster may take to answer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// Makes the topics that are missing, and looks whether all have the partitions of the catalogue: a key must
/// have the same partition as long as its topic lives.
pub(crate) async fn prepare(options: &KafkaOptions) -> Result<()> {
    const CANNOT: &str = "kafka makes no topics";
    let ours = options.clone();
    let knocked = tokio::task::spawn_blocking(move || knock(&ours));
    knocked.await.map_err(|_| EventError::Bus(CANNOT))??;
    let config = options.base();
    let config = config.map_err(|_| EventError::Bus("the settings of kafka cannot be used"))?;
    let admin: AdminClient<DefaultClientContext> =
        config.create().map_err(|error| refused(&error, CANNOT))?;
    if options.create_topics {
        create(options, &admin).await?;
    }
    let options = options.clone();
    let checked = tokio::task::spawn_blocking(move || check(&options, &admin));
    checked.await.map_err(|_| EventError::Bus(CANNOT))?
}

async fn create(options: &KafkaOptions, admin: &AdminClient<DefaultClientContext>) -> Result<()> {
    const CANNOT: &str = "kafka makes no topics";
    let described: Vec<(String, String, &Topic)> = TOPICS
        .iter()
        .map(|topic| {
            let retention = i64::from(topic.retention_days) * 86_400_000;
            (options.topic(topic), retention.to_string(), *topic)
        })
        .collect();
    let in_sync = if options.replication >= 3 { "2" } else { "1" };
    let topics: Vec<NewTopic<'_>> = described
        .iter()
        .map(|(name, retention, topic)| {
            let copies = TopicReplication::Fixed(options.replication);
            NewTopic::new(name, i32::from(topic.partitions), copies)
                .set("retention.ms", retention)
                .set("min.insync.replicas", in_sync)
                .set("max.message.bytes", LARGEST)
                .set("cleanup.policy", "delete")
        })
        .collect();
    let waiting = AdminOptions::new().operation_timeout(Some(PATIENCE));
    let made = admin.create_topics(&topics, &waiting).await;
    for outcome in made.map_err(|error| refused(&error, CANNOT))? {
        if let Err((topic, code)) = outcome
            && code != RDKafkaErrorCode::TopicAlreadyExists
        {
            tracing::warn!(topic, %code, "{CANNOT}");
            return Err(EventError::Bus(CANNOT));
        }
    }
    Ok(())
}

/// Brokers hear of new topics one after the other: what is not as it must be is waited for a while.
fn check(options: &KafkaOptions, admin: &AdminClient<DefaultClientContext>) -> Result<()> {
    const OTHER: &str = "a topic of kafka has other partitions than the catalogue";
    let end = Instant::now() + PATIENCE;
    for topic in TOPICS {
        let (name, wanted) = (options.topic(topic), usize::from(topic.partitions));
        loop {
            let found = partitions(admin, &name)?;
            if found == wanted {
                break;
            }
            if Instant::now() > end {
                tracing::warn!(topic = name, found, wanted, "{OTHER}");
                return Err(EventError::Bus(OTHER));
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }
    Ok(())
}

/// How many partitions with a leader a topic has.
fn partitions(admin: &AdminClient<DefaultClientContext>, name: &str) -> Result<usize> {
    let found = admin.inner().fetch_metadata(Some(name), PATIENCE);
    let found = found.map_err(|error| refused(&error, "kafka describes no topics"))?;
    let all = found.topics().iter().flat_map(|topic| topic.partitions());
    Ok(all.filter(|partition| partition.leader() >= 0).count())
}
