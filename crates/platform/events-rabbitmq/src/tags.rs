//! Which deliveries of a channel are not settled, and what is said to the broker when some are.
//!
//! The broker counts deliveries of a channel from one, over all its queues, and we see them queue by queue: "everything
//! up to here" may be said only of what we have seen without a gap.

use std::collections::BTreeSet;

/// Numbers of the deliveries of a channel.
#[derive(Debug, Default)]
pub(crate) struct Tags {
    open: BTreeSet<u64>,
    /// Everything up to here has been seen.
    upto: u64,
    /// What has been seen beyond.
    ahead: BTreeSet<u64>,
}

/// An acknowledgement: of one delivery, or of everything up to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Acknowledgement {
    pub(crate) tag: u64,
    pub(crate) multiple: bool,
}

impl Tags {
    /// A message was handed to us.
    pub(crate) fn open(&mut self, tag: u64) {
        self.open.insert(tag);
        self.see(tag);
    }

    /// A message was handed to us that is no event.
    pub(crate) fn see(&mut self, tag: u64) {
        self.ahead.insert(tag);
        while self.ahead.remove(&(self.upto + 1)) {
            self.upto += 1;
        }
    }

    /// How many are not settled.
    pub(crate) fn len(&self) -> usize {
        self.open.len()
    }

    /// These are settled: one word for all that lie before the oldest that is not, and one each for
    /// the others, which must not wait for it.
    pub(crate) fn settle(&mut self, done: impl Iterator<Item = u64>) -> Vec<Acknowledgement> {
        let mut done: Vec<u64> = done.filter(|tag| self.open.remove(tag)).collect();
        done.sort_unstable();
        let oldest = self.open.first().copied().unwrap_or(u64::MAX);
        let together = done.partition_point(|tag| *tag < oldest && *tag <= self.upto);
        let prefix = together.checked_sub(1).map(|last| Acknowledgement {
            tag: done[last],
            multiple: true,
        });
        let single = |tag: &u64| Acknowledgement {
            tag: *tag,
            multiple: false,
        };
        prefix
            .into_iter()
            .chain(done[together..].iter().map(single))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_before_the_oldest_open_delivery_is_settled_with_one_word() {
        let mut tags = Tags::default();
        (1..=6).for_each(|tag| tags.open(tag));
        let word = |tag, multiple| Acknowledgement { tag, multiple };
        assert_eq!(
            tags.settle([2, 1, 5].into_iter()),
            [word(2, true), word(5, false)]
        );
        assert_eq!(tags.settle([1, 2, 99].into_iter()), []);
        assert_eq!(tags.settle([3, 4, 6].into_iter()), [word(6, true)]);
        assert_eq!(tags.len(), 0);
    }

    #[test]
    fn what_was_not_seen_yet_is_not_settled_with_the_others() {
        let mut tags = Tags::default();
        tags.open(1);
        tags.open(3);
        let word = |tag, multiple| Acknowledgement { tag, multiple };
        assert_eq!(
            tags.settle([1, 3].into_iter()),
            [word(1, true), word(3, false)]
        );
        tags.open(4);
        tags.see(2);
        assert_eq!(tags.settle([4].into_iter()), [word(4, true)]);
    }
}
