//! Sealed rows in a cache that other processes share, and that is trusted with nothing.
//!
//! A value says up to which transaction it was known to be current, sealed together with the row for its tenant, its place
//! and this line of the database. Whoever finds it takes it only when everything is known that happened since: a value that
//! is old, was swapped or was made up is worth as much as none.

use std::fmt::Debug;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use mt_crypto::Purpose;
use mt_kernel::Instant;

use super::{RowCache, RowKey, SealedRow};
use crate::tenants::Tenant;

/// How long a shared cache keeps a row.
const LIFE: Duration = Duration::from_secs(3600);
/// The largest body that is shared: what is larger is rare, and would keep others waiting.
const LARGEST: usize = 256 << 10;
/// Transaction, version, time and deletion, before the body.
const HEAD: usize = 8 + 4 + 8 + 1;

/// A cache between processes. It may forget, fail, answer late or lie: nothing but time rests on it.
pub trait SharedCache: Debug + Send + Sync {
    /// The value under a key; none as well when the cache does not answer at once.
    fn get(&self, key: [u8; 16]) -> BoxFuture<'_, Option<Vec<u8>>>;

    /// Keeps a value for as long as `life`, if it can; returns at once.
    fn put(&self, key: [u8; 16], value: Vec<u8>, life: Duration);
}

/// The shared cache with what this process knows about the database.
pub(crate) struct Shared {
    port: Arc<dyn SharedCache>,
    /// The database and its timeline: after a restore or a fail-over transactions have other numbers. None when it is not known.
    line: RwLock<Option<Arc<str>>>,
}

impl Shared {
    pub(crate) fn new(port: Arc<dyn SharedCache>) -> Self {
        Self {
            port,
            line: RwLock::default(),
        }
    }

    /// Takes note of the line that the database is on.
    pub(crate) fn on(&self, line: Option<Arc<str>>) {
        *self.line.write().unwrap_or_else(PoisonError::into_inner) = line;
    }

    /// The current version, when the shared cache has it and `cache` can tell that it is.
    pub(crate) async fn get(
        &self,
        cache: &RowCache,
        tenant: &Tenant,
        key: &RowKey,
    ) -> Option<SealedRow> {
        let place = self.place(key)?;
        if !cache.is_fresh() {
            return None;
        }
        let Some(sealed) = self.port.get(blind(tenant, &place)).await else {
            count("miss");
            return None;
        };
        let opened = mt_crypto::open(&tenant.keys, Purpose::Cache, &place, &sealed).ok();
        let Some((seen, row)) = opened.as_deref().and_then(read) else {
            count("refused");
            return None;
        };
        if !cache.may_be_current(key, row.version, seen) {
            count("stale");
            return None;
        }
        count("hit");
        cache.learn(*key, row.clone(), seen);
        Some(row)
    }

    /// Offers a row that was read after everything up to transaction `seen` was known.
    pub(crate) fn put(&self, tenant: &Tenant, key: &RowKey, row: &SealedRow, seen: u64) {
        let Some(place) = self.place(key).filter(|_| row.body.len() <= LARGEST) else {
            return;
        };
        let value = written(row, seen);
        match mt_crypto::seal(&tenant.keys, Purpose::Cache, &place, &value) {
            Ok(sealed) => self.port.put(blind(tenant, &place), sealed, LIFE),
            Err(error) => tracing::debug!(%error, "a row is not shared"),
        }
    }

    /// What a value is sealed to.
    fn place(&self, key: &RowKey) -> Option<Vec<u8>> {
        let line = self.line.read().unwrap_or_else(PoisonError::into_inner);
        let line = line.as_ref()?;
        let mut place = Vec::with_capacity(32 + line.len());
        place.extend_from_slice(b"row\0");
        place.extend_from_slice(&key.tenant.0.to_be_bytes());
        place.extend_from_slice(&key.resource_type.number().to_be_bytes());
        place.extend_from_slice(key.id.as_bytes());
        place.extend_from_slice(line.as_bytes());
        Some(place)
    }
}

/// The name of a place for others: it tells nothing, and one tenant's never meets another's.
fn blind(tenant: &Tenant, place: &[u8]) -> [u8; 16] {
    let half = |name: &str| tenant.blind.scope(&["cache", name]).token(&[place]);
    let mut key = [0; 16];
    key[..8].copy_from_slice(&half("high").to_be_bytes());
    key[8..].copy_from_slice(&half("low").to_be_bytes());
    key
}

fn written(row: &SealedRow, seen: u64) -> Vec<u8> {
    let mut value = Vec::with_capacity(HEAD + row.body.len());
    value.extend_from_slice(&seen.to_be_bytes());
    value.extend_from_slice(&row.version.to_be_bytes());
    value.extend_from_slice(&row.updated_at.0.to_be_bytes());
    value.push(u8::from(row.deleted));
    value.extend_from_slice(&row.body);
    value
}

fn read(value: &[u8]) -> Option<(u64, SealedRow)> {
    let (head, body) = value.split_first_chunk::<HEAD>()?;
    let (seen, rest) = head.split_first_chunk::<8>()?;
    let (version, rest) = rest.split_first_chunk::<4>()?;
    let (updated_at, rest) = rest.split_first_chunk::<8>()?;
    let row = SealedRow {
        version: u32::from_be_bytes(*version),
        updated_at: Instant(i64::from_be_bytes(*updated_at)),
        deleted: rest == [1],
        body: Bytes::copy_from_slice(body),
    };
    Some((u64::from_be_bytes(*seen), row))
}

fn count(outcome: &'static str) {
    metrics::counter!("store_cache_total", "layer" => "shared", "outcome" => outcome).increment(1);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_survives_its_bytes_and_a_torn_one_is_none() {
        let row = SealedRow {
            version: 7,
            updated_at: Instant(-5),
            deleted: true,
            body: Bytes::from_static(b"sealed"),
        };
        let value = written(&row, 99);
        assert_eq!(read(&value), Some((99, row)));
        assert_eq!(read(&value[..HEAD - 1]), None);
    }
}
