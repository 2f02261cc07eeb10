//! Addresses inside a message: `PID-5[1].1`, `OBX[2]-5`, `MSH-9.1`.
//!
//! All numbers start at 1, as in the standard. `SEG[n]` is the n-th segment of that name,
//! `-f` the field, `[r]` its repetition, `.c` the component and `.s` the subcomponent.

use std::fmt;
use std::str::FromStr;

/// Highest number a path may hold: more than any standard segment has, few enough that an
/// edit cannot be made to write megabytes of separators.
pub const MAX_INDEX: u16 = 9999;

/// A place in a message, named down to the level that is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Path {
    /// Segment name, such as `PID`.
    pub segment: SegmentName,
    /// Which segment of that name; 1 unless told.
    pub occurrence: u16,
    /// Field number; absent when the path names the whole segment.
    pub field: Option<u16>,
    /// Repetition of the field.
    pub repetition: Option<u16>,
    /// Component.
    pub component: Option<u16>,
    /// Subcomponent.
    pub subcomponent: Option<u16>,
}

/// The three characters that name a segment, in upper case.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SegmentName([u8; 3]);

/// Why a path cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// Does not begin with three letters or digits, the first a letter.
    #[error("a path starts with a segment name of three letters or digits")]
    Segment,
    /// A number is missing, zero or above [`MAX_INDEX`].
    #[error("a number from 1 to {MAX_INDEX} is missing at character {at}")]
    Number {
        /// Character offset in the path.
        at: usize,
    },
    /// Something follows that is no part of a path.
    #[error("character {at} of the path is not expected")]
    Unexpected {
        /// Character offset in the path.
        at: usize,
    },
}

impl Path {
    /// The first segment called `segment`, as a whole.
    #[must_use]
    pub const fn segment(segment: SegmentName) -> Self {
        Self {
            segment,
            occurrence: 1,
            field: None,
            repetition: None,
            component: None,
            subcomponent: None,
        }
    }

    /// This path with another segment occurrence.
    #[must_use]
    pub const fn occurrence(self, occurrence: u16) -> Self {
        Self { occurrence, ..self }
    }

    /// This path down to field `field`.
    #[must_use]
    pub const fn field(self, field: u16) -> Self {
        Self {
            field: Some(field),
            ..self
        }
    }

    /// This path down to repetition `repetition` of its field.
    #[must_use]
    pub const fn repetition(self, repetition: u16) -> Self {
        Self {
            repetition: Some(repetition),
            ..self
        }
    }

    /// This path down to component `component`.
    #[must_use]
    pub const fn component(self, component: u16) -> Self {
        Self {
            component: Some(component),
            ..self
        }
    }

    /// This path down to subcomponent `subcomponent`.
    #[must_use]
    pub const fn subcomponent(self, subcomponent: u16) -> Self {
        Self {
            subcomponent: Some(subcomponent),
            ..self
        }
    }
}

impl SegmentName {
    /// Checks and wraps three bytes; lower case is folded.
    #[must_use]
    pub fn new(name: &[u8]) -> Option<Self> {
        let [a, b, c] = *name else { return None };
        let valid =
            a.is_ascii_alphabetic() && b.is_ascii_alphanumeric() && c.is_ascii_alphanumeric();
        valid.then(|| Self([a, b, c].map(|byte| byte.to_ascii_uppercase())))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Whether this is a locally defined segment.
    #[must_use]
    pub const fn is_local(&self) -> bool {
        self.0[0] == b'Z'
    }
}

impl fmt::Display for SegmentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for SegmentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.segment)?;
        if self.occurrence != 1 {
            write!(f, "[{}]", self.occurrence)?;
        }
        let Some(field) = self.field else {
            return Ok(());
        };
        write!(f, "-{field}")?;
        if let Some(repetition) = self.repetition {
            write!(f, "[{repetition}]")?;
        }
        for part in [self.component, self.subcomponent].into_iter().flatten() {
            write!(f, ".{part}")?;
        }
        Ok(())
    }
}

impl FromStr for Path {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        let name = text.as_bytes().get(..3).and_then(SegmentName::new);
        let mut path = Self::segment(name.ok_or(PathError::Segment)?);
        let mut reader = Reader { text, at: 3 };
        path.occurrence = reader.bracketed()?.unwrap_or(1);
        path.field = reader.numbered(b"-.")?;
        if path.field.is_some() {
            path.repetition = reader.bracketed()?;
            path.component = reader.numbered(b".-")?;
        }
        if path.component.is_some() {
            path.subcomponent = reader.numbered(b".-")?;
        }
        match reader.peek() {
            None => Ok(path),
            Some(_) => Err(PathError::Unexpected { at: reader.at }),
        }
    }
}

/// Reads a path from left to right.
struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn numbered(&mut self, marks: &[u8]) -> Result<Option<u16>, PathError> {
        if !self.peek().is_some_and(|byte| marks.contains(&byte)) {
            return Ok(None);
        }
        self.at += 1;
        self.number().map(Some)
    }

    fn bracketed(&mut self) -> Result<Option<u16>, PathError> {
        if self.peek() != Some(b'[') {
            return Ok(None);
        }
        self.at += 1;
        let number = self.number()?;
        if self.peek() != Some(b']') {
            return Err(PathError::Unexpected { at: self.at });
        }
        self.at += 1;
        Ok(Some(number))
    }

    fn number(&mut self) -> Result<u16, PathError> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        self.text
            .get(start..self.at)
            .and_then(|digits| digits.parse().ok())
            .filter(|number| (1..=MAX_INDEX).contains(number))
            .ok_or(PathError::Number { at: start })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_prints_as_it_is_read() {
        for text in [
            "PID",
            "PID-5",
            "PID-5[1].1",
            "OBX[2]-5",
            "OBX[12]-5[3].2.1",
            "ZZ1-1",
        ] {
            assert_eq!(text.parse::<Path>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn other_common_spellings_are_understood() {
        for (text, canonical) in [
            ("pid-5", "PID-5"),
            ("PID.5.1", "PID-5.1"),
            ("PID-5-1-2", "PID-5.1.2"),
        ] {
            assert_eq!(text.parse::<Path>().unwrap().to_string(), canonical);
        }
    }

    #[test]
    fn what_is_no_path_is_refused_with_its_place() {
        for (text, error) in [
            ("", PathError::Segment),
            ("PI", PathError::Segment),
            ("5ID-1", PathError::Segment),
            ("PÄD-1", PathError::Segment),
            ("PID-", PathError::Number { at: 4 }),
            ("PID-0", PathError::Number { at: 4 }),
            ("PID-10000", PathError::Number { at: 4 }),
            ("PID-99999999999999999999", PathError::Number { at: 4 }),
            ("PID[2", PathError::Unexpected { at: 5 }),
            ("PID-5 ", PathError::Unexpected { at: 5 }),
            ("PID-5.1.1.1", PathError::Unexpected { at: 9 }),
        ] {
            assert_eq!(text.parse::<Path>(), Err(error), "{text}");
        }
    }
}
