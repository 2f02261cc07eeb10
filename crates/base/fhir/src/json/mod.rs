//! A lossless, editable JSON tree in two allocations.
//!
//! FHIR servers parse, check, index, rewrite and print the same resource within one request, so
//! the tree is flat: every node is a fixed-size record, every string and number is a span of one
//! text buffer. Numbers keep their digits, objects keep their field order, and element names
//! are interned while parsing so that everything above compares integers.

mod edit;
mod error;
mod node;
mod parse;
mod write;

#[cfg(test)]
mod tests;

pub use error::{JsonError, JsonErrorKind};
pub use node::{Children, Kind, Node, NodeId};
pub use parse::Limits;
pub use write::{write_number_safe, write_string};

use node::NodeData;

/// A JSON document: one text buffer and the nodes that point into it.
#[derive(Clone, Debug)]
pub struct Doc {
    /// The source text, followed by strings that were unescaped or edited.
    text: String,
    nodes: Vec<NodeData>,
    root: NodeId,
}

impl Doc {
    /// Parses `text` within `limits`.
    ///
    /// Follows RFC 8259 strictly (UTF-8, no trailing text) and, beyond it, refuses an object
    /// that names a field twice, because two readers could then see two different records.
    ///
    /// # Errors
    /// [`JsonError`] with the byte offset, line and column of the first problem.
    pub fn parse(text: impl Into<Vec<u8>>, limits: &Limits) -> Result<Self, JsonError> {
        parse::parse(text.into(), limits)
    }

    /// A document that holds an empty object.
    #[must_use]
    pub fn object() -> Self {
        let mut doc = Self {
            text: String::new(),
            nodes: Vec::new(),
            root: NodeId(0),
        };
        doc.root = doc.new_object();
        doc
    }

    /// A document of its own with a deep copy of `node`.
    #[must_use]
    pub fn from_node(node: Node<'_>) -> Self {
        let mut doc = Self {
            text: String::new(),
            nodes: Vec::new(),
            root: NodeId(0),
        };
        doc.root = doc.copy_from(node);
        doc
    }

    /// The outermost value.
    #[must_use]
    pub fn root(&self) -> Node<'_> {
        self.node(self.root)
    }

    /// The node with this id.
    ///
    /// An id of another document gives some other node or the root, never a panic.
    #[must_use]
    pub fn node(&self, id: NodeId) -> Node<'_> {
        let id = if id.index() < self.nodes.len() {
            id
        } else {
            self.root
        };
        Node::new(self, id)
    }

    /// The whole document as minified JSON.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.text.len());
        self.root().write_json(&mut out);
        out
    }

    fn data(&self, id: NodeId) -> &NodeData {
        &self.nodes[id.index()]
    }

    fn data_mut(&mut self, id: NodeId) -> &mut NodeData {
        &mut self.nodes[id.index()]
    }

    fn span(&self, start: u32, len: u32) -> &str {
        &self.text[start as usize..start as usize + len as usize]
    }
}

/// Documents are equal when their values are: number spelling counts, layout and the order of fields do not.
impl PartialEq for Doc {
    fn eq(&self, other: &Self) -> bool {
        self.root().same_as(other.root())
    }
}
