//! From text to escaped bytes.

use crate::delimiters::Syntax;

/// A text holds a character that the message's character set does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the text has a character that is not in the message's character set, {charset}")]
pub struct Unencodable {
    /// The set in force.
    pub charset: &'static str,
}

/// Escapes `text`: delimiters by name, control characters (among them those that end segments
/// and frames) in hexadecimal, and a lone `""` so that it is not taken for a null.
pub(crate) fn encode(text: &str, syntax: &Syntax) -> Result<Vec<u8>, Unencodable> {
    write(text, syntax, |_| None)
}

/// Like [`encode`], with line ends written as `\.br\`.
pub(crate) fn encode_formatted(text: &str, syntax: &Syntax) -> Result<Vec<u8>, Unencodable> {
    let lines = text.replace("\r\n", "\n").replace('\r', "\n");
    write(&lines, syntax, |c| (c == '\n').then_some(".br"))
}

fn write(
    text: &str,
    syntax: &Syntax,
    special: impl Fn(char) -> Option<&'static str>,
) -> Result<Vec<u8>, Unencodable> {
    let delimiters = &syntax.delimiters;
    let escape = char::from(delimiters.escape);
    let mut out = String::with_capacity(text.len());
    let sequence = |body: &str, out: &mut String| {
        out.push(escape);
        out.push_str(body);
        out.push(escape);
    };
    if text == "\"\"" {
        sequence("X2222", &mut out);
        return Ok(out.into_bytes());
    }
    for c in text.chars() {
        if let Some(body) = special(c) {
            sequence(body, &mut out);
        } else if let Some(name) = u8::try_from(c).ok().and_then(|b| name(b, syntax)) {
            sequence(name, &mut out);
        } else if c.is_ascii_control() {
            sequence(&format!("X{:02X}", u32::from(c)), &mut out);
        } else {
            out.push(c);
        }
    }
    let unencodable = Unencodable {
        charset: syntax.wire.name(),
    };
    if syntax.wire.encode(&out).is_none() {
        return Err(unencodable);
    }
    let bytes = syntax.charset.encode(&out).ok_or(unencodable)?;
    Ok(bytes.into_owned())
}

fn name(byte: u8, syntax: &Syntax) -> Option<&'static str> {
    let delimiters = &syntax.delimiters;
    match byte {
        _ if byte == delimiters.field => Some("F"),
        _ if byte == delimiters.component => Some("S"),
        _ if byte == delimiters.subcomponent => Some("T"),
        _ if byte == delimiters.repetition => Some("R"),
        _ if byte == delimiters.escape => Some("E"),
        _ if Some(byte) == delimiters.truncation => Some("P"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charset::Charset;
    use crate::delimiters::Delimiters;

    const ASCII: Syntax = Syntax {
        delimiters: Delimiters::DEFAULT,
        charset: Charset::Ascii,
        wire: Charset::Ascii,
    };

    #[test]
    fn delimiters_controls_and_a_lone_null_are_escaped() {
        for (text, raw) in [
            ("plain", "plain"),
            (r"a|b^c&d~e\f#g", r"a\F\b\S\c\T\d\R\e\E\f#g"),
            ("a\rb\nc\x0bd\x1ce", r"a\X0D\b\X0A\c\X0B\d\X1C\e"),
            ("\"\"", r"\X2222\"),
            ("\"\" ", "\"\" "),
        ] {
            assert_eq!(encode(text, &ASCII).unwrap(), raw.as_bytes());
        }
    }

    #[test]
    fn formatted_text_keeps_its_lines() {
        let raw = encode_formatted("one\r\ntwo\nthree\r", &ASCII).unwrap();
        assert_eq!(raw, br"one\.br\two\.br\three\.br\");
    }

    #[test]
    fn a_foreign_character_is_refused() {
        assert_eq!(encode("é", &ASCII), Err(Unencodable { charset: "ASCII" }));
    }
}
