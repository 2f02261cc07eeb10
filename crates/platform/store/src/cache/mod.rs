//! Sealed current versions in memory.
//!
//! The cache never serves a version that this process knows to be superseded: every write of this
//! process and every transaction seen in the log raises the *floor* of a resource, and a row that was
//! read before the floor rose is not taken in. What other processes write is known after one poll of
//! the transaction log; when polling falls behind [`FRESH_FOR`], the cache answers nothing. A second layer,
//! shared between processes, obeys the same floors.

mod floors;
mod shared;

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant as Monotonic};

use bytes::Bytes;
use floors::Floors;
use moka::notification::RemovalCause;
use moka::ops::compute::Op;
use moka::sync::Cache;
use mt_fhir::ResourceType;
use mt_kernel::{Instant, TenantId};
use uuid::Uuid;

pub(crate) use shared::Shared;
pub use shared::SharedCache;

/// Longest time without a successful poll after which cached rows are not trusted.
pub(crate) const FRESH_FOR: Duration = Duration::from_secs(2);

/// Longest time that a row stays in memory. Nothing rests on it, because floors drop what is superseded at once; what nobody
/// asks for goes, and were a floor ever missed, this would bound for how long.
const LIFE: Duration = Duration::from_secs(300);

/// Types whose changes are counted: what callers may see follows from them.
const COUNTED: [&str; 3] = ["CareTeam", "Consent", "PractitionerRole"];

/// Primary key of a resource across tenants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct RowKey {
    pub(crate) tenant: TenantId,
    pub(crate) resource_type: ResourceType,
    pub(crate) id: Uuid,
}

/// A current version as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SealedRow {
    pub(crate) version: u32,
    pub(crate) updated_at: Instant,
    pub(crate) deleted: bool,
    pub(crate) body: Bytes,
}

/// A row in memory, and how often the log had been read when it came.
#[derive(Clone, Debug)]
struct Kept {
    row: SealedRow,
    polls: u64,
}

/// Sealed rows by key, bounded by bytes.
pub(crate) struct RowCache {
    rows: Cache<RowKey, Kept>,
    keeps: bool,
    floors: Arc<Floors>,
    changes: RwLock<HashMap<(TenantId, ResourceType), u64>>,
    /// Changes that were counted, and how often the log had been read when they were last heard of: the log tells of them
    /// until their transactions are settled, also of our own.
    counted: Mutex<HashMap<(RowKey, u32), u64>>,
    start: Monotonic,
    polled_at: AtomicI64,
    polls: Arc<AtomicU64>,
    /// Where the log is read from the next time: all transactions before have ended and are known.
    horizon: AtomicU64,
}

impl RowCache {
    pub(crate) fn new(bytes: u64) -> Self {
        Self::with_life(bytes, LIFE)
    }

    fn with_life(bytes: u64, life: Duration) -> Self {
        let weigh =
            |_: &RowKey, kept: &Kept| u32::try_from(kept.row.body.len() + 136).unwrap_or(u32::MAX);
        let floors = Arc::new(Floors::new());
        let polls = Arc::new(AtomicU64::new(0));
        let (raised, now) = (Arc::clone(&floors), Arc::clone(&polls));
        // What was shown is not taken back: a row that leaves before the log told of it stays the lowest one.
        let leave = move |key: Arc<RowKey>, kept: Kept, cause: RemovalCause| {
            if cause.was_evicted() && now.load(Ordering::Relaxed) < kept.polls + 2 {
                raised.raise(*key, kept.row.version);
            }
        };
        Self {
            rows: Cache::builder()
                .weigher(weigh)
                .max_capacity(bytes)
                .time_to_live(life)
                .eviction_listener(leave)
                .build(),
            keeps: bytes > 0,
            floors,
            changes: RwLock::default(),
            counted: Mutex::default(),
            start: Monotonic::now(),
            polled_at: AtomicI64::new(i64::MIN / 2),
            polls,
            horizon: AtomicU64::new(0),
        }
    }

