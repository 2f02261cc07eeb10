//! How far topics go, and how far groups are behind. The library waits for the cluster, so all of this is done aside.

use std::time::{Duration, Instant};

use mt_events::catalogue::Topic;
use mt_events::{Group, GroupStatus};
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::options::KafkaOptions;
use crate::topics::PATIENCE;

/// One end of a partition.
#[derive(Clone, Copy)]
pub(crate) enum Edge {
    Beginning,
    End,
}

/// How often the ends of partitions are asked for while the cluster cannot say.
const TRIES: u32 = 3;

/// How long after a question without an answer the next one is asked.
const AGAIN: Duration = Duration::from_millis(200);

/// Where the partitions of topics begin or end: by one question, instead of one for each partition. A cluster whose
/// leaders move, or that has just made the topics, may not know at once: it is asked again for a while.
pub(crate) fn edges<X: ConsumerContext, C: Consumer<X>>(
    consumer: &C,
    topics: &[(String, &'static Topic)],
    edge: Edge,
) -> KafkaResult<TopicPartitionList> {
    let asked = match edge {
        Edge::Beginning => Offset::Beginning,
        Edge::End => Offset::End,
    };
    let mut list = TopicPartitionList::new();
    for (name, topic) in topics {
        for partition in 0..topic.partitions {
            list.add_partition_offset(name, partition.into(), asked)?;
        }
    }
    let end = Instant::now() + PATIENCE * TRIES;
    loop {
        match answered(consumer.offsets_for_times(list.clone(), PATIENCE)) {
            Err(error) if Instant::now() < end => {
                tracing::debug!(%error, "the ends of partitions are not known yet");
                std::thread::sleep(AGAIN);
            }
            answer => return answer,
        }
    }
}

/// An answer in which a partition has an error is none: to go on from there would skip what it holds.
fn answered(answer: KafkaResult<TopicPartitionList>) -> KafkaResult<TopicPartitionList> {
    let list = answer?;
    for partition in list.elements() {
        partition.error()?;
    }
    Ok(list)
}

/// How far a group is behind.
pub(crate) fn behind(options: &KafkaOptions, group: Group) -> KafkaResult<GroupStatus> {
    let config = options.consumer(&options.group(group));
    let config = config.map_err(|error| KafkaError::AdminOpCreation(error.to_string()))?;
    let consumer: BaseConsumer = config.create()?;
    let topics = [(options.topic(group.topic), group.topic)];
    let begin = edges(&consumer, &topics, Edge::Beginning)?;
    let end = edges(&consumer, &topics, Edge::End)?;
    let committed = consumer.committed_offsets(end.clone(), PATIENCE)?;
    let at = |list: &TopicPartitionList, partition| {
        let found = list.find_partition(&topics[0].0, partition)?;
        match found.offset() {
            Offset::Offset(offset) => Some(offset),
            _ => None,
        }
    };
    let behind = (0..i32::from(group.topic.partitions)).map(|partition| {
        let end = at(&end, partition).unwrap_or(0);
        let begin = at(&begin, partition).unwrap_or(0);
        let taken = at(&committed, partition).unwrap_or(begin).max(begin);
        (end - taken).max(0)
    });
    Ok(GroupStatus {
        consumer: group.consumer.to_owned(),
        topic: Some(group.topic),
        behind: behind.sum(),
    })
}
