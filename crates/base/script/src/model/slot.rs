//! How typed fields are read from elements and written into them.
//!
//! Writing is merging: an element that already says what the value says stays as it is, so that building a message
//! and changing a received one are the same code.

use super::shape::{Field, Kind};
use crate::xml::{Element, Node};

/// A typed element.
pub trait Value: Clone + PartialEq + Sized {
    /// What its content is.
    const KIND: Kind;

    /// The value of an element; `None` when it does not have the form.
    fn read(element: &Element<'_>) -> Option<Self>;

    /// Makes an element say this value.
    fn write(&self, element: &mut Element<'_>);
}

/// A typed field: absent, once or many times.
pub trait Slot: Sized {
    /// What the content of the element is.
    const KIND: Kind;
    /// The element may be repeated.
    const MANY: bool;

    /// Reads the field of an element.
    fn read(parent: &Element<'_>, field: &Field) -> Self;

    /// Merges the field at a place among the fields into an element.
    fn write(&self, parent: &mut Element<'_>, fields: &[Field], place: usize);
}

impl<T: Value> Slot for Option<T> {
    const KIND: Kind = T::KIND;
    const MANY: bool = false;

    fn read(parent: &Element<'_>, field: &Field) -> Self {
        let is_named = |element: &&Element<'_>| field.is_named(element.name());
        match parent.elements().find(is_named) {
            Some(element) => T::read(element),
            None => loose(parent, field).and_then(|element| T::read(&element)),
        }
    }

    fn write(&self, parent: &mut Element<'_>, fields: &[Field], place: usize) {
        if Self::read(parent, &fields[place]) != *self {
            merge(self.as_slice(), parent, fields, place);
        }
    }
}

impl<T: Value> Slot for Vec<T> {
    const KIND: Kind = T::KIND;
    const MANY: bool = true;

    fn read(parent: &Element<'_>, field: &Field) -> Self {
        let is_named = |element: &&Element<'_>| field.is_named(element.name());
        parent
            .elements()
            .filter(is_named)
            .filter_map(T::read)
            .collect()
    }

    fn write(&self, parent: &mut Element<'_>, fields: &[Field], place: usize) {
        if Self::read(parent, &fields[place]) != *self {
            merge(self, parent, fields, place);
        }
    }
}

/// Values over elements: the first value goes into the first element, what is left of either is added or removed.
/// Elements that are unreadable stand for no value; they go when a value takes the field.
fn merge<T: Value>(values: &[T], parent: &mut Element<'_>, fields: &[Field], place: usize) {
    let field = &fields[place];
    remove_loose(parent, field);
    let mut places = parent.places(|name| field.is_named(name));
    while places.len() > values.len() {
        let Some(last) = places.pop() else { break };
        remove(parent, last);
    }
    for (value, &place) in values.iter().zip(&places) {
        if let Some(element) = parent.at(place)
            && T::read(element).as_ref() != Some(value)
        {
            value.write(element);
        }
    }
    for value in &values[places.len()..] {
        let mut element = parent.new_child(field.name);
        value.write(&mut element);
        let next = insertion(parent, fields, place);
        parent.nodes.insert(next, Node::Element(element));
    }
}

/// Before the first element of a later field, else after the last element.
fn insertion(parent: &Element<'_>, fields: &[Field], place: usize) -> usize {
    let is_later = |name: &str| fields[place + 1..].iter().any(|later| later.is_named(name));
    let after_last = || {
        parent
            .places(|_| true)
            .last()
            .map_or(parent.nodes.len(), |last| last + 1)
    };
    parent
        .places(is_later)
        .first()
        .copied()
        .unwrap_or_else(after_last)
}

/// Removes an element and the white space before it.
fn remove(parent: &mut Element<'_>, place: usize) {
    parent.nodes.remove(place);
    let is_blank = |node: &Node<'_>| matches!(node, Node::Text(text) if text.trim().is_empty());
    if place > 0 && is_blank(&parent.nodes[place - 1]) {
        parent.nodes.remove(place - 1);
    }
}

/// The field as an attribute of the element, or as its text.
pub(crate) fn loose<'a>(parent: &Element<'a>, field: &Field) -> Option<Element<'a>> {
    let attribute = field.rule.loose?;
    let text = match attribute {
        "" => parent.elements().next().is_none().then(|| parent.text())?,
        name => parent.attribute(name)?,
    };
    let text = text.trim();
    (!text.is_empty()).then(|| {
        let mut element = parent.new_child(field.name);
        element.set_text(text);
        element
    })
}

fn remove_loose(parent: &mut Element<'_>, field: &Field) {
    match field.rule.loose {
        Some("") if loose(parent, field).is_some() => parent.set_text(""),
        Some(name) if !name.is_empty() => parent.set_attribute(name, None),
        _ => {}
    }
}
