//! Which events may be worked on now: of each key the oldest.

use std::collections::{HashMap, VecDeque};

use crate::bus::Delivery;
use crate::event::Event;

/// An event in work: opened, or not when it cannot be.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) delivery: Delivery,
    pub(super) event: Result<Event, &'static str>,
}

/// Queues by key.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    queues: HashMap<i64, VecDeque<Item>>,
    /// Lanes whose first event may begin.
    ready: VecDeque<i64>,
    waiting: usize,
}

impl Lanes {
    /// Events that have not begun.
    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    /// Adds an event behind those of its lane.
    pub(super) fn push(&mut self, lane: i64, item: Item) {
        self.waiting += 1;
        let queue = self.queues.entry(lane);
        if matches!(queue, std::collections::hash_map::Entry::Vacant(_)) {
            self.ready.push_back(lane);
        }
        queue.or_default().push_back(item);
    }

    /// An event that may begin; its lane is busy until [`Lanes::end`].
    pub(super) fn begin(&mut self) -> Option<(i64, Item)> {
        let lane = self.ready.pop_front()?;
        let item = self.queues.get_mut(&lane)?.pop_front()?;
        self.waiting -= 1;
        Some((lane, item))
    }

    /// The event of a lane has ended: the next may begin.
    pub(super) fn end(&mut self, lane: i64) {
        if self.queues.get(&lane).is_some_and(VecDeque::is_empty) {
            self.queues.remove(&lane);
        } else if self.queues.contains_key(&lane) {
            self.ready.push_back(lane);
        }
    }
}
