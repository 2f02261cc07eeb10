//! Errors of statements and connections, classified by what a caller can do about them.
//!
//! Texts that PostgreSQL builds from values (classes 22 and 23) are left out, because a value may
//! be health information; texts that speak only of objects and syntax are kept.

use mt_kernel::{ErrorKind, Fault};
use tokio_postgres::error::{DbError, SqlState};

/// SQLSTATE that `meditrack.require` raises.
pub const REFUSED: &str = "MT409";

/// Why a statement, a transaction or a connection failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A concurrent transaction won (SQLSTATE 40001 or 40P01); running the whole transaction
    /// again may succeed.
    #[error("a concurrent transaction changed the same rows")]
    Contended,
    /// A unique or exclusion constraint refused the row.
    #[error("a row with this key exists already (constraint {constraint})")]
    Unique {
        /// Name of the constraint.
        constraint: String,
    },
    /// A foreign key, check or not-null constraint refused the row.
    #[error("a row breaks the constraint {constraint}")]
    Constraint {
        /// Name of the constraint, or of the column for not-null.
        constraint: String,
    },
    /// A statement of ours refused to go on through `meditrack.require`.
    #[error("refused: {reason}")]
    Refused {
        /// The reason passed to `meditrack.require`; a fixed word, never a value.
        reason: String,
    },
    /// A statement, lock or idle time limit ran out.
    #[error("the database took longer than allowed")]
    Timeout,
    /// Row-level security or a missing grant refused the statement.
    #[error("the database role may not do this: {message}")]
    Denied {
        /// PostgreSQL's text; it names objects only.
        message: String,
    },
    /// The server cannot be reached, is starting, stopping, or has no connection left.
    #[error("the database does not answer: {reason}")]
    Unavailable {
        /// Why, in a few words.
        reason: String,
    },
    /// The connection broke after a commit was sent: it may or may not have taken effect.
    #[error("the connection was lost during commit; its outcome is unknown")]
    CommitUnknown,
    /// The server takes no writes: it has become a standby, or was told to be read-only (SQLSTATE 25006).
    #[error("the database takes no writes at present")]
    ReadOnly,
    /// The server ran out of disk, memory or another resource.
    #[error("the database server is out of resources ({code})")]
    OutOfResources {
        /// SQLSTATE.
        code: String,
    },
    /// A prepared statement no longer fits the schema; the next attempt prepares it again.
    #[error("a prepared statement is out of date")]
    StaleStatement,
    /// Any other refusal by the server.
    #[error("the database refused the statement ({code}): {message}")]
    Rejected {
        /// SQLSTATE.
        code: String,
        /// PostgreSQL's text where it cannot hold values, else empty.
        message: String,
    },
    /// A value does not fit the column or parameter type, or the row has not the expected shape.
    #[error("a value and its column disagree: {message}")]
    Mapping {
        /// What disagrees.
        message: String,
    },
}

impl Error {
    /// Whether running the whole transaction again may succeed without anything else changing.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        matches!(self, Self::Contended | Self::StaleStatement)
    }

    /// Whether the connection is of no further use.
    #[must_use]
    pub const fn is_disconnect(&self) -> bool {
        matches!(
            self,
            Self::Unavailable { .. } | Self::CommitUnknown | Self::ReadOnly
        )
    }

    /// The closed kind of this error.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::Contended | Self::Unique { .. } | Self::Refused { .. } => ErrorKind::Conflict,
            Self::Constraint { .. } => ErrorKind::Invalid,
            Self::Timeout
            | Self::Unavailable { .. }
            | Self::CommitUnknown
            | Self::ReadOnly
            | Self::StaleStatement
            | Self::OutOfResources { .. } => ErrorKind::Unavailable,
            Self::Denied { .. } | Self::Rejected { .. } | Self::Mapping { .. } => {
                ErrorKind::Internal
            }
        }
    }

    pub(crate) fn unavailable(reason: impl Into<String>) -> Self {
        Self::Unavailable {
            reason: reason.into(),
        }
    }

    /// Reads an error of a commit: after the commit was sent a lost connection tells nothing.
    pub(crate) fn during_commit(self) -> Self {
        match self {
            Self::Unavailable { .. } => Self::CommitUnknown,
            other => other,
        }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::new(error.kind(), error.to_string())
    }
}

impl From<tokio_postgres::Error> for Error {
    fn from(error: tokio_postgres::Error) -> Self {
        if let Some(db) = error.as_db_error() {
            return from_server(db);
        }
        let io = std::error::Error::source(&error)
            .is_some_and(|source| source.downcast_ref::<std::io::Error>().is_some());
        if io || error.is_closed() || error.to_string().starts_with("error connecting") {
            return Self::unavailable(chain(&error));
        }
        Self::Mapping {
            message: error.to_string(),
        }
    }
}

fn chain(error: &tokio_postgres::Error) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

fn from_server(db: &DbError) -> Error {
    let code = db.code();
    let constraint = || {
        let name = db.constraint().or(db.column()).or(db.table());
        name.unwrap_or("unnamed").to_owned()
    };
    match *code {
        SqlState::T_R_SERIALIZATION_FAILURE | SqlState::T_R_DEADLOCK_DETECTED => Error::Contended,
        SqlState::UNIQUE_VIOLATION | SqlState::EXCLUSION_VIOLATION => Error::Unique {
            constraint: constraint(),
        },
        SqlState::QUERY_CANCELED
        | SqlState::LOCK_NOT_AVAILABLE
        | SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT => Error::Timeout,
        SqlState::INSUFFICIENT_PRIVILEGE => Error::Denied {
            message: db.message().to_owned(),
        },
        SqlState::INVALID_SQL_STATEMENT_NAME => Error::StaleStatement,
        SqlState::FEATURE_NOT_SUPPORTED if db.message().starts_with("cached plan") => {
            Error::StaleStatement
        }
        SqlState::TOO_MANY_CONNECTIONS => Error::unavailable("it has no connection left"),
        SqlState::READ_ONLY_SQL_TRANSACTION => Error::ReadOnly,
        // What a standby answers to the beginning of a transaction that writes.
        SqlState::FEATURE_NOT_SUPPORTED if db.message().contains("during recovery") => {
            Error::ReadOnly
        }
        _ => by_class(db, code.code(), constraint),
    }
}

fn by_class(db: &DbError, code: &str, constraint: impl FnOnce() -> String) -> Error {
    match code.get(..2).unwrap_or_default() {
        _ if code == REFUSED => Error::Refused {
            reason: db.message().to_owned(),
        },
        "23" => Error::Constraint {
            constraint: constraint(),
        },
        "08" | "57" => Error::unavailable(db.message()),
        "53" | "58" => Error::OutOfResources {
            code: code.to_owned(),
        },
        "22" | "P0" => Error::Rejected {
            code: code.to_owned(),
            message: String::new(),
        },
        _ => Error::Rejected {
            code: code.to_owned(),
            message: db.message().to_owned(),
        },
    }
}
