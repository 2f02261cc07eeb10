//! Why a job ended without its result, as it is kept and told.

use mt_fhir::outcome::Issue;
use mt_kernel::ErrorKind;
use mt_store::StoreError;

use crate::error::FhirError;

/// How a job came to nothing.
#[derive(Debug)]
pub(super) enum Failure {
    /// It was cancelled, or another worker has it.
    Lost,
    /// Something did not answer; the job is begun again later.
    Interrupted(String),
    /// It cannot be done; the caller is told.
    Refused(Vec<Issue>),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error.kind() {
            ErrorKind::Conflict => Self::Lost,
            ErrorKind::Unavailable | ErrorKind::Internal => Self::Interrupted(error.to_string()),
            _ => Self::Refused(FhirError::from(error).issues),
        }
    }
}

impl From<FhirError> for Failure {
    fn from(error: FhirError) -> Self {
        match error.kind {
            ErrorKind::Unavailable | ErrorKind::Internal => {
                let first = error.issues.first();
                Self::Interrupted(first.map_or_else(String::new, |one| one.diagnostics.clone()))
            }
            _ => Self::Refused(error.issues),
        }
    }
}
