//! FHIRPath Patch: a Parameters resource with `operation` parameters (FHIR R4 fhirpatch.html).

mod operation;
mod value;

use mt_fhir::definitions::{ElementDef, TypeDef, TypeId};
use mt_fhir::json::{Doc, Node, NodeId};
use mt_fhir::names::Name;
use mt_kernel::Instant;

use super::location::Location;
use super::{
    MAX_ADDED_VALUES, MAX_DEPTH, MAX_OPERATIONS, Outcome, PatchError, PatchErrorKind, measure,
};
use crate::{Context, Element, Expr, Value};
use operation::Operation;
use value::Built;

/// Applies a FHIRPath Patch (a `Parameters` resource) to the resource at the root of `doc`.
///
/// Elements that deletions leave without content disappear with them.
///
/// # Errors
/// [`PatchError`] for the first operation that is invalid or fails; `doc` is then unchanged.
pub fn apply(doc: &mut Doc, patch: Node<'_>, now: Instant) -> Result<(), PatchError> {
    let whole = |kind| PatchError { operation: 0, kind };
    if patch.resource_type() != Some("Parameters") {
        return Err(whole(PatchErrorKind::NotAPatch("a Parameters resource")));
    }
    let operations = patch.get("parameter").into_iter().flat_map(Node::children);
    if patch
        .get("parameter")
        .is_some_and(|list| list.len() > MAX_OPERATIONS)
    {
        return Err(whole(PatchErrorKind::TooLarge));
    }
    if measure(patch, MAX_ADDED_VALUES).0 > MAX_ADDED_VALUES {
        return Err(whole(PatchErrorKind::TooLarge));
    }
    let mut patcher = Patcher {
        doc: doc.clone(),
        now,
    };
    for (operation, parameter) in operations.enumerate() {
        Operation::read(parameter)
            .and_then(|read| patcher.run(&read))
            .and_then(|()| patcher.check_depth())
            .map_err(|kind| PatchError { operation, kind })?;
    }
    *doc = patcher.doc;
    Ok(())
}

struct Patcher {
    doc: Doc,
    now: Instant,
}

/// An element that a path gave: its nodes, and its type.
#[derive(Clone, Copy)]
struct Target {
    value: Option<NodeId>,
    shadow: Option<NodeId>,
    type_id: TypeId,
    def: Option<&'static ElementDef>,
}

impl Target {
    /// The node that stands for the element in the document.
    fn node(self) -> Option<NodeId> {
        self.value.or(self.shadow)
    }
}

impl Patcher {
    fn run(&mut self, operation: &Operation<'_>) -> Outcome<()> {
        match operation {
            Operation::Add { path, name, value } => self.add(path, name, *value),
            Operation::Insert { path, index, value } => self.insert(path, *index, *value),
            Operation::Delete { path } => match self.targets(path)?[..] {
                [] => Ok(()),
                [target] => self.delete(path, target),
                ref many => Err(ambiguous(path, many.len())),
            },
            Operation::Replace { path, value } => self.replace(path, *value),
            Operation::Move {
                path,
                source,
                destination,
            } => self.reorder(path, *source, *destination),
        }
    }

    fn check_depth(&self) -> Outcome<()> {
        let (_, depth) = measure(self.doc.root(), usize::MAX);
        if depth > MAX_DEPTH {
            Err(PatchErrorKind::TooLarge)
        } else {
            Ok(())
        }
    }

