//! Pages of lines as a tagged PDF.

use std::num::NonZeroU16;

use krilla::color::rgb;
use krilla::configure::{Accessibility, ConfigurationBuilder};
use krilla::destination::XyzDestination;
use krilla::geom::{Point, Transform};
use krilla::metadata::{DateTime, Metadata};
use krilla::num::NormalizedF32;
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::paint::Fill;
use krilla::surface::Surface;
use krilla::tagging::{
    Artifact, ArtifactType, ContentTag, Identifier, Node, Tag, TagGroup, TagKind, TagTree,
};
use krilla::text::TextDirection;
use krilla::{Document, SerializeSettings};
use mt_kernel::Instant;

use super::Paper;
use super::font::{Typeface, font, width};
use super::layout::{Line, MARGIN, PAGE, Role, pages};
use crate::error::{ChartingError, Result};

const INK: (u8, u8, u8) = (20, 20, 20);
const FAINT: (u8, u8, u8) = (96, 96, 96);
const WATERMARK: (u8, u8, u8) = (225, 150, 150);

/// A part of the text with everything on the pages that belongs to it.
struct Part {
    number: usize,
    role: Role,
    text: String,
    /// Where it begins.
    place: (usize, f32),
    marks: Vec<Identifier>,
}

/// Draws a paper; `now` is when.
///
/// # Errors
/// [`ChartingError::Unprintable`] when the result would not be readable by machines that read aloud.
pub(crate) fn draw(paper: &Paper, now: Instant) -> Result<Vec<u8>> {
    let accessible = ConfigurationBuilder::new().with_accessibility_validator(Accessibility::UA1);
    let configuration = accessible
        .finish()
        .map_err(|_| ChartingError::Unprintable)?;
    let mut document = Document::new_with(SerializeSettings {
        configuration,
        enable_tagging: true,
        ..SerializeSettings::default()
    });
    let pages = pages(paper);
    let mut parts: Vec<Part> = Vec::new();
    for (at, lines) in pages.iter().enumerate() {
        let settings = PageSettings::from_wh(PAGE.0, PAGE.1).ok_or(ChartingError::Unprintable)?;
        let mut page = document.start_page_with(settings);
        let mut surface = page.surface();
        frame(&mut surface, paper, (at, pages.len()));
        for line in lines {
            let mark = surface.start_tagged(ContentTag::Other);
            write(&mut surface, line);
            surface.end_tagged();
            belongs(&mut parts, line, at, mark);
        }
        surface.finish();
        page.finish();
    }
    document.set_outline(outline(&parts));
    document.set_tag_tree(tree(paper, parts));
    document.set_metadata(metadata(paper, now));
    document.finish().map_err(|_| ChartingError::Unprintable)
}

/// What is on every page and is no part of the text.
fn frame(surface: &mut Surface<'_>, paper: &Paper, (at, count): (usize, usize)) {
    if let Some(words) = paper.watermark {
        surface.start_tagged(artifact(ArtifactType::Watermark));
        let size = 64.0;
        let wide = width(words, Typeface::Bold, size);
        surface.push_transform(&Transform::from_rotate_at(
            -55.0,
            PAGE.0 / 2.0,
            PAGE.1 / 2.0,
        ));
        let place = ((PAGE.0 - wide) / 2.0, PAGE.1 / 2.0);
        text(surface, words, (Typeface::Bold, size), place, WATERMARK);
        surface.pop();
        surface.end_tagged();
    }
    if at > 0 {
        surface.start_tagged(artifact(ArtifactType::Header));
        let banner = paper.banner.first().map_or("", String::as_str);
        faint(surface, banner, (MARGIN, 48.0));
        surface.end_tagged();
    }
    surface.start_tagged(artifact(ArtifactType::Footer));
    faint(surface, &paper.footer, (MARGIN, 808.0));
    let number = format!("Page {} of {count}", at + 1);
    let wide = width(&number, Typeface::Regular, 8.0);
    faint(surface, &number, (PAGE.0 - MARGIN - wide, 808.0));
    surface.end_tagged();
}

