//! 256 secret bits that wipe themselves.

use std::fmt;

use zeroize::Zeroizing;

use crate::CryptoError;
use crate::digest::hkdf_sha256;
use crate::random::random_bytes;

/// The plaintext of a data key: never printed, wiped when dropped.
pub struct DataKey(Zeroizing<[u8; 32]>);

impl DataKey {
    /// A new random key.
    ///
    /// # Errors
    /// [`CryptoError::Primitive`] when the machine has no entropy.
    pub fn generate() -> Result<Self, CryptoError> {
        random_bytes().map(Self::from_bytes)
    }

    /// Takes over key bytes, as a [`KekProvider`](crate::KekProvider) does after unwrapping.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The one way to the bytes; the name makes each use stand out in review.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// An independent secret for the use that `label` names (HKDF-SHA-256).
    pub(crate) fn derive<const N: usize>(
        &self,
        label: &str,
    ) -> Result<Zeroizing<[u8; N]>, CryptoError> {
        let mut output = Zeroizing::new([0; N]);
        hkdf_sha256(self.expose(), b"meditrack", label.as_bytes(), &mut *output)?;
        Ok(output)
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}
