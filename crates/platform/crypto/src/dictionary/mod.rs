//! Compression dictionaries: shipped ones for everybody, trained ones per tenant.
//!
//! A body of one kilobyte has nothing to repeat; a dictionary brings what bodies of its type share. A
//! tenant's own dictionary is made of its records, so it is health information and is stored sealed.

mod registry;
mod sealed;
mod shipped;
mod train;

use std::fmt;
use std::sync::OnceLock;

use zeroize::Zeroizing;
use zstd::zstd_safe::{CDict, DDict};

use crate::CryptoError;
use crate::seal::MAX_DICTIONARY;

pub use registry::Dictionaries;
pub use sealed::{open_dictionary, seal_dictionary};
pub use shipped::ShippedDictionaries;
pub use train::{DEFAULT_DICTIONARY, train};

/// Number of a dictionary, in the header of every body. Numbers are never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DictionaryId(pub u16);

impl DictionaryId {
    /// No dictionary.
    pub const NONE: Self = Self(0);
    /// The first number of a tenant's own dictionaries; those below are shipped.
    pub const FIRST_OWN: Self = Self(0x8000);

    /// Whether the dictionary belongs to a tenant (and not to the binary).
    #[must_use]
    pub const fn is_own(self) -> bool {
        self.0 >= Self::FIRST_OWN.0
    }
}

impl fmt::Display for DictionaryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A zstd dictionary, prepared on first use for each direction.
pub struct Dictionary {
    id: DictionaryId,
    content: Zeroizing<Vec<u8>>,
    compression: OnceLock<CDict<'static>>,
    decompression: OnceLock<DDict<'static>>,
}

/// First bytes of a dictionary (RFC 8878, 5), before its own four-byte id.
const MAGIC: [u8; 4] = 0xEC30_A437_u32.to_le_bytes();
const LEVEL: i32 = 1;

impl Dictionary {
    /// Takes over a dictionary in zstd's format.
    ///
    /// The id inside the format is set to zero, so that frames do not repeat it: ours stands in the
    /// header of the body, under authentication.
    ///
    /// # Errors
    /// [`CryptoError::Malformed`] when `content` is no sound dictionary or larger than 1 MiB.
    pub fn new(id: DictionaryId, content: Vec<u8>) -> Result<Self, CryptoError> {
        let mut content = Zeroizing::new(content);
        let sound = id != DictionaryId::NONE && content.len() <= MAX_DICTIONARY;
        match content.first_chunk_mut::<8>() {
            Some([magic @ .., a, b, c, d]) if sound && *magic == MAGIC => {
                [*a, *b, *c, *d] = [0; 4];
            }
            _ => return Err(CryptoError::Malformed("dictionary")),
        }
        let dictionary = Self {
            id,
            content,
            compression: OnceLock::new(),
            decompression: OnceLock::new(),
        };
        dictionary.for_decompression()?;
        Ok(dictionary)
    }

    /// Its number.
    #[must_use]
    pub const fn id(&self) -> DictionaryId {
        self.id
    }

    /// Its content in zstd's format; of a tenant's own dictionary, health information.
    #[must_use]
    pub fn content(&self) -> &[u8] {
        &self.content
    }

    pub(crate) fn for_compression(&self) -> Result<&CDict<'static>, CryptoError> {
        prepared(&self.compression, || {
            CDict::try_create(&self.content, LEVEL)
        })
    }

    pub(crate) fn for_decompression(&self) -> Result<&DDict<'static>, CryptoError> {
        prepared(&self.decompression, || DDict::try_create(&self.content))
    }
}

/// Prepares once; two threads that race both prepare and one result is kept.
fn prepared<T>(slot: &OnceLock<T>, make: impl FnOnce() -> Option<T>) -> Result<&T, CryptoError> {
    if let Some(prepared) = slot.get() {
        return Ok(prepared);
    }
    let made = make().ok_or(CryptoError::Malformed("dictionary"))?;
    Ok(slot.get_or_init(|| made))
}

impl fmt::Debug for Dictionary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dictionary")
            .field("id", &self.id)
            .field("bytes", &self.content.len())
            .finish_non_exhaustive()
    }
}