fn faint(surface: &mut Surface<'_>, words: &str, (mut x, y): (f32, f32)) {
    for piece in super::font::pieces(words, Typeface::Regular) {
        text(surface, &piece.text, (piece.typeface, 8.0), (x, y), FAINT);
        x += width(&piece.text, piece.typeface, 8.0);
    }
}

fn write(surface: &mut Surface<'_>, line: &Line) {
    let mut x = MARGIN;
    for piece in &line.pieces {
        text(
            surface,
            &piece.text,
            (piece.typeface, line.size),
            (x, line.y),
            INK,
        );
        x += width(&piece.text, piece.typeface, line.size);
    }
}

fn text(
    surface: &mut Surface<'_>,
    words: &str,
    (typeface, size): (Typeface, f32),
    (x, y): (f32, f32),
    (red, green, blue): (u8, u8, u8),
) {
    surface.set_fill(Some(Fill {
        paint: rgb::Color::new(red, green, blue).into(),
        opacity: NormalizedF32::ONE,
        rule: krilla::paint::FillRule::default(),
    }));
    let place = Point::from_xy(x, y);
    surface.draw_text(
        place,
        font(typeface),
        size,
        words,
        false,
        TextDirection::Auto,
    );
}

fn artifact(kind: ArtifactType) -> ContentTag<'static> {
    ContentTag::Artifact(Artifact::with_kind(kind))
}

fn belongs(parts: &mut Vec<Part>, line: &Line, page: usize, mark: Identifier) {
    let said: String = line.pieces.iter().map(|one| one.text.as_str()).collect();
    match parts.last_mut() {
        Some(last) if last.number == line.part => {
            last.marks.push(mark);
            last.text.push(' ');
            last.text.push_str(&said);
        }
        _ => parts.push(Part {
            number: line.part,
            role: line.role,
            text: said,
            place: (page, line.y - line.size),
            marks: vec![mark],
        }),
    }
}

/// Headings as a table of contents.
fn outline(parts: &[Part]) -> Outline {
    let mut outline = Outline::new();
    let headings = parts
        .iter()
        .filter(|part| matches!(part.role, Role::Title | Role::Heading));
    for part in headings {
        let (page, y) = part.place;
        let place = XyzDestination::new(page, Point::from_xy(MARGIN, y));
        outline.push_child(OutlineNode::new(part.text.clone(), place));
    }
    outline
}

/// What is heading and what is paragraph, in the order of reading.
fn tree(paper: &Paper, parts: Vec<Part>) -> TagTree {
    let mut tree = TagTree::new().with_lang(Some(paper.language.clone()));
    for part in parts {
        let heading = |level: u16| -> TagKind {
            let level = NonZeroU16::new(level).unwrap_or(NonZeroU16::MIN);
            Tag::Hn(level, Some(part.text.clone())).into()
        };
        let kind = match part.role {
            Role::Title => heading(1),
            Role::Heading => heading(2),
            Role::Body | Role::Banner => Tag::P.into(),
        };
        let marks = part.marks.into_iter().map(Node::from).collect();
        tree.push(TagGroup::with_children(kind, marks));
    }
    tree
}

fn metadata(paper: &Paper, now: Instant) -> Metadata {
    let at = now.timestamp().to_zoned(jiff::tz::TimeZone::UTC);
    let small = |number: i8| number.unsigned_abs();
    let date = DateTime::new(at.year().unsigned_abs())
        .month(small(at.month()))
        .day(small(at.day()))
        .hour(small(at.hour()))
        .minute(small(at.minute()))
        .second(small(at.second()))
        .utc_offset_hour(0)
        .utc_offset_minute(0);
    Metadata::new()
        .title(paper.title.clone())
        .language(paper.language.clone())
        .creator("MediTrack".to_owned())
        .creation_date(date)
}
