//! Character set switches inside a value: `\Cxxyy\` and `\Mxxyyzz\` (chapter 2, 2.7.2).
//!
//! The hexadecimal digits are an ISO 2022 escape sequence without its ESC; the text up to the
//! next switch is in the set it designates.

use std::borrow::Cow;

use encoding_rs::Encoding;

/// A set that an escape sequence switched to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Designation {
    /// Back to the message's own set.
    Default,
    /// A single-byte set, or one whose double bytes have the high bit set.
    Direct(&'static Encoding),
    /// Seven-bit double bytes that the ISO-2022-JP decoder reads after this sequence.
    Japanese(&'static [u8]),
}

impl Designation {
    /// Reads the bytes that follow `C` or `M` in an escape.
    pub(crate) fn new(sequence: &[u8]) -> Option<Self> {
        Some(match sequence {
            [0x28, 0x42] => Self::Default,
            [0x28, 0x4a] => Self::Japanese(b"\x1b(J"),
            [0x28 | 0x29, 0x49] => Self::Japanese(b"\x1b(I"),
            [0x24, 0x40] | [0x24, 0x28, 0x40] => Self::Japanese(b"\x1b$@"),
            [0x24, 0x42] | [0x24, 0x28, 0x42] => Self::Japanese(b"\x1b$B"),
            [0x24, 0x29, 0x43] => Self::Direct(encoding_rs::EUC_KR),
            [0x24, 0x29, 0x41] => Self::Direct(encoding_rs::GBK),
            [0x2d, last] => Self::Direct(latin(*last)?),
            _ => return None,
        })
    }
}

/// Decodes what stands after a switch; `None` when it is not valid in the designated set.
pub(crate) fn decode_designated(designation: Designation, bytes: &[u8]) -> Option<Cow<'_, str>> {
    match designation {
        Designation::Default => None,
        Designation::Direct(encoding) => {
            encoding.decode_without_bom_handling_and_without_replacement(bytes)
        }
        Designation::Japanese(start) => {
            let seven_bit = bytes.iter().map(|byte| byte & 0x7f);
            let sequence: Vec<u8> = start
                .iter()
                .copied()
                .chain(seven_bit)
                .chain(*b"\x1b(B")
                .collect();
            encoding_rs::ISO_2022_JP
                .decode_without_bom_handling_and_without_replacement(&sequence)
                .map(|text| Cow::Owned(text.into_owned()))
        }
    }
}

/// Right halves of ISO 8859, by the final byte of `ESC -`.
fn latin(last: u8) -> Option<&'static Encoding> {
    Some(match last {
        0x41 => encoding_rs::WINDOWS_1252,
        0x42 => encoding_rs::ISO_8859_2,
        0x43 => encoding_rs::ISO_8859_3,
        0x44 => encoding_rs::ISO_8859_4,
        0x46 => encoding_rs::ISO_8859_7,
        0x47 => encoding_rs::ISO_8859_6,
        0x48 => encoding_rs::ISO_8859_8,
        0x4c => encoding_rs::ISO_8859_5,
        0x4d => encoding_rs::WINDOWS_1254,
        0x54 => encoding_rs::WINDOWS_874,
        _ => return None,
    })
}
