//! How far topics go, and how far groups are behind. The library waits for the cluster, so all of this is done aside.

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

/// Where the partitions of topics begin or end: by one question, instead of one for each partition.
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
    consumer.offsets_for_times(list, PATIENCE)
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
