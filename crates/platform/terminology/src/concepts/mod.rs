//! The concepts of one code system, held compactly: one text for all strings, and tables of
//! offsets into it, so that a hundred thousand codes cost a few megabytes and no small allocation.

mod builder;
mod hierarchy;
mod image;

use std::cmp::Ordering;

pub use builder::{ConceptsBuilder, NewAttribute, NewConcept};
pub use hierarchy::{Ancestors, Descendants};
pub use image::ImageError;

/// Position of a concept in its code system, in the order in which the system lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConceptId(pub(crate) u32);

impl ConceptId {
    const fn index(self) -> usize {
        self.0 as usize
    }
}

/// What an attribute of a concept is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum AttributeKey {
    /// A property and the type of its value.
    Property {
        /// Code of the property.
        code: String,
        /// Type of the value.
        kind: PropertyKind,
    },
    /// Another name of the concept.
    Designation {
        /// Language (BCP 47).
        language: Option<String>,
        /// Code system and code of the use.
        usage: Option<(String, String)>,
    },
}

/// Type of a property (<http://hl7.org/fhir/R4/valueset-concept-property-type.html>).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PropertyKind {
    /// A code of the same system
    Code,
    /// A code of another system, held as `system|code`
    Coding,
    /// Text
    String,
    /// A whole number
    Integer,
    /// `true` or `false`
    Boolean,
    /// A date or time
    DateTime,
    /// A decimal
    Decimal,
}

/// A concept that should not be used by itself: a grouping.
const ABSTRACT: u8 = 1;
/// A concept that is no longer in use.
const INACTIVE: u8 = 2;

#[derive(Clone, Copy, Debug, Default)]
struct Span {
    start: u32,
    len: u32,
}

#[derive(Clone, Copy, Debug, Default)]
struct Attribute {
    key: u16,
    value: Span,
}

/// Rows of several items each: row `i` is `items[starts[i]..starts[i + 1]]`.
#[derive(Debug, Default)]
struct Rows<T> {
    starts: Vec<u32>,
    items: Vec<T>,
}

impl<T> Rows<T> {
    fn row(&self, index: usize) -> &[T] {
        let bounds = self.starts.get(index).zip(self.starts.get(index + 1));
        bounds
            .and_then(|(&from, &to)| self.items.get(from as usize..to as usize))
            .unwrap_or(&[])
    }
}

/// The concepts of one code system.
#[derive(Debug, Default)]
pub struct Concepts {
    text: String,
    codes: Vec<Span>,
    displays: Vec<Span>,
    flags: Vec<u8>,
    by_code: Vec<u32>,
    parents: Rows<u32>,
    children: Rows<u32>,
    keys: Vec<AttributeKey>,
    attributes: Rows<Attribute>,
    case_sensitive: bool,
}

impl Concepts {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.codes.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.codes.is_empty()
    }

    /// Every concept, in the order of the code system.
    pub fn all(&self) -> impl Iterator<Item = ConceptId> + Clone + use<> {
        (0..u32::try_from(self.codes.len()).unwrap_or(u32::MAX)).map(ConceptId)
    }

    /// The concept with a code.
    #[must_use]
    pub fn find(&self, code: &str) -> Option<ConceptId> {
        let order = |&index: &u32| {
            compare(
                self.slice(self.codes[index as usize]),
                code,
                self.case_sensitive,
            )
        };
        let position = self.by_code.binary_search_by(order).ok()?;
        Some(ConceptId(self.by_code[position]))
    }

    /// Code of a concept.
    #[must_use]
    pub fn code(&self, concept: ConceptId) -> &str {
        self.codes
            .get(concept.index())
            .map_or("", |span| self.slice(*span))
    }

    /// Preferred name of a concept.
    #[must_use]
    pub fn display(&self, concept: ConceptId) -> Option<&str> {
        let span = self.displays.get(concept.index())?;
        (span.len > 0).then(|| self.slice(*span))
    }

    /// Whether a concept only groups others.
    #[must_use]
    pub fn is_abstract(&self, concept: ConceptId) -> bool {
        self.flag(concept, ABSTRACT)
    }

    /// Whether a concept is no longer in use.
    #[must_use]
    pub fn is_inactive(&self, concept: ConceptId) -> bool {
        self.flag(concept, INACTIVE)
    }

    /// Properties and designations of a concept.
    pub fn attributes(&self, concept: ConceptId) -> impl Iterator<Item = (&AttributeKey, &str)> {
        let row = self.attributes.row(concept.index()).iter();
        row.filter_map(|attribute| {
            let key = self.keys.get(usize::from(attribute.key))?;
            Some((key, self.slice(attribute.value)))
        })
    }

    /// Values of one property of a concept.
    pub fn property<'a>(
        &'a self,
        concept: ConceptId,
        property: &'a str,
    ) -> impl Iterator<Item = &'a str> {
        let is_it = move |key: &AttributeKey| matches!(key, AttributeKey::Property { code, .. } if code == property);
        self.attributes(concept)
            .filter(move |(key, _)| is_it(key))
            .map(|(_, value)| value)
    }

    /// Whether any concept has the property.
    #[must_use]
    pub fn has_property(&self, property: &str) -> bool {
        self.keys
            .iter()
            .any(|key| matches!(key, AttributeKey::Property { code, .. } if code == property))
    }

    fn flag(&self, concept: ConceptId, flag: u8) -> bool {
        self.flags
            .get(concept.index())
            .is_some_and(|flags| flags & flag != 0)
    }

    fn slice(&self, span: Span) -> &str {
        self.text
            .get(span.start as usize..(span.start + span.len) as usize)
            .unwrap_or("")
    }
}

/// Order of codes; without regard to ASCII case when the system does not regard it.
fn compare(a: &str, b: &str, case_sensitive: bool) -> Ordering {
    if case_sensitive {
        return a.cmp(b);
    }
    let lower = |byte: u8| byte.to_ascii_lowercase();
    a.bytes().map(lower).cmp(b.bytes().map(lower))
}
