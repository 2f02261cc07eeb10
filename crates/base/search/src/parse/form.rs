//! `application/x-www-form-urlencoded`, the one encoding of query strings and `POST _search`.

use crate::query::QueryError;

/// Reads a query string or form body into pairs, in order.
///
/// # Errors
/// [`QueryError::Encoding`] for a bad percent escape or text that is not UTF-8; a lenient reader
/// would search for something else than was asked.
pub fn decode(text: &str) -> Result<Vec<(String, String)>, QueryError> {
    let text = text.strip_prefix('?').unwrap_or(text);
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decode_part(name)?, decode_part(value)?))
        })
        .collect()
}

fn decode_part(text: &str) -> Result<String, QueryError> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut index = 0;
    while let Some(&byte) = bytes.get(index) {
        match byte {
            b'+' => out.push(b' '),
            b'%' => {
                let digits = bytes.get(index + 1).zip(bytes.get(index + 2));
                let value = digits.and_then(|(high, low)| Some((hex(*high)? << 4) | hex(*low)?));
                out.push(value.ok_or(QueryError::Encoding {
                    reason: "bad percent escape",
                })?);
                index += 2;
            }
            _ => out.push(byte),
        }
        index += 1;
    }
    String::from_utf8(out).map_err(|_| QueryError::Encoding {
        reason: "not UTF-8",
    })
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

/// Writes pairs as a query string; what RFC 3986 allows in a query stays readable.
pub(crate) fn encode(pairs: &[(String, String)]) -> String {
    let mut out = String::new();
    for (index, (name, value)) in pairs.iter().enumerate() {
        if index > 0 {
            out.push('&');
        }
        encode_part(name, &mut out);
        out.push('=');
        encode_part(value, &mut out);
    }
    out
}

fn encode_part(text: &str, out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => out.push(char::from(byte)),
            b'-' | b'.' | b'_' | b'~' | b':' | b'/' | b',' | b'*' | b'$' => {
                out.push(char::from(byte))
            }
            _ => {
                out.push('%');
                out.push(char::from(HEX[usize::from(byte >> 4)]));
                out.push(char::from(HEX[usize::from(byte & 15)]));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn plus_and_percent_are_decoded() {
        let pairs = decode("?name=J%C3%BCrgen+M&code=a%7Cb&flag").expect("well-formed");
        let expected = [("name", "Jürgen M"), ("code", "a|b"), ("flag", "")];
        assert!(
            pairs
                .iter()
                .map(|(n, v)| (n.as_str(), v.as_str()))
                .eq(expected)
        );
    }

    #[test]
    fn what_cannot_be_decoded_is_refused() {
        for bad in ["a=%", "a=%4", "a=%zz", "a=%ff", "%c3=1"] {
            assert!(
                matches!(decode(bad), Err(QueryError::Encoding { .. })),
                "{bad}"
            );
        }
    }

    proptest! {
        #[test]
        fn encoding_is_undone(name in "[^&=]{1,8}", value in any::<String>()) {
            let pairs = vec![(name, value)];
            prop_assert_eq!(decode(&encode(&pairs)), Ok(pairs));
        }
    }
}
