//! The encoding characters a message announces in MSH-1 and MSH-2 (HL7 v2.8.2 chapter 2, 2.5.4).

use crate::charset::Charset;

/// The characters that divide one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Delimiters {
    /// Between fields; MSH-1.
    pub field: u8,
    /// Between components.
    pub component: u8,
    /// Between repetitions of a field.
    pub repetition: u8,
    /// Opens and closes an escape sequence.
    pub escape: u8,
    /// Between subcomponents.
    pub subcomponent: u8,
    /// Marks a truncated value; announced from version 2.7 on.
    pub truncation: Option<u8>,
}

impl Delimiters {
    /// `|^~\&`, what nearly every sender uses.
    pub const DEFAULT: Self = Self {
        field: b'|',
        component: b'^',
        repetition: b'~',
        escape: b'\\',
        subcomponent: b'&',
        truncation: None,
    };

    /// Reads MSH-1 and MSH-2.
    ///
    /// # Errors
    /// [`DelimiterFault`] when the characters cannot divide a message.
    pub fn new(field: u8, encoding: &[u8]) -> Result<Self, DelimiterFault> {
        let (component, repetition, escape, subcomponent, truncation) = match *encoding {
            [c, r, e, s] => (c, r, e, s, None),
            [c, r, e, s, t] => (c, r, e, s, Some(t)),
            _ => return Err(DelimiterFault::Count(encoding.len())),
        };
        let delimiters = Self {
            field,
            component,
            repetition,
            escape,
            subcomponent,
            truncation,
        };
        delimiters.checked()
    }

    /// MSH-2 as these delimiters are written.
    #[must_use]
    pub fn encoding_characters(&self) -> Vec<u8> {
        let mut characters = vec![
            self.component,
            self.repetition,
            self.escape,
            self.subcomponent,
        ];
        characters.extend(self.truncation);
        characters
    }

    /// Whether `byte` divides something or opens an escape.
    #[must_use]
    pub fn contains(&self, byte: u8) -> bool {
        self.all().any(|delimiter| delimiter == byte)
    }

    fn all(&self) -> impl Iterator<Item = u8> {
        [
            self.field,
            self.component,
            self.repetition,
            self.escape,
            self.subcomponent,
        ]
        .into_iter()
        .chain(self.truncation)
    }

    fn checked(self) -> Result<Self, DelimiterFault> {
        if !self.all().all(|byte| byte.is_ascii_punctuation()) {
            return Err(DelimiterFault::NotPunctuation);
        }
        for (index, byte) in self.all().enumerate() {
            if self.all().skip(index + 1).any(|other| other == byte) {
                return Err(DelimiterFault::Twice);
            }
        }
        Ok(self)
    }
}

/// Why encoding characters are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DelimiterFault {
    /// MSH-2 has another length than four (or five, with the truncation character).
    #[error("MSH-2 holds {0} encoding characters instead of four or five")]
    Count(usize),
    /// A letter, digit, space, control or non-ASCII byte.
    #[error("an encoding character is not ASCII punctuation")]
    NotPunctuation,
    /// One character has two meanings.
    #[error("one encoding character is used for two purposes")]
    Twice,
}

/// What is needed to read a value: how it is divided and in which character set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Syntax {
    /// The message's delimiters.
    pub delimiters: Delimiters,
    /// Character set of the bytes held in memory.
    pub charset: Charset,
    /// Character set on the wire; bytes of a `\X..\` escape are in this one.
    pub wire: Charset,
}

impl Syntax {
    /// How MSH-1 and MSH-2 themselves are read: nothing divides them. Every delimiter is a
    /// carriage return, which cannot occur inside a segment.
    pub(crate) const LITERAL: Self = Self {
        delimiters: Delimiters {
            field: b'\r',
            component: b'\r',
            repetition: b'\r',
            escape: b'\r',
            subcomponent: b'\r',
            truncation: None,
        },
        charset: Charset::Ascii,
        wire: Charset::Ascii,
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_characters_are_read_and_written_back() {
        let read = Delimiters::new(b'|', b"^~\\&").unwrap();
        assert_eq!(read, Delimiters::DEFAULT);
        assert_eq!(read.encoding_characters(), b"^~\\&");
    }

    #[test]
    fn the_truncation_character_is_the_fifth() {
        let read = Delimiters::new(b'|', b"^~\\&#").unwrap();
        assert_eq!(read.truncation, Some(b'#'));
        assert_eq!(read.encoding_characters(), b"^~\\&#");
    }

    #[test]
    fn characters_that_cannot_divide_are_refused() {
        let refused = [
            (b'|', &b"^~"[..], DelimiterFault::Count(2)),
            (b'|', b"^~\\&#!", DelimiterFault::Count(6)),
            (b'|', b"^^\\&", DelimiterFault::Twice),
            (b'^', b"^~\\&", DelimiterFault::Twice),
            (b' ', b"^~\\&", DelimiterFault::NotPunctuation),
            (b'|', b"a~\\&", DelimiterFault::NotPunctuation),
            (b'|', b"^~\\\x0b", DelimiterFault::NotPunctuation),
        ];
        for (field, encoding, fault) in refused {
            assert_eq!(Delimiters::new(field, encoding), Err(fault));
        }
    }
}
