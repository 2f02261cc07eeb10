//! JSON Patch, RFC 6902.

use std::str::FromStr;

use mt_fhir::json::{Doc, Kind, Node, NodeId};
use rust_decimal::Decimal;

use super::pointer::{Pointer, index};
use super::{
    MAX_ADDED_VALUES, MAX_DEPTH, MAX_OPERATIONS, Outcome, PatchError, PatchErrorKind, measure,
};

/// Applies a JSON Patch document (an array of operations) to `doc`.
///
/// # Errors
/// [`PatchError`] for the first operation that is invalid or fails; `doc` is then unchanged.
pub fn apply(doc: &mut Doc, patch: Node<'_>) -> Result<(), PatchError> {
    let whole = |kind| PatchError { operation: 0, kind };
    if !patch.is_array() {
        return Err(whole(PatchErrorKind::NotAPatch("an array")));
    }
    if patch.len() > MAX_OPERATIONS {
        return Err(whole(PatchErrorKind::TooLarge));
    }
    let mut patcher = Patcher {
        doc: doc.clone(),
        budget: MAX_ADDED_VALUES,
    };
    for (operation, node) in patch.children().enumerate() {
        patcher
            .run(node)
            .map_err(|kind| PatchError { operation, kind })?;
    }
    *doc = patcher.doc;
    Ok(())
}

struct Patcher {
    doc: Doc,
    /// Values that may still be added.
    budget: usize,
}

impl Patcher {
    fn run(&mut self, operation: Node<'_>) -> Outcome<()> {
        let pointer = |key: &'static str| {
            let text = operation
                .str(key)
                .ok_or(PatchErrorKind::InvalidMember(key))?;
            Pointer::parse(text)
        };
        let value = || {
            operation
                .get("value")
                .ok_or(PatchErrorKind::InvalidMember("value"))
        };
        let name = operation
            .str("op")
            .ok_or(PatchErrorKind::InvalidMember("op"))?;
        match name {
            "add" => {
                let added = self.copy(value()?)?;
                self.add(&pointer("path")?, added)
            }
            "remove" => self.remove(&pointer("path")?),
            "replace" => {
                let path = pointer("path")?;
                let added = self.copy(value()?)?;
                self.replace(&path, added)
            }
            "move" => {
                let (from, path) = (pointer("from")?, pointer("path")?);
                if from.is_proper_prefix_of(&path) {
                    return Err(PatchErrorKind::MovedIntoItself);
                }
                let copy = self.copy_inside(&from)?;
                self.remove(&from)?;
                self.add(&path, copy)
            }
            "copy" => {
                let copy = self.copy_inside(&pointer("from")?)?;
                self.add(&pointer("path")?, copy)
            }
            "test" => {
                let path = pointer("path")?;
                let found = path.find(self.doc.root())?;
                if equal(found, value()?) {
                    Ok(())
                } else {
                    Err(path.test_failed())
                }
            }
            other => Err(PatchErrorKind::UnknownOperation(other.into())),
        }
    }

    fn copy(&mut self, value: Node<'_>) -> Outcome<NodeId> {
        self.charge(measure(value, self.budget).0)?;
        Ok(self.doc.copy_from(value))
    }

    fn copy_inside(&mut self, from: &Pointer<'_>) -> Outcome<NodeId> {
        let source = from.find(self.doc.root())?;
        let (id, count) = (source.id(), measure(source, self.budget).0);
        self.charge(count)?;
        Ok(self.doc.duplicate(id))
    }

    fn charge(&mut self, values: usize) -> Outcome<()> {
        self.budget = self
            .budget
            .checked_sub(values)
            .ok_or(PatchErrorKind::TooLarge)?;
        Ok(())
    }

    /// Refuses a value that would reach below [`MAX_DEPTH`] at its new place.
    fn check_depth(&self, path: &Pointer<'_>, value: NodeId) -> Outcome<()> {
        let (_, depth) = measure(self.doc.node(value), MAX_ADDED_VALUES);
        if path.depth() + depth > MAX_DEPTH {
            return Err(PatchErrorKind::TooLarge);
        }
        Ok(())
    }

    fn add(&mut self, path: &Pointer<'_>, value: NodeId) -> Outcome<()> {
        self.check_depth(path, value)?;
        let Some((parents, last)) = path.split_last() else {
            self.doc.set_root(value);
            return Ok(());
        };
        let container = path.container(self.doc.root(), parents)?;
        match self.doc.node(container).kind() {
            Kind::Object => {
                self.doc.set_field(container, last, value);
                Ok(())
            }
            Kind::Array if last == "-" => {
                self.doc.push(container, value);
                Ok(())
            }
            Kind::Array => {
                let at = index(last).ok_or_else(|| path.not_found())?;
                let is_inserted = self.doc.insert_item(container, at, value);
                if is_inserted {
                    Ok(())
                } else {
                    Err(path.not_found())
                }
            }
            _ => Err(path.not_found()),
        }
    }

    fn remove(&mut self, path: &Pointer<'_>) -> Outcome<()> {
        let (parents, last) = path.split_last().ok_or_else(|| path.not_found())?;
        let container = path.container(self.doc.root(), parents)?;
        let is_removed = match self.doc.node(container).kind() {
            Kind::Object => self.doc.remove_field(container, last),
            Kind::Array => index(last).is_some_and(|at| self.doc.remove_item(container, at)),
            _ => false,
        };
        if is_removed {
            Ok(())
        } else {
            Err(path.not_found())
        }
    }

    fn replace(&mut self, path: &Pointer<'_>, value: NodeId) -> Outcome<()> {
        self.check_depth(path, value)?;
        let Some((parents, _)) = path.split_last() else {
            self.doc.set_root(value);
            return Ok(());
        };
        let container = path.container(self.doc.root(), parents)?;
        let old = path.find(self.doc.root())?.id();
        self.doc.replace(container, old, value);
        Ok(())
    }
}

/// Equality as RFC 6902 §4.6 defines it: field order does not count, numbers by value.
fn equal(left: Node<'_>, right: Node<'_>) -> bool {
    if left.kind() != right.kind() || left.len() != right.len() {
        return false;
    }
    match left.kind() {
        Kind::Object => left.children().all(|field| {
            let other = right.get(field.key().unwrap_or_default());
            other.is_some_and(|other| equal(field, other))
        }),
        Kind::Array => left
            .children()
            .zip(right.children())
            .all(|(a, b)| equal(a, b)),
        Kind::Number => {
            let (a, b) = (left.number_text(), right.number_text());
            let decimal = |text: Option<&str>| {
                let text = text?;
                Decimal::from_str(text)
                    .or_else(|_| Decimal::from_scientific(text))
                    .ok()
            };
            a == b || decimal(a).is_some_and(|a| decimal(b) == Some(a))
        }
        _ => left.scalar_text() == right.scalar_text(),
    }
}
