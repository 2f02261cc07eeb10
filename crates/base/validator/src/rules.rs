//! What is prepared once from the definitions, so that a walk only looks up.

use std::sync::LazyLock;

use mt_fhir::definitions::{ResourceType, TypeId, TypeKind};

use crate::invariant::Invariants;
use crate::primitive::Primitive;

/// Prepared definitions, shared by all validators.
pub(crate) static RULES: LazyLock<Rules> = LazyLock::new(Rules::new);

pub(crate) struct Rules {
    types: Vec<TypeRules>,
    pub(crate) invariants: Invariants,
}

/// What the walk asks about a type at every value.
#[derive(Clone, Copy)]
pub(crate) struct TypeRules {
    pub(crate) class: Class,
    /// The elements with a minimum above zero, one bit each.
    pub(crate) required: u128,
}

/// How values of a type are checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Primitive(Primitive),
    /// Typed by its `resourceType`.
    Resource,
    Extension,
    Reference,
    Attachment,
    Coding,
    Other,
}

impl Rules {
    fn new() -> Rules {
        Rules {
            types: TypeId::all().map(TypeRules::of).collect(),
            invariants: Invariants::compile(),
        }
    }

    #[inline]
    pub(crate) fn of(&self, type_id: TypeId) -> TypeRules {
        self.types[type_id.index()]
    }
}

impl TypeRules {
    fn of(type_id: TypeId) -> TypeRules {
        let def = type_id.def();
        let class = match type_id {
            TypeId::EXTENSION => Class::Extension,
            TypeId::REFERENCE => Class::Reference,
            TypeId::ATTACHMENT => Class::Attachment,
            TypeId::CODING => Class::Coding,
            _ => match Primitive::of(type_id) {
                Some(primitive) => Class::Primitive(primitive),
                None if def.kind == TypeKind::Resource => Class::Resource,
                None => Class::Other,
            },
        };
        // No R4 type has 128 elements; one that had would lose this check beyond the 128th.
        let required = (0..128)
            .zip(def.elements)
            .filter(|(_, element)| element.min > 0)
            .fold(0, |bits, (index, _)| bits | 1 << index);
        TypeRules { class, required }
    }
}

/// The type that a resource object names, or what is wrong with it.
pub(crate) fn resource_type(name: Option<&str>) -> Result<ResourceType, &'static str> {
    let name = name.ok_or("has no resourceType")?;
    ResourceType::from_name(name).ok_or("has a resourceType that R4 does not know")
}
