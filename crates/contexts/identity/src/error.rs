//! Why identity refuses, in the closed kinds of the kernel.

use mt_crypto::CryptoError;
use mt_kernel::{ErrorKind, Fault};
use mt_store::StoreError;

/// Why identity refuses.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// A role code that the matrix does not know.
    #[error("there is no role {0}")]
    UnknownRole(String),
    /// A scope that breaks the grammar.
    #[error(transparent)]
    Scope(#[from] mt_access::ScopeError),
    /// A lifetime that an operator token may not have.
    #[error("an operator token lives between a minute and eight hours")]
    Lifetime,
    /// A token could not be signed or read.
    #[error(transparent)]
    Token(#[from] mt_access::TokenError),
    /// A stored value cannot be read.
    #[error("a stored value is damaged: {0}")]
    Damaged(&'static str),
    /// The tenant does not serve.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The database does not answer.
    #[error(transparent)]
    Database(#[from] mt_database::Error),
    /// A key does not open.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
    /// An event cannot be written.
    #[error(transparent)]
    Event(#[from] mt_events::EventError),
    /// A rule of people and their credentials is broken.
    #[error(transparent)]
    Refused(#[from] Fault),
    /// More passwords are being checked than the machine can.
    #[error("too many people are signing in; try again in a moment")]
    Overloaded,
    /// The audit trail cannot be written; what it should hold is not done.
    #[error(transparent)]
    Audit(#[from] mt_audit::AuditError),
    /// The session has ended meanwhile.
    #[error("the session has ended")]
    SignedOut,
    /// A stored value is not what it should be.
    #[error("a stored value cannot be read")]
    Unreadable,
}

impl From<IdentityError> for Fault {
    fn from(error: IdentityError) -> Self {
        match error {
            IdentityError::Refused(fault) => fault,
            other => Self::new(other.kind(), other.to_string()),
        }
    }
}

impl IdentityError {
    /// The closed kind.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::UnknownRole(_) | Self::Scope(_) | Self::Lifetime => ErrorKind::Invalid,
            Self::Token(_) | Self::Crypto(_) | Self::Unreadable | Self::Damaged(_) => {
                ErrorKind::Internal
            }
            Self::Audit(error) => error.kind(),
            Self::Event(error) => error.kind(),
            Self::Refused(fault) => fault.kind,
            Self::Overloaded => ErrorKind::Unavailable,
            Self::SignedOut => ErrorKind::Unauthenticated,
            Self::Store(error) => error.kind(),
            Self::Database(error) => error.kind(),
        }
    }
}
