//! Why this context refuses.

use mt_api::Problem;
use mt_kernel::{ErrorKind, Fault};

/// What this context returns.
pub(crate) type Result<T, E = ChartingError> = std::result::Result<T, E>;

/// Why this context refuses.
#[derive(Debug, thiserror::Error)]
pub enum ChartingError {
    /// A rule forbids it, or there is no such thing.
    #[error("{0}")]
    Refused(#[from] Fault),
    /// The record store refuses.
    #[error(transparent)]
    Store(#[from] mt_store::StoreError),
    /// A value cannot be searched for.
    #[error(transparent)]
    Search(#[from] mt_search::QueryError),
    /// The database does not answer.
    #[error(transparent)]
    Database(#[from] mt_database::Error),
    /// A paper cannot be drawn.
    #[error("the paper cannot be drawn")]
    Unprintable,
    /// What was stored cannot be read.
    #[error("a stored value cannot be read")]
    Unreadable,
}

impl ChartingError {
    pub(crate) fn invalid(message: &'static str, place: &str) -> Self {
        Self::Refused(Fault::new(ErrorKind::Invalid, message).at(place))
    }

    pub(crate) fn conflict(message: &'static str) -> Self {
        Self::Refused(Fault::new(ErrorKind::Conflict, message))
    }

    /// The closed kind.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Refused(fault) => fault.kind,
            Self::Store(error) => error.kind(),
            Self::Search(_) => ErrorKind::Invalid,
            Self::Database(error) => error.kind(),
            Self::Unreadable | Self::Unprintable => ErrorKind::Internal,
        }
    }
}

impl From<ChartingError> for Fault {
    fn from(error: ChartingError) -> Self {
        match error {
            ChartingError::Refused(fault) => fault,
            ChartingError::Store(error) => error.into(),
            other => Self::new(other.kind(), other.to_string()),
        }
    }
}

impl From<ChartingError> for Problem {
    fn from(error: ChartingError) -> Self {
        Fault::from(error).into()
    }
}
