//! The fonts of papers: which one has a character, and how wide words are.
//!
//! Noto Sans covers Latin, Greek and Cyrillic scripts with every accent, Noto Sans Devanagari the languages of India
//! that are written so, and Signs (glyphs of Noto Sans Math, Symbols and Symbols 2) comparisons, arrows and ticks.
//! A character that none has is written as its number, never left out.

use std::sync::LazyLock;

use krilla::text::Font;
use rustybuzz::{Face, UnicodeBuffer, shape};

/// Which font.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Typeface {
    Regular,
    Bold,
    Devanagari,
    Signs,
}

const REGULAR: &[u8] = include_bytes!("../../fonts/NotoSans-Regular.ttf");
const BOLD: &[u8] = include_bytes!("../../fonts/NotoSans-Bold.ttf");
const DEVANAGARI: &[u8] = include_bytes!("../../fonts/NotoSansDevanagari-Regular.ttf");
const SIGNS: &[u8] = include_bytes!("../../fonts/Signs-Regular.ttf");

struct Loaded {
    face: Face<'static>,
    font: Font,
}

fn load(bytes: &'static [u8]) -> Option<Loaded> {
    Some(Loaded {
        face: Face::from_slice(bytes, 0)?,
        font: Font::new(bytes.into(), 0)?,
    })
}

static FONTS: LazyLock<[Option<Loaded>; 4]> =
    LazyLock::new(|| [REGULAR, BOLD, DEVANAGARI, SIGNS].map(load));

fn loaded(typeface: Typeface) -> &'static Loaded {
    let [regular, bold, devanagari, signs] = &*FONTS;
    let found = match typeface {
        Typeface::Regular => regular,
        Typeface::Bold => bold,
        Typeface::Devanagari => devanagari,
        Typeface::Signs => signs,
    };
    found
        .as_ref()
        .expect("the bundled fonts are read by a test")
}

/// The font as the writer of PDF wants it.
pub(crate) fn font(typeface: Typeface) -> Font {
    loaded(typeface).font.clone()
}

/// How wide `text` is in points at `size`.
pub(crate) fn width(text: &str, typeface: Typeface, size: f32) -> f32 {
    let face = &loaded(typeface).face;
    let mut buffer = UnicodeBuffer::new();
    buffer.push_str(text);
    buffer.guess_segment_properties();
    let shaped = shape(face, &[], buffer);
    let advance: i32 = shaped
        .glyph_positions()
        .iter()
        .map(|one| one.x_advance)
        .sum();
    // Advances of a line are far below what a float holds exactly.
    let units = (advance as f32, face.units_per_em() as f32);
    units.0 / units.1 * size
}

/// A piece of a line in one font.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) typeface: Typeface,
    pub(crate) text: String,
}

/// `text` in pieces, each in a font that has all of its characters.
pub(crate) fn pieces(text: &str, wanted: Typeface) -> Vec<Piece> {
    let mut all: Vec<Piece> = Vec::new();
    let mut add = |typeface: Typeface, text: &str| match all.last_mut() {
        Some(last) if last.typeface == typeface => last.text.push_str(text),
        _ => all.push(Piece {
            typeface,
            text: text.to_owned(),
        }),
    };
    let mut current = wanted;
    for character in text.chars().filter(|one| !is_invisible(*one)) {
        let mut bytes = [0; 4];
        let said: &str = character.encode_utf8(&mut bytes);
        // Joiners and spaces stay with the script that they stand in.
        let candidates: &[Typeface] = if character == ' ' || is_joiner(character) {
            &[current, wanted]
        } else {
            &[wanted, Typeface::Devanagari, Typeface::Signs]
        };
        let found = candidates.iter().copied().find(|one| has(*one, character));
        match found {
            Some(typeface) => {
                current = typeface;
                add(typeface, said);
            }
            None if character.is_control() || is_joiner(character) => {}
            None => {
                current = wanted;
                add(wanted, &format!("[U+{:04X}]", u32::from(character)));
            }
        }
    }
    all
}

fn has(typeface: Typeface, character: char) -> bool {
    let glyph = loaded(typeface).face.glyph_index(character);
    glyph.is_some_and(|glyph| glyph.0 != 0)
}

const fn is_joiner(character: char) -> bool {
    matches!(character, '\u{200c}' | '\u{200d}')
}

/// Marks of direction and breaking, which no reader misses.
const fn is_invisible(character: char) -> bool {
    matches!(character, '\u{ad}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bundled_fonts_are_read() {
        for typeface in [
            Typeface::Regular,
            Typeface::Bold,
            Typeface::Devanagari,
            Typeface::Signs,
        ] {
            assert!(width("a", typeface, 10.0) >= 0.0);
        }
        assert!(width("wide words", Typeface::Bold, 10.0) > width("wide", Typeface::Bold, 10.0));
    }

    #[test]
    fn every_character_is_written_in_a_font_that_has_it_or_as_its_number() {
        for (text, expected) in [
            (
                "Ñandú ≥5 µg",
                vec![
                    (Typeface::Regular, "Ñandú "),
                    (Typeface::Signs, "≥"),
                    (Typeface::Regular, "5 µg"),
                ],
            ),
            ("ज्वर है", vec![(Typeface::Devanagari, "ज्वर है")]),
            ("T 中\u{7}\u{200f}", vec![(Typeface::Regular, "T [U+4E2D]")]),
        ] {
            let got = pieces(text, Typeface::Regular);
            let got: Vec<(Typeface, &str)> = got
                .iter()
                .map(|one| (one.typeface, one.text.as_str()))
                .collect();
            assert_eq!(got, expected, "{text}");
        }
    }
}
