//! Data types, backbones and resources: elements, cardinalities, bindings and invariants.

use std::fmt;

use super::value_set::VALUE_SETS;
use super::{ResourceType, ValueSet};
use crate::names::Name;

include!(concat!(env!("OUT_DIR"), "/types.rs"));
include!(concat!(env!("OUT_DIR"), "/type_constants.rs"));

/// A type of the definitions. Numbers are those of this build: never store them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TypeId(pub(crate) u16);

/// What a type is made of.
#[derive(Debug)]
pub struct TypeDef {
    /// `Patient`, `HumanName`, `string`; a backbone is called by its path, `Patient.contact`.
    pub name: &'static str,
    /// Which sort of type.
    pub kind: TypeKind,
    /// The type that this one specialises; none for `Element` and `Resource`.
    pub base: Option<TypeId>,
    /// Whether no instance of exactly this type exists.
    pub is_abstract: bool,
    /// Set for concrete resources.
    pub resource: Option<ResourceType>,
    /// Every JSON name, choices expanded, sorted by name. `resourceType` is not among them.
    pub fields: &'static [Field],
    /// The elements, inherited ones included, in the order of the definition (and of XML).
    pub elements: &'static [ElementDef],
    /// Invariants on every instance, inherited ones included, without `ele-1` and `ext-1`.
    pub constraints: &'static [&'static ConstraintDef],
}

/// The sorts of types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TypeKind {
    /// `string`, `date`, …, `xhtml`: a JSON scalar with an optional `_` sibling.
    Primitive,
    /// `HumanName`, `Extension`, …
    Complex,
    /// An anonymous type inside another one: `Patient.contact`, `Timing.repeat`.
    Backbone,
    /// A resource, abstract ones included.
    Resource,
}

/// A JSON name inside a type.
#[derive(Debug)]
pub struct Field {
    /// `valueQuantity`, `birthDate`, …
    pub name: Name,
    /// Index into [`TypeDef::elements`].
    pub element: u16,
    /// The type of the value under this name.
    pub type_id: TypeId,
}

/// An element of a type.
#[derive(Debug)]
pub struct ElementDef {
    /// Path in the definition, `Observation.value[x]`.
    pub path: &'static str,
    /// Last part of the path, without `[x]`.
    pub name: &'static str,
    /// `name` interned.
    pub symbol: Name,
    /// Least number of occurrences.
    pub min: u16,
    /// Greatest number of occurrences; `u16::MAX` means any.
    pub max: u16,
    /// Whether the JSON name carries the type (`value[x]`).
    pub is_choice: bool,
    /// The allowed types: one, or several for a choice. A backbone's is its own type, a content
    /// reference's the type that is referred to.
    pub types: &'static [TypeChoice],
    /// The value set that coded values come from.
    pub binding: Option<Binding>,
    /// Part of `_summary=true`.
    pub is_summary: bool,
    /// Changes the meaning of the resource.
    pub is_modifier: bool,
    /// Written as an attribute in XML (`id`, `Extension.url`).
    pub xml_attribute: bool,
    /// Invariants of this element beyond those of its type.
    pub constraints: &'static [&'static ConstraintDef],
}

/// One allowed type of an element.
#[derive(Debug)]
pub struct TypeChoice {
    /// The type.
    pub type_id: TypeId,
    /// For `Reference` and `canonical`: the types that may be referred to; empty means any.
    pub targets: &'static [ResourceType],
    /// Canonical URLs of the type profiles that apply (`SimpleQuantity`).
    pub profiles: &'static [&'static str],
}

/// A value set binding.
#[derive(Debug)]
pub struct Binding {
    /// How strictly it is meant.
    pub strength: BindingStrength,
    /// Canonical URL without version.
    pub value_set: &'static str,
    /// Its codes, when the specification lists them all.
    pub codes: Option<&'static ValueSet>,
    /// Canonical URL of the value set that even an extended coding must come from, or empty.
    pub max_value_set: &'static str,
    /// The codes of `max_value_set`, when the specification lists them all.
    pub max_codes: Option<&'static ValueSet>,
}

/// Binding strengths, strictest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum BindingStrength {
    /// The value must come from the value set.
    Required,
    /// Must, unless the value set has no concept for it.
    Extensible,
    /// Should.
    Preferred,
    /// May.
    Example,
}

/// An invariant.
#[derive(Debug)]
pub struct ConstraintDef {
    /// Dense number from zero, to keep compiled expressions by.
    pub id: u16,
    /// `obs-6`, …
    pub key: &'static str,
    /// Whether breaking it is an error; otherwise a warning.
    pub is_error: bool,
    /// The rule in words.
    pub human: &'static str,
    /// The rule in FHIRPath.
    pub expression: &'static str,
}

/// Every invariant, by its number.
pub fn constraints() -> &'static [ConstraintDef] {
    &CONSTRAINTS
}

impl TypeId {
    /// The type called `name`: `Patient`, `HumanName`, `string`, `Patient.contact`.
    pub fn from_name(name: &str) -> Option<TypeId> {
        let index = TYPES.binary_search_by(|t| t.name.cmp(name)).ok()?;
        u16::try_from(index).ok().map(TypeId)
    }

