//! Why the context refuses.

use mt_kernel::{ErrorKind, Fault};

/// Result of the context.
pub type Result<T, E = NotificationError> = std::result::Result<T, E>;

/// Why something about notifications cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum NotificationError {
    /// A rule forbids it, or there is no such thing.
    #[error("{0}")]
    Refused(#[from] Fault),
    /// The act cannot be entered in the audit trail, so it is not done.
    #[error(transparent)]
    Audit(#[from] mt_audit::AuditError),
    /// The tenant does not serve, or a record cannot be read.
    #[error(transparent)]
    Store(#[from] mt_store::StoreError),
    /// The database does not answer.
    #[error(transparent)]
    Database(#[from] mt_database::Error),
    /// A delivery cannot be queued.
    #[error(transparent)]
    Queue(#[from] mt_outbound::QueueError),
    /// What is sealed does not open.
    #[error(transparent)]
    Crypto(#[from] mt_crypto::CryptoError),
    /// An event cannot be written.
    #[error(transparent)]
    Event(#[from] mt_events::EventError),
    /// What was stored cannot be read.
    #[error("a stored value cannot be read")]
    Unreadable,
}

impl NotificationError {
    pub(crate) fn not_found() -> Self {
        Self::Refused(Fault::new(ErrorKind::NotFound, "there is no such entry"))
    }

    pub(crate) fn invalid(message: impl Into<std::borrow::Cow<'static, str>>, at: &str) -> Self {
        Self::Refused(Fault::new(ErrorKind::Invalid, message).at(at))
    }

    /// The closed kind.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Refused(fault) => fault.kind,
            Self::Audit(_) => ErrorKind::Unavailable,
            Self::Store(error) => error.kind(),
            Self::Database(error) => error.kind(),
            Self::Queue(error) => error.kind(),
            Self::Crypto(_) | Self::Event(_) | Self::Unreadable => ErrorKind::Internal,
        }
    }
}

impl From<NotificationError> for Fault {
    fn from(error: NotificationError) -> Self {
        match error {
            NotificationError::Refused(fault) => fault,
            other => Self::new(other.kind(), other.to_string()),
        }
    }
}

impl From<NotificationError> for mt_api::Problem {
    fn from(error: NotificationError) -> Self {
        Fault::from(error).into()
    }
}
