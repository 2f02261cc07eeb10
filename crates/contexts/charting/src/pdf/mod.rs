//! Papers as PDF: pages of text with embedded fonts, tagged for those who have them read aloud (PDF/UA-1).
//!
//! Layout and drawing are apart, so that what stands on which page is decided, and tested, without a PDF.

mod draw;
mod font;
mod layout;

pub(crate) use draw::draw;

/// What is to be on paper.
#[derive(Clone, Debug, Default)]
pub(crate) struct Paper {
    /// Title of the document; it is shown by viewers and holds nothing about the patient.
    pub(crate) title: String,
    /// Language of the words (BCP 47).
    pub(crate) language: String,
    /// Who it is about: on the first page as text, and on every other at the top.
    pub(crate) banner: Vec<String>,
    /// What crosses every page of a paper that does not count yet.
    pub(crate) watermark: Option<&'static str>,
    /// What it says.
    pub(crate) blocks: Vec<Block>,
    /// What is at the bottom of every page, before the number of the page.
    pub(crate) footer: String,
}

/// A part of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Block {
    /// The one heading of the document.
    Title(String),
    /// Heading of a part.
    Heading(String),
    /// Lines of words; an empty line parts paragraphs.
    Text(String),
    /// A remark in small letters.
    Small(String),
}