    /// The current version, when it is known.
    pub(crate) fn get(&self, key: &RowKey) -> Option<SealedRow> {
        if !self.is_fresh() {
            metrics::counter!("store_cache_bypassed_total").increment(1);
            return None;
        }
        let row = self.rows.get(key).map(|kept| kept.row);
        let outcome = if row.is_some() { "hit" } else { "miss" };
        metrics::counter!("store_cache_total", "layer" => "memory", "outcome" => outcome)
            .increment(1);
        row
    }

    /// Takes in a row that was read after every transaction before `seen` had ended, as [`Self::horizon`] told it then.
    pub(crate) fn learn(&self, key: RowKey, row: SealedRow, seen: u64) {
        if !self.floors.cover(seen) || row.version < self.floors.of_row(&key) {
            return;
        }
        if !self.keeps {
            return self.floors.raise(key, row.version);
        }
        let polls = self.polls.load(Ordering::Relaxed);
        self.rows.entry(key).and_compute_with(|known| match known {
            Some(known) if known.value().row.version >= row.version => Op::Nop,
            _ => Op::Put(Kept {
                row: row.clone(),
                polls,
            }),
        });
        // The floor may have risen between the look and the insertion.
        self.drop_below(key, self.floors.of_row(&key));
    }

    /// Whether a version that somebody read after every transaction before `seen` had ended may be current: everything
    /// that happened since is known here, and none of it made another version.
    fn may_be_current(&self, key: &RowKey, version: u32, seen: u64) -> bool {
        self.is_fresh() && self.floors.cover(seen) && version >= self.floors.of_row(key)
    }

    /// The first transaction that may not have ended when the log was last read.
    pub(crate) fn horizon(&self) -> u64 {
        self.horizon.load(Ordering::Acquire)
    }

    /// Takes in a version that this process committed.
    pub(crate) fn wrote(&self, key: RowKey, row: SealedRow) {
        self.raise(key, row.version);
        self.learn(key, row, self.horizon());
    }

    /// Takes note of a change that made `version` of a resource, however often it is told; the first version is a change, too.
    pub(crate) fn heard(&self, key: RowKey, version: u32) {
        if !COUNTED.contains(&key.resource_type.name()) {
            return;
        }
        let polls = self.polls.load(Ordering::Relaxed);
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        if counted.insert((key, version), polls).is_none() {
            let mut changes = self.changes.write().unwrap_or_else(PoisonError::into_inner);
            *changes.entry((key.tenant, key.resource_type)).or_default() += 1;
        }
    }

    /// Takes note that `version` of a resource exists.
    pub(crate) fn raise(&self, key: RowKey, version: u32) {
        self.floors.raise(key, version);
        self.drop_below(key, version);
    }

    fn drop_below(&self, key: RowKey, floor: u32) {
        self.rows.entry(key).and_compute_with(|known| match known {
            Some(kept) if kept.value().row.version < floor => Op::Remove,
            _ => Op::Nop,
        });
    }

    /// How many changes of a counted type this process has heard of; `None` when it may not have heard
    /// of all.
    pub(crate) fn changes(&self, tenant: TenantId, resource_type: ResourceType) -> Option<u64> {
        let counted = COUNTED.contains(&resource_type.name()) && self.is_fresh();
        let changes = self.changes.read().unwrap_or_else(PoisonError::into_inner);
        counted.then(|| changes.get(&(tenant, resource_type)).copied().unwrap_or(0))
    }

    /// Takes note that the transaction log was read to its end at this moment, and is read from `horizon` on the next time.
    pub(crate) fn polled(&self, horizon: u64) {
        self.floors.read_to(horizon);
        self.horizon.store(horizon, Ordering::Release);
        let polls = self.polls.fetch_add(1, Ordering::Relaxed) + 1;
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        // What two readings of the log did not tell is settled, and is told no more.
        counted.retain(|_, heard| *heard + 2 > polls);
        drop(counted);
        self.polled_at.store(self.elapsed(), Ordering::Relaxed);
    }

    /// Forgets everything: what was known belongs to a line of the database that is left.
    pub(crate) fn forget(&self) {
        self.polled_at.store(i64::MIN / 2, Ordering::Relaxed);
        self.floors.forget();
        self.rows.invalidate_all();
    }

    fn is_fresh(&self) -> bool {
        let limit = i64::try_from(FRESH_FOR.as_millis()).unwrap_or(i64::MAX);
        self.elapsed() - self.polled_at.load(Ordering::Relaxed) <= limit
    }

