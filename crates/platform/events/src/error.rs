//! Errors of the crate, as values.

use mt_crypto::CryptoError;
use mt_kernel::{ErrorKind, Fault};

/// Result of the crate.
pub type Result<T, E = EventError> = std::result::Result<T, E>;

/// Why events cannot be written, relayed or read. No variant carries content of an event.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// The database refused or does not answer.
    #[error(transparent)]
    Database(#[from] mt_database::Error),
    /// Keys are missing, or a sealed value does not open.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
    /// The broker refused or does not answer; what exactly stands in the log.
    #[error("{0}")]
    Bus(&'static str),
    /// The keys of the tenant are not in memory: it is suspended, being deleted or unknown.
    #[error("the tenant is not active")]
    TenantInactive,
    /// A value does not fit the schema of its event.
    #[error("{event}: {reason}")]
    Schema {
        /// Name of the event.
        event: &'static str,
        /// What does not fit; names only.
        reason: String,
    },
    /// The catalogue has no such event: it was written by a newer version of the program.
    #[error("the catalogue has no event number {0}")]
    UnknownEvent(i16),
    /// A stored event is damaged.
    #[error("a stored event is damaged: {0}")]
    Damaged(&'static str),
    /// Another process holds the place; this one steps back.
    #[error("another process took over")]
    Fenced,
    /// There is no such dead letter.
    #[error("there is no such dead letter")]
    NoSuchLetter,
}

impl EventError {
    /// The kind that the edge of the system answers with.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Database(error) => error.kind(),
            Self::Crypto(error) => error.kind(),
            Self::Bus(_) | Self::TenantInactive | Self::Fenced => ErrorKind::Unavailable,
            Self::Schema { .. } => ErrorKind::Invalid,
            Self::UnknownEvent(_) | Self::Damaged(_) => ErrorKind::Conflict,
            Self::NoSuchLetter => ErrorKind::NotFound,
        }
    }
}

impl From<EventError> for Fault {
    fn from(error: EventError) -> Self {
        Self::new(error.kind(), error.to_string())
    }
}

/// A refusal by `meditrack.require`'s state in our functions means that a newer holder exists.
pub(crate) fn fenced(error: mt_database::Error) -> EventError {
    match error {
        mt_database::Error::Refused { .. } => EventError::Fenced,
        other => EventError::Database(other),
    }
}