    fn targets(&self, path: &str) -> Outcome<Vec<Target>> {
        let invalid = || PatchErrorKind::InvalidPath(path.into());
        let expr = Expr::parse(path).map_err(|_| invalid())?;
        let root = self.doc.root();
        let context = Context::new(root, self.now);
        let found = expr
            .evaluate(&context, Element::resource(root))
            .map_err(|_| invalid())?;
        let target = |item: &Value<'_>| match item.as_element() {
            Some(Element::Fhir(element)) => Ok(Target {
                value: element.value().map(Node::id),
                shadow: element.shadow().map(Node::id),
                type_id: element.type_id(),
                def: element.def(),
            }),
            _ => Err(invalid()),
        };
        found.iter().map(target).collect()
    }

    fn single(&self, path: &str) -> Outcome<Target> {
        match self.targets(path)?[..] {
            [] => Err(PatchErrorKind::NotFound(path.into())),
            [target] => Ok(target),
            ref many => Err(ambiguous(path, many.len())),
        }
    }

    fn locate(&self, path: &str, node: Option<NodeId>) -> Outcome<Location> {
        node.and_then(|node| Location::of(&self.doc, node))
            .ok_or_else(|| PatchErrorKind::NotFound(path.into()))
    }

    fn add(&mut self, path: &str, name: &str, value: Node<'_>) -> Outcome<()> {
        let parent = self.single(path)?;
        let def = parent.type_id.def();
        let element = element_called(def, name)?;
        let built = Built::from_part(&mut self.doc, value, def, element)?;
        // Children of a primitive (its extensions) live in the `_` sibling.
        let object = match parent.value {
            Some(object) if self.doc.node(object).is_object() => object,
            _ => parent
                .shadow
                .ok_or_else(|| PatchErrorKind::UnknownElement(name.into()))?,
        };
        built.attach(&mut self.doc, object, element)
    }

    /// Inserts into the list that `path` names; an empty list is named by its parent.
    fn insert(&mut self, path: &str, index: i64, value: Node<'_>) -> Outcome<()> {
        let targets = self.targets(path)?;
        let Some(first) = targets.first() else {
            let (parent, name) = path
                .rsplit_once('.')
                .ok_or_else(|| PatchErrorKind::NotFound(path.into()))?;
            if index != 0 {
                return Err(PatchErrorKind::IndexOutOfRange(index));
            }
            return self.add(parent, name, value);
        };
        let location = self.locate(path, first.node())?;
        let (Some((array, _)), Some(element)) = (location.array(&self.doc), first.def) else {
            return Err(PatchErrorKind::InvalidPath(path.into()));
        };
        let at = usize::try_from(index).map_err(|_| PatchErrorKind::IndexOutOfRange(index))?;
        if at > self.doc.node(array).len() {
            return Err(PatchErrorKind::IndexOutOfRange(index));
        }
        let built = Built::of_type(&mut self.doc, value, first.type_id, element)?;
        let (object, field) = location
            .field(&self.doc)
            .ok_or_else(|| PatchErrorKind::InvalidPath(path.into()))?;
        built.insert(&mut self.doc, object, field, at);
        Ok(())
    }

    fn delete(&mut self, path: &str, target: Target) -> Outcome<()> {
        let location = self.locate(path, target.node())?;
        // In a list of primitives both arrays lose the same place.
        if let (Some(_), Some(shadow)) = (target.value, target.shadow) {
            self.locate(path, Some(shadow))?.remove(&mut self.doc);
        } else if let (Some((_, at)), true) = (location.array(&self.doc), is_primitive(target)) {
            value::remove_partner(&mut self.doc, &location, at);
        }
        location.remove(&mut self.doc);
        Ok(())
    }

    fn replace(&mut self, path: &str, value: Node<'_>) -> Outcome<()> {
        let target = self.single(path)?;
        let Some(element) = target.def else {
            return Err(PatchErrorKind::InvalidPath(path.into()));
        };
        let location = self.locate(path, target.node())?;
        let (object, field) = location
            .field(&self.doc)
            .ok_or_else(|| PatchErrorKind::InvalidPath(path.into()))?;
        let place = location.array(&self.doc).map(|(_, at)| at);
        let built = Built::of_type(&mut self.doc, value, target.type_id, element)?;
        built.replace(&mut self.doc, object, field, place, element)
    }

    fn reorder(&mut self, path: &str, source: i64, destination: i64) -> Outcome<()> {
        let targets = self.targets(path)?;
        let first = targets
            .first()
            .ok_or_else(|| PatchErrorKind::NotFound(path.into()))?;
        let location = self.locate(path, first.node())?;
        let (Some((array, _)), Some((object, field))) =
            (location.array(&self.doc), location.field(&self.doc))
        else {
            return Err(PatchErrorKind::InvalidPath(path.into()));
        };
        let length = self.doc.node(array).len();
        let index = |value: i64| {
            let at = usize::try_from(value).ok().filter(|at| *at < length);
            at.ok_or(PatchErrorKind::IndexOutOfRange(value))
        };
        let (source, destination) = (index(source)?, index(destination)?);
        value::move_item(&mut self.doc, array, source, destination);
        if let Some(partner) = value::partner(&self.doc, object, field) {
            value::move_item(&mut self.doc, partner, source, destination);
        }
        Ok(())
    }
}

fn is_primitive(target: Target) -> bool {
    target.type_id.def().kind == mt_fhir::definitions::TypeKind::Primitive
}

fn element_called(def: &'static TypeDef, name: &str) -> Outcome<&'static ElementDef> {
    def.element(Name::intern(name))
        .filter(|element| element.name == name)
        .ok_or_else(|| PatchErrorKind::UnknownElement(name.into()))
}

fn ambiguous(path: &str, count: usize) -> PatchErrorKind {
    PatchErrorKind::Ambiguous {
        path: path.into(),
        count,
    }
}
