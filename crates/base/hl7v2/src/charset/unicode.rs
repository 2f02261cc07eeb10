//! UTF-16 and UTF-32, which the encoding library only decodes in part.

use std::borrow::Cow;

pub(super) fn decode_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Option<Cow<'_, str>> {
    let (units, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    let text: Result<String, _> =
        char::decode_utf16(units.iter().map(|pair| unit(*pair))).collect();
    text.ok().map(Cow::Owned)
}

pub(super) fn decode_utf32(bytes: &[u8], unit: fn([u8; 4]) -> u32) -> Option<Cow<'_, str>> {
    let (units, rest) = bytes.as_chunks::<4>();
    if !rest.is_empty() {
        return None;
    }
    let text: Option<String> = units
        .iter()
        .map(|quad| char::from_u32(unit(*quad)))
        .collect();
    text.map(Cow::Owned)
}

pub(super) fn encode_utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Cow<'_, [u8]> {
    Cow::Owned(text.encode_utf16().flat_map(bytes).collect())
}

pub(super) fn encode_utf32(text: &str, bytes: fn(u32) -> [u8; 4]) -> Cow<'_, [u8]> {
    Cow::Owned(text.chars().map(u32::from).flat_map(bytes).collect())
}
