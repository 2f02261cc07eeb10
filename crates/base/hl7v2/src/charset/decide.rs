//! Which character set a message is in.
//!
//! The order is: what the bytes cannot deny (a byte order mark, UTF-16 zeros), MSH-18, the
//! connection's profile, strict UTF-8, and windows-1252 as the last resort with a notice.

use super::Charset;
use crate::notice::NoticeKind;

/// What was decided and what had to be tolerated on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) charset: Charset,
    pub(crate) notice: Option<NoticeKind>,
}

const ESCAPE: u8 = 0x1b;

/// Decides for `bytes`, which start at the header segment unless they are UTF-16 or UTF-32.
pub(crate) fn decide(bytes: &[u8], profile: Option<Charset>) -> Decision {
    if let Some(charset) = sniff(bytes) {
        return Decision {
            charset,
            notice: None,
        };
    }
    let header = announced(bytes);
    let ascii = bytes.is_ascii();
    let candidates = [
        header.charset.filter(|_| header.confirmed),
        profile,
        Some(Charset::Utf8).filter(|_| !ascii),
    ];
    let fits = |charset: &Charset| !charset.is_wide() && charset.decode(bytes).is_some();
    let last_resort = if ascii {
        Charset::Ascii
    } else {
        Charset::WINDOWS_1252
    };
    let used = candidates.into_iter().flatten().find(fits);
    let charset = used.unwrap_or(last_resort);
    let notice = match header.charset.or(profile) {
        _ if header.unknown => Some(NoticeKind::UnknownCharset),
        Some(announced) if announced != charset => Some(NoticeKind::CharsetMismatch {
            announced,
            used: charset,
        }),
        None if charset == Charset::WINDOWS_1252 => Some(NoticeKind::AssumedWindows1252),
        _ => None,
    };
    Decision { charset, notice }
}

/// Length of the byte order mark at the start.
pub(crate) fn strip_mark(bytes: &[u8]) -> usize {
    match bytes {
        [0xef, 0xbb, 0xbf, ..] => 3,
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => 4,
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => 2,
        _ => 0,
    }
}

/// UTF-16 and UTF-32, recognised by a mark or by the zeros around the header's first letter.
fn sniff(bytes: &[u8]) -> Option<Charset> {
    match bytes {
        [0xff, 0xfe, 0, 0, ..] | [b'A'..=b'Z', 0, 0, 0, ..] => Some(Charset::Utf32Le),
        [0, 0, 0xfe, 0xff, ..] | [0, 0, 0, b'A'..=b'Z', ..] => Some(Charset::Utf32Be),
        [0xff, 0xfe, ..] | [b'A'..=b'Z', 0, ..] => Some(Charset::Utf16Le),
        [0xfe, 0xff, ..] | [0, b'A'..=b'Z', ..] => Some(Charset::Utf16Be),
        _ => None,
    }
}

/// The set that repetition 1 of MSH-18 names.
pub(crate) fn default_set(bytes: &[u8]) -> Option<Charset> {
    Charset::from_hl7(character_sets(header_line(bytes)).next()?)
}

/// What MSH-18 says.
#[derive(Default)]
struct Announced {
    charset: Option<Charset>,
    /// Whether the header still says so when it is decoded in that set.
    confirmed: bool,
    unknown: bool,
}

/// MSH-18. Repetition 1 is the default set; a Japanese set in a later repetition counts when
/// the text does switch to it (ISO 2022).
///
/// A multi-byte set may hide separators inside characters of the header itself, so that only
/// the decoded header shows which field is the eighteenth.
fn announced(bytes: &[u8]) -> Announced {
    let header = header_line(bytes);
    let japanese = Charset::Other(encoding_rs::ISO_2022_JP);
    let switches = bytes.contains(&ESCAPE);
    let undivided = [
        Charset::Other(encoding_rs::GB18030),
        Charset::Other(encoding_rs::BIG5),
        japanese,
    ];
    for charset in undivided {
        let text = charset.decode(header).unwrap_or_default();
        let mut names = character_sets(text.as_bytes()).map(Charset::from_hl7);
        let first = names.next() == Some(Some(charset));
        if first || (charset == japanese && switches && names.any(|name| name == Some(charset))) {
            return Announced {
                charset: Some(charset),
                confirmed: true,
                unknown: false,
            };
        }
    }
    let first = character_sets(header).next().unwrap_or_default();
    let charset = Charset::from_hl7(first);
    Announced {
        charset,
        confirmed: charset.is_some_and(Charset::divides_safely),
        unknown: charset.is_none() && !first.is_empty() && first != "\"\"",
    }
}

