//! What was tolerated while reading.
//!
//! A lenient reader that says nothing hides broken senders; each kind of deviation is
//! recorded once, at its first position.

use crate::{Position, charset::Charset};

/// A deviation that did not stop the reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Where it was first met.
    pub position: Position,
    /// What was met.
    pub kind: NoticeKind,
}

impl std::fmt::Display for Notice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.kind, self.position)
    }
}

/// Kinds of tolerated deviation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoticeKind {
    /// A byte order mark before MSH.
    #[error("a byte order mark stands before the header")]
    ByteOrderMark,
    /// Segments end with LF or CR LF instead of CR.
    #[error("segments end with a line feed")]
    LineFeed,
    /// A segment name in lower case; it is kept as sent.
    #[error("a segment name is in lower case")]
    LowerCaseName,
    /// MSH-2 is `^~\\&`: a sender escaped its own escape character.
    #[error("the escape character is doubled in MSH-2")]
    DoubledEscape,
    /// MSH-18 names a character set that is not in table 0211.
    #[error("MSH-18 names an unknown character set")]
    UnknownCharset,
    /// The bytes contradict the announced character set.
    #[error("the text is not {announced} as announced; it is read as {used}")]
    CharsetMismatch {
        /// What MSH-18 or the connection profile says.
        announced: Charset,
        /// What the bytes are read as.
        used: Charset,
    },
    /// No announcement, and not UTF-8 either.
    #[error("no character set is announced and the text is not UTF-8; it is read as windows-1252")]
    AssumedWindows1252,
}

/// Adds a notice unless its kind has been noted before.
pub(crate) fn note(notices: &mut Vec<Notice>, kind: NoticeKind, position: Position) {
    if !notices.iter().any(|notice| notice.kind == kind) {
        notices.push(Notice { position, kind });
    }
}
