//! Editing the tree: detached nodes are made first, then linked.
//!
//! Nothing is freed: a document lives as long as one request. Copies are deep, so that a node
//! always has exactly one place.

use super::node::{Kind, Node, NodeData, NodeId};
use super::{Doc, parse};
use crate::names::Name;

impl Doc {
    /// A detached empty object.
    pub fn new_object(&mut self) -> NodeId {
        self.push_node(NodeData::new(Kind::Object))
    }

    /// A detached empty array.
    pub fn new_array(&mut self) -> NodeId {
        self.push_node(NodeData::new(Kind::Array))
    }

    /// A detached `null`.
    pub fn new_null(&mut self) -> NodeId {
        self.push_node(NodeData::new(Kind::Null))
    }

    /// A detached boolean.
    pub fn new_bool(&mut self, truth: bool) -> NodeId {
        self.push_node(NodeData {
            truth,
            ..NodeData::new(Kind::Bool)
        })
    }

    /// A detached string.
    pub fn new_string(&mut self, value: &str) -> NodeId {
        let (start, len) = self.append_text(value);
        let needs_escape = parse::needs_escape(value);
        self.push_node(NodeData {
            start,
            len,
            needs_escape,
            ..NodeData::new(Kind::String)
        })
    }

    /// A detached number with these digits; `None` when they are not a JSON number.
    pub fn new_number(&mut self, digits: &str) -> Option<NodeId> {
        if !super::write_number_safe(digits) {
            return None;
        }
        let (start, len) = self.append_text(digits);
        Some(self.push_node(NodeData {
            start,
            len,
            ..NodeData::new(Kind::Number)
        }))
    }

    /// A detached deep copy of `source`, which may stand in another document.
    pub fn copy_from(&mut self, source: Node<'_>) -> NodeId {
        let top = self.copy_shallow(source);
        let mut pending = vec![(source, top)];
        while let Some((from, to)) = pending.pop() {
            for child in from.children() {
                let copy = self.copy_shallow(child);
                if let Some(key) = child.key() {
                    self.set_key(copy, key);
                }
                self.link_last(to, copy);
                if !child.is_empty() {
                    pending.push((child, copy));
                }
            }
        }
        top
    }

    /// A detached deep copy of a node of this document.
    pub fn duplicate(&mut self, id: NodeId) -> NodeId {
        let copy = Self::from_node(self.node(id));
        self.copy_from(copy.root())
    }

    fn copy_shallow(&mut self, source: Node<'_>) -> NodeId {
        match source.kind() {
            Kind::Null => self.new_null(),
            Kind::Bool => self.new_bool(source.as_bool() == Some(true)),
            Kind::String => self.new_string(source.as_str().unwrap_or_default()),
            Kind::Number => {
                let (start, len) = self.append_text(source.number_text().unwrap_or_default());
                self.push_node(NodeData {
                    start,
                    len,
                    ..NodeData::new(Kind::Number)
                })
            }
            Kind::Array => self.new_array(),
            Kind::Object => self.new_object(),
        }
    }

    /// Makes `id` the outermost value.
    pub fn set_root(&mut self, id: NodeId) {
        self.root = id;
    }

    /// Puts `value` under `key`: in the place of the old value, or last.
    pub fn set_field(&mut self, object: NodeId, key: &str, value: NodeId) {
        self.set_key(value, key);
        match self.node(object).get(key).map(Node::id) {
            Some(old) => self.relink(object, old, Some(value)),
            None => self.link_last(object, value),
        }
    }

    /// Puts the string `text` under `key`.
    pub fn set_string_field(&mut self, object: NodeId, key: &str, text: &str) {
        let value = self.new_string(text);
        self.set_field(object, key, value);
    }

    /// Puts `value` under `key` as the field behind `after`, or first without it. An old value
    /// under `key` is dropped.
    pub fn insert_field(
        &mut self,
        object: NodeId,
        after: Option<NodeId>,
        key: &str,
        value: NodeId,
    ) {
        if let Some(old) = self.node(object).get(key).map(Node::id) {
            self.relink(object, old, None);
        }
        self.set_key(value, key);
        self.link_after(object, after, value);
    }

    /// Drops the field `key`; `false` when there is none.
    pub fn remove_field(&mut self, object: NodeId, key: &str) -> bool {
        match self.node(object).get(key).map(Node::id) {
            Some(old) => {
                self.relink(object, old, None);
                true
            }
            None => false,
        }
    }

    /// Appends an item to an array.
    pub fn push(&mut self, array: NodeId, item: NodeId) {
        self.link_last(array, item);
    }

