//! The stored form of a tenant's own dictionary: compressed and sealed.
//!
//! The dictionary repeats parts of records, so it gets the protection of a record.

use crate::seal::{deflate_plain, inflate_plain};
use crate::{CryptoError, Dictionary, DictionaryId, Purpose, TenantKeys, open, seal};

/// Seals a tenant's own dictionary for storage.
///
/// # Errors
/// As [`seal`].
pub fn seal_dictionary(keys: &TenantKeys, dictionary: &Dictionary) -> Result<Vec<u8>, CryptoError> {
    let content = deflate_plain(dictionary.content())?;
    seal(
        keys,
        Purpose::Dictionary,
        &dictionary.id().0.to_be_bytes(),
        &content,
    )
}

/// Opens what [`seal_dictionary`] sealed under the same number.
///
/// # Errors
/// As [`open`]; [`CryptoError::Malformed`] when it is no dictionary.
pub fn open_dictionary(
    keys: &TenantKeys,
    id: DictionaryId,
    sealed: &[u8],
) -> Result<Dictionary, CryptoError> {
    let content = open(keys, Purpose::Dictionary, &id.0.to_be_bytes(), sealed)?;
    Dictionary::new(id, inflate_plain(&content)?)
}
