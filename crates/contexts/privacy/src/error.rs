//! Errors of the context, as values.

use mt_audit::AuditError;
use mt_crypto::CryptoError;
use mt_kernel::{ErrorKind, Fault};
use mt_store::StoreError;

/// Result of the crate.
pub type Result<T, E = PrivacyError> = std::result::Result<T, E>;

/// Why something is refused or cannot be done. No variant carries health information.
#[derive(Debug, thiserror::Error)]
pub enum PrivacyError {
    /// The database refused or does not answer.
    #[error(transparent)]
    Database(#[from] mt_database::Error),
    /// A value cannot be sealed or opened.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
    /// The record store refused.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The audit trail refused.
    #[error(transparent)]
    Audit(#[from] AuditError),
    /// An event cannot be written.
    #[error(transparent)]
    Event(#[from] mt_events::EventError),
    /// There is no such thing in this tenant.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// A rule of the workflow forbids it.
    #[error("{0}")]
    Refused(&'static str),
    /// The record must still be kept.
    #[error("the record must be kept until {0}")]
    Retained(jiff::civil::Date),
    /// A context cannot forget what it keeps about a patient.
    #[error("what is kept about the patient elsewhere cannot be removed: {}", .0.message)]
    Forgetting(Fault),
    /// An incident cannot go this way.
    #[error("an incident that is {from} cannot become {to}")]
    Transition {
        /// Its state.
        from: &'static str,
        /// The state asked for.
        to: &'static str,
    },
    /// Somebody else was faster.
    #[error("somebody else changed it first; read it again")]
    Stale,
    /// A stored paper is not what was kept.
    #[error("a paper of the privacy office cannot be read")]
    Damaged,
}

impl From<PrivacyError> for Fault {
    fn from(error: PrivacyError) -> Self {
        let kind = match error {
            PrivacyError::Store(error) => return error.into(),
            PrivacyError::Audit(error) => return error.into(),
            PrivacyError::Forgetting(fault) => return fault,
            PrivacyError::Event(error) => return error.into(),
            PrivacyError::Database(ref error) => error.kind(),
            PrivacyError::Crypto(ref error) => error.kind(),
            PrivacyError::NotFound(_) => ErrorKind::NotFound,
            PrivacyError::Refused(_) => ErrorKind::Invalid,
            PrivacyError::Transition { .. } | PrivacyError::Retained(_) => ErrorKind::Conflict,
            PrivacyError::Stale => ErrorKind::Precondition,
            PrivacyError::Damaged => ErrorKind::Internal,
        };
        Self::new(kind, error.to_string())
    }
}
