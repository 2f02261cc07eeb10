//! Which events may be worked on now: of each key the oldest.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};

use mt_kernel::TenantId;

use crate::bus::Delivery;
use crate::event::Event;

/// An event in work: opened, or not when it cannot be.
#[derive(Debug)]
pub(super) struct Item {
    /// Events of one lane are taken in order.
    pub(super) lane: i64,
    pub(super) delivery: Delivery,
    pub(super) event: Result<Event, &'static str>,
    /// Whether it shares no transaction with others.
    pub(super) alone: bool,
}

impl Item {
    fn joins(&self, tenant: TenantId) -> bool {
        !self.alone && self.delivery.tenant() == tenant
    }
}

/// Queues by key.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    queues: HashMap<i64, VecDeque<Item>>,
    /// Lanes whose first event may begin.
    ready: VecDeque<i64>,
    held: usize,
}

impl Lanes {
    /// Events that wait or are in work.
    pub(super) fn held(&self) -> usize {
        self.held
    }

    /// Adds an event behind those of its lane.
    pub(super) fn push(&mut self, item: Item) {
        self.held += 1;
        let queue = self.queues.entry(item.lane);
        if matches!(queue, Entry::Vacant(_)) {
            self.ready.push_back(item.lane);
        }
        queue.or_default().push_back(item);
    }

    /// Events that may begin: one that stays alone, or up to `most` of one tenant, those of a lane in order. Their
    /// lanes are busy until [`Lanes::end`] or [`Lanes::part`].
    pub(super) fn begin(&mut self, most: usize) -> Option<Vec<Item>> {
        let first = self.ready.pop_front()?;
        let head = self.queues.get_mut(&first)?.pop_front()?;
        if head.alone {
            return Some(vec![head]);
        }
        let tenant = head.delivery.tenant();
        let mut batch = vec![head];
        self.fill(first, tenant, most, &mut batch);
        let mut passed = VecDeque::new();
        while batch.len() < most
            && let Some(lane) = self.ready.pop_front()
        {
            let before = batch.len();
            self.fill(lane, tenant, most, &mut batch);
            if batch.len() == before {
                passed.push_back(lane);
            }
        }
        passed.append(&mut self.ready);
        self.ready = passed;
        Some(batch)
    }

    /// Takes from the head of a lane what may share a transaction of the tenant.
    fn fill(&mut self, lane: i64, tenant: TenantId, most: usize, batch: &mut Vec<Item>) {
        let Some(queue) = self.queues.get_mut(&lane) else {
            return;
        };
        while batch.len() < most
            && let Some(item) = queue.pop_front_if(|item| item.joins(tenant))
        {
            batch.push(item);
        }
    }

    /// These events have ended: the next of their lanes may begin.
    pub(super) fn end(&mut self, items: &[Item]) {
        self.held -= items.len();
        self.free(items.iter().map(|item| item.lane).collect());
    }

    /// These events could not be taken together: each comes alone, at its place.
    pub(super) fn part(&mut self, items: Vec<Item>) {
        let lanes = items.iter().map(|item| item.lane).collect();
        for item in items.into_iter().rev() {
            let alone = Item {
                alone: true,
                ..item
            };
            self.queues.entry(alone.lane).or_default().push_front(alone);
        }
        self.free(lanes);
    }

    fn free(&mut self, mut lanes: Vec<i64>) {
        // Events of a lane lie side by side in a batch.
        lanes.dedup();
        for lane in lanes {
            if self.queues.get(&lane).is_some_and(VecDeque::is_empty) {
                self.queues.remove(&lane);
            } else if self.queues.contains_key(&lane) {
                self.ready.push_back(lane);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use mt_kernel::Instant;
    use uuid::Uuid;

    use super::*;
    use crate::bus::Spot;
    use crate::event::SealedEvent;

    /// An event that cannot be opened will do: lanes look at tenant and place only.
    fn item(lane: i64, tenant: i32, position: i64) -> Item {
        Item {
            lane,
            delivery: Delivery {
                spot: Spot {
                    partition: 0,
                    position,
                },
                sealed: SealedEvent {
                    id: Uuid::nil(),
                    number: 1,
                    tenant: TenantId(tenant),
                    at: Instant(0),
                    correlation: Uuid::nil(),
                    body: Vec::new(),
                },
                exhausted: false,
            },
            event: Err("closed"),
            alone: false,
        }
    }

    fn lanes(items: &[(i64, i32, i64)]) -> Lanes {
        let mut lanes = Lanes::default();
        for (lane, tenant, position) in items {
            lanes.push(item(*lane, *tenant, *position));
        }
        lanes
    }

    fn positions(batch: &[Item]) -> Vec<i64> {
        let position = |item: &Item| item.delivery.spot.position;
        batch.iter().map(position).collect()
    }

    #[test]
    fn a_batch_holds_events_of_one_tenant_and_a_lane_in_order() {
        let mut lanes = lanes(&[(7, 1, 1), (8, 2, 2), (9, 1, 3), (7, 1, 4), (9, 1, 5)]);
        let batch = lanes.begin(64).unwrap();
        assert_eq!(positions(&batch), [1, 4, 3, 5]);
        assert_eq!(positions(&lanes.begin(64).unwrap()), [2]);
        assert!(lanes.begin(64).is_none());
        assert_eq!(lanes.held(), 5);
        lanes.end(&batch);
        assert_eq!(lanes.held(), 1);
    }

    #[test]
    fn a_batch_is_no_greater_than_told_and_the_rest_of_a_lane_waits_for_it() {
        let mut lanes = lanes(&[(7, 1, 1), (7, 1, 2), (7, 1, 3), (8, 1, 4)]);
        let batch = lanes.begin(2).unwrap();
        assert_eq!(positions(&batch), [1, 2]);
        assert_eq!(positions(&lanes.begin(2).unwrap()), [4]);
        assert!(lanes.begin(2).is_none(), "the third waits for its lane");
        lanes.end(&batch);
        assert_eq!(positions(&lanes.begin(2).unwrap()), [3]);
    }

    #[test]
    fn what_could_not_be_taken_together_comes_alone_and_before_what_came_later() {
        let mut lanes = lanes(&[(7, 1, 1), (8, 1, 2), (7, 1, 3)]);
        let batch = lanes.begin(64).unwrap();
        lanes.push(item(7, 1, 4));
        lanes.part(batch);
        assert_eq!(lanes.held(), 4);
        let first = lanes.begin(64).unwrap();
        assert_eq!(positions(&first), [1]);
        assert_eq!(positions(&lanes.begin(64).unwrap()), [2]);
        assert!(lanes.begin(64).is_none());
        lanes.end(&first);
        let second = lanes.begin(64).unwrap();
        assert_eq!(positions(&second), [3]);
        lanes.end(&second);
        assert_eq!(positions(&lanes.begin(64).unwrap()), [4]);
    }
}
