//! Why a code is no unit, or why two units do not convert.

/// A code that is not UCUM, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at offset {position}")]
pub struct UnitError {
    /// Byte offset in the code.
    pub position: usize,
    /// What is wrong.
    pub kind: UnitErrorKind,
}

/// The kinds of [`UnitError`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnitErrorKind {
    /// No text.
    #[error("the unit is empty")]
    Empty,
    /// A symbol that UCUM does not define.
    #[error("{0} is not a UCUM unit")]
    UnknownSymbol(Box<str>),
    /// A prefix before a unit that takes none, as in `k[in_i]`.
    #[error("{0} does not take a prefix")]
    NotMetric(Box<str>),
    /// Something else was needed here.
    #[error("expected {0}")]
    Expected(&'static str),
    /// A bracket, brace or parenthesis without its end.
    #[error("{0} is not closed")]
    Unclosed(char),
    /// A character that UCUM codes do not contain.
    #[error("unexpected character {0:?}")]
    UnexpectedCharacter(char),
    /// An exponent or factor with too many digits.
    #[error("the number is too large")]
    NumberTooLarge,
    /// More than 512 bytes or 16 levels of parentheses.
    #[error("the unit is too long or too deeply nested")]
    TooComplex,
}

/// Why a value does not convert.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConversionError {
    /// The units measure different things.
    #[error("{from} does not convert to {to}")]
    DifferentDimensions {
        /// Base units of the source.
        from: Box<str>,
        /// Base units of the target.
        to: Box<str>,
    },
    /// A special unit (`Cel`, `[pH]`) inside a product has no meaning as a factor.
    #[error("a special unit is part of a product")]
    SpecialInProduct,
    /// The result has more digits than a decimal holds.
    #[error("the converted value is out of range")]
    OutOfRange,
}
