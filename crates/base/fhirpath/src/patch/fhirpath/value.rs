//! New content: from `value[x]` or nested parts to JSON nodes, and into its place.

use mt_fhir::definitions::{ElementDef, TypeDef, TypeId};
use mt_fhir::json::{Doc, Node, NodeId};

use super::element_called;
use super::operation::value_of;
use crate::patch::location::Location;
use crate::patch::{Outcome, PatchErrorKind};

/// Detached nodes of one element, and the JSON key under which they belong.
pub(super) struct Built {
    key: String,
    value: Option<NodeId>,
    shadow: Option<NodeId>,
}

const MAX_PART_DEPTH: usize = 32;

impl Built {
    /// Content for `element` of `parent`.
    pub(super) fn from_part(
        doc: &mut Doc,
        part: Node<'_>,
        parent: &'static TypeDef,
        element: &'static ElementDef,
    ) -> Outcome<Self> {
        Self::build(doc, part, parent, element, 0)
    }

    /// Content that takes the place of, or stands beside, an element of type `type_id`.
    pub(super) fn of_type(
        doc: &mut Doc,
        part: Node<'_>,
        type_id: TypeId,
        element: &'static ElementDef,
    ) -> Outcome<Self> {
        let suffix = value_of(part).map_or("", |(_, suffix)| suffix);
        let key = choice_key(element, suffix)?;
        Self::of_key(doc, part, key, type_id, 0)
    }

    fn build(
        doc: &mut Doc,
        part: Node<'_>,
        parent: &'static TypeDef,
        element: &'static ElementDef,
        depth: usize,
    ) -> Outcome<Self> {
        let suffix = value_of(part).map_or("", |(_, suffix)| suffix);
        let key = choice_key(element, suffix)?;
        let type_id = parent
            .field(mt_fhir::names::Name::intern(&key))
            .map(|field| field.type_id)
            .ok_or_else(|| PatchErrorKind::UnknownElement(key.as_str().into()))?;
        Self::of_key(doc, part, key, type_id, depth)
    }

    fn of_key(
        doc: &mut Doc,
        part: Node<'_>,
        key: String,
        type_id: TypeId,
        depth: usize,
    ) -> Outcome<Self> {
        if depth > MAX_PART_DEPTH {
            return Err(PatchErrorKind::TooLarge);
        }
        if let Some((value, suffix)) = value_of(part) {
            let shadow = part.get(&format!("_value{suffix}"));
            let value = Some(doc.copy_from(value));
            let shadow = shadow.map(|shadow| doc.copy_from(shadow));
            return Ok(Self { key, value, shadow });
        }
        if let Some(resource) = part.get("resource") {
            let value = Some(doc.copy_from(resource));
            return Ok(Self {
                key,
                value,
                shadow: None,
            });
        }
        if let Some((shadow, _)) = shadow_of(part) {
            let shadow = Some(doc.copy_from(shadow));
            return Ok(Self {
                key,
                value: None,
                shadow,
            });
        }
        // An anonymous type is given by a part per element.
        let parts = part.get("part").filter(|parts| !parts.is_empty());
        let parts = parts.ok_or(PatchErrorKind::InvalidMember("value"))?;
        let object = doc.new_object();
        let def = type_id.def();
        for part in parts.children() {
            let name = part
                .str("name")
                .ok_or(PatchErrorKind::InvalidMember("name"))?;
            let element = element_called(def, name)?;
            let built = Self::build(doc, part, def, element, depth + 1)?;
            built.attach(doc, object, element)?;
        }
        Ok(Self {
            key,
            value: Some(object),
            shadow: None,
        })
    }

    /// Adds the content to `object`: at the end of a list, otherwise as a new field.
    pub(super) fn attach(
        self,
        doc: &mut Doc,
        object: NodeId,
        element: &'static ElementDef,
    ) -> Outcome<()> {
        let shadow_key = format!("_{}", self.key);
        if element.is_list() {
            let old = doc.node(object).get(&self.key).map(Node::id);
            let old_shadow = doc.node(object).get(&shadow_key).map(Node::id);
            let length = [old, old_shadow]
                .into_iter()
                .flatten()
                .map(|id| doc.node(id).len())
                .max();
            push(doc, object, &self.key, self.value, length.unwrap_or(0));
            if self.shadow.is_some() || old_shadow.is_some() {
                push(doc, object, &shadow_key, self.shadow, length.unwrap_or(0));
            }
            return Ok(());
        }
        let is_taken = doc.node(object).children().any(|field| {
            let key = field.key().unwrap_or_default();
            let key = key.strip_prefix('_').unwrap_or(key);
            key == self.key || element.is_choice && choice_name(element, key)
        });
        if is_taken {
            return Err(PatchErrorKind::AlreadyExists(self.key.into()));
        }
        if let Some(value) = self.value {
            doc.set_field(object, &self.key, value);
        }
        if let Some(shadow) = self.shadow {
            doc.set_field(object, &shadow_key, shadow);
        }
        Ok(())
    }

    /// Puts the content into the list `field` of `object` so that it stands at `at`.
    pub(super) fn insert(self, doc: &mut Doc, object: NodeId, field: NodeId, at: usize) {
        let (values, shadows) = arrays(doc, object, field);
        let item = self.value.unwrap_or_else(|| doc.new_null());
        let values = values.unwrap_or_else(|| {
            nulls(
                doc,
                object,
                &self.key,
                shadows.map_or(0, |s| doc.node(s).len()),
            )
        });
        pad(doc, values, at);
        doc.insert_item(values, at, item);
        if self.shadow.is_none() && shadows.is_none() {
            return;
        }
        let item = self.shadow.unwrap_or_else(|| doc.new_null());
        let length = doc.node(values).len() - 1;
        let shadow_key = format!("_{}", self.key);
        let shadows = shadows.unwrap_or_else(|| nulls(doc, object, &shadow_key, length));
        pad(doc, shadows, at);
        doc.insert_item(shadows, at, item);
    }

