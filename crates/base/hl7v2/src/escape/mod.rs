//! Escape sequences (chapter 2, 2.7): read after splitting, written before joining.
//!
//! A sequence that is not understood stays verbatim, so that no text is lost.

mod decode;
mod encode;

use memchr::memchr;

use crate::charset::Designation;
use crate::delimiters::Delimiters;

pub(crate) use decode::{Mode, decode};
pub use encode::Unencodable;
pub(crate) use encode::{encode, encode_formatted};

/// One stretch of an escaped value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece<'r> {
    /// What it means.
    pub kind: PieceKind<'r>,
    /// The bytes as sent, escape characters included.
    pub raw: &'r [u8],
}

/// Meanings of a stretch of an escaped value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PieceKind<'r> {
    /// Bytes that stand for themselves.
    Literal,
    /// `\F\`, `\S\`, `\T\`, `\R\`, `\E\`, `\P\`: a delimiter as text.
    Delimiter(u8),
    /// `\Xdd..\`: bytes in the message's character set, as hexadecimal digits.
    Hex(&'r [u8]),
    /// `\H\`: highlighting starts.
    HighlightOn,
    /// `\N\`: highlighting ends.
    HighlightOff,
    /// `\.br\` and the other formatting commands, without their full stop.
    Format(&'r [u8]),
    /// `\Cxxyy\` or `\Mxxyyzz\`: another character set from here on.
    Charset(CharsetSwitch),
    /// `\Zdd\` and whatever is not understood.
    Unknown,
}

/// The character set an escape switches to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CharsetSwitch(pub(crate) Designation);

/// Cuts a value at its escape sequences.
#[derive(Clone, Debug)]
pub struct Pieces<'r> {
    rest: &'r [u8],
    delimiters: Delimiters,
}

impl<'r> Pieces<'r> {
    /// The pieces of `raw`, escaped with `delimiters`.
    #[must_use]
    pub const fn new(raw: &'r [u8], delimiters: Delimiters) -> Self {
        Self {
            rest: raw,
            delimiters,
        }
    }

    fn take(&mut self, length: usize, kind: PieceKind<'r>) -> Piece<'r> {
        let (raw, rest) = self.rest.split_at(length);
        self.rest = rest;
        Piece { kind, raw }
    }
}

impl<'r> Iterator for Pieces<'r> {
    type Item = Piece<'r>;

    fn next(&mut self) -> Option<Piece<'r>> {
        if self.rest.is_empty() {
            return None;
        }
        let escape = self.delimiters.escape;
        let piece = match memchr(escape, self.rest) {
            None => self.take(self.rest.len(), PieceKind::Literal),
            Some(0) => match memchr(escape, &self.rest[1..]) {
                None => self.take(self.rest.len(), PieceKind::Unknown),
                Some(length) => {
                    let kind = kind(&self.rest[1..=length], &self.delimiters);
                    self.take(length + 2, kind)
                }
            },
            Some(start) => self.take(start, PieceKind::Literal),
        };
        Some(piece)
    }
}

fn kind<'r>(body: &'r [u8], delimiters: &Delimiters) -> PieceKind<'r> {
    match body {
        b"F" => PieceKind::Delimiter(delimiters.field),
        b"S" => PieceKind::Delimiter(delimiters.component),
        b"T" => PieceKind::Delimiter(delimiters.subcomponent),
        b"R" => PieceKind::Delimiter(delimiters.repetition),
        b"E" => PieceKind::Delimiter(delimiters.escape),
        b"P" => delimiters
            .truncation
            .map_or(PieceKind::Unknown, PieceKind::Delimiter),
        b"H" => PieceKind::HighlightOn,
        b"N" => PieceKind::HighlightOff,
        [b'.', command @ ..] if !command.is_empty() => PieceKind::Format(command),
        [b'X', digits @ ..] if hex(digits).is_some() => PieceKind::Hex(digits),
        [b'C' | b'M', digits @ ..] => hex(digits)
            .and_then(|bytes| Designation::new(&bytes))
            .map_or(PieceKind::Unknown, |to| {
                PieceKind::Charset(CharsetSwitch(to))
            }),
        _ => PieceKind::Unknown,
    }
}

/// The bytes that pairs of hexadecimal digits stand for.
fn hex(digits: &[u8]) -> Option<Vec<u8>> {
    let (pairs, rest) = digits.as_chunks::<2>();
    if pairs.is_empty() || !rest.is_empty() {
        return None;
    }
    let nibble = |digit: u8| char::from(digit).to_digit(16);
    pairs
        .iter()
        .map(|[high, low]| u8::try_from(nibble(*high)? * 16 + nibble(*low)?).ok())
        .collect()
}
