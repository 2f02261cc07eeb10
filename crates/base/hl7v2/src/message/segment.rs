//! One segment and its fields.

use std::ops::Range;

use super::{Level, Part};
use crate::delimiters::Syntax;
use crate::path::{Path, SegmentName};

/// A segment of a message: a name and numbered fields.
#[derive(Clone, Copy)]
pub struct Segment<'m> {
    message: &'m [u8],
    start: usize,
    end: usize,
    /// Offsets of this segment's field separators.
    separators: &'m [u32],
    syntax: &'m Syntax,
    ordinal: usize,
}

impl<'m> Segment<'m> {
    pub(super) const fn new(
        message: &'m [u8],
        range: Range<usize>,
        separators: &'m [u32],
        syntax: &'m Syntax,
        ordinal: usize,
    ) -> Self {
        Self {
            message,
            start: range.start,
            end: range.end,
            separators,
            syntax,
            ordinal,
        }
    }

    /// The name, in upper case.
    #[must_use]
    pub fn name(&self) -> SegmentName {
        let name = self.raw().get(..3).and_then(SegmentName::new);
        name.expect("the scanner admits only segments with a valid name")
    }

    /// Whether the segment is called `name`.
    #[must_use]
    pub fn is(&self, name: SegmentName) -> bool {
        self.name() == name
    }

    /// The segment as sent, without its end.
    #[must_use]
    pub fn raw(&self) -> &'m [u8] {
        &self.message[self.start..self.end]
    }

    /// Where the segment lies in [`super::Message::as_bytes`].
    #[must_use]
    pub const fn range(&self) -> Range<usize> {
        self.start..self.end
    }

    /// Its place among all segments, starting at 1.
    #[must_use]
    pub const fn ordinal(&self) -> usize {
        self.ordinal
    }

    /// How many fields are written, MSH-1 included.
    #[must_use]
    pub fn field_count(&self) -> usize {
        self.separators.len() + usize::from(self.is_header())
    }

    /// Field `number`, starting at 1; empty when the segment does not go that far.
    #[must_use]
    pub fn field(&self, number: usize) -> Part<'m> {
        let raw = self
            .field_range(number)
            .map_or(&[][..], |range| &self.message[range]);
        let literal = self.is_header() && number <= 2;
        let syntax = if literal {
            &Syntax::LITERAL
        } else {
            self.syntax
        };
        Part::new(raw, syntax, Level::Field)
    }

    /// The fields with their numbers.
    pub fn fields(&self) -> impl Iterator<Item = (usize, Part<'m>)> + use<'m> {
        let segment = *self;
        (1..=segment.field_count()).map(move |number| (number, segment.field(number)))
    }

    /// Where field `number` lies in the message, when it is written.
    pub(super) fn field_range(&self, number: usize) -> Option<Range<usize>> {
        let header = usize::from(self.is_header());
        if header == 1 && number == 1 {
            return Some(self.start + 3..self.start + 4);
        }
        let before = number.checked_sub(1 + header)?;
        let start = *self.separators.get(before)? as usize + 1;
        let next = self.separators.get(before + 1);
        Some(start..next.map_or(self.end, |offset| *offset as usize))
    }

    /// The path of field `number`, given which segment of its name this is.
    #[must_use]
    pub fn path(&self, occurrence: u16, number: u16) -> Path {
        Path::segment(self.name())
            .occurrence(occurrence)
            .field(number)
    }

    /// The whole segment as a part that does not divide.
    pub(super) fn whole(&self) -> Part<'m> {
        Part::new(self.raw(), &Syntax::LITERAL, Level::Subcomponent)
    }

    /// MSH carries its separator as field 1 (a batch header does too, but is no part of a
    /// message).
    fn is_header(&self) -> bool {
        self.ordinal == 1
    }
}

impl std::fmt::Debug for Segment<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}({} fields)", self.name(), self.field_count())
    }
}
