//! Why a text is no SCRIPT message, and places in a text.

use std::fmt;

use thiserror::Error;

/// A place in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// Bytes before the place.
    pub offset: usize,
    /// Line, from 1.
    pub line: usize,
    /// Character in the line, from 1.
    pub column: usize,
}

impl Position {
    /// The place that many bytes into a text.
    pub fn at(text: &str, offset: usize) -> Self {
        let offset = text.floor_char_boundary(offset);
        let before = &text[..offset];
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        Self {
            offset,
            line: before.matches('\n').count() + 1,
            column: before[line_start..]
                .chars()
                .filter(|&c| c != '\u{feff}')
                .count()
                + 1,
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.line, self.column)
    }
}

/// A text that cannot be read as a SCRIPT message.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{reason} ({position})")]
pub struct ReadError {
    /// Why.
    pub reason: ReadErrorReason,
    /// Where reading stopped.
    pub position: Position,
}

/// Reasons to refuse a text. They never repeat data.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReadErrorReason {
    /// Larger than [`crate::Limits::bytes`].
    #[error("the message is larger than {0} bytes")]
    TooLarge(usize),
    /// Deeper than [`crate::Limits::depth`].
    #[error("elements are nested deeper than {0}")]
    TooDeep(usize),
    /// More than [`crate::Limits::nodes`].
    #[error("the message has more than {0} elements and texts")]
    TooManyNodes(usize),
    /// More than [`crate::Limits::attributes`].
    #[error("an element has more than {0} attributes")]
    TooManyAttributes(usize),
    /// Bytes that are not UTF-8.
    #[error("the message is not UTF-8")]
    NotUtf8,
    /// Another encoding is declared.
    #[error("the declared encoding is not UTF-8")]
    Encoding,
    /// A Telecommunication (D.0, F6) transmission.
    #[error("this is an NCPDP Telecommunication claim, not a SCRIPT message")]
    Telecommunication,
    /// A SCRIPT message in the EDIFACT syntax of version 10.6 and before.
    #[error("this is SCRIPT in EDIFACT syntax, which no adopted version uses")]
    Edifact,
    /// No XML at all.
    #[error("this is not XML")]
    NotXml,
    /// The text ends too early.
    #[error("the message is cut off")]
    CutOff,
    /// Tags that do not pair.
    #[error("an end tag does not match its start tag")]
    TagMismatch,
    /// Markup that is not XML.
    #[error("the markup is not well-formed XML")]
    Markup,
    /// Twice the same attribute, or no valid value.
    #[error("an attribute is malformed or repeated")]
    Attribute,
    /// A document type declaration, which could define entities.
    #[error("document type declarations are refused")]
    DocumentType,
    /// An entity that XML itself does not define.
    #[error("an entity is unknown or malformed")]
    Entity,
    /// A control character.
    #[error("a character is not allowed in XML")]
    Character,
    /// Content before or after the outermost element.
    #[error("there is content outside of the message")]
    AfterRoot,
    /// Another document than a message.
    #[error("the outermost element is not Message")]
    NotMessage,
    /// A message of another NCPDP standard or an odd domain.
    #[error("TransactionDomain is not SCRIPT")]
    NotScript,
    /// No version is stated, so that no rules are known to hold.
    #[error("the message states no version")]
    NoVersion,
    /// A version that is not adopted (10.6 and before, drafts).
    #[error("the version is neither 2017071 nor 2023011")]
    UnsupportedVersion,
    /// `Header` or `Body` is missing.
    #[error("Message has no {0}")]
    Missing(&'static str),
    /// No transaction, or several.
    #[error("Body must hold exactly one transaction, it holds {0}")]
    Transactions(usize),
    /// A transaction that the standard does not name.
    #[error("the transaction is not one of SCRIPT")]
    UnknownTransaction,
}
