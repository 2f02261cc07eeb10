//! One pass over the bytes that records where segments and fields begin.

use memchr::memchr3_iter;

use super::{ParseOptions, Segment, SegmentEnds};
use crate::Position;
use crate::delimiters::Syntax;
use crate::error::{ParseError, ParseErrorReason};
use crate::notice::{Notice, NoticeKind, note};

/// Offsets of all segments and field separators: two flat arrays, no allocation per field.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    spans: Vec<Span>,
    separators: Vec<u32>,
}

#[derive(Clone, Copy, Debug)]
struct Span {
    start: u32,
    end: u32,
    /// Where this segment's separators begin in the flat array; the next span tells the end.
    first: u32,
}

impl Index {
    /// An empty index with room for a message of this size.
    pub(super) fn sized_for(bytes: &[u8]) -> Self {
        Self {
            spans: Vec::with_capacity(bytes.len() / 96 + 4),
            separators: Vec::with_capacity(bytes.len() / 6 + 16),
        }
    }

    /// Adds what lies from `start`, where a segment begins, to the end.
    pub(super) fn scan(
        &mut self,
        bytes: &[u8],
        start: usize,
        field: u8,
        options: &ParseOptions,
        notices: &mut Vec<Notice>,
    ) -> Result<(), ParseError> {
        let line_feed = match options.segment_ends {
            SegmentEnds::Any => b'\n',
            SegmentEnds::CarriageReturn => b'\r',
        };
        let mut checks = Checks {
            field,
            options,
            notices,
            line_feed_seen: false,
        };
        let mut open = start;
        let mut first = self.separators.len();
        for found in memchr3_iter(field, b'\r', line_feed, &bytes[start..]) {
            let at = start + found;
            if bytes[at] == field {
                self.separators.push(narrow(at));
            } else {
                self.close(bytes, open..at, first, &mut checks)?;
                checks.line_feed(bytes[at], at, self.spans.len());
                open = at + 1;
                first = self.separators.len();
            }
        }
        self.close(bytes, open..bytes.len(), first, &mut checks)
    }

    fn close(
        &mut self,
        bytes: &[u8],
        range: std::ops::Range<usize>,
        first: usize,
        checks: &mut Checks<'_>,
    ) -> Result<(), ParseError> {
        let line = &bytes[range.clone()];
        if line.iter().all(is_filler) {
            return Ok(());
        }
        checks.name(line, range.start, self.spans.len() + 1)?;
        self.spans.push(Span {
            start: narrow(range.start),
            end: narrow(range.end),
            first: narrow(first),
        });
        Ok(())
    }

    /// How many segments there are.
    pub(super) fn len(&self) -> usize {
        self.spans.len()
    }

    /// The segment at ordinal `number`, which must be below [`Self::len`].
    pub(super) fn segment<'m>(
        &'m self,
        number: usize,
        bytes: &'m [u8],
        syntax: &'m Syntax,
    ) -> Segment<'m> {
        let span = self.spans[number];
        let next = self.spans.get(number + 1);
        let last = next.map_or(self.separators.len(), |span| span.first as usize);
        Segment::new(
            bytes,
            span.start as usize..span.end as usize,
            &self.separators[span.first as usize..last],
            syntax,
            number + 1,
        )
    }
}

/// The rules every segment is held to while scanning.
struct Checks<'s> {
    field: u8,
    options: &'s ParseOptions,
    notices: &'s mut Vec<Notice>,
    line_feed_seen: bool,
}

impl Checks<'_> {
    fn name(&mut self, line: &[u8], offset: usize, ordinal: usize) -> Result<(), ParseError> {
        if ordinal > self.options.max_segments {
            let limit = self.options.max_segments;
            return Err(ParseErrorReason::TooManySegments { limit }.at(offset, ordinal));
        }
        let ends = line.get(3).is_none_or(|byte| *byte == self.field);
        let valid = match *line {
            [a, b, c, ..] => {
                a.is_ascii_alphabetic() && b.is_ascii_alphanumeric() && c.is_ascii_alphanumeric()
            }
            _ => false,
        };
        if !(valid && ends) {
            let reason = match line.first() {
                Some(b'\n') => ParseErrorReason::LineFeed,
                _ => ParseErrorReason::SegmentName,
            };
            return Err(reason.at(offset, ordinal));
        }
        if ordinal > 1 && line[..3].eq_ignore_ascii_case(b"MSH") {
            return Err(ParseErrorReason::SecondHeader.at(offset, ordinal));
        }
        if line[..3].iter().any(u8::is_ascii_lowercase) {
            let segment = ordinal;
            note(
                self.notices,
                NoticeKind::LowerCaseName,
                Position { offset, segment },
            );
        }
        Ok(())
    }

    fn line_feed(&mut self, end: u8, offset: usize, segment: usize) {
        if end == b'\n' && !self.line_feed_seen {
            self.line_feed_seen = true;
            note(
                self.notices,
                NoticeKind::LineFeed,
                Position { offset, segment },
            );
        }
    }
}

/// What a line may consist of without being a segment: blanks, and the Ctrl-Z and NUL bytes that
/// old systems pad files with.
pub(crate) fn is_filler(byte: &u8) -> bool {
    byte.is_ascii_whitespace() || matches!(byte, 0x1a | 0)
}

/// Offsets fit 32 bits because larger messages are refused before scanning.
fn narrow(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}
