//! Values and how they divide.

use std::borrow::Cow;

use memchr::memchr;

use crate::datatype::{Timestamp, TimestampError};
use crate::delimiters::Syntax;
use crate::escape::{self, Mode, Pieces};

/// How deep a part lies inside its segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Divides into repetitions.
    Field,
    /// Divides into components.
    Repetition,
    /// Divides into subcomponents.
    Component,
    /// Does not divide.
    Subcomponent,
}

impl Level {
    /// The level of this level's parts.
    #[must_use]
    pub const fn inner(self) -> Self {
        match self {
            Self::Field => Self::Repetition,
            Self::Repetition => Self::Component,
            Self::Component | Self::Subcomponent => Self::Subcomponent,
        }
    }

    pub(crate) fn separator(self, syntax: &Syntax) -> Option<u8> {
        match self {
            Self::Field => Some(syntax.delimiters.repetition),
            Self::Repetition => Some(syntax.delimiters.component),
            Self::Component => Some(syntax.delimiters.subcomponent),
            Self::Subcomponent => None,
        }
    }
}

/// What a sender says with a value (chapter 2, 2.5.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// Nothing: the receiver keeps what it has.
    Empty,
    /// `""`: the receiver deletes what it has.
    Null,
    /// A value.
    Value,
}

/// A field, repetition, component or subcomponent: a slice of the message.
#[derive(Clone, Copy)]
pub struct Part<'m> {
    raw: &'m [u8],
    syntax: &'m Syntax,
    level: Level,
}

impl<'m> Part<'m> {
    pub(crate) const fn new(raw: &'m [u8], syntax: &'m Syntax, level: Level) -> Self {
        Self { raw, syntax, level }
    }

    /// The bytes as sent.
    #[must_use]
    pub const fn raw(&self) -> &'m [u8] {
        self.raw
    }

    /// How deep this part lies.
    #[must_use]
    pub const fn level(&self) -> Level {
        self.level
    }

    /// Whether there is nothing.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.raw.is_empty()
    }

    /// Whether the sender asks to delete.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.raw == b"\"\""
    }

    /// Nothing, null or a value.
    #[must_use]
    pub fn presence(&self) -> Presence {
        match self.raw {
            b"" => Presence::Empty,
            b"\"\"" => Presence::Null,
            _ => Presence::Value,
        }
    }

    /// The part itself when it holds a value, so that `?` skips empty and null alike.
    #[must_use]
    pub fn valued(self) -> Option<Self> {
        (self.presence() == Presence::Value).then_some(self)
    }

    /// The parts of the next level, at least one.
    #[must_use]
    pub fn parts(&self) -> Parts<'m> {
        Parts {
            rest: Some(self.raw),
            separator: self.level.separator(self.syntax),
            syntax: self.syntax,
            level: self.level.inner(),
        }
    }

    /// The part of the next level at `number`, starting at 1; empty when there is none.
    #[must_use]
    pub fn part(&self, number: usize) -> Self {
        let found = number.checked_sub(1).and_then(|n| self.parts().nth(n));
        found.unwrap_or(Self::new(&[], self.syntax, self.level.inner()))
    }

    /// The repetitions that are not empty. A part below field level is its own repetition.
    pub fn repetitions(&self) -> impl Iterator<Item = Self> + Clone + use<'m> {
        let parts = match self.level {
            Level::Field => self.parts(),
            _ => Parts {
                separator: None,
                level: self.level,
                ..self.parts()
            },
        };
        parts.filter(|part| !part.is_empty())
    }

    /// Repetition `number` of a field.
    #[must_use]
    pub fn repetition(&self, number: usize) -> Self {
        match self.level {
            Level::Field => self.part(number),
            _ if number == 1 => *self,
            _ => Self::new(&[], self.syntax, self.level),
        }
    }

    /// Component `number`, of the first repetition when this is a field. A component is its own
    /// first component, as the standard's rule for a type that was simple in an older version.
    #[must_use]
    pub fn component(&self, number: usize) -> Self {
        match self.level {
            Level::Field => self.part(1).part(number),
            Level::Repetition => self.part(number),
            Level::Component | Level::Subcomponent if number == 1 => *self,
            _ => Self::new(&[], self.syntax, self.level),
        }
    }

    /// Subcomponent `number`, of the first component when this lies higher.
    #[must_use]
    pub fn subcomponent(&self, number: usize) -> Self {
        match self.level {
            Level::Subcomponent if number == 1 => *self,
            Level::Subcomponent => Self::new(&[], self.syntax, self.level),
            _ => self.component(1).part(number),
        }
    }

    /// The first subcomponent of the first component of the first repetition.
    #[must_use]
    pub fn leaf(&self) -> Self {
        self.subcomponent(1)
    }

    /// The text: escapes and character set decoded, formatting commands verbatim. Separators of
    /// lower levels stand as they are; take the [`Self::leaf`] of a value that may divide.
    #[must_use]
    pub fn text(&self) -> Cow<'m, str> {
        escape::decode(self.raw, self.syntax, Mode::Verbatim)
    }

    /// The text of an FT or TX value: like [`Self::text`], with `\.br\` and the other commands
    /// as line breaks and spaces, and without highlighting.
    #[must_use]
    pub fn formatted_text(&self) -> Cow<'m, str> {
        escape::decode(self.raw, self.syntax, Mode::Formatted)
    }

    /// The escape sequences and what stands between them, for a reader that shows highlighting.
    #[must_use]
    pub const fn pieces(&self) -> Pieces<'m> {
        Pieces::new(self.raw, self.syntax.delimiters)
    }

    /// The text when there is a value.
    #[must_use]
    pub fn some_text(&self) -> Option<Cow<'m, str>> {
        self.valued().map(|part| part.text())
    }

    /// The leaf as a date or time (DT, TS, DTM).
    ///
    /// # Errors
    /// [`TimestampError`] when it is none; an empty or null value is none.
    pub fn timestamp(&self) -> Result<Timestamp, TimestampError> {
        self.leaf().text().parse()
    }
}

impl std::fmt::Debug for Part<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Length only: a value may be a patient's.
        write!(f, "{:?}({} bytes)", self.level, self.raw.len())
    }
}

impl PartialEq for Part<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.raw == other.raw && self.level == other.level
    }
}

/// The parts one level below a part.
#[derive(Clone, Debug)]
pub struct Parts<'m> {
    rest: Option<&'m [u8]>,
    separator: Option<u8>,
    syntax: &'m Syntax,
    level: Level,
}

impl<'m> Iterator for Parts<'m> {
    type Item = Part<'m>;

    fn next(&mut self) -> Option<Part<'m>> {
        let rest = self.rest.take()?;
        let end = self.separator.and_then(|byte| memchr(byte, rest));
        let raw = match end {
            Some(at) => {
                self.rest = Some(&rest[at + 1..]);
                &rest[..at]
            }
            None => rest,
        };
        Some(Part::new(raw, self.syntax, self.level))
    }
}
