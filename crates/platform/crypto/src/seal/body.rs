//! Resource bodies: compressed, then sealed.
//!
//! ```text
//! 0x11 | key id u32 | dictionary id u16 | nonce 12 bytes | ciphertext | tag 16 bytes   (big-endian)
//! AAD  = 0x11 | key id u32 | dictionary id u16 | tenant i32 | type u16 | id 16 bytes | version u32
//! plaintext of the ciphertext = one zstd frame with its content size and without a dictionary id
//! ```
//! 35 bytes around the frame. The header is outside, so that rotation jobs can count and find bodies
//! by key and by dictionary without opening them; the AAD binds it.

use uuid::Uuid;

use super::codec;
use crate::aead::{NONCE, TAG};
use crate::{CryptoError, Dictionaries, DictionaryId, KeyId, Purpose, TenantKeys};

/// Largest body in bytes, before compression. The HTTP edge refuses earlier and more politely.
pub const MAX_BODY: usize = 64 << 20;

/// Version of the layout.
const FORMAT: u8 = 0x11;
/// Format, key id, dictionary id.
const HEADER: usize = 1 + 4 + 2;
/// Header, tenant, type, id, version.
const AAD: usize = HEADER + 4 + 2 + 16 + 4;

/// The place a body is sealed to; the tenant comes from the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BodyAad {
    /// Number of the resource type; it also chooses the dictionary.
    pub resource_type: u16,
    /// Primary key of the resource.
    pub id: Uuid,
    /// Version of the resource.
    pub version: u32,
}

/// What a sealed body tells without being opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SealedBody {
    /// The key that sealed it.
    pub key: KeyId,
    /// The dictionary that compressed it; [`DictionaryId::NONE`] for none.
    pub dictionary: DictionaryId,
}

/// Compresses `json` with the dictionary for its type and seals it to `place`.
///
/// # Errors
/// [`CryptoError::TooLarge`], [`CryptoError::NoActiveKey`], [`CryptoError::Revoked`],
/// [`CryptoError::Exhausted`].
pub fn seal_body(
    keys: &TenantKeys,
    dictionaries: &Dictionaries,
    place: &BodyAad,
    json: &[u8],
) -> Result<Vec<u8>, CryptoError> {
    if json.len() > MAX_BODY {
        return Err(CryptoError::TooLarge { limit: MAX_BODY });
    }
    let key = keys.active(Purpose::Body)?;
    let aead = key.aead(Purpose::Body)?;
    let dictionary = dictionaries.for_type(place.resource_type);
    let dictionary_id = dictionary
        .as_deref()
        .map_or(DictionaryId::NONE, |dictionary| dictionary.id());
    let header = SealedBody {
        key: key.id,
        dictionary: dictionary_id,
    }
    .to_bytes();
    let aad = associated_data(header, keys, place);
    codec::deflate(json, dictionary.as_deref(), |frame| {
        let nonce = aead.next_nonce()?;
        let tag = aead.seal(nonce, &aad, frame)?;
        let mut sealed = Vec::with_capacity(HEADER + NONCE + frame.len() + TAG);
        sealed.extend_from_slice(&header);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(frame);
        sealed.extend_from_slice(&tag);
        Ok(sealed)
    })
}

/// Opens what [`seal_body`] sealed to the same place.
///
/// # Errors
/// As [`open_body_into`].
pub fn open_body(
    keys: &TenantKeys,
    dictionaries: &Dictionaries,
    place: &BodyAad,
    sealed: &[u8],
) -> Result<Vec<u8>, CryptoError> {
    let mut json = Vec::new();
    open_body_into(keys, dictionaries, place, sealed, &mut json)?;
    Ok(json)
}

/// As [`open_body`], replacing the content of `json`, which is empty after a refusal.
///
/// # Errors
/// [`CryptoError::NotAuthentic`] for any change or any other place; [`CryptoError::UnknownDictionary`]
/// when the caller must load a dictionary and try again; [`CryptoError::UnknownKey`],
/// [`CryptoError::KeyDestroyed`], [`CryptoError::Revoked`], [`CryptoError::Malformed`],
/// [`CryptoError::TooLarge`].
pub fn open_body_into(
    keys: &TenantKeys,
    dictionaries: &Dictionaries,
    place: &BodyAad,
    sealed: &[u8],
    json: &mut Vec<u8>,
) -> Result<(), CryptoError> {
    const MALFORMED: CryptoError = CryptoError::Malformed("sealed body");
    json.clear();
    let (header, rest) = sealed.split_first_chunk::<HEADER>().ok_or(MALFORMED)?;
    let (nonce, ciphertext) = rest.split_first_chunk::<NONCE>().ok_or(MALFORMED)?;
    let about = SealedBody::from_bytes(*header).ok_or(MALFORMED)?;
    let aead = keys.key(Purpose::Body, about.key)?.aead(Purpose::Body)?;
    let dictionary = match about.dictionary {
        DictionaryId::NONE => None,
        id => Some(
            dictionaries
                .get(id)
                .ok_or(CryptoError::UnknownDictionary(id))?,
        ),
    };
    let aad = associated_data(*header, keys, place);
    let decrypt = |frame: &mut Vec<u8>| aead.open(*nonce, &aad, ciphertext, frame);
    codec::inflate(decrypt, dictionary.as_deref(), MAX_BODY, json)
}

/// Reads the header of a sealed body without opening it; the header is authentic only once opened.
///
/// # Errors
/// [`CryptoError::Malformed`].
pub fn sealed_body_header(sealed: &[u8]) -> Result<SealedBody, CryptoError> {
    let header = sealed.first_chunk::<HEADER>().copied();
    header
        .and_then(SealedBody::from_bytes)
        .ok_or(CryptoError::Malformed("sealed body"))
}

impl SealedBody {
    fn to_bytes(self) -> [u8; HEADER] {
        let [k0, k1, k2, k3] = self.key.0.to_be_bytes();
        let [d0, d1] = self.dictionary.0.to_be_bytes();
        [FORMAT, k0, k1, k2, k3, d0, d1]
    }

    fn from_bytes([format, k0, k1, k2, k3, d0, d1]: [u8; HEADER]) -> Option<Self> {
        (format == FORMAT).then_some(Self {
            key: KeyId(u32::from_be_bytes([k0, k1, k2, k3])),
            dictionary: DictionaryId(u16::from_be_bytes([d0, d1])),
        })
    }
}

fn associated_data(header: [u8; HEADER], keys: &TenantKeys, place: &BodyAad) -> [u8; AAD] {
    let mut bytes = [0; AAD];
    let fields: [&[u8]; 5] = [
        &header,
        &keys.tenant().0.to_be_bytes(),
        &place.resource_type.to_be_bytes(),
        place.id.as_bytes(),
        &place.version.to_be_bytes(),
    ];
    let mut at = 0;
    for field in fields {
        bytes[at..at + field.len()].copy_from_slice(field);
        at += field.len();
    }
    bytes
}
