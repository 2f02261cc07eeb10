//! How far one process has come in the partitions that it was given.

use std::collections::{BTreeMap, BTreeSet};

use mt_events::Spot;

/// Partitions with what is handed out and not settled.
#[derive(Debug, Default)]
pub(crate) struct Held(BTreeMap<i16, Partition>);

#[derive(Debug)]
struct Partition {
    /// Everything up to here has been handed out or passed over.
    read: i64,
    /// The offset that was committed last.
    written: i64,
    open: BTreeSet<i64>,
}

impl Held {
    /// A message was handed out.
    pub(crate) fn open(&mut self, spot: Spot) {
        let partition = self.seen(spot);
        partition.open.insert(spot.position);
    }

    /// A message was passed over.
    pub(crate) fn pass(&mut self, spot: Spot) {
        self.seen(spot);
    }

    fn seen(&mut self, spot: Spot) -> &mut Partition {
        let partition = self.0.entry(spot.partition).or_insert(Partition {
            read: spot.position,
            written: -1,
            open: BTreeSet::new(),
        });
        partition.read = partition.read.max(spot.position);
        partition
    }

    /// A message is settled. It says nothing of a partition that was taken away.
    pub(crate) fn settle(&mut self, spot: Spot) {
        if let Some(partition) = self.0.get_mut(&spot.partition) {
            partition.open.remove(&spot.position);
        }
    }

    /// Forgets a partition that was taken away.
    pub(crate) fn lose(&mut self, partition: i16) {
        self.0.remove(&partition);
    }

    /// The offsets that were to be committed last.
    pub(crate) fn committed(&self) -> Vec<(i16, i64)> {
        let known = self
            .0
            .iter()
            .filter(|(_, partition)| partition.written >= 0);
        known
            .map(|(number, partition)| (*number, partition.written))
            .collect()
    }

    /// The offsets to commit: behind everything that is settled, where that has moved.
    pub(crate) fn moved(&mut self) -> Vec<(i16, i64)> {
        let mut moved = Vec::new();
        for (number, partition) in &mut self.0 {
            let next = partition
                .open
                .first()
                .copied()
                .unwrap_or(partition.read + 1);
            if next > partition.written {
                partition.written = next;
                moved.push((*number, next));
            }
        }
        moved
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn spot(partition: i16, position: i64) -> Spot {
        Spot {
            partition,
            position,
        }
    }

    #[test]
    fn offsets_stop_before_the_oldest_that_is_not_settled() {
        let mut held = Held::default();
        for position in 4..7 {
            held.open(spot(0, position));
        }
        held.pass(spot(1, 9));
        assert_eq!(held.moved(), [(0, 4), (1, 10)]);
        held.settle(spot(0, 5));
        assert!(held.moved().is_empty());
        held.settle(spot(0, 4));
        assert_eq!(held.moved(), [(0, 6)]);
        held.lose(0);
        held.settle(spot(0, 6));
        assert!(held.moved().is_empty(), "another process reads on");
    }
}
