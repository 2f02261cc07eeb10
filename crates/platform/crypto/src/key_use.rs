//! What happened to a key, told to whoever audits.
//!
//! Sealing and opening are audited with the record they belong to; here only the life of keys is
//! reported: few events, each of them worth a row in the audit trail.

use mt_kernel::TenantId;

use crate::{KeyId, Purpose};

/// What was done with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyAction {
    /// A data key was made and wrapped.
    Create,
    /// A data key was unwrapped into memory.
    Unwrap,
    /// A data key gave way to a new one.
    Rotate,
    /// A data key was wrapped again under a newer key-encryption key.
    Rewrap,
    /// A data key was destroyed.
    Destroy,
    /// A key-encryption key was made.
    CreateKek,
    /// A key-encryption key gave way to a new version.
    RotateKek,
    /// The tenant's key-encryption key was destroyed (crypto-shredding).
    DestroyKek,
}

impl KeyAction {
    /// Stable code for audit rows.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Create => "key.create",
            Self::Unwrap => "key.unwrap",
            Self::Rotate => "key.rotate",
            Self::Rewrap => "key.rewrap",
            Self::Destroy => "key.destroy",
            Self::CreateKek => "kek.create",
            Self::RotateKek => "kek.rotate",
            Self::DestroyKek => "kek.destroy",
        }
    }
}

/// One use of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyUse {
    /// Whose key.
    pub tenant: TenantId,
    /// What was done, or attempted.
    pub action: KeyAction,
    /// The data key concerned; `None` for key-encryption keys.
    pub key: Option<(Purpose, KeyId)>,
    /// Whether it succeeded; refusals are reported too.
    pub succeeded: bool,
}

/// Receives every [`KeyUse`]; called on the thread that used the key, so it must not block.
pub trait KeyObserver: Send + Sync {
    /// Takes note of `key_use`.
    fn observe(&self, key_use: KeyUse);
}

impl<F: Fn(KeyUse) + Send + Sync> KeyObserver for F {
    fn observe(&self, key_use: KeyUse) {
        self(key_use);
    }
}

/// Writes each use to the log: for commands that run without an audit trail.
#[derive(Clone, Copy, Debug, Default)]
pub struct LogKeyUse;

impl KeyObserver for LogKeyUse {
    fn observe(&self, key_use: KeyUse) {
        let KeyUse {
            tenant,
            action,
            key,
            succeeded,
        } = key_use;
        let purpose = key.map_or("kek", |(purpose, _)| purpose.name());
        let id = key.map(|(_, id)| id.0);
        tracing::info!(%tenant, action = action.code(), purpose, key = id, succeeded, "key use");
    }
}
