//! Reading the tree.

use super::Doc;
use crate::names::Name;

/// Kind of a JSON value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `null`
    Null,
    /// `true` or `false`
    Bool,
    /// A number, kept as text
    Number,
    /// A string
    String,
    /// An array
    Array,
    /// An object
    Object,
}

/// Handle of a node within its document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NodeId(pub(super) u32);

impl NodeId {
    pub(super) const NONE: Self = Self(u32::MAX);

    pub(super) const fn index(self) -> usize {
        self.0 as usize
    }

    pub(super) const fn some(self) -> Option<Self> {
        if self.0 == u32::MAX { None } else { Some(self) }
    }
}

/// One value: its own text span, its key's text span, and its links.
#[derive(Clone, Copy, Debug)]
pub(super) struct NodeData {
    pub(super) kind: Kind,
    /// For `Bool`: the value. For an object field: unused.
    pub(super) truth: bool,
    /// The key started with an underscore.
    pub(super) shadow: bool,
    /// The string holds characters that must be escaped in JSON output.
    pub(super) needs_escape: bool,
    pub(super) name: Name,
    pub(super) key_start: u32,
    pub(super) key_len: u32,
    /// Text span of a string or number; child count of an array or object in `len`.
    pub(super) start: u32,
    pub(super) len: u32,
    pub(super) first_child: NodeId,
    pub(super) last_child: NodeId,
    pub(super) next: NodeId,
}

impl NodeData {
    pub(super) const fn new(kind: Kind) -> Self {
        Self {
            kind,
            truth: false,
            shadow: false,
            needs_escape: false,
            name: Name::UNKNOWN,
            key_start: 0,
            key_len: 0,
            start: 0,
            len: 0,
            first_child: NodeId::NONE,
            last_child: NodeId::NONE,
            next: NodeId::NONE,
        }
    }
}

/// A value in a document. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Node<'a> {
    doc: &'a Doc,
    id: NodeId,
}

impl<'a> Node<'a> {
    pub(super) const fn new(doc: &'a Doc, id: NodeId) -> Self {
        Self { doc, id }
    }