    /// Puts the content in the place of an element: an item of the list `field`, or `field` itself,
    /// whose key changes with the type of a choice.
    pub(super) fn replace(
        self,
        doc: &mut Doc,
        object: NodeId,
        field: NodeId,
        place: Option<usize>,
        element: &'static ElementDef,
    ) -> Outcome<()> {
        let shadow_key = format!("_{}", self.key);
        if let Some(at) = place {
            let (values, shadows) = arrays(doc, object, field);
            for (array, item) in [(values, self.value), (shadows, self.shadow)] {
                let Some(array) = array else { continue };
                let item = item.unwrap_or_else(|| doc.new_null());
                doc.remove_item(array, at);
                pad(doc, array, at);
                doc.insert_item(array, at, item);
            }
            if let (None, Some(shadow)) = (shadows, self.shadow) {
                let length = values.map_or(at + 1, |values| doc.node(values).len());
                let array = nulls(doc, object, &shadow_key, length);
                doc.remove_item(array, at);
                doc.insert_item(array, at, shadow);
            }
            return Ok(());
        }
        if element.is_list() {
            return Err(PatchErrorKind::InvalidPath(element.path.into()));
        }
        let old_key = doc.node(field).key().unwrap_or_default().to_owned();
        let old_key = old_key.strip_prefix('_').unwrap_or(&old_key).to_owned();
        let before = doc
            .node(object)
            .children()
            .take_while(|child| child.id() != field)
            .last()
            .map(Node::id);
        doc.remove_child(object, field);
        doc.remove_field(object, &old_key);
        doc.remove_field(object, &format!("_{old_key}"));
        // The sibling may have stood before the value and be gone now.
        let before = before.filter(|id| doc.node(object).children().any(|c| c.id() == *id));
        if let Some(shadow) = self.shadow {
            doc.insert_field(object, before, &shadow_key, shadow);
        }
        if let Some(value) = self.value {
            doc.insert_field(object, before, &self.key, value);
        }
        Ok(())
    }
}

/// The JSON key of an element: for a choice with the type that the content has.
fn choice_key(element: &'static ElementDef, suffix: &str) -> Outcome<String> {
    if !element.is_choice {
        return Ok(element.name.to_owned());
    }
    let is_allowed = element.types.iter().any(|choice| {
        let name = choice.type_id.name();
        name.len() == suffix.len() && name.eq_ignore_ascii_case(suffix)
    });
    let key = format!("{}{suffix}", element.name);
    if is_allowed {
        Ok(key)
    } else {
        Err(PatchErrorKind::UnknownElement(key.into()))
    }
}

/// Whether `key` is one of the JSON names of a choice.
fn choice_name(element: &'static ElementDef, key: &str) -> bool {
    key.strip_prefix(element.name)
        .is_some_and(|suffix| choice_key(element, suffix).is_ok())
}

/// The `_valueX` of a part that has no value.
fn shadow_of<'p>(part: Node<'p>) -> Option<(Node<'p>, &'p str)> {
    part.children()
        .find_map(|field| Some((field, field.key()?.strip_prefix("_value")?)))
}

/// The array of values and that of their `_` siblings, given either.
fn arrays(doc: &Doc, object: NodeId, field: NodeId) -> (Option<NodeId>, Option<NodeId>) {
    let other = partner(doc, object, field);
    if doc.node(field).is_shadow() {
        (other, Some(field))
    } else {
        (Some(field), other)
    }
}

/// The `_` sibling of a field, or the field of a `_` sibling.
pub(super) fn partner(doc: &Doc, object: NodeId, field: NodeId) -> Option<NodeId> {
    let key = doc.node(field).key()?;
    let other = match key.strip_prefix('_') {
        Some(bare) => doc.node(object).get(bare),
        None => doc.node(object).get(&format!("_{key}")),
    };
    other.map(Node::id)
}

/// Removes the place `at` from the partner array of a primitive's list.
pub(super) fn remove_partner(doc: &mut Doc, location: &Location, at: usize) {
    if let Some((object, field)) = location.field(doc)
        && let Some(partner) = partner(doc, object, field)
    {
        doc.remove_item(partner, at);
    }
}

pub(super) fn move_item(doc: &mut Doc, array: NodeId, source: usize, destination: usize) {
    let Some(item) = doc.node(array).item(source).map(Node::id) else {
        return;
    };
    doc.remove_item(array, source);
    pad(doc, array, destination);
    doc.insert_item(array, destination, item);
}

/// Appends to the array `key` of `object`, which is filled up to `length` first.
fn push(doc: &mut Doc, object: NodeId, key: &str, item: Option<NodeId>, length: usize) {
    let array = match doc.node(object).get(key).map(Node::id) {
        Some(array) => array,
        None if item.is_none() && !key.starts_with('_') && length == 0 => return,
        None => nulls(doc, object, key, 0),
    };
    pad(doc, array, length);
    let item = item.unwrap_or_else(|| doc.new_null());
    doc.push(array, item);
}

/// A new array of `null`s under `key`.
fn nulls(doc: &mut Doc, object: NodeId, key: &str, length: usize) -> NodeId {
    let array = doc.new_array();
    pad(doc, array, length);
    doc.set_field(object, key, array);
    array
}

fn pad(doc: &mut Doc, array: NodeId, length: usize) {
    while doc.node(array).len() < length {
        let null = doc.new_null();
        doc.push(array, null);
    }
}
