//! Errors of the crate, as values.
//!
//! A refusal never says *why* a sealed value is not authentic: a wrong key, a wrong place and a
//! flipped bit look the same to a caller who might be probing.

use std::path::PathBuf;

use mt_kernel::{ErrorKind, TenantId};

use crate::{DictionaryId, KeyId, Purpose};

/// Why a cryptographic operation was refused.
#[derive(Debug, thiserror::Error)]
pub enum CryptoError {
    /// Wrong key, wrong place (tenant, type, id, version, …) or changed bytes.
    #[error("sealed value is not authentic for this place")]
    NotAuthentic,
    /// The bytes do not have the documented layout.
    #[error("{0} is malformed")]
    Malformed(&'static str),
    /// The tenant has no such key, or it was not loaded.
    #[error("no {purpose} key {id}")]
    UnknownKey {
        /// What the key is for.
        purpose: Purpose,
        /// Which one.
        id: KeyId,
    },
    /// The key was destroyed; what it sealed is gone for good.
    #[error("{purpose} key {id} has been destroyed")]
    KeyDestroyed {
        /// What the key was for.
        purpose: Purpose,
        /// Which one.
        id: KeyId,
    },
    /// Keys of this purpose feed keyed hashes or the date shift; nothing is sealed with them.
    #[error("{0} keys do not seal")]
    NotSealing(Purpose),
    /// Nothing can be sealed for this purpose until a key is created.
    #[error("no active {0} key")]
    NoActiveKey(Purpose),
    /// Two keys of one purpose claim to be active, or two keys share an id.
    #[error("contradicting {0} keys")]
    ContradictingKeys(Purpose),
    /// A key of another tenant was handed in.
    #[error("key belongs to another tenant")]
    ForeignKey,
    /// A data key is still wrapped by an older key-encryption key, which must not go yet.
    #[error("{purpose} key {id} is wrapped by an older key-encryption key")]
    NotRewrapped {
        /// What the data key is for.
        purpose: Purpose,
        /// Which one.
        id: KeyId,
    },
    /// This key must live as long as the tenant's data (see [`Purpose::rotates`]).
    #[error("{0} keys do not rotate")]
    NotRotatable(Purpose),
    /// The keys were revoked in this process (suspension, shredding).
    #[error("keys of tenant {0} have been revoked")]
    Revoked(TenantId),
    /// One process sealed 2^40 values with one loaded key.
    #[error("key has sealed too many values, rotate it")]
    Exhausted,
    /// The dictionary that this body needs is not loaded; load it and open again.
    #[error("dictionary {0} is not loaded")]
    UnknownDictionary(DictionaryId),
    /// The number of a tenant's own dictionary lies among those of the shipped ones.
    #[error("dictionary number {0} is not for own dictionaries")]
    NotOwnDictionary(DictionaryId),
    /// The samples do not make a dictionary (too few, too small).
    #[error("the samples do not make a dictionary")]
    Untrainable,
    /// The plaintext is, or claims to be, larger than the limit.
    #[error("body is larger than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// A signature does not verify.
    #[error("signature does not verify")]
    BadSignature,
    /// A public or private key is not acceptable.
    #[error("{0} key is not acceptable")]
    BadKey(&'static str),
    /// The library failed where it should not (no entropy, no memory).
    #[error("{0} failed")]
    Primitive(&'static str),
    /// The provider of key-encryption keys refused or failed.
    #[error(transparent)]
    Kek(#[from] KekError),
}

/// Why a key-encryption key could not be used.
#[derive(Debug, thiserror::Error)]
pub enum KekError {
    /// The tenant has no key-encryption key.
    #[error("tenant {0} has no key-encryption key")]
    Unknown(TenantId),
    /// The tenant's key-encryption key was destroyed: its data can never be read again.
    #[error("the key-encryption key of tenant {0} has been destroyed")]
    Destroyed(TenantId),
    /// The version that wrapped this key is gone.
    #[error("tenant {tenant} has no key-encryption key version {version}")]
    UnknownVersion {
        /// Whose key.
        tenant: TenantId,
        /// Which version.
        version: u32,
    },
    /// The wrapped key is not authentic under this context.
    #[error("wrapped key is not authentic for this tenant and purpose")]
    Refused,
    /// Someone besides the owner could read or change the key file or its directory.
    #[error("{path} must not be accessible to group or others (mode {mode:o})")]
    Permissions {
        /// The file or directory.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file is not a key file, or its check sum is wrong.
    #[error("{path} is not a sound key file")]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// The file system failed.
    #[error("cannot {action} {path}: {source}")]
    Io {
        /// What was attempted.
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// A remote provider does not answer; trying again may help.
    #[error("key provider is not available: {0}")]
    Unavailable(String),
}

impl CryptoError {
    /// The kind that the edge of the system answers with.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::TooLarge { .. } => ErrorKind::TooLarge,
            Self::KeyDestroyed { .. } | Self::Revoked(_) => ErrorKind::Gone,
            Self::BadSignature => ErrorKind::Unauthenticated,
            Self::BadKey(_) | Self::Untrainable => ErrorKind::Invalid,
            Self::NotRotatable(_) | Self::NotRewrapped { .. } => ErrorKind::Conflict,
            Self::Kek(error) => error.kind(),
            _ => ErrorKind::Internal,
        }
    }
}

impl KekError {
    /// The kind that the edge of the system answers with.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::Destroyed(_) => ErrorKind::Gone,
            Self::Unavailable(_) | Self::Io { .. } => ErrorKind::Unavailable,
            _ => ErrorKind::Internal,
        }
    }
}