    fn elapsed(&self) -> i64 {
        i64::try_from(self.start.elapsed().as_millis()).unwrap_or(i64::MAX)
    }
}

impl std::fmt::Debug for RowCache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RowCache")
            .field("rows", &self.rows.entry_count())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> RowKey {
        RowKey {
            tenant: TenantId(1),
            resource_type: ResourceType::PATIENT,
            id: Uuid::nil(),
        }
    }

    fn row(version: u32) -> SealedRow {
        SealedRow {
            version,
            updated_at: Instant(0),
            deleted: false,
            body: Bytes::new(),
        }
    }

    #[test]
    fn a_row_read_before_a_write_does_not_replace_it() {
        let cache = RowCache::new(1 << 20);
        cache.polled(10);
        cache.wrote(key(), row(2));
        cache.learn(key(), row(1), 10);
        assert_eq!(cache.get(&key()).map(|row| row.version), Some(2));
    }

    #[test]
    fn a_superseded_row_is_dropped_and_not_taken_in_again() {
        let cache = RowCache::new(1 << 20);
        cache.polled(10);
        cache.learn(key(), row(1), 10);
        cache.raise(key(), 2);
        cache.learn(key(), row(1), 10);
        assert_eq!(cache.get(&key()), None);
        cache.learn(key(), row(2), 10);
        assert_eq!(cache.get(&key()).map(|row| row.version), Some(2));
    }

    #[test]
    fn a_row_leaves_when_its_life_is_over() {
        let cache = RowCache::with_life(1 << 20, Duration::from_millis(1));
        cache.polled(10);
        cache.learn(key(), row(1), 10);
        std::thread::sleep(Duration::from_millis(20));
        assert_eq!(cache.get(&key()), None);
        cache.rows.run_pending_tasks();
        assert_eq!(cache.rows.entry_count(), 0, "its memory is free again");
    }

    #[test]
    fn a_change_is_counted_once_although_the_log_tells_of_it_again() {
        let cache = RowCache::new(1 << 20);
        let consent = RowKey {
            resource_type: ResourceType::CONSENT,
            ..key()
        };
        let count = |cache: &RowCache| cache.changes(consent.tenant, ResourceType::CONSENT);
        cache.polled(10);
        cache.heard(consent, 1);
        for _ in 0..5 {
            cache.heard(consent, 1);
            cache.polled(10);
        }
        assert_eq!(count(&cache), Some(1));
        cache.heard(consent, 2);
        assert_eq!(count(&cache), Some(2));
        (0..3).for_each(|_| cache.polled(11));
        assert!(cache.counted.lock().unwrap().is_empty(), "it is bounded");
    }

    #[test]
    fn without_polling_nothing_is_served() {
        let cache = RowCache::new(1 << 20);
        cache.wrote(key(), row(1));
        assert_eq!(cache.get(&key()), None);
        cache.polled(10);
        cache.wrote(key(), row(1));
        assert!(cache.get(&key()).is_some());
    }

    #[test]
    fn a_row_from_elsewhere_is_current_only_where_everything_since_is_known() {
        let cache = RowCache::new(1 << 20);
        assert!(!cache.may_be_current(&key(), 1, 10), "nothing is known");
        cache.polled(10);
        assert!(cache.may_be_current(&key(), 1, 10));
        assert!(
            !cache.may_be_current(&key(), 1, 9),
            "before the log was read"
        );
        cache.raise(key(), 2);
        assert!(!cache.may_be_current(&key(), 1, 10), "superseded");
        assert!(cache.may_be_current(&key(), 2, 10));
        cache.forget();
        assert!(!cache.may_be_current(&key(), 2, 10));
    }

    #[test]
    fn what_was_shown_and_left_before_the_log_told_of_it_stays_the_lowest_version() {
        for bytes in [0, 1] {
            let cache = RowCache::new(bytes);
            cache.polled(10);
            cache.learn(key(), row(3), 10);
            cache.rows.run_pending_tasks();
            assert_eq!(cache.get(&key()), None);
            assert!(!cache.may_be_current(&key(), 2, 10));
            assert!(cache.may_be_current(&key(), 3, 10));
        }
    }
}
