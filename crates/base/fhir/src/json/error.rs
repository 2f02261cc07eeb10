//! Why a text is not an acceptable JSON document.

/// Kinds of refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JsonErrorKind {
    /// The text ends inside a value.
    #[error("the text ends too early")]
    UnexpectedEnd,
    /// A character that cannot stand here.
    #[error("unexpected character")]
    UnexpectedCharacter,
    /// Something follows the value.
    #[error("text after the end of the value")]
    TrailingText,
    /// A number that is not JSON (leading zero, missing digits, `NaN`).
    #[error("not a JSON number")]
    BadNumber,
    /// An escape sequence that is not JSON, or a lone surrogate.
    #[error("not a valid escape sequence")]
    BadEscape,
    /// A control character inside a string.
    #[error("control character in a string")]
    ControlCharacter,
    /// The bytes are not UTF-8.
    #[error("not valid UTF-8")]
    NotUtf8,
    /// One object names a field twice.
    #[error("the same field stands twice in one object")]
    DuplicateKey,
    /// The text is larger than the limit.
    #[error("the document is larger than the limit")]
    TooLarge,
    /// Nested deeper than the limit.
    #[error("nested deeper than the limit")]
    TooDeep,
    /// More values than the limit.
    #[error("more values than the limit")]
    TooManyValues,
    /// A string longer than the limit.
    #[error("a string is longer than the limit")]
    StringTooLong,
}

/// A refusal and its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at line {line}, column {column}")]
pub struct JsonError {
    /// What is wrong.
    pub kind: JsonErrorKind,
    /// Byte offset from the start.
    pub offset: usize,
    /// Line, from 1.
    pub line: usize,
    /// Column in bytes, from 1.
    pub column: usize,
}

impl JsonError {
    pub(super) fn new(kind: JsonErrorKind, text: &[u8], offset: usize) -> Self {
        let before = &text[..offset.min(text.len())];
        let line_start = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
        let line = memchr::memchr_iter(b'\n', before).count() + 1;
        Self {
            kind,
            offset,
            line,
            column: before.len() - line_start + 1,
        }
    }
}
