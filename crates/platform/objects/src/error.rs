//! Errors of object storage, as values.

use mt_kernel::ErrorKind;

/// Result of the crate.
pub type Result<T, E = ObjectError> = std::result::Result<T, E>;

/// Why an object cannot be written or read. No variant carries content or credentials.
#[derive(Debug, thiserror::Error)]
pub enum ObjectError {
    /// The address of the storage is not usable.
    #[error("the address of the object storage is not usable: {0}")]
    Address(&'static str),
    /// The storage does not answer.
    #[error("the object storage does not answer")]
    Unreachable(#[source] reqwest::Error),
    /// The storage refused.
    #[error("the object storage refused with status {status} ({code})")]
    Refused {
        /// HTTP status.
        status: u16,
        /// The error code of the S3 API, such as `AccessDenied`.
        code: String,
    },
    /// The bucket lets objects be changed.
    #[error("the bucket has no object lock: what is archived there could be changed")]
    NoLock,
    /// An answer is larger than any object that was written.
    #[error("the object storage answered with more than {0} bytes")]
    TooLarge(usize),
}

impl ObjectError {
    /// What kind of failure it is.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::Address(_) | Self::NoLock => ErrorKind::Invalid,
            Self::Unreachable(_) => ErrorKind::Unavailable,
            Self::Refused { status, .. } if *status >= 500 => ErrorKind::Unavailable,
            Self::Refused { .. } | Self::TooLarge(_) => ErrorKind::Internal,
        }
    }
}
