//! From escaped bytes to text.

use std::borrow::Cow;

use memchr::memchr;

use super::{PieceKind, Pieces, hex};
use crate::charset::{Designation, decode_designated};
use crate::delimiters::Syntax;

/// What formatting commands become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// They stay verbatim: the value is not formatted text.
    Verbatim,
    /// Line breaks and spaces; highlighting and layout are dropped (FT and TX values).
    Formatted,
}

/// Most lines or spaces one command may ask for, so that output stays in proportion to input.
const MAX_REPEAT: usize = 80;

/// The text of `raw`.
pub(crate) fn decode<'r>(raw: &'r [u8], syntax: &Syntax, mode: Mode) -> Cow<'r, str> {
    if memchr(syntax.delimiters.escape, raw).is_none() {
        return syntax.charset.decode_lossy(raw);
    }
    let mut text = Text {
        out: String::with_capacity(raw.len()),
        pending: Vec::new(),
        designation: Designation::Default,
        syntax,
    };
    for piece in Pieces::new(raw, syntax.delimiters) {
        match piece.kind {
            PieceKind::Literal => text.literal(piece.raw),
            PieceKind::Delimiter(byte) => text.push(&char::from(byte).to_string()),
            PieceKind::Hex(digits) => text.pending.extend(hex(digits).unwrap_or_default()),
            PieceKind::Charset(switch) => text.switch(switch.0),
            PieceKind::HighlightOn | PieceKind::HighlightOff if mode == Mode::Formatted => {}
            PieceKind::Format(command) if mode == Mode::Formatted => match layout(command) {
                Some(spacing) => text.push(&spacing),
                None => text.literal(piece.raw),
            },
            _ => text.literal(piece.raw),
        }
    }
    text.flush();
    Cow::Owned(text.out)
}

/// Text under construction. Bytes wait until a whole stretch of one character set is known,
/// because a character may be spread over a literal and several hexadecimal escapes.
struct Text<'s> {
    out: String,
    pending: Vec<u8>,
    designation: Designation,
    syntax: &'s Syntax,
}

impl Text<'_> {
    fn literal(&mut self, bytes: &[u8]) {
        if self.syntax.charset == self.syntax.wire {
            self.pending.extend_from_slice(bytes);
        } else {
            self.flush();
            self.out.push_str(&self.syntax.charset.decode_lossy(bytes));
        }
    }

    fn push(&mut self, text: &str) {
        self.flush();
        self.out.push_str(text);
    }

    fn switch(&mut self, designation: Designation) {
        self.flush();
        self.designation = designation;
    }

    fn flush(&mut self) {
        let bytes = std::mem::take(&mut self.pending);
        let text = decode_designated(self.designation, &bytes)
            .or_else(|| ascii(&bytes))
            .unwrap_or_else(|| self.syntax.wire.decode_lossy(&bytes));
        self.out.push_str(&text);
    }
}

/// Plain ASCII means the same in every wire set, also where it would be an odd UTF-16 byte.
fn ascii(bytes: &[u8]) -> Option<Cow<'_, str>> {
    let text = bytes.is_ascii().then(|| std::str::from_utf8(bytes).ok());
    text.flatten().map(Cow::Borrowed)
}

/// What a formatting command puts into plain text (chapter 2, 2.7.7).
fn layout(command: &[u8]) -> Option<String> {
    let (name, argument) = command.split_at(command.len().min(2));
    let argument = argument.strip_prefix(b"+").unwrap_or(argument);
    let number = std::str::from_utf8(argument).ok().map(str::trim)?;
    let count = if number.is_empty() {
        1
    } else {
        number.parse::<usize>().ok()?.min(MAX_REPEAT)
    };
    match name {
        b"br" | b"ce" => Some("\n".to_owned()),
        b"sp" => Some("\n".repeat(count)),
        b"sk" => Some(" ".repeat(count)),
        b"fi" | b"nf" | b"in" | b"ti" => Some(String::new()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charset::Charset;
    use crate::delimiters::Delimiters;

    fn syntax(charset: Charset) -> Syntax {
        let delimiters = Delimiters::new(b'|', b"^~\\&#").unwrap();
        Syntax {
            delimiters,
            charset,
            wire: charset,
        }
    }

    #[test]
    fn escapes_become_what_they_stand_for() {
        let utf8 = syntax(Charset::Utf8);
        for (raw, verbatim, formatted) in [
            ("plain", "plain", "plain"),
            (
                r"a\F\b\S\c\T\d\R\e\E\f\P\g",
                r"a|b^c&d~e\f#g",
                r"a|b^c&d~e\f#g",
            ),
            (r"a\X0D\b", "a\rb", "a\rb"),
            (r"\XC3\\XA9\t\XC3A9\", "été", "été"),
            (
                r"one\.br\two\.sp2\three\.sk3\x",
                r"one\.br\two\.sp2\three\.sk3\x",
                "one\ntwo\n\nthree   x",
            ),
            (
                r"\.in+4\x\.ti-2\y\.fi\",
                r"\.in+4\x\.ti-2\y\.fi\",
                r"x\.ti-2\y",
            ),
            (r"is \H\high\N\!", r"is \H\high\N\!", "is high!"),
            (r"a\Z99\b", r"a\Z99\b", r"a\Z99\b"),
            (r"a\.zz\b", r"a\.zz\b", r"a\.zz\b"),
            (r"a\X0\b\XGG\c\X\", r"a\X0\b\XGG\c\X\", r"a\X0\b\XGG\c\X\"),
            (r"C:\temp", r"C:\temp", r"C:\temp"),
            (r"\\", r"\\", r"\\"),
            (r"\", r"\", r"\"),
        ] {
            assert_eq!(decode(raw.as_bytes(), &utf8, Mode::Verbatim), verbatim);
            assert_eq!(decode(raw.as_bytes(), &utf8, Mode::Formatted), formatted);
        }
    }

    #[test]
    fn a_hexadecimal_escape_is_in_the_wire_character_set() {
        let latin = syntax(Charset::WINDOWS_1252);
        assert_eq!(decode(br"M\XFC\ller", &latin, Mode::Verbatim), "Müller");
        let transcoded = Syntax {
            charset: Charset::Utf8,
            wire: Charset::from_hl7("GB 18030-2000").unwrap(),
            ..latin
        };
        let raw = "李\\XC3F7\\\\X0D\\".as_bytes();
        assert_eq!(decode(raw, &transcoded, Mode::Verbatim), "李明\r");
    }

    #[test]
    fn character_set_switches_are_followed() {
        let ascii = syntax(Charset::Ascii);
        for (raw, text) in [
            (&br"A\M2442\;3ED\C2842\B"[..], "A山田B"),
            (br"\C2D4C\" as &[u8], ""),
            (b"\\C2D4C\\\xb8\xd2\\C2842\\!", "Ив!"),
            (b"\\M242943\\\xb1\xe8", "김"),
            (br"\C9999\x", r"\C9999\x"),
        ] {
            assert_eq!(decode(raw, &ascii, Mode::Verbatim), text);
        }
    }

    #[test]
    fn a_command_cannot_ask_for_endless_output() {
        let text = decode(br"\.sp999999999\", &syntax(Charset::Ascii), Mode::Formatted);
        assert_eq!(text.len(), MAX_REPEAT);
    }
}