fn header_line(bytes: &[u8]) -> &[u8] {
    let mut lines = bytes.split(|byte| matches!(byte, b'\r' | b'\n'));
    lines.next().unwrap_or_default()
}

/// The repetitions of MSH-18 in a header, found without parsing.
fn character_sets(header: &[u8]) -> impl Iterator<Item = &str> {
    let separator = header.get(3).copied().unwrap_or(b'|');
    let repetition = header.get(5).copied().unwrap_or(b'~');
    let value = header.split(move |byte| *byte == separator).nth(17);
    value
        .unwrap_or_default()
        .split(move |byte| *byte == repetition)
        .map(|name| str::from_utf8(name).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(charset: &str, name: &[u8]) -> Vec<u8> {
        let mut bytes =
            format!("MSH|^~\\&|A|B|C|D|20260101||ADT^A01|1|P|2.5||||||{charset}\rPID|||||")
                .into_bytes();
        bytes.extend_from_slice(name);
        bytes
    }

    /// MSH-18, a name's bytes, the profile's set, and what is decided.
    type Row<'r> = (
        &'r str,
        &'r [u8],
        Option<Charset>,
        Charset,
        Option<NoticeKind>,
    );

    fn mismatch(announced: Charset, used: Charset) -> Option<NoticeKind> {
        Some(NoticeKind::CharsetMismatch { announced, used })
    }

    #[test]
    fn the_order_of_decision_is_header_profile_utf8_windows_1252() {
        use Charset as C;
        let latin2 = C::from_hl7("8859/2").unwrap();
        let japanese = C::from_hl7("ISO IR87").unwrap();
        let utf8 = "Müller".as_bytes();
        let latin = b"M\xfcller";
        let table: &[Row<'_>] = &[
            ("", b"Doe", None, C::Ascii, None),
            ("", utf8, None, C::Utf8, None),
            (
                "",
                latin,
                None,
                C::WINDOWS_1252,
                Some(NoticeKind::AssumedWindows1252),
            ),
            ("", latin, Some(latin2), latin2, None),
            (
                "",
                latin,
                Some(C::Utf8),
                C::WINDOWS_1252,
                mismatch(C::Utf8, C::WINDOWS_1252),
            ),
            ("8859/1", latin, Some(latin2), C::WINDOWS_1252, None),
            ("8859/1", b"Doe", None, C::WINDOWS_1252, None),
            ("UNICODE UTF-8", utf8, None, C::Utf8, None),
            (
                "UNICODE UTF-8",
                latin,
                None,
                C::WINDOWS_1252,
                mismatch(C::Utf8, C::WINDOWS_1252),
            ),
            (
                "UNICODE UTF-8",
                latin,
                Some(latin2),
                latin2,
                mismatch(C::Utf8, latin2),
            ),
            ("ASCII", utf8, None, C::Utf8, mismatch(C::Ascii, C::Utf8)),
            (
                "ASCII",
                latin,
                None,
                C::WINDOWS_1252,
                mismatch(C::Ascii, C::WINDOWS_1252),
            ),
            (
                "KLINGON",
                b"Doe",
                None,
                C::Ascii,
                Some(NoticeKind::UnknownCharset),
            ),
            ("~ISO IR87", b"\x1b$B;3ED\x1b(B", None, japanese, None),
            ("~ISO IR87", b"Yamada", None, C::Ascii, None),
        ];
        for (announced, name, profile, charset, notice) in table {
            let decision = decide(&message(announced, name), *profile);
            let expected = Decision {
                charset: *charset,
                notice: *notice,
            };
            assert_eq!(decision, expected, "{announced} {name:?} {profile:?}");
        }
    }

    #[test]
    fn utf_16_is_seen_from_its_bytes() {
        let text = String::from_utf8(message("UNICODE UTF-16", b"Doe")).unwrap();
        for charset in [
            Charset::Utf16Le,
            Charset::Utf16Be,
            Charset::Utf32Le,
            Charset::Utf32Be,
        ] {
            let bytes = charset.encode(&text).unwrap();
            assert_eq!(decide(&bytes, None).charset, charset);
        }
    }
}
