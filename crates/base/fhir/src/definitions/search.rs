//! The official search parameters and compartments.

use super::ResourceType;

include!(concat!(env!("OUT_DIR"), "/search_params.rs"));
include!(concat!(env!("OUT_DIR"), "/compartments.rs"));

/// An official search parameter. Its number is permanent
/// (`definitions/stable/search-parameters.txt`) and may be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ParamId(pub u16);

/// The definition of a search parameter.
#[derive(Debug)]
pub struct SearchParamDef {
    /// Permanent number.
    pub id: ParamId,
    /// Canonical URL.
    pub url: &'static str,
    /// Name in a query.
    pub code: &'static str,
    /// How values are compared.
    pub kind: ParamKind,
    /// The resource types it applies to; those of `Resource` and `DomainResource` are spelt out.
    pub base: &'static [ResourceType],
    /// FHIRPath of the values, a union over all bases; empty for `_text`, `_content`, `_query`.
    pub expression: &'static str,
    /// For references: the types that may be referred to.
    pub targets: &'static [ResourceType],
    /// For composites: the parts.
    pub components: &'static [Component],
    /// Prefixes the definition names (`eq`, `ge`, …); empty means those of the kind.
    pub comparators: &'static [&'static str],
    /// Whether `a,b` is allowed.
    pub multiple_or: bool,
    /// Whether the parameter may be repeated.
    pub multiple_and: bool,
}

/// A part of a composite parameter.
#[derive(Debug)]
pub struct Component {
    /// The parameter that says how the part is compared.
    pub param: ParamId,
    /// FHIRPath relative to the composite's value.
    pub expression: &'static str,
}

/// The kinds of search parameters (R4 `search-param-type`).
#[expect(missing_docs, reason = "the names are the specification's codes")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ParamKind {
    Number,
    Date,
    String,
    Token,
    Reference,
    Composite,
    Quantity,
    Uri,
    Special,
}

/// The five compartments of R4.
#[expect(missing_docs, reason = "the names are those of the resource types")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Compartment {
    Patient,
    Encounter,
    Practitioner,
    RelatedPerson,
    Device,
}

/// The parameters of a resource type, those of every resource included, sorted by code.
pub fn search_params(
    resource_type: ResourceType,
) -> impl ExactSizeIterator<Item = &'static SearchParamDef> {
    PARAMS_BY_TYPE[usize::from(resource_type.0)]
        .iter()
        .map(|id| &SEARCH_PARAMS[usize::from(*id)])
}

/// The parameter of a resource type with a code.
pub fn search_param(resource_type: ResourceType, code: &str) -> Option<&'static SearchParamDef> {
    let params = PARAMS_BY_TYPE[usize::from(resource_type.0)];
    let index = params
        .binary_search_by(|id| SEARCH_PARAMS[usize::from(*id)].code.cmp(code))
        .ok()?;
    Some(&SEARCH_PARAMS[usize::from(params[index])])
}

/// The codes of the parameters through which a resource of a type belongs to a compartment; none
/// when it never does. `{def}` stands for the resource that gives the compartment its name.
pub fn compartment_params(
    compartment: Compartment,
    resource_type: ResourceType,
) -> &'static [&'static str] {
    COMPARTMENTS[compartment as usize][usize::from(resource_type.0)]
}

impl ParamId {
    /// The definition; `None` for a number that no official parameter has.
    pub fn def(self) -> Option<&'static SearchParamDef> {
        SEARCH_PARAMS.get(usize::from(self.0))
    }

    /// How many official parameters there are: numbers from here on are free for a tenant's own.
    pub const COUNT: u16 = SEARCH_PARAMS.len() as u16;
}

impl Compartment {
    /// All five.
    pub const ALL: [Compartment; 5] = [
        Compartment::Patient,
        Compartment::Encounter,
        Compartment::Practitioner,
        Compartment::RelatedPerson,
        Compartment::Device,
    ];

    /// The type whose resources give the compartments their names.
    pub fn resource_type(self) -> ResourceType {
        match self {
            Compartment::Patient => ResourceType::PATIENT,
            Compartment::Encounter => ResourceType::ENCOUNTER,
            Compartment::Practitioner => ResourceType::PRACTITIONER,
            Compartment::RelatedPerson => ResourceType::RELATED_PERSON,
            Compartment::Device => ResourceType::DEVICE,
        }
    }

    /// The compartment named after a resource type.
    pub fn of(resource_type: ResourceType) -> Option<Compartment> {
        Compartment::ALL
            .into_iter()
            .find(|c| c.resource_type() == resource_type)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parameter_is_found_under_each_of_its_bases() {
        assert_eq!(ParamId::COUNT, 1375);
        for (number, param) in SEARCH_PARAMS.iter().enumerate() {
            assert_eq!(usize::from(param.id.0), number);
            for base in param.base {
                assert_eq!(
                    search_param(*base, param.code).map(|p| p.id),
                    Some(param.id)
                );
            }
        }
        assert!(search_param(ResourceType::PATIENT, "no-such").is_none());
        assert!(ParamId(ParamId::COUNT).def().is_none());
    }

    #[test]
    fn parameters_of_every_resource_apply_to_every_type() {
        for resource_type in ResourceType::all() {
            assert!(
                search_param(resource_type, "_id").is_some(),
                "{resource_type}"
            );
        }
        assert!(search_param(ResourceType::PATIENT, "_text").is_some());
        assert!(search_param(ResourceType::BUNDLE, "_text").is_none());
    }

    #[test]
    fn compartments_name_the_parameters_that_lead_into_them() {
        let patient = |t| compartment_params(Compartment::Patient, t);
        assert_eq!(patient(ResourceType::OBSERVATION), ["subject", "performer"]);
        assert!(patient(ResourceType::ORGANIZATION).is_empty());
        assert_eq!(
            Compartment::of(ResourceType::DEVICE),
            Some(Compartment::Device)
        );
        assert_eq!(Compartment::of(ResourceType::OBSERVATION), None);
    }
}
