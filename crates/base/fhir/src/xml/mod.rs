//! FHIR XML both ways (R4 xml.html), lossless against the JSON tree.
//!
//! Both formats carry the same record; only the definitions tell which XML attribute is a JSON
//! number, what repeats and in which order elements stand. What they do not know cannot be
//! converted and is refused, never dropped. DTDs and entities are refused: no FHIR document needs
//! them and they are how XML parsers are attacked.

mod error;
mod read;
mod write;

pub use error::{XmlError, XmlErrorKind};
pub(crate) use read::is_allowed_reference;
pub use read::parse;
pub use write::{WriteError, write};

/// The namespace of FHIR.
const FHIR: &str = "http://hl7.org/fhir";

/// The namespace of the narrative.
pub(crate) const XHTML: &str = "http://www.w3.org/1999/xhtml";

/// Of declarations like `xmlns:x`, more on one element than any FHIR document needs: every name
/// is looked up among them.
pub(crate) const MAX_NAMESPACES: usize = 8;

/// Attributes on one element; duplicates are found by comparing all pairs.
pub(crate) const MAX_ATTRIBUTES: usize = 64;

/// Whether the text has a character that no XML document can carry, not even by its number.
pub(crate) fn has_forbidden_character(text: &str) -> bool {
    let is_control = |b: u8| b < b' ' && !matches!(b, b'\t' | b'\n' | b'\r');
    text.bytes().any(is_control) || text.contains(['\u{FFFE}', '\u{FFFF}'])
}
