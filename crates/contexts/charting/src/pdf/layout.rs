//! Lines and pages: words are set side by side, and a page ends where the next line would not fit.

use super::font::{Piece, Typeface, pieces, width};
use super::{Block, Paper};

/// A4, in points.
pub(crate) const PAGE: (f32, f32) = (595.0, 842.0);
pub(crate) const MARGIN: f32 = 56.0;
/// Where the text of a page begins and ends.
const TOP: f32 = 72.0;
const BOTTOM: f32 = 782.0;
/// Height of a line in parts of the size of its letters.
const LEADING: f32 = 1.4;

/// What a line belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Title,
    Heading,
    Body,
    Banner,
}

/// A line on a page.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// The part of the text that it belongs to: lines of one number are read as one.
    pub(crate) part: usize,
    pub(crate) role: Role,
    pub(crate) size: f32,
    /// Where the letters stand, from the top.
    pub(crate) y: f32,
    pub(crate) pieces: Vec<Piece>,
}

/// The lines of every page.
pub(crate) fn pages(paper: &Paper) -> Vec<Vec<Line>> {
    let mut press = Press::default();
    for (at, line) in paper.banner.iter().enumerate() {
        let typeface = if at == 0 {
            Typeface::Bold
        } else {
            Typeface::Regular
        };
        press.set(line, (Role::Banner, typeface, 10.0), 0.0, 0);
    }
    for block in &paper.blocks {
        match block {
            Block::Title(text) => press.set(text, (Role::Title, Typeface::Bold, 16.0), 14.0, 3),
            Block::Heading(text) => press.set(text, (Role::Heading, Typeface::Bold, 11.5), 10.0, 3),
            Block::Text(text) => press.set(text, (Role::Body, Typeface::Regular, 10.5), 2.0, 1),
            Block::Small(text) => press.set(text, (Role::Body, Typeface::Regular, 9.0), 2.0, 1),
        }
    }
    press.pages
}

struct Press {
    pages: Vec<Vec<Line>>,
    y: f32,
    part: usize,
}

impl Default for Press {
    fn default() -> Self {
        Self {
            pages: vec![Vec::new()],
            y: TOP,
            part: 0,
        }
    }
}

impl Press {
    /// Sets a block `gap` points below the one before, with room for at least `together` lines.
    fn set(
        &mut self,
        text: &str,
        (role, typeface, size): (Role, Typeface, f32),
        gap: f32,
        together: u8,
    ) {
        let height = size * LEADING;
        self.y += gap;
        if self.y + height * f32::from(together) > BOTTOM {
            self.turn();
        }
        self.part += 1;
        for said in text.split('\n') {
            if said.trim().is_empty() {
                // A paragraph of its own, for the eye and for who has it read aloud.
                self.y += height / 2.0;
                self.part += 1;
                continue;
            }
            for pieces in broken(said, typeface, size) {
                if self.y + height > BOTTOM {
                    self.turn();
                }
                self.y += height;
                let line = Line {
                    part: self.part,
                    role,
                    size,
                    y: self.y - height * 0.3,
                    pieces,
                };
                if let Some(page) = self.pages.last_mut() {
                    page.push(line);
                }
            }
        }
    }

    fn turn(&mut self) {
        self.pages.push(Vec::new());
        self.y = TOP;
    }
}

/// A line in lines that fit.
fn broken(text: &str, typeface: Typeface, size: f32) -> Vec<Vec<Piece>> {
    let room = PAGE.0 - 2.0 * MARGIN;
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let longer = if line.is_empty() {
            word.to_owned()
        } else {
            format!("{line} {word}")
        };
        if measured(&longer, typeface, size) <= room {
            line = longer;
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        line = cut(word, (typeface, size, room), &mut lines);
    }
    lines.push(line);
    lines.iter().map(|line| pieces(line, typeface)).collect()
}

/// A word that is wider than the page in parts that are not; the last one is returned.
fn cut(
    word: &str,
    (typeface, size, room): (Typeface, f32, f32),
    lines: &mut Vec<String>,
) -> String {
    if measured(word, typeface, size) <= room {
        return word.to_owned();
    }
    let mut part = String::new();
    for character in word.chars() {
        part.push(character);
        if measured(&part, typeface, size) > room {
            part.pop();
            lines.push(std::mem::take(&mut part));
            part.push(character);
        }
    }
    part
}

fn measured(text: &str, typeface: Typeface, size: f32) -> f32 {
    pieces(text, typeface)
        .iter()
        .map(|piece| width(&piece.text, piece.typeface, size))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(lines: &[Line]) -> String {
        let text = |line: &Line| {
            line.pieces
                .iter()
                .map(|one| one.text.as_str())
                .collect::<String>()
        };
        lines.iter().map(text).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_long_note_breaks_pages_and_loses_no_word() {
        let words: Vec<String> = (0..4000).map(|at| format!("word{at}")).collect();
        let paper = Paper {
            blocks: vec![
                Block::Title("Note".to_owned()),
                Block::Text(words.join(" ")),
            ],
            ..Paper::default()
        };
        let pages = pages(&paper);
        assert!(pages.len() > 3, "{}", pages.len());
        let all: Vec<String> = pages.iter().map(|page| said(page)).collect();
        assert_eq!(all.join(" "), format!("Note {}", words.join(" ")));
        for line in pages.iter().flatten() {
            assert!(line.y < BOTTOM && line.y > TOP, "{}", line.y);
        }
    }

    #[test]
    fn a_word_without_end_is_cut_and_an_empty_note_is_one_page() {
        let paper = Paper {
            blocks: vec![Block::Text("x".repeat(500))],
            ..Paper::default()
        };
        assert_eq!(said(&pages(&paper)[0]).replace(' ', "").len(), 500);
        assert_eq!(pages(&Paper::default()).len(), 1);
    }

    #[test]
    fn a_heading_is_not_left_at_the_foot_of_a_page() {
        let mut blocks = vec![Block::Text("line\n".repeat(46).trim().to_owned())];
        blocks.push(Block::Heading("Plan".to_owned()));
        blocks.push(Block::Text("Rest".to_owned()));
        let pages = pages(&Paper {
            blocks,
            ..Paper::default()
        });
        assert_eq!(said(&pages[1]), "Plan Rest");
    }
}
