//! Why something about subscriptions cannot be done.

use mt_kernel::{ErrorKind, Fault};

/// Result of the context.
pub type Result<T, E = SubscriptionError> = std::result::Result<T, E>;

/// Why something about subscriptions cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum SubscriptionError {
    /// The subscription is none that this server can serve.
    #[error("{0}")]
    Refused(Fault),
    /// Nobody can say who the subscriber is now, or what is theirs to read.
    #[error("the subscriber cannot be looked up")]
    Subscriber,
    /// The record store refuses.
    #[error(transparent)]
    Store(#[from] mt_store::StoreError),
    /// The database does not answer.
    #[error(transparent)]
    Database(#[from] mt_database::Error),
    /// Notifications cannot be queued.
    #[error(transparent)]
    Queue(#[from] mt_outbound::QueueError),
    /// What is sealed does not open.
    #[error(transparent)]
    Crypto(#[from] mt_crypto::CryptoError),
    /// What was stored cannot be read.
    #[error("a stored value cannot be read")]
    Unreadable,
}

impl From<SubscriptionError> for Fault {
    fn from(error: SubscriptionError) -> Self {
        let kind = match &error {
            SubscriptionError::Refused(fault) => return fault.clone(),
            SubscriptionError::Subscriber => ErrorKind::Unavailable,
            SubscriptionError::Store(error) => error.kind(),
            SubscriptionError::Database(error) => error.kind(),
            SubscriptionError::Queue(error) => error.kind(),
            SubscriptionError::Crypto(_) | SubscriptionError::Unreadable => ErrorKind::Internal,
        };
        Self::new(kind, error.to_string())
    }
}
