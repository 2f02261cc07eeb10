//! Sealed current versions in memory.
//!
//! The cache never serves a version that this process knows to be superseded: every write of this
//! process and every transaction seen in the log raises the *floor* of a resource, and a row that was
//! read before the floor rose is not taken in. What other processes write is known after one poll of
//! the transaction log; when polling falls behind [`FRESH_FOR`], the cache answers nothing.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant as Monotonic};

use bytes::Bytes;
use moka::ops::compute::Op;
use moka::sync::Cache;
use mt_fhir::ResourceType;
use mt_kernel::{Instant, TenantId};
use uuid::Uuid;

/// Longest time without a successful poll after which cached rows are not trusted.
pub(crate) const FRESH_FOR: Duration = Duration::from_secs(2);

/// How long a floor is kept: longer than any read of a row can be under way.
const FLOOR_KEPT: Duration = Duration::from_secs(120);

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

/// Sealed rows by key, bounded by bytes.
pub(crate) struct RowCache {
    rows: Cache<RowKey, SealedRow>,
    floors: Cache<RowKey, u32>,
    changes: RwLock<HashMap<(TenantId, ResourceType), u64>>,
    start: Monotonic,
    polled_at: AtomicI64,
}

impl RowCache {
    pub(crate) fn new(bytes: u64) -> Self {
        let weigh =
            |_: &RowKey, row: &SealedRow| u32::try_from(row.body.len() + 128).unwrap_or(u32::MAX);
        Self {
            rows: Cache::builder().weigher(weigh).max_capacity(bytes).build(),
            floors: Cache::builder()
                .max_capacity(1 << 20)
                .time_to_live(FLOOR_KEPT)
                .build(),
            changes: RwLock::default(),
            start: Monotonic::now(),
            polled_at: AtomicI64::new(i64::MIN / 2),
        }
    }

    /// The current version, when it is known.
    pub(crate) fn get(&self, key: &RowKey) -> Option<SealedRow> {
        if !self.is_fresh() {
            metrics::counter!("store_cache_bypassed_total").increment(1);
            return None;
        }
        let row = self.rows.get(key);
        let outcome = if row.is_some() { "hit" } else { "miss" };
        metrics::counter!("store_cache_total", "outcome" => outcome).increment(1);
        row
    }

    /// Takes in a row that was read from the database.
    pub(crate) fn learn(&self, key: RowKey, row: SealedRow) {
        if self
            .floors
            .get(&key)
            .is_some_and(|floor| row.version < floor)
        {
            return;
        }
        self.rows.entry(key).and_compute_with(|known| match known {
            Some(known) if known.value().version >= row.version => Op::Nop,
            _ => Op::Put(row.clone()),
        });
        // The floor may have risen between the look and the insertion.
        if let Some(floor) = self.floors.get(&key) {
            self.drop_below(key, floor);
        }
    }

    /// Takes in a version that this process committed.
    pub(crate) fn wrote(&self, key: RowKey, row: SealedRow) {
        self.raise(key, row.version);
        self.learn(key, row);
    }

    /// Takes note that a resource of a type was changed; the first version is a change, too.
    pub(crate) fn heard(&self, tenant: TenantId, resource_type: ResourceType) {
        if COUNTED.contains(&resource_type.name()) {
            let mut changes = self.changes.write().unwrap_or_else(PoisonError::into_inner);
            *changes.entry((tenant, resource_type)).or_default() += 1;
        }
    }

    /// Takes note that `version` of a resource exists.
    pub(crate) fn raise(&self, key: RowKey, version: u32) {
        self.floors
            .entry(key)
            .and_compute_with(|known| match known {
                Some(floor) if *floor.value() >= version => Op::Nop,
                _ => Op::Put(version),
            });
        self.drop_below(key, version);
    }

    fn drop_below(&self, key: RowKey, floor: u32) {
        self.rows.entry(key).and_compute_with(|known| match known {
            Some(row) if row.value().version < floor => Op::Remove,
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

    /// Takes note that the transaction log was read to its end at this moment.
    pub(crate) fn polled(&self) {
        self.polled_at.store(self.elapsed(), Ordering::Relaxed);
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
        cache.polled();
        cache.wrote(key(), row(2));
        cache.learn(key(), row(1));
        assert_eq!(cache.get(&key()).map(|row| row.version), Some(2));
    }

    #[test]
    fn a_superseded_row_is_dropped_and_not_taken_in_again() {
        let cache = RowCache::new(1 << 20);
        cache.polled();
        cache.learn(key(), row(1));
        cache.raise(key(), 2);
        cache.learn(key(), row(1));
        assert_eq!(cache.get(&key()), None);
        cache.learn(key(), row(2));
        assert_eq!(cache.get(&key()).map(|row| row.version), Some(2));
    }

    #[test]
    fn without_polling_nothing_is_served() {
        let cache = RowCache::new(1 << 20);
        cache.wrote(key(), row(1));
        assert_eq!(cache.get(&key()), None);
        cache.polled();
        assert!(cache.get(&key()).is_some());
    }
}
