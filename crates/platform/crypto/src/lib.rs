#![doc = include_str!("../README.md")]

mod aead;
mod blind;
mod dictionary;
mod digest;
mod error;
mod kek;
mod key_use;
mod keys;
mod random;
mod seal;
mod signing;
mod tls;

pub use blind::{BlindIndex, DateShift, ResourceIds, TokenScope};
pub use dictionary::{
    DEFAULT_DICTIONARY, Dictionaries, Dictionary, DictionaryId, ShippedDictionaries,
    open_dictionary, seal_dictionary, train,
};
pub use digest::{constant_time_eq, hkdf_sha256, hmac_sha1_for_totp, hmac_sha256, sha256};
pub use error::{CryptoError, KekError};
pub use kek::{FileKeyring, KekFuture, KekProvider, KekStatus, KeyContext};
pub use key_use::{KeyAction, KeyObserver, KeyUse, LogKeyUse};
pub use keys::{DataKey, KeyId, KeyService, KeyState, Purpose, TenantKeys, WrappedKey};
pub use random::{fill_random, random_bytes, random_token};
pub use seal::{
    BodyAad, MAX_BODY, SealedBody, open, open_body, open_body_into, seal, seal_body, seal_packed,
    sealed_body_header,
};
pub use signing::{Algorithm, CheckpointKey, Pkcs8, PublicKey, RsaSigningKey, SigningKey};
pub use tls::{TrustError, verifying_client};
