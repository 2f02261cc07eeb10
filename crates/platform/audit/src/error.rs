//! Errors of the crate, as values.

use mt_crypto::CryptoError;
use mt_kernel::{ErrorKind, Fault};

/// Result of the crate.
pub type Result<T, E = AuditError> = std::result::Result<T, E>;

/// Why the audit trail cannot do what was asked. No variant carries content of an entry.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    /// The journal cannot be written; reads must be refused.
    #[error("the audit journal cannot be written: {0}")]
    Journal(#[from] JournalError),
    /// The database refused or does not answer.
    #[error(transparent)]
    Database(#[from] mt_database::Error),
    /// Keys are missing, or a sealed value does not open.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
    /// The outbox does not take what entries mean.
    #[error(transparent)]
    Outbox(#[from] mt_store::StoreError),
    /// The keys of the tenant are not in memory: it is suspended, being deleted or unknown.
    #[error("the tenant is not active")]
    TenantInactive,
    /// The log contradicts itself or a checkpoint kept outside; it is not extended.
    #[error("the audit log is damaged: {0}")]
    Damaged(String),
    /// There is no such entry or leaf.
    #[error("there is no such audit entry in the log")]
    NoSuchEntry,
    /// A text is not a checkpoint of this log.
    #[error("not a checkpoint of this log: {0}")]
    BadCheckpoint(&'static str),
    /// A text is not where a page of entries ended.
    #[error("not a cursor of the audit trail")]
    BadCursor,
    /// The archive cannot be read or written.
    #[error("the archive of the trail: {}", .0.message)]
    Archive(Fault),
    /// A file of the trail cannot be used.
    #[error("cannot {action}: {source}")]
    File {
        /// What was attempted.
        action: &'static str,
        /// The cause.
        source: std::io::Error,
    },
}

/// Why the journal cannot take a note.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file system failed.
    #[error("cannot {action}: {source}")]
    Io {
        /// What was attempted.
        action: &'static str,
        /// The cause.
        source: std::io::Error,
    },
    /// Too much waits for the database.
    #[error("{waiting} bytes wait for the database")]
    Backlog {
        /// How much.
        waiting: u64,
    },
    /// An earlier write failed and could not be undone.
    #[error("an earlier write left the journal in doubt")]
    InDoubt,
    /// One entry is larger than a record may be.
    #[error("an entry of {bytes} bytes is too large")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
}

impl AuditError {
    /// The kind that the edge of the system answers with.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Journal(_) | Self::TenantInactive | Self::File { .. } => ErrorKind::Unavailable,
            Self::Database(error) => error.kind(),
            Self::Crypto(error) => error.kind(),
            Self::Outbox(error) => error.kind(),
            Self::Archive(fault) => fault.kind,
            Self::Damaged(_) => ErrorKind::Conflict,
            Self::NoSuchEntry => ErrorKind::NotFound,
            Self::BadCheckpoint(_) | Self::BadCursor => ErrorKind::Invalid,
        }
    }

    pub(crate) fn file(action: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::File { action, source }
    }
}

impl JournalError {
    pub(crate) fn io(action: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Io { action, source }
    }
}

impl From<AuditError> for Fault {
    fn from(error: AuditError) -> Self {
        Self::new(error.kind(), error.to_string())
    }
}
