//! Keyed hashes that stand for values in the index, and the shift that stands for dates.
//!
//! The database can compare them and nothing else: without the tenant's key a token says neither
//! what it stands for nor whether another tenant has the same value.

use std::fmt;
use std::hash::Hasher as _;

use siphasher::sip::SipHasher24;
use siphasher::sip128::{Hasher128 as _, SipHasher24 as SipHasher24x128};
use uuid::{Builder, Uuid, Version};
use zeroize::Zeroizing;

use crate::{CryptoError, DataKey, KeyId};

/// Makes search tokens: SipHash-2-4 with a 128-bit secret key, 64 bits wide.
///
/// SipHash is a pseudo-random function, so tokens reveal equality and frequency only; it costs an
/// eighth of HMAC-SHA-256, and a resource has about ten tokens. With 10^10 tokens stored, a query
/// meets a false hit with a chance of 5·10^-10.
#[derive(Clone)]
pub struct BlindIndex {
    id: KeyId,
    key: Zeroizing<[u8; 16]>,
}

impl BlindIndex {
    pub(crate) fn new(id: KeyId, secret: &DataKey) -> Result<Self, CryptoError> {
        Ok(Self {
            id,
            key: secret.derive("search token")?,
        })
    }

    /// Which key makes these tokens: rows indexed under another one need a reindex.
    #[must_use]
    pub const fn key_id(&self) -> KeyId {
        self.id
    }

    /// The token of a value given in parts, such as type, parameter, system and code.
    ///
    /// Parts are length-prefixed: `["a", "bc"]`, `["ab", "c"]` and `["abc"]` have nothing in common.
    #[must_use]
    pub fn token<P: AsRef<[u8]>>(&self, parts: &[P]) -> i64 {
        self.scope(parts).finish()
    }

    /// The state after some leading parts, to be continued for many values:
    /// `scope(&[a, b]).token(&[c])` equals `token(&[a, b, c])`.
    #[must_use]
    pub fn scope<P: AsRef<[u8]>>(&self, parts: &[P]) -> TokenScope {
        let mut hasher = SipHasher24::new_with_key(&self.key);
        write_parts(&mut hasher, parts);
        TokenScope(hasher)
    }
}

/// Leading parts already hashed.
#[derive(Clone, Copy)]
pub struct TokenScope(SipHasher24);

impl TokenScope {
    /// The token of the leading parts followed by `parts`.
    #[must_use]
    pub fn token<P: AsRef<[u8]>>(&self, parts: &[P]) -> i64 {
        let mut hasher = self.0;
        write_parts(&mut hasher, parts);
        Self(hasher).finish()
    }

    /// The leading parts followed by `parts`.
    #[must_use]
    pub fn scope<P: AsRef<[u8]>>(&self, parts: &[P]) -> Self {
        let mut hasher = self.0;
        write_parts(&mut hasher, parts);
        Self(hasher)
    }

    fn finish(&self) -> i64 {
        self.0.finish().cast_signed()
    }
}

/// Maps logical ids to primary keys: a server-made UUID is its own key, any other id is hashed.
///
/// Hashed ids are UUIDs of version 8 (RFC 9562: custom), so they never meet a server-made one; a
/// client that chooses a version 8 UUID gets it hashed like any other text.
#[derive(Clone)]
pub struct ResourceIds {
    key: Zeroizing<[u8; 16]>,
}

impl ResourceIds {
    pub(crate) fn new(secret: &DataKey) -> Result<Self, CryptoError> {
        Ok(Self {
            key: secret.derive("resource id")?,
        })
    }

    /// The primary key of `id` under a resource type (by its number).
    ///
    /// Only the canonical form of a UUID (lower case, hyphens) is taken as it is, because FHIR ids are
    /// case-sensitive: `…A…` and `…a…` are two resources.
    #[must_use]
    pub fn key_of(&self, resource_type: u16, id: &str) -> Uuid {
        let literal = Uuid::try_parse(id).ok().filter(|uuid| {
            let mut buffer = Uuid::encode_buffer();
            uuid.hyphenated().encode_lower(&mut buffer) == id && !Self::is_hashed(*uuid)
        });
        literal.unwrap_or_else(|| self.hash(resource_type, id))
    }

    /// Whether `key` stands for a hashed id, whose literal form is in the sealed body only.
    #[must_use]
    pub fn is_hashed(key: Uuid) -> bool {
        key.get_version() == Some(Version::Custom)
    }

    /// 122 bits of SipHash-2-4-128 in the shape of a version 8 UUID.
    fn hash(&self, resource_type: u16, id: &str) -> Uuid {
        let mut hasher = SipHasher24x128::new_with_key(&self.key);
        write_parts(
            &mut hasher,
            &[&resource_type.to_be_bytes()[..], id.as_bytes()],
        );
        Builder::from_custom_bytes(hasher.finish128().as_bytes()).into_uuid()
    }
}

/// Adds a secret constant to every indexed date of a tenant: order and distances stay, so ranges and
/// sorting work.
///
/// This hides dates from a casual look at a dump, not from an analyst: one known date, or the newest
/// one, gives the shift away. Bodies carry the real dates, sealed.
#[derive(Clone)]
pub struct DateShift(Zeroizing<i64>);

/// Shifts lie within ±2^60 µs (±36,500 years): far from overflow for any FHIR date.
const SHIFT_BITS: u32 = 61;

impl DateShift {
    pub(crate) fn new(secret: &DataKey) -> Result<Self, CryptoError> {
        let bits = i64::from_be_bytes(*secret.derive("date shift")?);
        Ok(Self(Zeroizing::new(bits >> (i64::BITS - SHIFT_BITS))))
    }

    /// The indexed form of a date in microseconds; open ends (`i64::MIN`, `i64::MAX`) stay open.
    #[must_use]
    pub fn apply(&self, microseconds: i64) -> i64 {
        shift(microseconds, *self.0)
    }

    /// The date behind an indexed form.
    #[must_use]
    pub fn undo(&self, indexed: i64) -> i64 {
        shift(indexed, -*self.0)
    }
}

fn shift(value: i64, by: i64) -> i64 {
    if value == i64::MIN || value == i64::MAX {
        value
    } else {
        value.saturating_add(by)
    }
}

/// Feeds each part behind its length, so that the sequence can be read back: the encoding is injective.
/// Lengths are LEB128: one byte below 128.
fn write_parts<P: AsRef<[u8]>>(hasher: &mut impl std::hash::Hasher, parts: &[P]) {
    for part in parts {
        let part = part.as_ref();
        let mut length = part.len();
        while length >= 0x80 {
            hasher.write(&[length.to_le_bytes()[0] | 0x80]);
            length >>= 7;
        }
        hasher.write(&[length.to_le_bytes()[0]]);
        hasher.write(part);
    }
}

impl fmt::Debug for BlindIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlindIndex")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for TokenScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenScope([secret])")
    }
}

impl fmt::Debug for ResourceIds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResourceIds([secret])")
    }
}

impl fmt::Debug for DateShift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DateShift([secret])")
    }
}

#[cfg(test)]
mod tests;
