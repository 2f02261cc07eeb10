//! Photographs: small, and what they say they are.

/// Most bytes: the photograph travels with the record.
pub const LARGEST_PHOTO: usize = 100 * 1024;

/// The media type of a picture by its first bytes; `None` for what is no JPEG, PNG or WebP.
#[must_use]
pub fn kind_of_photo(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some("image/png"),
        [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'W',
            b'E',
            b'B',
            b'P',
            ..,
        ] => Some("image/webp"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_known_by_their_first_bytes() {
        for (bytes, kind) in [
            (&b"\xff\xd8\xff\xe0rest"[..], Some("image/jpeg")),
            (b"\x89PNG\r\n\x1a\nrest", Some("image/png")),
            (b"RIFF1234WEBPrest", Some("image/webp")),
            (b"<svg onload=alert(1)>", None),
            (b"GIF89a", None),
            (b"", None),
        ] {
            assert_eq!(kind_of_photo(bytes), kind);
        }
    }
}
