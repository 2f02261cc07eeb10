//! Why administration refuses.

use mt_access::DerivationError;
use mt_kernel::{ErrorKind, Fault};

/// What administration returns.
pub(crate) type Result<T, E = AdministrationError> = std::result::Result<T, E>;

/// Why administration refuses.
#[derive(Debug, thiserror::Error)]
pub enum AdministrationError {
    /// A rule forbids it, or there is no such thing.
    #[error("{0}")]
    Refused(Fault),
    /// The role cannot be derived.
    #[error(transparent)]
    Derivation(#[from] DerivationError),
    /// The act cannot be entered in the audit trail, so it is not done.
    #[error(transparent)]
    Audit(#[from] mt_audit::AuditError),
    /// The record store refuses.
    #[error(transparent)]
    Store(#[from] mt_store::StoreError),
    /// The database does not answer.
    #[error(transparent)]
    Database(#[from] mt_database::Error),
    /// An event cannot be written.
    #[error(transparent)]
    Event(#[from] mt_events::EventError),
    /// What is sealed does not open.
    #[error(transparent)]
    Crypto(#[from] mt_crypto::CryptoError),
    /// What was stored cannot be read.
    #[error("a stored value cannot be read")]
    Unreadable,
}

impl AdministrationError {
    pub(crate) fn invalid(message: &'static str) -> Self {
        Self::Refused(Fault::new(ErrorKind::Invalid, message))
    }

    pub(crate) fn forbidden(message: &'static str) -> Self {
        Self::Refused(Fault::new(ErrorKind::Forbidden, message))
    }

    pub(crate) fn not_found() -> Self {
        Self::Refused(Fault::new(ErrorKind::NotFound, "there is no such entry"))
    }

    pub(crate) fn conflict(message: &'static str) -> Self {
        Self::Refused(Fault::new(ErrorKind::Conflict, message))
    }

    pub(crate) fn precondition(message: &'static str) -> Self {
        Self::Refused(Fault::new(ErrorKind::Precondition, message))
    }

    /// The closed kind.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Refused(fault) => fault.kind,
            Self::Derivation(
                DerivationError::UnknownRecords(_) | DerivationError::UnknownInteractions(_),
            ) => ErrorKind::Invalid,
            Self::Derivation(_) => ErrorKind::Forbidden,
            Self::Audit(_) => ErrorKind::Unavailable,
            Self::Store(error) => error.kind(),
            Self::Database(error) => error.kind(),
            Self::Event(error) => error.kind(),
            Self::Crypto(_) | Self::Unreadable => ErrorKind::Internal,
        }
    }
}

impl From<AdministrationError> for Fault {
    fn from(error: AdministrationError) -> Self {
        match error {
            AdministrationError::Refused(fault) => fault,
            other => Self::new(other.kind(), other.to_string()),
        }
    }
}
