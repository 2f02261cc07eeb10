//! argon2id behind a bounded queue: however many sign in at once, memory stays the same.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use argon2::{Algorithm, Argon2, Params, Version};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization as _;

use crate::IdentityError;

const SALT: usize = 16;
const LENGTH: usize = 32;

/// What one hash costs (RFC 9106).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    /// KiB of memory.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
}

impl Default for Cost {
    /// 32 MiB, three passes: above the floor of the OWASP cheat sheet (19 MiB, two passes).
    fn default() -> Self {
        Self {
            memory_kib: 32 << 10,
            passes: 3,
        }
    }
}

/// A hash with what it was made of.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Hash {
    cost: Cost,
    salt: [u8; SALT],
    hash: [u8; LENGTH],
}

/// The workers that hash. Cloning shares them.
#[derive(Clone)]
pub struct Hashing {
    cost: Cost,
    workers: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    queue: usize,
}

/// A place in the queue, given back however the wait ends.
struct Place<'a>(&'a AtomicUsize);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Hashing {
    /// `workers` hashes at once and `queue` more waiting; what comes then is refused.
    #[must_use]
    pub fn new(cost: Cost, workers: usize, queue: usize) -> Self {
        Self {
            cost,
            workers: Arc::new(Semaphore::new(workers.max(1))),
            waiting: Arc::default(),
            queue,
        }
    }

    /// As many workers as half of the machine's cores, and a queue of about two seconds.
    #[must_use]
    pub fn for_this_machine() -> Self {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let workers = (cores / 2).clamp(1, 8);
        Self::new(Cost::default(), workers, workers * 20)
    }

    pub(crate) fn is_current(&self, hash: &Hash) -> bool {
        hash.cost.memory_kib >= self.cost.memory_kib && hash.cost.passes >= self.cost.passes
    }

    pub(crate) async fn hash(&self, password: &str) -> Result<Hash, IdentityError> {
        let (cost, salt) = (self.cost, mt_crypto::random_bytes::<SALT>()?);
        let hash = self.run(cost, salt, password).await?;
        Ok(Hash { cost, salt, hash })
    }

    pub(crate) async fn verify(&self, password: &str, kept: &Hash) -> Result<bool, IdentityError> {
        let hash = self.run(kept.cost, kept.salt, password).await?;
        Ok(mt_crypto::constant_time_eq(&hash, &kept.hash))
    }

    /// Does the work of a check whose answer is known.
    pub(crate) async fn waste(&self, password: &str) -> Result<(), IdentityError> {
        self.run(self.cost, [0; SALT], password).await.map(drop)
    }

    async fn run(
        &self,
        cost: Cost,
        salt: [u8; SALT],
        password: &str,
    ) -> Result<[u8; LENGTH], IdentityError> {
        let place = Place(&self.waiting);
        let ahead = self.waiting.fetch_add(1, Ordering::Relaxed);
        if ahead >= self.queue + self.workers.available_permits() {
            return Err(IdentityError::Overloaded);
        }
        let worker = Arc::clone(&self.workers).acquire_owned().await;
        let worker = worker.map_err(|_| IdentityError::Overloaded)?;
        drop(place);
        let bytes = prepared(password);
        let hashed = tokio::task::spawn_blocking(move || {
            let hashed = compute(cost, &salt, &bytes);
            drop(worker);
            hashed
        });
        hashed.await.map_err(|_| IdentityError::Overloaded)?
    }
}

/// The same characters count as the same password, however a keyboard composes them (NIST SP
/// 800-63B §5.1.1.2).
fn prepared(password: &str) -> Vec<u8> {
    password.nfkc().collect::<String>().into_bytes()
}

fn compute(cost: Cost, salt: &[u8], password: &[u8]) -> Result<[u8; LENGTH], IdentityError> {
    let unfit = |_| IdentityError::Unreadable;
    let params = Params::new(cost.memory_kib, cost.passes, 1, Some(LENGTH)).map_err(unfit)?;
    let mut hash = [0; LENGTH];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(password, salt, &mut hash)
        .map_err(unfit)?;
    Ok(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEAP: Cost = Cost {
        memory_kib: 64,
        passes: 1,
    };

    #[tokio::test]
    async fn a_password_verifies_in_any_unicode_form_and_another_does_not() {
        let hashing = Hashing::new(CHEAP, 2, 10);
        let kept = hashing.hash("straße zum café").await.unwrap();
        assert!(
            hashing
                .verify("straße zum cafe\u{301}", &kept)
                .await
                .unwrap()
        );
        assert!(!hashing.verify("straße zum cafe", &kept).await.unwrap());
    }

    #[tokio::test]
    async fn a_cheaper_hash_is_not_current() {
        let kept = Hashing::new(CHEAP, 1, 1).hash("x").await.unwrap();
        let costlier = Cost { passes: 2, ..CHEAP };
        assert!(Hashing::new(CHEAP, 1, 1).is_current(&kept));
        assert!(!Hashing::new(costlier, 1, 1).is_current(&kept));
    }

    #[tokio::test]
    async fn what_does_not_fit_into_the_queue_is_refused_and_the_rest_is_done() {
        let hashing = Hashing::new(
            Cost {
                memory_kib: 4 << 10,
                passes: 2,
            },
            1,
            4,
        );
        let all: Vec<_> = (0..50)
            .map(|_| {
                let hashing = hashing.clone();
                tokio::spawn(async move { hashing.hash("x").await.is_ok() })
            })
            .collect();
        let mut done = 0;
        for one in all {
            done += usize::from(one.await.unwrap());
        }
        assert!((5..50).contains(&done), "{done}");
        assert_eq!(hashing.waiting.load(Ordering::Relaxed), 0);
        assert!(hashing.hash("x").await.is_ok());
    }
}
