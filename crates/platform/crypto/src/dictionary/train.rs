//! Training of dictionaries from samples.
//!
//! The same function makes the shipped dictionaries, from synthetic data, and a tenant's own.

use crate::{CryptoError, Dictionary, DictionaryId};

/// Default size of a dictionary in bytes: larger ones compress a little better and crowd the caches.
pub const DEFAULT_DICTIONARY: usize = 32 << 10;

/// zstd needs some samples to tell what repeats from what does not.
const FEWEST_SAMPLES: usize = 16;

/// Trains dictionary `id` of at most `size` bytes on `samples`, bodies in the form they are sealed in.
///
/// A hundred times `size` of samples is plenty; take the most recent bodies of one type.
///
/// # Errors
/// [`CryptoError::Untrainable`] when the samples are too few or too small.
pub fn train<S: AsRef<[u8]>>(
    id: DictionaryId,
    samples: &[S],
    size: usize,
) -> Result<Dictionary, CryptoError> {
    if samples.len() < FEWEST_SAMPLES {
        return Err(CryptoError::Untrainable);
    }
    let content = zstd::dict::from_samples(samples, size).map_err(|_| CryptoError::Untrainable)?;
    Dictionary::new(id, content)
}
