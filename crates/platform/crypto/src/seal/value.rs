//! Sealing of anything that is not a resource body: cursors, secrets, audit details, events.
//!
//! ```text
//! format u8 | key id u32 | nonce 12 bytes | ciphertext | tag 16 bytes   (big-endian)
//! AAD = format u8 | key id u32 | tenant i32 | purpose u8 | caller's bytes
//! ```
//! Everything before the caller's bytes has a fixed length, so no two places share an AAD. In format 0x01 the value itself is
//! inside, in format 0x02 a zstd frame of it.

use super::body::MAX_BODY;
use super::codec::{deflate, inflate};
use crate::aead::{NONCE, TAG};
use crate::{CryptoError, KeyId, Purpose, TenantKeys};

/// Layout with the value as it is.
const PLAIN: u8 = 0x01;
/// Layout with the value compressed.
const PACKED: u8 = 0x02;
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
    close(PLAIN, keys, (purpose, aad), plaintext)
}

/// As [`seal`], for values of some length that repeat themselves: compressed first. The length of what is sealed
/// depends on the content then.
///
/// # Errors
/// As [`seal`]; [`CryptoError::TooLarge`] when it could not be opened again.
pub fn seal_packed(
    keys: &TenantKeys,
    purpose: Purpose,
    aad: &[u8],
    plaintext: &[u8],
) -> Result<Vec<u8>, CryptoError> {
    if plaintext.len() > MAX_BODY {
        return Err(CryptoError::TooLarge { limit: MAX_BODY });
    }
    deflate(plaintext, None, |frame| {
        close(PACKED, keys, (purpose, aad), frame)
    })
}

fn close(
    format: u8,
    keys: &TenantKeys,
    (purpose, aad): (Purpose, &[u8]),
    content: &[u8],
) -> Result<Vec<u8>, CryptoError> {
    let key = keys.active(purpose)?;
    let aead = key.aead(purpose)?;
    let nonce = aead.next_nonce()?;
    let header = header(format, key.id);
    let mut sealed = Vec::with_capacity(HEADER + NONCE + content.len() + TAG);
    sealed.extend_from_slice(&header);
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(content);
    let associated = associated_data(header, keys, purpose, aad);
    let tag = aead.seal(nonce, &associated, &mut sealed[HEADER + NONCE..])?;
    sealed.extend_from_slice(&tag);
    Ok(sealed)
}

/// Opens what [`seal`] or [`seal_packed`] sealed for the same tenant, purpose and place.
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
    if ![PLAIN, PACKED].contains(&format) {
        return Err(MALFORMED);
    }
    let key = keys.key(purpose, KeyId(u32::from_be_bytes(id)))?;
    let associated = associated_data(*header, keys, purpose, aad);
    let aead = key.aead(purpose)?;
    let content = |out: &mut Vec<u8>| aead.open(*nonce, &associated, ciphertext, out);
    let mut plaintext = Vec::new();
    if format == PACKED {
        inflate(content, None, MAX_BODY, &mut plaintext)?;
    } else {
        content(&mut plaintext)?;
    }
    Ok(plaintext)
}

fn header(format: u8, id: KeyId) -> [u8; HEADER] {
    let [a, b, c, d] = id.0.to_be_bytes();
    [format, a, b, c, d]
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
