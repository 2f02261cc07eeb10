//! Why a search is refused.

use mt_kernel::{ErrorKind, Fault};

/// A limit that a search may exceed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Limit {
    /// Parameters of the whole search.
    #[error("parameters")]
    Parameters,
    /// Bytes of one value.
    #[error("bytes in a value")]
    ValueLength,
    /// Alternatives of one parameter.
    #[error("alternative values")]
    Alternatives,
    /// Hops of a chain, `_has` included.
    #[error("hops in a chain")]
    ChainDepth,
    /// Target types of a chain that names none.
    #[error("target types of an unqualified chain")]
    ChainTargets,
    /// `_include` and `_revinclude` together.
    #[error("includes")]
    Includes,
    /// Sort keys.
    #[error("sort keys")]
    SortKeys,
    /// Operators and parentheses of a `_filter`.
    #[error("terms in a filter")]
    FilterTerms,
}

/// Why a search is refused. Names of parameters appear, values never do: they may be health
/// information.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// No such parameter on the types searched.
    #[error("unknown search parameter '{name}'")]
    UnknownParameter {
        /// As given.
        name: String,
    },
    /// The parameter exists and is not supported.
    #[error("search parameter '{name}' is not supported: {reason}")]
    Unsupported {
        /// As given.
        name: String,
        /// Why.
        reason: &'static str,
    },
    /// The modifier does not exist, or not for this kind of parameter.
    #[error("modifier ':{modifier}' does not apply to search parameter '{name}'")]
    Modifier {
        /// The parameter.
        name: String,
        /// The modifier without colon.
        modifier: String,
    },
    /// The value is not of the parameter's kind.
    #[error("invalid value for search parameter '{name}': {reason}")]
    Value {
        /// The parameter.
        name: String,
        /// What is wrong or expected.
        reason: &'static str,
    },
    /// The parameter may be given once.
    #[error("search parameter '{name}' may be given only once")]
    Repeated {
        /// The parameter.
        name: String,
    },
    /// A resource type that does not exist.
    #[error("unknown resource type in search parameter '{name}'")]
    UnknownType {
        /// The parameter.
        name: String,
    },
    /// A chain or include goes through a parameter that is no reference, or to a type that the
    /// reference never has.
    #[error("search parameter '{name}' cannot be followed: {reason}")]
    Chain {
        /// The parameter.
        name: String,
        /// Why.
        reason: &'static str,
    },
    /// A `_filter` that breaks the grammar.
    #[error("invalid _filter at character {position}: {reason}")]
    Filter {
        /// Character index, from zero.
        position: usize,
        /// What is wrong.
        reason: &'static str,
    },
    /// More than allowed.
    #[error("search parameter '{name}' exceeds the limit of {max} {limit}")]
    TooMuch {
        /// The parameter.
        name: String,
        /// Which limit.
        limit: Limit,
        /// Its value.
        max: usize,
    },
    /// The query string is not `application/x-www-form-urlencoded` UTF-8.
    #[error("malformed query string: {reason}")]
    Encoding {
        /// What is wrong.
        reason: &'static str,
    },
}

impl QueryError {
    /// The closed kind that the HTTP edge maps to a status.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::Unsupported { .. } => ErrorKind::Unsupported,
            Self::TooMuch { .. } => ErrorKind::TooCostly,
            _ => ErrorKind::Malformed,
        }
    }

    /// Name of the parameter that is at fault.
    #[must_use]
    pub fn parameter(&self) -> Option<&str> {
        match self {
            Self::UnknownParameter { name }
            | Self::Unsupported { name, .. }
            | Self::Modifier { name, .. }
            | Self::Value { name, .. }
            | Self::Repeated { name }
            | Self::UnknownType { name }
            | Self::Chain { name, .. }
            | Self::TooMuch { name, .. } => Some(name),
            Self::Filter { .. } => Some("_filter"),
            Self::Encoding { .. } => None,
        }
    }
}

impl From<QueryError> for Fault {
    fn from(error: QueryError) -> Self {
        let fault = Self::new(error.kind(), error.to_string());
        match error.parameter() {
            Some(name) => fault.at(format!("http.{name}")),
            None => fault,
        }
    }
}
