//! The tree as FHIR sees it: typed elements instead of JSON fields.
//!
//! JSON spreads a primitive over two fields (`birthDate` and `_birthDate`), repeats elements as
//! arrays, puts the type of a choice into its name and that of a contained resource into a field.
//! An [`Element`] hides all of that: FHIRPath, the validator and search extraction walk the same
//! view.

use crate::definitions::{ElementDef, Field, ResourceType, TypeDef, TypeId, TypeKind};
use crate::json::{Children, Node};
use crate::names::{self, Name};

/// One occurrence of an element. Cheap to copy.
#[derive(Clone, Copy, Debug)]
pub struct Element<'a> {
    value: Option<Node<'a>>,
    shadow: Option<Node<'a>>,
    type_id: TypeId,
    def: Option<&'static ElementDef>,
}

impl<'a> Element<'a> {
    /// A resource object, typed by its `resourceType`; `None` when R4 has no such type.
    pub fn resource(node: Node<'a>) -> Option<Element<'a>> {
        let resource_type =
            ResourceType::from_name(node.get_name(names::RESOURCE_TYPE)?.as_str()?)?;
        Some(Element::typed(node, resource_type.type_id()))
    }

    /// Any value that is known to be of a type.
    pub fn typed(node: Node<'a>, type_id: TypeId) -> Element<'a> {
        Element {
            value: Some(node),
            shadow: None,
            type_id,
            def: None,
        }
    }

    /// An occurrence that a caller has paired itself: its value and its `_` sibling.
    pub fn paired(
        value: Option<Node<'a>>,
        shadow: Option<Node<'a>>,
        type_id: TypeId,
    ) -> Element<'a> {
        Element {
            value,
            shadow,
            type_id,
            def: None,
        }
    }

    /// The JSON value: an object, or the scalar of a primitive. A primitive that has only an id or
    /// extensions has none.
    pub fn value(self) -> Option<Node<'a>> {
        self.value
    }

    /// The `_` sibling of a primitive.
    pub fn shadow(self) -> Option<Node<'a>> {
        self.shadow
    }

    /// The type; a contained resource's own type, a backbone's own type.
    pub fn type_id(self) -> TypeId {
        self.type_id
    }

    /// The definition of the type.
    pub fn type_def(self) -> &'static TypeDef {
        self.type_id.def()
    }

    /// The element's definition in the type it stands in; none for a resource that starts the walk.
    pub fn def(self) -> Option<&'static ElementDef> {
        self.def
    }

    /// The FHIR name of the type: `Patient`, `HumanName`, `string`; `BackboneElement` or `Element`
    /// for an anonymous one.
    pub fn type_name(self) -> &'static str {
        let def = self.type_def();
        match (def.kind, def.base) {
            (TypeKind::Backbone, Some(base)) => base.name(),
            _ => def.name,
        }
    }

    /// Whether it is a primitive.
    pub fn is_primitive(self) -> bool {
        self.type_def().kind == TypeKind::Primitive
    }

    /// Whether it is a resource.
    pub fn is_resource(self) -> bool {
        self.type_def().kind == TypeKind::Resource
    }

    /// The text of a primitive's value as FHIR XML would carry it.
    pub fn text(self) -> Option<&'a str> {
        self.value?.scalar_text()
    }

    /// The object that holds the children: a primitive's `_` sibling, otherwise the value.
    pub fn object(self) -> Option<Node<'a>> {
        if self.is_primitive() {
            self.shadow
        } else {
            self.value
        }
    }

    /// The occurrences of the element called `name`: a choice by its bare name (`value`). Nothing
    /// when the type has no such element.
    pub fn child(self, name: Name) -> Occurrences<'a> {
        let (Some(object), def) = (self.object(), self.type_def()) else {
            return Occurrences::none();
        };
        if let Some(field) = def.field(name) {
            let element = def.element_of(field);
            return if element.is_choice {
                Occurrences::none()
            } else {
                Occurrences::of(object, field, element)
            };
        }
        let Some(element) = def.element(name).filter(|e| e.is_choice) else {
            return Occurrences::none();
        };
        let present = object.children().find_map(|node| {
            let field = def.field(node.name())?;
            (def.element_of(field).symbol == name).then_some(field)
        });
        present.map_or_else(Occurrences::none, |field| {
            Occurrences::of(object, field, element)
        })
    }

    /// The occurrences under a JSON name (`valueQuantity`).
    pub fn field(self, name: Name) -> Occurrences<'a> {
        let def = self.type_def();
        match (self.object(), def.field(name)) {
            (Some(object), Some(field)) => Occurrences::of(object, field, def.element_of(field)),
            _ => Occurrences::none(),
        }
    }

    /// All children in the order of the document, every occurrence by itself. What the definitions
    /// do not know is left out.
    pub fn children(self) -> ElementChildren<'a> {
        ElementChildren {
            object: self.object(),
            def: self.type_def(),
            fields: self.object().map(Node::children),
            current: Occurrences::none(),
        }
    }
}

/// The occurrences of one element, values paired with their `_` siblings.
#[derive(Clone)]
pub struct Occurrences<'a> {
    values: Items<'a>,
    shadows: Items<'a>,
    type_id: TypeId,
    def: Option<&'static ElementDef>,
}

