//! Implementation guides as data: which loops, segments, elements and codes a transaction uses.
//!
//! One engine walks every transaction set ([`walk`]); what differs between sets is a table in
//! [`sets`], written in a compact notation ([`notation`]) and compiled on first use.

mod codes;
mod condition;
mod dictionary;
mod notation;
mod sets;
pub(crate) mod walk;

use std::sync::LazyLock;

pub(crate) use codes::{Codes, is_npi};
pub(crate) use condition::Condition;
pub use dictionary::{DataElement, DataType};
pub(crate) use notation::NotationError;

/// One implementation guide (TR3) that this crate validates.
///
/// ```
/// let guide = mt_x12::Guide::find("005010X222A1", "837").expect("a covered guide");
/// assert_eq!(guide.name, "837P");
/// ```
#[derive(Debug)]
pub struct Guide {
    /// The everyday name, e.g. `837P`.
    pub name: &'static str,
    /// The adopted version, as GS08 and ST03 carry it, e.g. `005010X222A1`.
    pub version: &'static str,
    /// The transaction set identifier, e.g. `837`.
    pub set: &'static str,
    /// The functional identifier code of its groups (GS01), e.g. `HC`.
    pub group: &'static str,
    pub(crate) root: LoopDef,
}

/// How a loop, segment or element is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Usage {
    Required,
    Situational,
    NotUsed,
}

/// A loop: its first node is the segment that opens it.
#[derive(Debug)]
pub(crate) struct LoopDef {
    pub(crate) id: &'static str,
    pub(crate) usage: Usage,
    pub(crate) max: u32,
    pub(crate) nodes: Vec<Node>,
    /// The segment that each node begins with, for a quick search.
    pub(crate) tags: Vec<Tag>,
}

/// A segment identifier as a number, which compares faster than text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tag(u32);

impl Tag {
    /// The tag of an identifier. Identifiers have at most three characters; longer ones share one.
    pub(crate) fn of(id: &str) -> Self {
        match *id.as_bytes() {
            [a] => Self(u32::from(a)),
            [a, b] => Self(u32::from_le_bytes([a, b, 0, 0])),
            [a, b, c] => Self(u32::from_le_bytes([a, b, c, 0])),
            _ => Self(u32::MAX),
        }
    }
}

/// What a loop contains, in the order of the guide.
#[derive(Debug)]
pub(crate) enum Node {
    Segment(SegmentDef),
    Loop(LoopDef),
}

/// A segment at one place in a guide.
#[derive(Debug)]
pub(crate) struct SegmentDef {
    pub(crate) id: &'static str,
    pub(crate) usage: Usage,
    pub(crate) max: u32,
    /// The element (and component) whose code tells this segment from its namesakes.
    pub(crate) key: Option<Key>,
    pub(crate) elements: Vec<ElementDef>,
    /// How many elements the base standard gives the segment.
    pub(crate) width: usize,
    /// Relations between elements that the base standard fixes.
    pub(crate) conditions: Vec<Condition>,
}

/// Where the distinguishing code of a segment stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key {
    pub(crate) element: usize,
    pub(crate) component: usize,
}

/// An element of a segment, or a component of a composite (whose `parts` are empty).
#[derive(Debug, Clone)]
pub(crate) struct ElementDef {
    pub(crate) usage: Usage,
    /// Most repetitions; 1 for nearly all.
    pub(crate) repeats: usize,
    /// The dictionary entry; `None` for a composite.
    pub(crate) data: Option<DataElement>,
    pub(crate) codes: Codes,
    pub(crate) parts: Vec<ElementDef>,
}

impl Guide {
    /// The guide for a version (`005010X222A1`) and transaction set (`837`).
    ///
    /// Another errata level of the same guide (`X222`, `X222A2`) is read with the adopted one.
    /// The 278 has one version for two layouts; this answers the request, and
    /// [`Guide::review_response`] the other.
    pub fn find(version: &str, set: &str) -> Option<&'static Self> {
        let base = base_version(version);
        GUIDES
            .iter()
            .find(|guide| base_version(guide.version) == base && guide.set == set)
    }

    /// All guides that this crate validates.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        GUIDES.iter()
    }

    /// The response layout of the 278 (BHT02 is not 13).
    pub fn review_response() -> Option<&'static Self> {
        GUIDES.iter().find(|guide| guide.name == "278 response")
    }

    /// Whether any segment of this guide is called `id`.
    pub(crate) fn knows(&self, id: &str) -> bool {
        self.root.mentions(id)
    }
}

impl LoopDef {
    pub(crate) fn new(id: &'static str, usage: Usage, max: u32, nodes: Vec<Node>) -> Self {
        let tag = |node: &Node| Tag::of(node.trigger().map_or("", |def| def.id));
        let tags = nodes.iter().map(tag).collect();
        Self {
            id,
            usage,
            max,
            nodes,
            tags,
        }
    }

    /// The segment that opens the loop.
    pub(crate) fn trigger(&self) -> Option<&SegmentDef> {
        match self.nodes.first() {
            Some(Node::Segment(segment)) => Some(segment),
            _ => None,
        }
    }

    fn mentions(&self, id: &str) -> bool {
        self.nodes.iter().any(|node| match node {
            Node::Segment(segment) => segment.id == id,
            Node::Loop(inner) => inner.mentions(id),
        })
    }
}

impl Node {
    /// The segment that this node begins with.
    pub(crate) fn trigger(&self) -> Option<&SegmentDef> {
        match self {
            Self::Segment(segment) => Some(segment),
            Self::Loop(inner) => inner.trigger(),
        }
    }

    pub(crate) fn usage(&self) -> Usage {
        match self {
            Self::Segment(segment) => segment.usage,
            Self::Loop(inner) => inner.usage,
        }
    }

    pub(crate) fn max(&self) -> u32 {
        match self {
            Self::Segment(segment) => segment.max,
            Self::Loop(inner) => inner.max,
        }
    }
}

/// The version without its errata level: `005010X222` for `005010X222A1`.
fn base_version(version: &str) -> &str {
    match version.rfind('A') {
        Some(at) if at >= 10 => version.get(..at).unwrap_or(version),
        _ => version,
    }
}

/// The compiled tables. Their text is part of the program and every one is compiled by a test.
static GUIDES: LazyLock<Vec<Guide>> =
    LazyLock::new(|| sets::compile_all().expect("the tables are constant and compiled by a test"));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_compiles() {
        let guides = sets::compile_all().unwrap_or_else(|error| panic!("{error}"));
        assert!(guides.len() >= 11);
    }

    #[test]
    fn every_loop_begins_with_a_segment() {
        fn check(found: &LoopDef) {
            assert!(found.trigger().is_some(), "{}", found.id);
            for node in &found.nodes {
                if let Node::Loop(inner) = node {
                    check(inner);
                }
            }
        }
        Guide::all().for_each(|guide| check(&guide.root));
    }

    #[test]
    fn an_errata_level_is_read_with_the_adopted_guide() {
        for version in ["005010X222", "005010X222A1", "005010X222A2"] {
            assert_eq!(
                Guide::find(version, "837").map(|guide| guide.name),
                Some("837P")
            );
        }
        assert!(Guide::find("005010X999A1", "837").is_none());
        assert!(Guide::find("005010X222A1", "835").is_none());
    }
}