    /// The definition.
    #[inline]
    pub fn def(self) -> &'static TypeDef {
        &TYPES[usize::from(self.0)]
    }

    /// The number, dense from zero, to keep what is prepared of types by.
    #[inline]
    pub fn index(self) -> usize {
        usize::from(self.0)
    }

    /// The name as in [`TypeDef::name`].
    pub fn name(self) -> &'static str {
        self.def().name
    }

    /// Whether the type is `other` or a specialisation of it.
    pub fn is_a(self, other: TypeId) -> bool {
        let mut current = Some(self);
        while let Some(type_id) = current {
            if type_id == other {
                return true;
            }
            current = type_id.def().base;
        }
        false
    }

    /// Every type of the definitions.
    pub fn all() -> impl Iterator<Item = TypeId> {
        // At most u16::MAX types by construction of the table.
        (0..TYPES.len()).map(|number| TypeId(number as u16))
    }
}

impl TypeDef {
    /// What stands under a JSON name (choices by their full name, `valueQuantity`).
    #[inline]
    pub fn field(&self, name: Name) -> Option<&'static Field> {
        let index = self.fields.binary_search_by(|f| f.name.cmp(&name)).ok()?;
        Some(&self.fields[index])
    }

    /// The element that a field belongs to.
    #[inline]
    pub fn element_of(&self, field: &Field) -> &'static ElementDef {
        &self.elements[usize::from(field.element)]
    }

    /// The element called `name` (choices by their bare name, `value`).
    pub fn element(&self, name: Name) -> Option<&'static ElementDef> {
        self.elements.iter().find(|e| e.symbol == name)
    }

    /// The JSON names of a choice element with their types, in no particular order.
    pub fn choices(&self, element: &ElementDef) -> impl Iterator<Item = &'static Field> {
        let fields: &'static [Field] = self.fields;
        let elements: &'static [ElementDef] = self.elements;
        let path = element.path;
        fields
            .iter()
            .filter(move |f| elements[usize::from(f.element)].path == path)
    }
}

impl ElementDef {
    /// Whether the element's JSON value is an array.
    #[inline]
    pub fn is_list(&self) -> bool {
        self.max > 1
    }
}

impl fmt::Debug for TypeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::names;

    #[test]
    fn a_choice_is_found_by_each_of_its_json_names() {
        let observation = ResourceType::OBSERVATION.type_id().def();
        let field = observation.field(names::VALUE_QUANTITY).expect("a field");
        assert_eq!(field.type_id, TypeId::QUANTITY);
        let element = observation.element_of(field);
        assert_eq!(element.path, "Observation.value[x]");
        assert!(element.is_choice && !element.is_list());
        assert_eq!(observation.choices(element).count(), 11);
        assert!(observation.field(names::VALUE).is_none());
        assert!(observation.field(names::BIRTH_DATE).is_none());
    }

    #[test]
    fn a_content_reference_has_the_type_it_refers_to() {
        let item = TypeId::from_name("Questionnaire.item").expect("a type");
        assert_eq!(item.def().field(names::ITEM).map(|f| f.type_id), Some(item));
        assert_eq!(item.def().kind, TypeKind::Backbone);
        assert!(!item.def().constraints.is_empty());
    }

    #[test]
    fn specialisation_follows_the_base_types() {
        assert!(TypeId::AGE.is_a(TypeId::QUANTITY));
        assert!(TypeId::PATIENT.is_a(TypeId::DOMAIN_RESOURCE));
        assert!(TypeId::PATIENT.is_a(TypeId::RESOURCE));
        assert!(!TypeId::BUNDLE.is_a(TypeId::DOMAIN_RESOURCE));
        assert!(!TypeId::QUANTITY.is_a(TypeId::AGE));
    }

    #[test]
    fn ids_of_resources_and_of_elements_have_their_own_types() {
        let id_of = |t: TypeId| t.def().field(names::ID).map(|f| f.type_id);
        assert_eq!(id_of(TypeId::PATIENT), Some(TypeId::ID));
        assert_eq!(id_of(TypeId::HUMAN_NAME), Some(TypeId::STRING));
        let url = TypeId::EXTENSION.def().field(names::URL).map(|f| f.type_id);
        assert_eq!(url, Some(TypeId::URI));
    }

    #[test]
    fn constraints_are_numbered_densely() {
        for (number, constraint) in constraints().iter().enumerate() {
            assert_eq!(usize::from(constraint.id), number);
            assert!(!constraint.expression.is_empty(), "{}", constraint.key);
        }
    }

    #[test]
    fn a_required_binding_lists_its_codes() {
        let patient = TypeId::PATIENT.def();
        let gender = patient
            .element(names::GENDER)
            .and_then(|e| e.binding.as_ref());
        let codes = gender.and_then(|b| b.codes).expect("codes");
        assert!(codes.has_code("female") && !codes.has_code("f"));
    }
}