#[derive(Clone)]
enum Items<'a> {
    None,
    One(Node<'a>),
    Many(Children<'a>),
}

impl<'a> Occurrences<'a> {
    fn none() -> Self {
        Occurrences {
            values: Items::None,
            shadows: Items::None,
            type_id: TypeId::ELEMENT,
            def: None,
        }
    }

    fn of(object: Node<'a>, field: &Field, def: &'static ElementDef) -> Self {
        let is_primitive = field.type_id.def().kind == TypeKind::Primitive;
        Occurrences {
            values: Items::of(object.get_name(field.name)),
            shadows: Items::of(
                is_primitive
                    .then(|| object.get_shadow(field.name))
                    .flatten(),
            ),
            type_id: field.type_id,
            def: Some(def),
        }
    }
}

impl<'a> Items<'a> {
    fn of(node: Option<Node<'a>>) -> Self {
        match node {
            None => Items::None,
            Some(node) if node.is_array() => Items::Many(node.children()),
            Some(node) => Items::One(node),
        }
    }

    fn next(&mut self) -> Option<Node<'a>> {
        match self {
            Items::None => None,
            Items::Many(nodes) => nodes.next(),
            Items::One(node) => {
                let node = *node;
                *self = Items::None;
                Some(node)
            }
        }
    }
}

impl<'a> Iterator for Occurrences<'a> {
    type Item = Element<'a>;

    fn next(&mut self) -> Option<Element<'a>> {
        loop {
            let (value, shadow) = (self.values.next(), self.shadows.next());
            if value.is_none() && shadow.is_none() {
                return None;
            }
            // `null` holds a place in an array; the other array has what stands there.
            let present = |node: Option<Node<'a>>| node.filter(|n| !n.is_null());
            let (value, shadow) = (present(value), present(shadow));
            if value.is_some() || shadow.is_some() {
                let type_id = concrete(self.type_id, value);
                return Some(Element {
                    value,
                    shadow,
                    type_id,
                    def: self.def,
                });
            }
        }
    }
}

/// The type of a resource inside a resource is in its `resourceType`.
fn concrete(type_id: TypeId, value: Option<Node<'_>>) -> TypeId {
    if type_id != TypeId::RESOURCE {
        return type_id;
    }
    let name = value
        .and_then(|v| v.get_name(names::RESOURCE_TYPE))
        .and_then(Node::as_str);
    name.and_then(ResourceType::from_name)
        .map_or(type_id, ResourceType::type_id)
}

/// The children of an element, in the order of the document.
#[derive(Clone)]
pub struct ElementChildren<'a> {
    object: Option<Node<'a>>,
    def: &'static TypeDef,
    fields: Option<Children<'a>>,
    current: Occurrences<'a>,
}

impl<'a> Iterator for ElementChildren<'a> {
    type Item = Element<'a>;

    fn next(&mut self) -> Option<Element<'a>> {
        loop {
            if let Some(element) = self.current.next() {
                return Some(element);
            }
            let object = self.object?;
            let node = self.fields.as_mut()?.next()?;
            let Some(field) = self.def.field(node.name()) else {
                continue;
            };
            // A sibling is told together with its value, at the place of the value.
            if node.is_shadow() && object.get_name(field.name).is_some() {
                continue;
            }
            self.current = Occurrences::of(object, field, self.def.element_of(field));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Doc, Limits};

    fn doc(text: &str) -> Doc {
        Doc::parse(text, &Limits::default()).expect("valid JSON")
    }

    fn texts<'a>(elements: impl Iterator<Item = Element<'a>>) -> Vec<&'a str> {
        elements.map(|e| e.text().unwrap_or("-")).collect()
    }

    #[test]
    fn a_primitive_is_paired_with_its_sibling_also_in_arrays() {
        let doc = doc(r#"{"resourceType":"Patient","name":[{
            "given":["A",null,"C"],"_given":[null,{"id":"x"}],"_family":{"id":"f"}}]}"#);
        let patient = Element::resource(doc.root()).expect("a patient");
        let name = patient.child(names::NAME).next().expect("a name");
        assert_eq!(name.type_name(), "HumanName");
        let given: Vec<_> = name.child(names::GIVEN).collect();
        assert_eq!(texts(given.iter().copied()), ["A", "-", "C"]);
        assert_eq!(texts(given[1].child(names::ID)), ["x"]);
        assert_eq!(texts(name.child(names::FAMILY)), ["-"]);
        assert_eq!(name.children().count(), 4);
    }

    #[test]
    fn a_choice_answers_to_its_bare_name_only() {
        let doc = doc(r#"{"resourceType":"Observation","valueQuantity":{"value":5.0}}"#);
        let observation = Element::resource(doc.root()).expect("an observation");
        let value = observation.child(names::VALUE).next().expect("a value");
        assert_eq!(value.type_name(), "Quantity");
        assert_eq!(texts(value.child(names::VALUE)), ["5.0"]);
        assert_eq!(observation.child(names::VALUE_QUANTITY).count(), 0);
        assert_eq!(observation.field(names::VALUE_QUANTITY).count(), 1);
        assert_eq!(observation.child(names::BIRTH_DATE).count(), 0);
    }

    #[test]
    fn a_contained_resource_has_its_own_type() {
        let doc = doc(
            r#"{"resourceType":"Patient","contained":[{"resourceType":"Organization","name":"O"},
            {"resourceType":"Nonsense"}],"contact":[{"gender":"male"}]}"#,
        );
        let patient = Element::resource(doc.root()).expect("a patient");
        let types: Vec<_> = patient.children().map(Element::type_name).collect();
        assert_eq!(types, ["Organization", "Resource", "BackboneElement"]);
        let organization = patient.child(names::CONTAINED).next().expect("contained");
        assert_eq!(texts(organization.child(names::NAME)), ["O"]);
    }

    #[test]
    fn what_is_not_a_resource_is_none() {
        for text in [
            r#"{}"#,
            r#"{"resourceType":5}"#,
            r#"{"resourceType":"X"}"#,
            "[]",
            "1",
        ] {
            assert!(Element::resource(doc(text).root()).is_none(), "{text}");
        }
    }
}
