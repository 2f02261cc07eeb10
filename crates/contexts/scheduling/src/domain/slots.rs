//! Slots: where an appointment fits. They are computed for each question and stored nowhere.

use mt_kernel::Instant;

use super::availability::Opening;

/// Time of an actor that is taken, with the buffers that belong to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busy {
    /// From when.
    pub start: Instant,
    /// Until when.
    pub end: Instant,
    /// Which of the actor's lanes; two claims of one lane never overlap.
    pub lane: u16,
}

/// What is looked for, in microseconds where it is a length.
#[derive(Clone, Copy, Debug)]
pub struct Search {
    /// How long.
    pub length: i64,
    /// Distance between starts.
    pub step: i64,
    /// Buffer before.
    pub before: i64,
    /// Buffer after.
    pub after: i64,
    /// No earlier start.
    pub earliest: Instant,
    /// No later start.
    pub latest: Instant,
    /// How many at once.
    pub capacity: u16,
}

/// A slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found<'a> {
    /// From when.
    pub start: Instant,
    /// Until when.
    pub end: Instant,
    /// Where, when that is said.
    pub location: Option<&'a str>,
    /// How many more fit.
    pub free: u16,
}

/// How many more appointments fit into a stretch; `busy` in any order.
#[must_use]
pub fn free_at(busy: &[Busy], start: Instant, end: Instant, capacity: u16) -> u16 {
    let mut lanes: Vec<u16> = busy
        .iter()
        .filter(|one| one.start < end && start < one.end && one.lane < capacity)
        .map(|one| one.lane)
        .collect();
    lanes.sort_unstable();
    lanes.dedup();
    capacity.saturating_sub(u16::try_from(lanes.len()).unwrap_or(u16::MAX))
}

/// Every slot of `openings`, in order. `busy` is sorted by its start.
#[must_use]
pub fn slots<'a>(openings: &[Opening<'a>], busy: &[Busy], search: &Search) -> Vec<Found<'a>> {
    let mut found = Vec::new();
    // What has ended before the window begins is left behind: `ended` says up to where all has.
    let mut latest_end = i64::MIN;
    let ends: Vec<i64> = busy
        .iter()
        .map(|one| {
            latest_end = latest_end.max(one.end.0);
            latest_end
        })
        .collect();
    let mut first = 0;
    for opening in openings {
        let mut at = aligned(opening.start.0, search);
        while at + search.length <= opening.end.0 && at <= search.latest.0 {
            let window = (at - search.before, at + search.length + search.after);
            while ends.get(first).is_some_and(|end| *end <= window.0) {
                first += 1;
            }
            let near = busy.get(first..).unwrap_or_default();
            let near = near
                .split(|one| one.start.0 >= window.1)
                .next()
                .unwrap_or_default();
            let free = free_at(near, Instant(window.0), Instant(window.1), search.capacity);
            if free > 0 {
                found.push(Found {
                    start: Instant(at),
                    end: Instant(at + search.length),
                    location: opening.location,
                    free,
                });
            }
            at += search.step;
        }
    }
    found
}

/// The first start in an opening that is not too early, on the grid that begins with the opening.
fn aligned(start: i64, search: &Search) -> i64 {
    if search.earliest.0 <= start {
        return start;
    }
    let late = search.earliest.0.saturating_sub(start);
    let steps = late / search.step + i64::from(late % search.step > 0);
    start.saturating_add(steps.saturating_mul(search.step))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MINUTE: i64 = 60_000_000;

    fn at(minute: i64) -> Instant {
        Instant(minute * MINUTE)
    }

    fn search(length: i64, step: i64) -> Search {
        Search {
            length: length * MINUTE,
            step: step * MINUTE,
            before: 0,
            after: 0,
            earliest: Instant(i64::MIN),
            latest: Instant(i64::MAX),
            capacity: 1,
        }
    }

    fn open(start: i64, end: i64) -> Opening<'static> {
        Opening {
            start: at(start),
            end: at(end),
            location: None,
        }
    }

    fn busy(start: i64, end: i64, lane: u16) -> Busy {
        Busy {
            start: at(start),
            end: at(end),
            lane,
        }
    }

    fn starts(openings: &[Opening<'_>], taken: &[Busy], search: &Search) -> Vec<i64> {
        let found = slots(openings, taken, search);
        found.iter().map(|slot| slot.start.0 / MINUTE).collect()
    }

    #[test]
    fn what_is_taken_is_not_offered_and_what_touches_it_is() {
        let found = starts(&[open(0, 120)], &[busy(30, 60, 0)], &search(30, 30));
        assert_eq!(found, [0, 60, 90]);
    }

    #[test]
    fn buffers_keep_their_distance() {
        let apart = Search {
            after: 10 * MINUTE,
            ..search(30, 15)
        };
        // 30–60 with its own buffer of ten minutes after.
        let found = starts(&[open(0, 150)], &[busy(30, 70, 0)], &apart);
        assert_eq!(found, [75, 90, 105, 120]);
    }

    #[test]
    fn the_lead_time_moves_to_the_next_start_of_the_grid() {
        let later = Search {
            earliest: at(31),
            latest: at(80),
            ..search(20, 20)
        };
        assert_eq!(starts(&[open(0, 200)], &[], &later), [40, 60, 80]);
    }

    #[test]
    fn an_actor_of_capacity_two_is_offered_until_both_lanes_are_taken() {
        let two = Search {
            capacity: 2,
            ..search(30, 30)
        };
        let taken = [busy(0, 30, 0), busy(0, 30, 1), busy(30, 60, 1)];
        let found = slots(&[open(0, 90)], &taken, &two);
        let free: Vec<(i64, u16)> = found
            .iter()
            .map(|slot| (slot.start.0 / MINUTE, slot.free))
            .collect();
        assert_eq!(free, [(30, 1), (60, 2)]);
    }

    proptest! {
        #[test]
        fn a_slot_is_offered_exactly_when_it_lies_in_an_opening_and_overlaps_nothing(
            mut taken in prop::collection::vec((0_i64..400, 1_i64..90), 0..12),
            length in 5_i64..60, step in 5_i64..60, before in 0_i64..20, after in 0_i64..20,
        ) {
            taken.sort_unstable();
            let taken: Vec<Busy> = taken.iter().map(|(start, long)| busy(*start, start + long, 0)).collect();
            let asked = Search { before: before * MINUTE, after: after * MINUTE, ..search(length, step) };
            let openings = [open(0, 180), open(200, 400)];
            let found = starts(&openings, &taken, &asked);
            let mut expected = Vec::new();
            for (start, end) in [(0, 180), (200, 400)] {
                let mut minute = start;
                while minute + length <= end {
                    let window = (minute - before, minute + length + after);
                    let clash = taken.iter().any(|one| one.start.0 < window.1 * MINUTE && window.0 * MINUTE < one.end.0);
                    if !clash { expected.push(minute); }
                    minute += step;
                }
            }
            prop_assert_eq!(found, expected);
        }
    }
}
