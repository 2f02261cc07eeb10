//! Character sets of HL7 table 0211 and how a message's own is found.
//!
//! Some multi-byte sets use delimiter bytes inside a character, so a message in one of those
//! is converted to UTF-8 before anything is split; all others are split as they came.

mod decide;
mod iso2022;
mod unicode;

use std::borrow::Cow;
use std::fmt;

use encoding_rs::Encoding;

pub(crate) use decide::{decide, default_set, strip_mark};
pub(crate) use iso2022::{Designation, decode_designated};

/// A character set a message may be written in.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Charset {
    /// Seven-bit ASCII; also what an absent MSH-18 means.
    Ascii,
    /// `UNICODE UTF-8`.
    Utf8,
    /// `UNICODE UTF-16`, little-endian.
    Utf16Le,
    /// `UNICODE UTF-16`, big-endian.
    Utf16Be,
    /// `UNICODE UTF-32`, little-endian.
    Utf32Le,
    /// `UNICODE UTF-32`, big-endian.
    Utf32Be,
    /// A single-byte or East Asian set.
    Other(&'static Encoding),
}

impl Charset {
    /// The set most Western senders without MSH-18 use.
    pub const WINDOWS_1252: Self = Self::Other(encoding_rs::WINDOWS_1252);

    /// Finds the set that a value of table 0211 (or a common misspelling of it) names.
    /// The bare `UNICODE` and sets no longer in use give `None`.
    #[must_use]
    pub fn from_hl7(name: &str) -> Option<Self> {
        let folded: String = name
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|c| c.to_ascii_uppercase())
            .collect();
        let part = folded.strip_prefix("ISO").unwrap_or(&folded);
        if let Some(number) = part.strip_prefix("8859") {
            return iso_8859(number).map(Self::Other);
        }
        Some(match folded.as_str() {
            "ASCII" | "USASCII" | "ISOIR6" => Self::Ascii,
            "UTF8" | "UNICODEUTF8" => Self::Utf8,
            "UTF16" | "UNICODEUTF16" | "UTF16BE" => Self::Utf16Be,
            "UTF16LE" => Self::Utf16Le,
            "UTF32" | "UNICODEUTF32" | "UTF32BE" => Self::Utf32Be,
            "UTF32LE" => Self::Utf32Le,
            "ISOIR13" | "ISOIR14" | "ISOIR87" | "ISOIR159" => Self::Other(encoding_rs::ISO_2022_JP),
            "GB180302000" | "GB18030" => Self::Other(encoding_rs::GB18030),
            "BIG5" => Self::Other(encoding_rs::BIG5),
            "KSX1001" => Self::Other(encoding_rs::EUC_KR),
            "WINDOWS1252" | "CP1252" => Self::WINDOWS_1252,
            _ => return None,
        })
    }

    /// The name in table 0211 for MSH-18; ASCII needs none.
    #[must_use]
    pub fn hl7_name(self) -> Option<&'static str> {
        let named = NAMES_0211
            .iter()
            .find(|name| Self::from_hl7(name) == Some(self));
        named.copied().filter(|_| self != Self::Ascii)
    }

    /// The usual name of the set.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ascii => "ASCII",
            Self::Utf8 => "UTF-8",
            Self::Utf16Le => "UTF-16LE",
            Self::Utf16Be => "UTF-16BE",
            Self::Utf32Le => "UTF-32LE",
            Self::Utf32Be => "UTF-32BE",
            Self::Other(encoding) => encoding.name(),
        }
    }

    /// Whether delimiter bytes never occur inside another character, so that the bytes can be
    /// split before they are decoded.
    #[must_use]
    pub fn divides_safely(self) -> bool {
        match self {
            Self::Ascii | Self::Utf8 => true,
            Self::Other(encoding) => encoding.is_single_byte() || encoding == encoding_rs::EUC_KR,
            _ => false,
        }
    }

    /// Whether every character takes two or four bytes, ASCII too.
    pub(crate) const fn is_wide(self) -> bool {
        matches!(
            self,
            Self::Utf16Le | Self::Utf16Be | Self::Utf32Le | Self::Utf32Be
        )
    }

    /// Decodes `bytes`, or gives `None` when they are not valid in this set.
    #[must_use]
    pub fn decode(self, bytes: &[u8]) -> Option<Cow<'_, str>> {
        match self {
            Self::Ascii if bytes.is_ascii() => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
            Self::Ascii => None,
            Self::Utf8 => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
            Self::Utf16Le => unicode::decode_utf16(bytes, u16::from_le_bytes),
            Self::Utf16Be => unicode::decode_utf16(bytes, u16::from_be_bytes),
            Self::Utf32Le => unicode::decode_utf32(bytes, u32::from_le_bytes),
            Self::Utf32Be => unicode::decode_utf32(bytes, u32::from_be_bytes),
            Self::Other(encoding) => {
                encoding.decode_without_bom_handling_and_without_replacement(bytes)
            }
        }
    }

    /// Decodes `bytes`, with U+FFFD for what is not valid.
    #[must_use]
    pub fn decode_lossy(self, bytes: &[u8]) -> Cow<'_, str> {
        self.decode(bytes).unwrap_or_else(|| match self {
            Self::Other(encoding) => encoding.decode_without_bom_handling(bytes).0,
            _ => String::from_utf8_lossy(bytes),
        })
    }

    /// Encodes `text`, or gives `None` when a character is not in this set.
    #[must_use]
    pub fn encode(self, text: &str) -> Option<Cow<'_, [u8]>> {
        match self {
            Self::Ascii => text.is_ascii().then_some(Cow::Borrowed(text.as_bytes())),
            Self::Utf8 => Some(Cow::Borrowed(text.as_bytes())),
            Self::Utf16Le => Some(unicode::encode_utf16(text, u16::to_le_bytes)),
            Self::Utf16Be => Some(unicode::encode_utf16(text, u16::to_be_bytes)),
            Self::Utf32Le => Some(unicode::encode_utf32(text, u32::to_le_bytes)),
            Self::Utf32Be => Some(unicode::encode_utf32(text, u32::to_be_bytes)),
            Self::Other(encoding) => {
                let (bytes, _, lossy) = encoding.encode(text);
                (!lossy).then_some(bytes)
            }
        }
    }
}

