//! One message: parsed in place, addressed by path, edited byte for byte.

mod edit;
mod header;
mod index;
mod part;
mod segment;

use std::borrow::Cow;

use crate::charset::{self, Charset};
use crate::delimiters::{Delimiters, Syntax};
use crate::error::{ParseError, ParseErrorReason};
use crate::notice::{Notice, NoticeKind, note};
use crate::path::{Path, PathError, SegmentName};
use crate::{Position, Version};

pub use edit::EditError;
use header::header_delimiters;
use index::Index;
pub(crate) use index::is_filler;
pub use part::{Level, Part, Parts, Presence};
pub use segment::Segment;

/// What may end a segment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SegmentEnds {
    /// CR, LF or CR LF: right for files that went through editors and for tolerant links.
    #[default]
    Any,
    /// CR only, as the standard has it; a line feed is data.
    CarriageReturn,
}

/// How to read, and how much.
#[derive(Clone, Copy, Debug)]
pub struct ParseOptions {
    /// What may end a segment.
    pub segment_ends: SegmentEnds,
    /// Character set of this sender when MSH-18 says nothing.
    pub charset: Option<Charset>,
    /// Largest message in bytes.
    pub max_bytes: usize,
    /// Most segments in one message.
    pub max_segments: usize,
}

impl Default for ParseOptions {
    fn default() -> Self {
        Self {
            segment_ends: SegmentEnds::Any,
            charset: None,
            max_bytes: 64 * 1024 * 1024,
            max_segments: 500_000,
        }
    }
}

impl ParseOptions {
    /// As the standard has it on the wire: segments end with CR only.
    #[must_use]
    pub fn wire() -> Self {
        Self {
            segment_ends: SegmentEnds::CarriageReturn,
            ..Self::default()
        }
    }

    /// Offsets are kept in 32 bits, which bounds any larger limit.
    fn check_size(&self, bytes: usize) -> Result<(), ParseError> {
        let limit = self.max_bytes.min(u32::MAX as usize);
        if bytes > limit {
            return Err(ParseErrorReason::TooLarge { limit }.at(limit, 0));
        }
        Ok(())
    }
}

/// A parsed message, borrowing the bytes it was read from until it is edited.
///
/// Parsing records where segments and fields begin in one pass; repetitions, components and
/// subcomponents are split when they are asked for, and escapes are decoded after that.
#[derive(Clone, Debug)]
pub struct Message<'a> {
    bytes: Cow<'a, [u8]>,
    index: Index,
    syntax: Syntax,
    notices: Vec<Notice>,
    options: ParseOptions,
}

