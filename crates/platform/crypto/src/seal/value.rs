//! Sealing of anything that is not a resource body: cursors, secrets, audit details, events.
//!
//! ```text
//! 0x01 | key id u32 | nonce 12 bytes | ciphertext | tag 16 bytes        (big-endian)
//! AAD = 0x01 | key id u32 | tenant i32 | purpose u8 | caller's bytes
//! ```
//! Everything before the caller's bytes has a fixed length, so no two places share an AAD.

use crate::aead::{NONCE, TAG};
use crate::{CryptoError, KeyId, Purpose, TenantKeys};

/// Version of the layout.
const FORMAT: u8 = 0x01;
/// Format and key id.
const HEADER: usize = 1 + 4;

/// Seals `plaintext` for `purpose` at the place that `aad` names.
///
/// `aad` must be unambiguous: fixed-length fields, or length-prefixed ones. A value that expires
/// carries its expiry inside, and the caller checks it after opening.
///
/// # Errors
/// [`CryptoError::NoActiveKey`], [`CryptoError::NotSealing`], [`CryptoError::Revoked`],
/// [`CryptoError::Exhausted`].
pub fn seal(
    keys: &TenantKeys,
    purpose: Purpose,
    aad: &[u8],
    plaintext: &[u8],
) -> Result<Vec<u8>, CryptoError> {
    let key = keys.active(purpose)?;
    let aead = key.aead(purpose)?;
    let nonce = aead.next_nonce()?;
    let header = header(key.id);
    let mut sealed = Vec::with_capacity(HEADER + NONCE + plaintext.len() + TAG);
    sealed.extend_from_slice(&header);
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(plaintext);
    let associated = associated_data(header, keys, purpose, aad);
    let tag = aead.seal(nonce, &associated, &mut sealed[HEADER + NONCE..])?;
    sealed.extend_from_slice(&tag);
    Ok(sealed)
}

/// Opens what [`seal`] sealed for the same tenant, purpose and place.
///
/// # Errors
/// [`CryptoError::NotAuthentic`], [`CryptoError::Malformed`], [`CryptoError::UnknownKey`],
/// [`CryptoError::KeyDestroyed`], [`CryptoError::Revoked`].
pub fn open(
    keys: &TenantKeys,
    purpose: Purpose,
    aad: &[u8],
    sealed: &[u8],
) -> Result<Vec<u8>, CryptoError> {
    const MALFORMED: CryptoError = CryptoError::Malformed("sealed value");
    let (header, rest) = sealed.split_first_chunk::<HEADER>().ok_or(MALFORMED)?;
    let (nonce, ciphertext) = rest.split_first_chunk::<NONCE>().ok_or(MALFORMED)?;
    let [format, id @ ..] = *header;
    if format != FORMAT {
        return Err(MALFORMED);
    }
    let key = keys.key(purpose, KeyId(u32::from_be_bytes(id)))?;
    let associated = associated_data(*header, keys, purpose, aad);
    let mut plaintext = Vec::new();
    key.aead(purpose)?
        .open(*nonce, &associated, ciphertext, &mut plaintext)?;
    Ok(plaintext)
}

fn header(id: KeyId) -> [u8; HEADER] {
    let [a, b, c, d] = id.0.to_be_bytes();
    [FORMAT, a, b, c, d]
}

fn associated_data(
    header: [u8; HEADER],
    keys: &TenantKeys,
    purpose: Purpose,
    aad: &[u8],
) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER + 4 + 1 + aad.len());
    bytes.extend_from_slice(&header);
    bytes.extend_from_slice(&keys.tenant().0.to_be_bytes());
    bytes.push(purpose.code());
    bytes.extend_from_slice(aad);
    bytes
}