impl fmt::Display for Charset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for Charset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Table 0211, as far as the sets are supported.
const NAMES_0211: [&str; 20] = [
    "UNICODE UTF-8",
    "8859/1",
    "8859/2",
    "8859/3",
    "8859/4",
    "8859/5",
    "8859/6",
    "8859/7",
    "8859/8",
    "8859/9",
    "8859/10",
    "8859/11",
    "8859/13",
    "8859/15",
    "ISO IR87",
    "GB 18030-2000",
    "KS X 1001",
    "BIG-5",
    "UNICODE UTF-16",
    "UNICODE UTF-32",
];

fn iso_8859(number: &str) -> Option<&'static Encoding> {
    Some(match number {
        "1" => encoding_rs::WINDOWS_1252,
        "2" => encoding_rs::ISO_8859_2,
        "3" => encoding_rs::ISO_8859_3,
        "4" => encoding_rs::ISO_8859_4,
        "5" => encoding_rs::ISO_8859_5,
        "6" => encoding_rs::ISO_8859_6,
        "7" => encoding_rs::ISO_8859_7,
        "8" => encoding_rs::ISO_8859_8,
        "9" => encoding_rs::WINDOWS_1254,
        "10" => encoding_rs::ISO_8859_10,
        "11" => encoding_rs::WINDOWS_874,
        "13" => encoding_rs::ISO_8859_13,
        "14" => encoding_rs::ISO_8859_14,
        "15" => encoding_rs::ISO_8859_15,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_0211_and_its_usual_misspellings_are_known() {
        for (name, charset) in [
            ("ASCII", "ASCII"),
            ("8859/1", "windows-1252"),
            ("8859/2", "ISO-8859-2"),
            ("8859/15", "ISO-8859-15"),
            ("ISO-8859-5", "ISO-8859-5"),
            ("UNICODE UTF-8", "UTF-8"),
            ("UTF-8", "UTF-8"),
            ("UNICODE UTF-16", "UTF-16BE"),
            ("UNICODE UTF-32", "UTF-32BE"),
            ("ISO IR6", "ASCII"),
            ("ISO IR87", "ISO-2022-JP"),
            ("GB 18030-2000", "gb18030"),
            ("KS X 1001", "EUC-KR"),
            ("BIG-5", "Big5"),
        ] {
            assert_eq!(Charset::from_hl7(name).unwrap().name(), charset, "{name}");
        }
        for unknown in ["", "UNICODE", "8859/12", "CNS 11643-1992", "EBCDIC"] {
            assert_eq!(Charset::from_hl7(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn text_survives_encoding_and_decoding() {
        for (name, text) in [
            ("8859/1", "Müller"),
            ("8859/2", "Łukasz"),
            ("8859/5", "Иванов"),
            ("UNICODE UTF-8", "李明 🩺"),
            ("UNICODE UTF-16", "李明 🩺"),
            ("UTF-16LE", "李明 🩺"),
            ("UNICODE UTF-32", "李明 🩺"),
            ("UTF-32LE", "李明 🩺"),
            ("ISO IR87", "山田太郎"),
            ("GB 18030-2000", "李明"),
            ("BIG-5", "許功蓋"),
            ("KS X 1001", "김철수"),
        ] {
            let charset = Charset::from_hl7(name).unwrap();
            let bytes = charset.encode(text).unwrap();
            assert_eq!(charset.decode(&bytes).unwrap(), text, "{name}");
        }
    }

    #[test]
    fn a_character_outside_the_set_is_not_encoded() {
        assert_eq!(Charset::Ascii.encode("é"), None);
        assert_eq!(Charset::WINDOWS_1252.encode("Ł"), None);
    }

    #[test]
    fn bytes_outside_the_set_are_not_decoded() {
        assert_eq!(Charset::Ascii.decode(b"\xe9"), None);
        assert_eq!(Charset::Utf8.decode(b"\xe9t"), None);
        assert_eq!(Charset::Utf16Be.decode(b"\xd8\x00"), None);
        assert_eq!(Charset::Utf16Be.decode(b"a"), None);
        assert_eq!(Charset::Utf32Be.decode(b"\x00\x11\x00\x00"), None);
    }
}