impl<'a> Message<'a> {
    /// Reads one message with the default, lenient options.
    ///
    /// # Errors
    /// [`ParseError`] with the position and the broken rule.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ParseError> {
        Self::parse_with(bytes, &ParseOptions::default())
    }

    /// Reads one message.
    ///
    /// # Errors
    /// [`ParseError`] with the position and the broken rule.
    pub fn parse_with(bytes: &'a [u8], options: &ParseOptions) -> Result<Self, ParseError> {
        options.check_size(bytes.len())?;
        let mut notices = Vec::new();
        let start = prologue(bytes);
        let decision = charset::decide(&bytes[start..], options.charset);
        if let Some(kind) = decision.notice {
            note(&mut notices, kind, Position::default());
        }
        let wire = decision.charset;
        if wire.divides_safely() {
            return Self::index(Cow::Borrowed(bytes), wire, wire, *options, notices);
        }
        let text = wire
            .decode(bytes)
            .ok_or_else(|| ParseErrorReason::Undecodable(wire.name()).at(0, 0))?;
        let text = text.into_owned().into_bytes();
        Self::index(Cow::Owned(text), Charset::Utf8, wire, *options, notices)
    }

    fn index(
        bytes: Cow<'a, [u8]>,
        charset: Charset,
        wire: Charset,
        options: ParseOptions,
        mut notices: Vec<Notice>,
    ) -> Result<Self, ParseError> {
        options.check_size(bytes.len())?;
        if charset::strip_mark(&bytes) > 0 {
            note(&mut notices, NoticeKind::ByteOrderMark, Position::default());
        }
        let start = prologue(&bytes);
        let delimiters = header_delimiters(&bytes, start, &mut notices)?;
        let mut index = Index::sized_for(&bytes);
        index.scan(&bytes, start, delimiters.field, &options, &mut notices)?;
        Ok(Self {
            bytes,
            index,
            syntax: Syntax {
                delimiters,
                charset,
                wire,
            },
            notices,
            options,
        })
    }

    /// The same message, owning its bytes.
    #[must_use]
    pub fn into_owned(self) -> Message<'static> {
        Message {
            bytes: Cow::Owned(self.bytes.into_owned()),
            index: self.index,
            syntax: self.syntax,
            notices: self.notices,
            options: self.options,
        }
    }

    /// The bytes as they are divided: those that were read, with edits, or their UTF-8 form
    /// when the character set on the wire cannot be divided ([`Self::wire_charset`]).
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes to send, in the message's own character set. What was not edited is byte for
    /// byte what was read (ISO-2022-JP excepted, whose shift sequences are written anew).
    #[must_use]
    pub fn to_wire(&self) -> Cow<'_, [u8]> {
        if self.syntax.charset == self.syntax.wire {
            return Cow::Borrowed(&self.bytes);
        }
        let text = self.syntax.charset.decode_lossy(&self.bytes);
        let bytes = self.syntax.wire.encode(&text).map(Cow::into_owned);
        Cow::Owned(bytes.unwrap_or_else(|| text.into_owned().into_bytes()))
    }

    /// The message's delimiters.
    #[must_use]
    pub fn delimiters(&self) -> &Delimiters {
        &self.syntax.delimiters
    }

    /// The character set on the wire.
    #[must_use]
    pub const fn wire_charset(&self) -> Charset {
        self.syntax.wire
    }

    /// What was tolerated while reading.
    #[must_use]
    pub fn notices(&self) -> &[Notice] {
        &self.notices
    }

    /// The MSH segment.
    #[must_use]
    pub fn header(&self) -> Segment<'_> {
        self.index.segment(0, &self.bytes, &self.syntax)
    }

    /// All segments in order, the header first, unknown and Z segments included.
    pub fn segments(&self) -> impl ExactSizeIterator<Item = Segment<'_>> + Clone {
        (0..self.index.len()).map(|number| self.index.segment(number, &self.bytes, &self.syntax))
    }

    /// The segments called `name`, in order.
    pub fn segments_named(&self, name: SegmentName) -> impl Iterator<Item = Segment<'_>> {
        self.segments().filter(move |segment| segment.is(name))
    }

    /// The part that `path` names; empty when the message does not go that far.
    #[must_use]
    pub fn at(&self, path: &Path) -> Part<'_> {
        let absent = Part::new(&[], &self.syntax, Level::Field);
        let Some(segment) = self.segment_at(path) else {
            return absent;
        };
        let Some(field) = path.field else {
            return segment.whole();
        };
        let mut part = segment.field(usize::from(field));
        if path.repetition.is_some() || path.component.is_some() {
            part = part.repetition(usize::from(path.repetition.unwrap_or(1)));
        }
        for number in [path.component, path.subcomponent].into_iter().flatten() {
            part = part.part(usize::from(number));
        }
        part
    }

    /// The segment that `path` names.
    #[must_use]
    pub fn segment_at(&self, path: &Path) -> Option<Segment<'_>> {
        let skipped = usize::from(path.occurrence).checked_sub(1)?;
        self.segments_named(path.segment).nth(skipped)
    }

    /// The part at a path written as text, such as `PID-5[1].1`.
    ///
    /// # Errors
    /// [`PathError`] when `path` is not a path.
    pub fn get(&self, path: &str) -> Result<Part<'_>, PathError> {
        Ok(self.at(&path.parse()?))
    }

    /// The version in MSH-12, when it is one.
    #[must_use]
    pub fn version(&self) -> Option<Version> {
        self.header().field(12).leaf().text().parse().ok()
    }

    /// Message code and trigger event in MSH-9, such as `("ADT", "A01")`.
    #[must_use]
    pub fn message_type(&self) -> (Cow<'_, str>, Cow<'_, str>) {
        let field = self.header().field(9);
        (field.component(1).text(), field.component(2).text())
    }

    /// The message control id in MSH-10.
    #[must_use]
    pub fn control_id(&self) -> Cow<'_, str> {
        self.header().field(10).leaf().text()
    }
}

/// Length of what may stand before the header: a byte order mark and blank lines.
fn prologue(bytes: &[u8]) -> usize {
    let mark = charset::strip_mark(bytes);
    let blank = bytes[mark..]
        .iter()
        .take_while(|byte| byte.is_ascii_whitespace());
    // In UTF-16 and UTF-32 the mark is left to the sniffer and blank lines to the decoder.
    if mark == 3 || mark == 0 {
        mark + blank.count()
    } else {
        0
    }
}
