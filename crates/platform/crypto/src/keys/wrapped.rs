//! Data keys as the database holds them: wrapped, with id and state.
//!
//! The record store persists these values; nothing in them is secret without the key-encryption key.

use std::fmt;

use mt_kernel::TenantId;

use crate::{CryptoError, Purpose};

/// Number of a data key: unique within one tenant and purpose, counting up from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(pub u32);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Where a data key stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum KeyState {
    /// Seals and opens; at most one per tenant and purpose.
    Active = 1,
    /// Opens what it once sealed.
    Retired = 2,
    /// Gone: the wrapped bytes are empty.
    Destroyed = 3,
}

impl KeyState {
    /// The state with this stored code.
    #[must_use]
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Active),
            2 => Some(Self::Retired),
            3 => Some(Self::Destroyed),
            _ => None,
        }
    }

    /// Stored code.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }
}

/// A data key wrapped by the tenant's key-encryption key.
///
/// The wrapping binds tenant, purpose and id, so that a row copied to another place is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrappedKey {
    /// Whose key.
    pub tenant: TenantId,
    /// What it is for.
    pub purpose: Purpose,
    /// Its number.
    pub id: KeyId,
    /// Where it stands in its life.
    pub state: KeyState,
    /// What the [`KekProvider`](crate::KekProvider) returned; opaque, empty once destroyed.
    pub wrapped: Vec<u8>,
}

/// Version of the byte layout of a [`WrappedKey`].
const FORMAT: u8 = 1;
/// Format, tenant, purpose, id, state.
const HEADER: usize = 1 + 4 + 1 + 4 + 1;

impl WrappedKey {
    /// One byte string, for stores without columns: `format | tenant | purpose | id | state | wrapped`.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER + self.wrapped.len());
        bytes.push(FORMAT);
        bytes.extend_from_slice(&self.tenant.0.to_be_bytes());
        bytes.push(self.purpose.code());
        bytes.extend_from_slice(&self.id.0.to_be_bytes());
        bytes.push(self.state.code());
        bytes.extend_from_slice(&self.wrapped);
        bytes
    }

    /// Reads what [`Self::to_bytes`] wrote.
    ///
    /// # Errors
    /// [`CryptoError::Malformed`] when the layout, the purpose or the state is unknown.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CryptoError> {
        const MALFORMED: CryptoError = CryptoError::Malformed("wrapped key");
        let (header, wrapped) = bytes.split_first_chunk::<HEADER>().ok_or(MALFORMED)?;
        let [format, t0, t1, t2, t3, purpose, i0, i1, i2, i3, state] = *header;
        if format != FORMAT {
            return Err(MALFORMED);
        }
        Ok(Self {
            tenant: TenantId(i32::from_be_bytes([t0, t1, t2, t3])),
            purpose: Purpose::from_code(purpose).ok_or(MALFORMED)?,
            id: KeyId(u32::from_be_bytes([i0, i1, i2, i3])),
            state: KeyState::from_code(state).ok_or(MALFORMED)?,
            wrapped: wrapped.to_vec(),
        })
    }

    /// The same key in another state; destroying drops the wrapped bytes.
    #[must_use]
    pub fn in_state(mut self, state: KeyState) -> Self {
        self.state = state;
        if state == KeyState::Destroyed {
            self.wrapped.clear();
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_wrapped_key_survives_its_bytes(
            tenant: i32, code in 1u8..=14, id: u32, state in 1u8..=3,
            wrapped in proptest::collection::vec(any::<u8>(), 0..100),
        ) {
            let key = WrappedKey {
                tenant: TenantId(tenant),
                purpose: Purpose::from_code(code).unwrap(),
                id: KeyId(id),
                state: KeyState::from_code(state).unwrap(),
                wrapped,
            };
            prop_assert_eq!(WrappedKey::from_bytes(&key.to_bytes()).unwrap(), key);
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            if let Ok(key) = WrappedKey::from_bytes(&bytes) {
                prop_assert_eq!(key.to_bytes(), bytes);
            }
        }
    }
}
