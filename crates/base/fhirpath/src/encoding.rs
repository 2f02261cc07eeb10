//! `encode`, `decode`, `escape` and `unescape`.

/// Whether `function` knows the format `name`.
pub(crate) fn is_known(function: &str, name: &str) -> bool {
    match function {
        "encode" | "decode" => matches!(name, "hex" | "base64" | "urlbase64"),
        _ => matches!(name, "html" | "json"),
    }
}

/// UTF-8 bytes of `text` in `format`.
pub(crate) fn encode(text: &str, format: &str) -> Option<String> {
    match format {
        "hex" => Some(text.bytes().map(|byte| format!("{byte:02x}")).collect()),
        "base64" => Some(base64(text.as_bytes(), BASE64)),
        "urlbase64" => Some(base64(text.as_bytes(), URL_BASE64)),
        _ => None,
    }
}

/// The inverse of [`encode`]; `None` for text that is not in that format or not UTF-8 within.
pub(crate) fn decode(text: &str, format: &str) -> Option<String> {
    let bytes = match format {
        "hex" => decode_hex(text)?,
        "base64" => decode_base64(text, BASE64)?,
        "urlbase64" => decode_base64(text, URL_BASE64)?,
        _ => return None,
    };
    String::from_utf8(bytes).ok()
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

fn base64(bytes: &[u8], alphabet: &[u8; 64]) -> String {
    let mut output = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().enumerate().fold(0u32, |group, (i, byte)| {
            group | u32::from(*byte) << (16 - 8 * i)
        });
        for digit in 0..4 {
            if digit > chunk.len() {
                output.push('=');
            } else {
                let index = (group >> (18 - 6 * digit)) & 0x3f;
                output.push(char::from(alphabet[index as usize]));
            }
        }
    }
    output
}

fn decode_base64(text: &str, alphabet: &[u8; 64]) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=');
    if !text.is_ascii() || text.len() - digits.len() > 2 || digits.len() % 4 == 1 {
        return None;
    }
    let mut bytes = Vec::with_capacity(digits.len() / 4 * 3);
    let (mut group, mut bits) = (0u32, 0);
    for digit in digits.bytes() {
        let value = alphabet.iter().position(|known| *known == digit)?;
        group = (group << 6 | u32::try_from(value).ok()?) & 0xFF_FFFF;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((group >> bits & 0xFF) as u8);
        }
    }
    Some(bytes)
}

fn decode_hex(text: &str) -> Option<Vec<u8>> {
    if !text.is_ascii() || text.len() % 2 == 1 {
        return None;
    }
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok())
        .collect()
}

const HTML: [(char, &str); 5] = [
    ('&', "&amp;"),
    ('<', "&lt;"),
    ('>', "&gt;"),
    ('"', "&quot;"),
    ('\'', "&#39;"),
];

/// `text` with the special characters of `target` escaped.
pub(crate) fn escape(text: &str, target: &str) -> Option<String> {
    let mut output = String::with_capacity(text.len());
    for character in text.chars() {
        match target {
            "html" => match HTML.iter().find(|entry| entry.0 == character) {
                Some((_, entity)) => output.push_str(entity),
                None => output.push(character),
            },
            "json" => match character {
                '"' | '\\' => output.extend(['\\', character]),
                '\n' => output.push_str("\\n"),
                '\r' => output.push_str("\\r"),
                '\t' => output.push_str("\\t"),
                c if c < ' ' => output.push_str(&format!("\\u{:04x}", u32::from(c))),
                c => output.push(c),
            },
            _ => return None,
        }
    }
    Some(output)
}

/// The inverse of [`escape`]; `None` for escapes that do not exist.
pub(crate) fn unescape(text: &str, target: &str) -> Option<String> {
    match target {
        "html" => Some(unescape_html(text)),
        "json" => unescape_json(text),
        _ => None,
    }
}

fn unescape_html(text: &str) -> String {
    let mut output = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        output.push_str(&rest[..at]);
        rest = &rest[at..];
        match HTML.iter().find(|entry| rest.starts_with(entry.1)) {
            Some((character, entity)) => {
                output.push(*character);
                rest = &rest[entity.len()..];
            }
            None => {
                output.push('&');
                rest = &rest[1..];
            }
        }
    }
    output.push_str(rest);
    output
}

fn unescape_json(text: &str) -> Option<String> {
    let mut output = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            output.push(character);
            continue;
        }
        output.push(match characters.next()? {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'u' => {
                let digits: String = characters.by_ref().take(4).collect();
                char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?
            }
            escaped @ ('"' | '\\' | '/') => escaped,
            _ => return None,
        });
    }
    Some(output)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_decodes_to_itself() {
        for text in ["", "a", "ab", "abc", "subjects?_d", "héé \u{1F600}"] {
            for format in ["hex", "base64", "urlbase64"] {
                let encoded = encode(text, format).expect("a known format");
                assert_eq!(decode(&encoded, format).as_deref(), Some(text), "{format}");
            }
            for target in ["html", "json"] {
                let escaped = escape(text, target).expect("a known target");
                assert_eq!(
                    unescape(&escaped, target).as_deref(),
                    Some(text),
                    "{target}"
                );
            }
        }
        assert_eq!(
            encode("subjects?_d", "base64").as_deref(),
            Some("c3ViamVjdHM/X2Q=")
        );
    }

    #[test]
    fn text_in_no_such_format_is_refused() {
        for (text, format) in [
            ("a", "base64"),
            ("a*==", "base64"),
            ("é", "hex"),
            ("abc", "hex"),
            ("ff", "hex"),
            ("a", "rot13"),
        ] {
            assert_eq!(decode(text, format), None, "{text}");
        }
        assert_eq!(unescape("\\x", "json"), None);
        assert_eq!(unescape("\\", "json"), None);
    }
}
