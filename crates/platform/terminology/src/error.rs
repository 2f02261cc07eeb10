//! Why a terminology question has no answer.

use mt_kernel::{ErrorKind, Fault};

use crate::Canonical;

/// Why a question about codes cannot be answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TerminologyError {
    /// No code system of this name (and version) is at hand.
    #[error("the code system '{0}' is not known")]
    UnknownCodeSystem(Canonical),
    /// No value set of this name (and version) is at hand.
    #[error("the value set '{0}' is not known")]
    UnknownValueSet(Canonical),
    /// No concept map fits.
    #[error("no concept map fits the request")]
    UnknownConceptMap,
    /// The code system is whole and does not define the code.
    #[error("the code '{code}' is not in the code system '{system}'")]
    UnknownCode {
        /// Code system.
        system: String,
        /// The code.
        code: String,
    },
    /// Only a part of the code system is at hand, and the code is not in it.
    #[error("only a part of the code system '{system}' is known, and '{code}' is not in it")]
    OutsideFragment {
        /// Code system.
        system: String,
        /// The code.
        code: String,
    },
    /// The code system is a grammar, or its codes are not at hand.
    #[error("the codes of '{0}' cannot be listed")]
    NotEnumerable(String),
    /// The answer would need more work or hold more codes than allowed.
    #[error("the value set has too many codes: more than {0}")]
    TooCostly(usize),
    /// A value set imports itself.
    #[error("the value set '{0}' imports itself")]
    Cycle(String),
    /// Value sets import each other too deeply.
    #[error("value sets import each other more than {0} levels deep")]
    TooDeep(usize),
    /// A filter that the code system does not offer.
    #[error("the filter '{property} {op}' is not supported for '{system}'")]
    UnsupportedFilter {
        /// Code system.
        system: String,
        /// Property.
        property: String,
        /// Operator.
        op: String,
    },
    /// A filter value that cannot be used.
    #[error("the filter value for '{property}' cannot be used: {reason}")]
    InvalidFilter {
        /// Property.
        property: String,
        /// Why.
        reason: &'static str,
    },
    /// A resource that does not say what it must.
    #[error("the {resource} cannot be used: {reason}")]
    Malformed {
        /// Resource type.
        resource: &'static str,
        /// What is wrong.
        reason: &'static str,
    },
}

impl From<TerminologyError> for Fault {
    fn from(error: TerminologyError) -> Self {
        use TerminologyError as E;
        let kind = match error {
            E::UnknownCodeSystem(_) | E::UnknownValueSet(_) | E::UnknownConceptMap => {
                ErrorKind::NotFound
            }
            E::UnknownCode { .. } | E::OutsideFragment { .. } => ErrorKind::NotFound,
            E::TooCostly(_) | E::TooDeep(_) => ErrorKind::TooCostly,
            E::NotEnumerable(_) | E::UnsupportedFilter { .. } => ErrorKind::Unsupported,
            E::Cycle(_) | E::InvalidFilter { .. } | E::Malformed { .. } => ErrorKind::Invalid,
        };
        Self::new(kind, error.to_string())
    }
}
