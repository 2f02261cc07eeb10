//! Why identity refuses, in the closed kinds of the kernel.

use mt_crypto::CryptoError;
use mt_kernel::ErrorKind;
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
    /// The tenant does not serve.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The database does not answer.
    #[error(transparent)]
    Database(#[from] mt_database::Error),
    /// A key does not open.
    #[error(transparent)]
    Crypto(#[from] CryptoError),
}

impl IdentityError {
    /// The closed kind.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::UnknownRole(_) | Self::Scope(_) | Self::Lifetime => ErrorKind::Invalid,
            Self::Token(_) | Self::Crypto(_) => ErrorKind::Internal,
            Self::Store(error) => error.kind(),
            Self::Database(error) => error.kind(),
        }
    }
}