    /// Inserts an item so that it stands at `index`; `false` when the array is shorter.
    pub fn insert_item(&mut self, array: NodeId, index: usize, item: NodeId) -> bool {
        if index > self.node(array).len() {
            return false;
        }
        let after = index
            .checked_sub(1)
            .and_then(|at| self.node(array).item(at))
            .map(Node::id);
        self.link_after(array, after, item);
        true
    }

    /// Drops the item at `index`; `false` when there is none.
    pub fn remove_item(&mut self, array: NodeId, index: usize) -> bool {
        match self.node(array).item(index).map(Node::id) {
            Some(old) => {
                self.relink(array, old, None);
                true
            }
            None => false,
        }
    }

    /// Puts `new` in the place of `old`, a child of `parent`; the key stays.
    pub fn replace(&mut self, parent: NodeId, old: NodeId, new: NodeId) {
        let NodeData {
            key_start,
            key_len,
            name,
            shadow,
            ..
        } = *self.data(old);
        let data = self.data_mut(new);
        (data.key_start, data.key_len, data.name, data.shadow) = (key_start, key_len, name, shadow);
        self.relink(parent, old, Some(new));
    }

    /// Drops `child` of `parent`.
    pub fn remove_child(&mut self, parent: NodeId, child: NodeId) {
        self.relink(parent, child, None);
    }

    /// Overwrites a scalar with a string; key and place stay.
    pub fn set_string(&mut self, id: NodeId, value: &str) {
        let (start, len) = self.append_text(value);
        let needs_escape = parse::needs_escape(value);
        let data = self.data_mut(id);
        data.kind = Kind::String;
        (data.start, data.len, data.needs_escape) = (start, len, needs_escape);
    }

    pub(super) fn push_node(&mut self, data: NodeData) -> NodeId {
        let id = u32::try_from(self.nodes.len()).expect("a document stays below 4 G nodes");
        self.nodes.push(data);
        NodeId(id)
    }

    pub(super) fn append_text(&mut self, value: &str) -> (u32, u32) {
        let start = u32::try_from(self.text.len()).expect("a document stays below 4 GiB of text");
        self.text.push_str(value);
        (
            start,
            u32::try_from(value.len()).expect("a document stays below 4 GiB of text"),
        )
    }

    fn set_key(&mut self, id: NodeId, key: &str) {
        let (start, len) = self.append_text(key);
        let (bare, shadow) = match key.strip_prefix('_') {
            Some(rest) => (rest, true),
            None => (key, false),
        };
        let name = Name::intern(bare);
        let data = self.data_mut(id);
        (data.key_start, data.key_len, data.name, data.shadow) = (start, len, name, shadow);
    }

    pub(super) fn link_last(&mut self, parent: NodeId, child: NodeId) {
        let last = self.data(parent).last_child;
        match last.some() {
            Some(last) => self.data_mut(last).next = child,
            None => self.data_mut(parent).first_child = child,
        }
        let data = self.data_mut(parent);
        data.last_child = child;
        data.len += 1;
    }

    fn link_after(&mut self, parent: NodeId, after: Option<NodeId>, child: NodeId) {
        let next = match after {
            Some(after) => std::mem::replace(&mut self.data_mut(after).next, child),
            None => std::mem::replace(&mut self.data_mut(parent).first_child, child),
        };
        self.data_mut(child).next = next;
        let data = self.data_mut(parent);
        if next == NodeId::NONE {
            data.last_child = child;
        }
        data.len += 1;
    }

    /// Takes `old` out of `parent`, with `new` in its place when given.
    fn relink(&mut self, parent: NodeId, old: NodeId, new: Option<NodeId>) {
        let mut before = None;
        let mut at = self.data(parent).first_child;
        while at != old {
            let Some(current) = at.some() else { return };
            before = Some(current);
            at = self.data(current).next;
        }
        let behind = self.data(old).next;
        let successor = new.unwrap_or(behind);
        if let Some(new) = new {
            self.data_mut(new).next = behind;
        }
        match before {
            Some(before) => self.data_mut(before).next = successor,
            None => self.data_mut(parent).first_child = successor,
        }
        self.data_mut(old).next = NodeId::NONE;
        let last = if behind == NodeId::NONE {
            new.or(before)
        } else {
            None
        };
        let data = self.data_mut(parent);
        if behind == NodeId::NONE {
            data.last_child = last.unwrap_or(NodeId::NONE);
        }
        data.len -= u32::from(new.is_none());
    }
}