    fn data(self) -> &'a NodeData {
        self.doc.data(self.id)
    }

    /// The document that holds this value.
    #[must_use]
    pub const fn doc(self) -> &'a Doc {
        self.doc
    }

    /// Handle for edits.
    #[must_use]
    pub const fn id(self) -> NodeId {
        self.id
    }

    /// Kind of the value.
    #[must_use]
    pub fn kind(self) -> Kind {
        self.data().kind
    }

    /// The field name under which this value stands; `None` in an array and at the root.
    #[must_use]
    pub fn key(self) -> Option<&'a str> {
        let data = self.data();
        (data.key_start != 0 || data.key_len != 0)
            .then(|| self.doc.span(data.key_start, data.key_len))
    }

    /// Interned element name of the key without a leading underscore.
    #[must_use]
    pub fn name(self) -> Name {
        self.data().name
    }

    /// Whether the key starts with `_` (id and extensions of a primitive).
    #[must_use]
    pub fn is_shadow(self) -> bool {
        self.data().shadow
    }

    /// The text of a string.
    #[must_use]
    pub fn as_str(self) -> Option<&'a str> {
        let data = self.data();
        (data.kind == Kind::String).then(|| self.doc.span(data.start, data.len))
    }

    /// The value of a boolean.
    #[must_use]
    pub fn as_bool(self) -> Option<bool> {
        let data = self.data();
        (data.kind == Kind::Bool).then_some(data.truth)
    }

    /// The digits of a number, exactly as received.
    #[must_use]
    pub fn number_text(self) -> Option<&'a str> {
        let data = self.data();
        (data.kind == Kind::Number).then(|| self.doc.span(data.start, data.len))
    }

    /// The text of a string, number or boolean: what FHIR XML would carry in `value`.
    #[must_use]
    pub fn scalar_text(self) -> Option<&'a str> {
        match self.kind() {
            Kind::String => self.as_str(),
            Kind::Number => self.number_text(),
            Kind::Bool => Some(if self.data().truth { "true" } else { "false" }),
            Kind::Null | Kind::Array | Kind::Object => None,
        }
    }

    /// Whether this is an object.
    #[must_use]
    pub fn is_object(self) -> bool {
        self.kind() == Kind::Object
    }

    /// Whether this is an array.
    #[must_use]
    pub fn is_array(self) -> bool {
        self.kind() == Kind::Array
    }

    /// Whether this is `null`.
    #[must_use]
    pub fn is_null(self) -> bool {
        self.kind() == Kind::Null
    }

    /// Number of fields or items; 0 for anything else.
    #[must_use]
    pub fn len(self) -> usize {
        match self.kind() {
            Kind::Array | Kind::Object => self.data().len as usize,
            Kind::Null | Kind::Bool | Kind::Number | Kind::String => 0,
        }
    }

    /// Whether there is no field or item.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Fields of an object or items of an array, in order; nothing for anything else.
    #[must_use]
    pub fn children(self) -> Children<'a> {
        Children {
            doc: self.doc,
            next: self.data().first_child,
        }
    }

    /// The field with this key.
    #[must_use]
    pub fn get(self, key: &str) -> Option<Node<'a>> {
        if !self.is_object() {
            return None;
        }
        self.children().find(|child| child.key() == Some(key))
    }

    /// The field with this interned name (never the `_` sibling).
    #[must_use]
    pub fn get_name(self, name: Name) -> Option<Node<'a>> {
        if !self.is_object() {
            return None;
        }
        self.children().find(|child| {
            let data = child.data();
            data.name == name && !data.shadow
        })
    }

    /// The `_` sibling of the field with this interned name.
    #[must_use]
    pub fn get_shadow(self, name: Name) -> Option<Node<'a>> {
        if !self.is_object() {
            return None;
        }
        self.children().find(|child| {
            let data = child.data();
            data.name == name && data.shadow
        })
    }

    /// The item at `index`.
    #[must_use]
    pub fn item(self, index: usize) -> Option<Node<'a>> {
        if !self.is_array() {
            return None;
        }
        self.children().nth(index)
    }

    /// The text of the string field `key`.
    #[must_use]
    pub fn str(self, key: &str) -> Option<&'a str> {
        self.get(key)?.as_str()
    }

    /// The `resourceType` of a resource object.
    #[must_use]
    pub fn resource_type(self) -> Option<&'a str> {
        self.str("resourceType")
    }

    pub(super) fn needs_escape(self) -> bool {
        self.data().needs_escape
    }

    /// Whether both values are the same: kinds, texts, order of items. Fields have no order (RFC 8259 §4).
    #[must_use]
    pub fn same_as(self, other: Node<'_>) -> bool {
        if self.kind() != other.kind() || self.len() != other.len() {
            return false;
        }
        match self.kind() {
            Kind::Array => self
                .children()
                .zip(other.children())
                .all(|(a, b)| a.same_as(b)),
            Kind::Object => self.children().zip(other.children()).all(|(a, b)| {
                // Most copies keep the order; what went through another library is sorted.
                let twin = if a.key() == b.key() {
                    Some(b)
                } else {
                    a.key().and_then(|key| other.get(key))
                };
                twin.is_some_and(|twin| a.same_as(twin))
            }),
            _ => self.scalar_text() == other.scalar_text(),
        }
    }
}

impl std::fmt::Debug for Node<'_> {
    /// Kind and size only: the content may be health information.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Node({:?}, {} children)", self.kind(), self.len())
    }
}

/// Iterator over fields or items.
#[derive(Clone)]
pub struct Children<'a> {
    doc: &'a Doc,
    next: NodeId,
}

impl<'a> Iterator for Children<'a> {
    type Item = Node<'a>;

    fn next(&mut self) -> Option<Node<'a>> {
        let id = self.next.some()?;
        self.next = self.doc.data(id).next;
        Some(Node::new(self.doc, id))
    }
}
