//! SHA-256, HMAC, HKDF and constant-time comparison.
//!
//! Thin wrappers: other crates hash, derive and compare through these, in one way.

use aws_lc_rs::{constant_time, digest, hkdf, hmac};

use crate::CryptoError;

/// SHA-256 of `bytes`.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    to_array(digest::digest(&digest::SHA256, bytes).as_ref())
}

/// HMAC-SHA-256 of `message` under `key` (RFC 2104).
#[must_use]
pub fn hmac_sha256(key: &[u8], message: &[u8]) -> [u8; 32] {
    to_array(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message).as_ref())
}

/// HMAC-SHA-1 of `message` under `key`, for the one-time passwords of RFC 4226 and nothing else: every
/// authenticator app computes them so.
#[must_use]
pub fn hmac_sha1_for_totp(key: &[u8], message: &[u8]) -> [u8; 20] {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key);
    let tag = hmac::sign(&key, message);
    tag.as_ref().try_into().expect("SHA-1 yields 20 bytes")
}

/// HKDF-SHA-256 (RFC 5869): fills `output` (at most 8,160 bytes) from `secret`, `salt` and `info`.
///
/// # Errors
/// [`CryptoError::Primitive`] when `output` is longer than HKDF allows.
pub fn hkdf_sha256(
    secret: &[u8],
    salt: &[u8],
    info: &[u8],
    output: &mut [u8],
) -> Result<(), CryptoError> {
    let failed = |_| CryptoError::Primitive("key derivation");
    hkdf::Salt::new(hkdf::HKDF_SHA256, salt)
        .extract(secret)
        .expand(&[info], Length(output.len()))
        .map_err(failed)?
        .fill(output)
        .map_err(failed)
}

/// Whether `a` and `b` are equal, in time that depends on their lengths only.
#[must_use]
pub fn constant_time_eq(a: &[u8], b: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(a, b).is_ok()
}

struct Length(usize);

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

fn to_array(bytes: &[u8]) -> [u8; 32] {
    bytes.try_into().expect("SHA-256 yields 32 bytes")
}
