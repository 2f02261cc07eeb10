//! Why the store refuses, in the closed kinds of the kernel.
//!
//! No variant carries a value of a record: errors are logged and shown.

use std::sync::Arc;

use mt_crypto::CryptoError;
use mt_kernel::{ErrorKind, Fault, Instant};

/// Result of the store.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// Why the store refuses an operation.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StoreError {
    /// The operation breaks rules: each fault names one.
    #[error("{}", faults.first().map_or("refused", |fault| &fault.message))]
    Refused {
        /// The rules broken; never empty.
        faults: Vec<Fault>,
    },
    /// One change of a batch is refused, and with it the whole batch.
    #[error("entry {entry}: {cause}")]
    Entry {
        /// Position in the batch.
        entry: usize,
        /// Why.
        cause: Box<StoreError>,
    },
    /// There is no such resource, or the caller may not know of it.
    #[error("there is no such resource")]
    NotFound,
    /// The resource has been deleted.
    #[error("the resource has been deleted")]
    Gone {
        /// The version that deleted it.
        version: u32,
        /// When.
        last_updated: Instant,
    },
    /// `If-Match` names a version that is not the current one.
    #[error("the current version is {current}, not {expected}")]
    VersionMismatch {
        /// The version that `If-Match` names.
        expected: u32,
        /// The current version.
        current: u32,
    },
    /// The criteria of a conditional operation match more than one resource.
    #[error("the criteria match more than one resource")]
    MultipleMatches,
    /// Others changed the same resources again and again; trying later helps.
    #[error("others keep changing the same resources")]
    Contended,
    /// The tenant is suspended, being deleted or unknown.
    #[error("the tenant is not active")]
    TenantInactive,
    /// The database refused or does not answer.
    #[error(transparent)]
    Database(#[from] mt_database::Error),
    /// A key is missing, or sealed bytes do not open.
    #[error("{0}")]
    Crypto(Arc<CryptoError>),
    /// A stored row contradicts an invariant of the store.
    #[error("a stored row is damaged: {0}")]
    Damaged(&'static str),
}

impl StoreError {
    /// A refusal for one reason.
    pub fn refused(kind: ErrorKind, message: impl Into<std::borrow::Cow<'static, str>>) -> Self {
        Fault::new(kind, message).into()
    }

    /// Says which change of the batch is meant.
    #[must_use]
    pub fn at(self, entry: usize) -> Self {
        match self {
            named @ Self::Entry { .. } => named,
            cause => Self::Entry {
                entry,
                cause: Box::new(cause),
            },
        }
    }

    /// The closed kind, which decides the HTTP status.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Refused { faults } => faults.first().map_or(ErrorKind::Invalid, |f| f.kind),
            Self::Entry { cause, .. } => cause.kind(),
            Self::NotFound => ErrorKind::NotFound,
            Self::Gone { .. } => ErrorKind::Gone,
            Self::VersionMismatch { .. } | Self::MultipleMatches => ErrorKind::Precondition,
            Self::Contended => ErrorKind::Conflict,
            Self::TenantInactive => ErrorKind::Unavailable,
            Self::Database(error) => error.kind(),
            Self::Crypto(_) | Self::Damaged(_) => ErrorKind::Internal,
        }
    }

    /// The faults for an `OperationOutcome`.
    #[must_use]
    pub fn faults(&self) -> Vec<Fault> {
        match self {
            Self::Refused { faults } => faults.clone(),
            Self::Entry { entry, cause } => {
                let at = |fault: Fault| match &fault.expression {
                    Some(_) => fault,
                    None => fault.at(format!("Bundle.entry[{entry}]")),
                };
                cause.faults().into_iter().map(at).collect()
            }
            other => vec![Fault::new(other.kind(), other.to_string())],
        }
    }
}

impl From<CryptoError> for StoreError {
    fn from(error: CryptoError) -> Self {
        Self::Crypto(Arc::new(error))
    }
}

impl From<Fault> for StoreError {
    fn from(fault: Fault) -> Self {
        Self::Refused {
            faults: vec![fault],
        }
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        let mut faults = error.faults();
        if faults.is_empty() {
            return Self::new(error.kind(), error.to_string());
        }
        faults.swap_remove(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_in_a_batch_keeps_its_kind_and_names_its_entry_once() {
        let error = StoreError::NotFound.at(3).at(5);
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert_eq!(error.to_string(), "entry 3: there is no such resource");
        assert_eq!(
            error.faults()[0].expression.as_deref(),
            Some("Bundle.entry[3]")
        );
    }

    #[test]
    fn a_version_mismatch_is_a_failed_precondition() {
        let error = StoreError::VersionMismatch {
            expected: 1,
            current: 2,
        };
        assert_eq!(error.kind().status(), 412);
    }
}
