//! Why scheduling refuses.

use mt_api::Problem;
use mt_kernel::{ErrorKind, Fault};

/// What scheduling returns.
pub(crate) type Result<T, E = SchedulingError> = std::result::Result<T, E>;

/// Why scheduling refuses.
#[derive(Debug, thiserror::Error)]
pub enum SchedulingError {
    /// A rule forbids it, or there is no such thing.
    #[error("{0}")]
    Refused(#[from] Fault),
    /// The record store refuses.
    #[error(transparent)]
    Store(#[from] mt_store::StoreError),
    /// The database does not answer.
    #[error(transparent)]
    Database(#[from] mt_database::Error),
    /// What is sealed does not open.
    #[error(transparent)]
    Crypto(#[from] mt_crypto::CryptoError),
    /// What was stored cannot be read.
    #[error("a stored value cannot be read")]
    Unreadable,
}

impl SchedulingError {
    pub(crate) fn invalid(message: &'static str, place: &str) -> Self {
        Self::Refused(Fault::new(ErrorKind::Invalid, message).at(place))
    }

    pub(crate) fn conflict(message: &'static str) -> Self {
        Self::Refused(Fault::new(ErrorKind::Conflict, message))
    }

    pub(crate) fn too_many() -> Self {
        Self::Refused(Fault::new(ErrorKind::TooMany, "too much is said"))
    }

    pub(crate) fn not_found() -> Self {
        Self::Refused(Fault::new(ErrorKind::NotFound, "there is no such entry"))
    }

    /// The closed kind.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Refused(fault) => fault.kind,
            Self::Store(error) => error.kind(),
            Self::Database(error) => error.kind(),
            Self::Crypto(_) | Self::Unreadable => ErrorKind::Internal,
        }
    }
}

impl From<SchedulingError> for Fault {
    fn from(error: SchedulingError) -> Self {
        match error {
            SchedulingError::Refused(fault) => fault,
            SchedulingError::Store(error) => error.into(),
            other => Self::new(other.kind(), other.to_string()),
        }
    }
}

impl From<SchedulingError> for Problem {
    fn from(error: SchedulingError) -> Self {
        Fault::from(error).into()
    }
}
