//! The lowest version of each resource that may still be current, as far as this process has heard.
//!
//! Exact for a stretch of the transaction log that ends now: changes are kept in two generations, and when the younger one
//! is old or large, the older one is forgotten as a whole. So it is always known from where on nothing is missing, which is
//! what a row from elsewhere is measured by.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant as Monotonic};

use super::RowKey;

/// A generation is closed after this time: rows that others keep for an hour can be judged for as long.
const LENGTH: Duration = Duration::from_secs(3600);
/// And when it holds so many resources, about 16 MB.
const MOST: usize = 1 << 18;
/// The place in the log before which nothing is known.
const NOWHERE: u64 = u64::MAX;

/// Floors by resource.
pub(crate) struct Floors {
    generations: RwLock<Generations>,
    most: usize,
}

struct Generations {
    young: Generation,
    old: Option<Generation>,
}

/// What was heard from one place in the log on.
struct Generation {
    /// Every transaction from this id on is in here, or in a younger generation.
    from: u64,
    since: Monotonic,
    floors: HashMap<RowKey, u32>,
}

impl Generation {
    fn at(from: u64) -> Self {
        Self {
            from,
            since: Monotonic::now(),
            floors: HashMap::new(),
        }
    }
}

impl Floors {
    pub(crate) fn new() -> Self {
        Self::of(MOST)
    }

    fn of(most: usize) -> Self {
        let generations = Generations {
            young: Generation::at(NOWHERE),
            old: None,
        };
        Self {
            generations: RwLock::new(generations),
            most,
        }
    }

    /// Takes note that `version` of a resource exists.
    pub(crate) fn raise(&self, key: RowKey, version: u32) {
        let mut generations = self.write();
        let floor = generations.young.floors.entry(key).or_default();
        *floor = version.max(*floor);
    }

    /// The lowest version that may be current; 0 when no change was heard of.
    pub(crate) fn of_row(&self, key: &RowKey) -> u32 {
        let generations = self.read();
        let both = [Some(&generations.young), generations.old.as_ref()];
        let floors = both.into_iter().flatten().filter_map(|g| g.floors.get(key));
        floors.copied().max().unwrap_or(0)
    }

    /// Whether nothing is missing of what happened to a row since transaction `seen`.
    pub(crate) fn cover(&self, seen: u64) -> bool {
        let generations = self.read();
        let oldest = generations.old.as_ref().unwrap_or(&generations.young);
        oldest.from <= seen
    }

    /// Takes note that the log was read to its end, and that the next reading begins at `horizon`.
    pub(crate) fn read_to(&self, horizon: u64) {
        let mut generations = self.write();
        let young = &mut generations.young;
        if young.from == NOWHERE {
            young.from = horizon;
        } else if young.since.elapsed() > LENGTH || young.floors.len() >= self.most {
            let closed = std::mem::replace(young, Generation::at(horizon));
            generations.old = Some(closed);
        }
    }

    /// Forgets everything: the log is another one now.
    pub(crate) fn forget(&self) {
        *self.write() = Generations {
            young: Generation::at(NOWHERE),
            old: None,
        };
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Generations> {
        self.generations
            .read()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, Generations> {
        self.generations
            .write()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use mt_fhir::ResourceType;
    use mt_kernel::TenantId;
    use uuid::Uuid;

    use super::*;

    fn key(number: u128) -> RowKey {
        RowKey {
            tenant: TenantId(1),
            resource_type: ResourceType::PATIENT,
            id: Uuid::from_u128(number),
        }
    }

    #[test]
    fn nothing_is_covered_before_the_log_was_read() {
        let floors = Floors::new();
        floors.raise(key(1), 3);
        assert!(!floors.cover(0) && !floors.cover(1_000));
        floors.read_to(50);
        assert!(floors.cover(50) && !floors.cover(49));
        assert_eq!(floors.of_row(&key(1)), 3);
    }

    #[test]
    fn a_floor_never_falls() {
        let floors = Floors::new();
        for version in [2, 5, 3] {
            floors.raise(key(1), version);
        }
        assert_eq!(floors.of_row(&key(1)), 5);
        assert_eq!(floors.of_row(&key(2)), 0);
    }

    #[test]
    fn what_is_forgotten_is_not_covered_any_more() {
        let floors = Floors::of(2);
        floors.read_to(10);
        floors.raise(key(1), 2);
        floors.raise(key(2), 2);
        floors.read_to(20);
        // The first generation is closed and still known.
        assert!(floors.cover(10));
        assert_eq!(floors.of_row(&key(1)), 2);
        floors.raise(key(3), 2);
        floors.raise(key(4), 2);
        floors.read_to(30);
        assert!(!floors.cover(19) && floors.cover(20));
        assert_eq!((floors.of_row(&key(1)), floors.of_row(&key(3))), (0, 2));
        floors.forget();
        assert!(!floors.cover(30));
    }
}
