//! Why an evaluation stopped.

/// An evaluation error and where in the expression it arose. Never holds data of the resource.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at offset {position}")]
pub struct EvalError {
    /// Byte offset in the expression.
    pub position: usize,
    /// What went wrong.
    pub kind: EvalErrorKind,
}

/// The kinds of [`EvalError`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EvalErrorKind {
    /// A collection of several items where one was needed (FHIRPath §4.5).
    #[error("expected a single item, found {0}")]
    NotSingleton(usize),
    /// An operand or argument of a type for which the operation has no meaning.
    #[error("{operation} does not apply to {found}")]
    TypeMismatch {
        /// The operator or function.
        operation: &'static str,
        /// The type that it met.
        found: &'static str,
    },
    /// No type has this name.
    #[error("unknown type {0}")]
    UnknownType(Box<str>),
    /// No variable has this name.
    #[error("unknown variable %{0}")]
    UnknownVariable(Box<str>),
    /// A variable was defined twice in one scope.
    #[error("variable %{0} is already defined")]
    VariableRedefined(Box<str>),
    /// A pattern that is no regular expression, or one that is too large.
    #[error("invalid regular expression")]
    InvalidRegex,
    /// An argument outside the values that the function takes.
    #[error("invalid argument for {0}")]
    InvalidArgument(&'static str),
    /// A function that needs a service which the context does not offer.
    #[error("{0} needs a service that is not available here")]
    ServiceUnavailable(&'static str),
    /// A limit of [`crate::Limits`] was reached.
    #[error("the evaluation exceeds its limit of {0}")]
    LimitExceeded(&'static str),
}
