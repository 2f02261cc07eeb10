//! Why bytes are not an HL7 v2 message, and where.
//!
//! No error carries content of the message: positions and names of rules only, so that an
//! error may be logged or sent back without showing a patient's data.

use crate::delimiters::DelimiterFault;

/// A place in the bytes that were read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// Offset from the first byte, starting at 0.
    pub offset: usize,
    /// Ordinal of the segment, starting at 1; 0 before the first segment.
    pub segment: usize,
}

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "byte {}, segment {}", self.offset, self.segment)
    }
}

/// Why a message is refused, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason} ({position})")]
pub struct ParseError {
    /// Where reading stopped.
    pub position: Position,
    /// The rule that is broken.
    pub reason: ParseErrorReason,
}

/// The rule a refused message breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseErrorReason {
    /// Nothing but blank lines.
    #[error("there is no message")]
    Empty,
    /// Larger than [`crate::ParseOptions::max_bytes`].
    #[error("the message is larger than the limit of {limit} bytes")]
    TooLarge {
        /// The limit in force.
        limit: usize,
    },
    /// More segments than [`crate::ParseOptions::max_segments`].
    #[error("the message has more than {limit} segments")]
    TooManySegments {
        /// The limit in force.
        limit: usize,
    },
    /// The first segment is not MSH.
    #[error("a message starts with an MSH segment")]
    NoHeader,
    /// A transport frame where a message is expected.
    #[error("the bytes start with an MLLP start block: take the message out of its frame first")]
    Framed,
    /// A batch or file envelope where a single message is expected.
    #[error("the bytes start with a batch or file header: read them as a batch")]
    Batch,
    /// The segment ends before MSH-2 does.
    #[error("the MSH segment ends before its encoding characters do")]
    HeaderTooShort,
    /// MSH-1 or MSH-2 cannot divide a message.
    #[error("invalid encoding characters: {0}")]
    EncodingCharacters(#[from] DelimiterFault),
    /// A second MSH inside what should be one message.
    #[error("a second message starts here: read the bytes as a stream of messages")]
    SecondHeader,
    /// A line that does not begin with a three-character segment name and a field separator.
    #[error("a segment starts with a name of three letters or digits and a field separator")]
    SegmentName,
    /// CR LF where only CR may end a segment.
    #[error("segments end with CR LF or LF, which this connection does not allow")]
    LineFeed,
    /// Bytes that the announced multi-byte character set cannot decode.
    #[error("the text is not valid {0}")]
    Undecodable(&'static str),
}

impl ParseErrorReason {
    pub(crate) const fn at(self, offset: usize, segment: usize) -> ParseError {
        ParseError {
            position: Position { offset, segment },
            reason: self,
        }
    }
}
