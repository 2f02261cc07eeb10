//! Why the context refuses.

use mt_kernel::{ErrorKind, Fault};

/// Result of the context.
pub type Result<T, E = WebhookError> = std::result::Result<T, E>;

/// Why something about webhooks cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// A rule forbids it, or there is no such thing.
    #[error("{0}")]
    Refused(Fault),
    /// The act cannot be entered in the audit trail, so it is not done.
    #[error(transparent)]
    Audit(#[from] mt_audit::AuditError),
    /// The tenant does not serve.
    #[error(transparent)]
    Store(#[from] mt_store::StoreError),
    /// The database does not answer.
    #[error(transparent)]
    Database(#[from] mt_database::Error),
    /// Parcels cannot be queued.
    #[error(transparent)]
    Queue(#[from] mt_outbound::QueueError),
    /// What is sealed does not open.
    #[error(transparent)]
    Crypto(#[from] mt_crypto::CryptoError),
    /// What was stored cannot be read.
    #[error("a stored value cannot be read")]
    Unreadable,
}

impl WebhookError {
    pub(crate) fn invalid(message: &'static str, at: &'static str) -> Self {
        Self::Refused(Fault::new(ErrorKind::Invalid, message).at(at))
    }

    pub(crate) fn not_found() -> Self {
        Self::Refused(Fault::new(ErrorKind::NotFound, "there is no such endpoint"))
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
            Self::Crypto(_) | Self::Unreadable => ErrorKind::Internal,
        }
    }
}

impl From<WebhookError> for Fault {
    fn from(error: WebhookError) -> Self {
        match error {
            WebhookError::Refused(fault) => fault,
            other => Self::new(other.kind(), other.to_string()),
        }
    }
}

impl From<WebhookError> for mt_api::Problem {
    fn from(error: WebhookError) -> Self {
        Fault::from(error).into()
    }
}
