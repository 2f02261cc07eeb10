//! The set of types that the items of a collection may have.

use mt_fhir::definitions::{TypeId, TypeKind};
use mt_fhir::names::Name;

use crate::type_spec::{SystemType, TypeSpec};

/// One possible type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Fhir(TypeId),
    System(SystemType),
}

/// Possible types of the items of a collection; `None` when anything is possible.
#[derive(Clone, Debug)]
pub(super) struct Types {
    kinds: Option<Vec<Kind>>,
    is_unordered: bool,
}

impl Types {
    fn new(kinds: Option<Vec<Kind>>) -> Self {
        Self {
            kinds,
            is_unordered: false,
        }
    }

    /// No item at all.
    pub(super) fn none() -> Self {
        Self::new(Some(Vec::new()))
    }

    pub(super) fn unknown() -> Self {
        Self::new(None)
    }

    pub(super) fn of(kind: Kind) -> Self {
        Self::new(Some(vec![kind]))
    }

    pub(super) fn system(system: SystemType) -> Self {
        Self::of(Kind::System(system))
    }

    /// The same when every type is a resource, otherwise unknown.
    pub(super) fn if_resource(self) -> Self {
        let is_resource = |kind: &Kind| matches!(kind, Kind::Fhir(type_id) if type_id.def().kind == TypeKind::Resource);
        match &self.kinds {
            Some(kinds) if kinds.iter().all(is_resource) => self,
            _ => Self::unknown(),
        }
    }

    pub(super) fn unordered(mut self) -> Self {
        self.is_unordered = true;
        self
    }

    pub(super) fn ordered(mut self) -> Self {
        self.is_unordered = false;
        self
    }

    pub(super) fn is_unordered(&self) -> bool {
        self.is_unordered
    }

    /// Items of either collection.
    pub(super) fn or(self, other: Self) -> Self {
        let is_unordered = self.is_unordered || other.is_unordered;
        let kinds = self.kinds.zip(other.kinds).map(|(mut kinds, others)| {
            for kind in others {
                if !kinds.contains(&kind) {
                    kinds.push(kind);
                }
            }
            kinds
        });
        Self {
            kinds,
            is_unordered,
        }
    }

    /// The items that are of a named type.
    pub(super) fn cast(self, type_spec: &TypeSpec) -> Self {
        let kind = match (type_spec.fhir, type_spec.system) {
            // `Quantity` may mean either namespace.
            (Some(_), Some(_)) | (None, None) => return Self::unknown(),
            (Some(type_id), None) => Kind::Fhir(type_id),
            (None, Some(system)) => Kind::System(system),
        };
        Self {
            kinds: Some(vec![kind]),
            is_unordered: self.is_unordered,
        }
    }

    /// The items that are of a type that starts a path; `None` when there can be none.
    pub(super) fn narrowed(&self, root: TypeId) -> Option<Self> {
        let Some(kinds) = &self.kinds else {
            return Some(Self::of(Kind::Fhir(root)));
        };
        let mut narrowed = Vec::new();
        for kind in kinds {
            match kind {
                Kind::Fhir(found) if found.is_a(root) => narrowed.push(*kind),
                Kind::Fhir(found) if root.is_a(*found) => narrowed.push(Kind::Fhir(root)),
                _ => {}
            }
        }
        (!narrowed.is_empty() || kinds.is_empty()).then(|| Self::new(Some(narrowed)))
    }

    /// The types of the element `name`; `None` when no possible type has it.
    pub(super) fn member(&self, name: Name) -> Option<Self> {
        let Some(kinds) = &self.kinds else {
            return Some(Self::unknown());
        };
        if kinds.is_empty() {
            return Some(Self::none());
        }
        let mut found = None;
        for kind in kinds {
            let types = match kind {
                Kind::System(_) => None,
                Kind::Fhir(type_id) => member_of(*type_id, name),
            };
            if let Some(types) = types {
                found = Some(match found.take() {
                    None => types,
                    Some(others) => types.or(others),
                });
            }
        }
        found
    }
}

fn member_of(type_id: TypeId, name: Name) -> Option<Types> {
    let def = match type_id.def() {
        // What a contained resource is shows only in the data.
        def if def.kind == TypeKind::Resource && def.is_abstract => return Some(Types::unknown()),
        def if def.kind == TypeKind::Primitive => TypeId::ELEMENT.def(),
        def => def,
    };
    let element = def.element(name).filter(|_| name.is_known())?;
    let kinds = element
        .types
        .iter()
        .map(|choice| Kind::Fhir(choice.type_id));
    Some(Types::new(Some(kinds.collect())))
}
