//! The plans of the official parameters.

use mt_fhir::definitions::ResourceType;

use crate::registry::{ParamKind, ParamRegistry};

#[test]
fn every_official_parameter_leads_to_values() {
    let registry = ParamRegistry::official();
    let mut without = Vec::new();
    let mut general = Vec::new();
    for resource_type in ResourceType::all() {
        let plan = registry.plan(resource_type);
        for param in registry
            .params(resource_type)
            .filter(|param| !param.is_computed())
        {
            if !plan.has_values(param.id) {
                without.push(format!("{resource_type}.{}", param.code));
            }
        }
        general.extend(
            plan.general
                .iter()
                .map(|(id, kind, _)| (resource_type.name(), *id, *kind)),
        );
    }
    assert!(without.is_empty(), "{without:#?}");
    let deceased = registry
        .get(ResourceType::PATIENT, "deceased")
        .map(|param| param.id);
    let expected: Vec<_> = deceased
        .map(|id| ("Patient", id, ParamKind::Token))
        .into_iter()
        .collect();
    assert_eq!(general, expected);
}

#[test]
fn facts_say_what_the_parser_must_know() {
    let registry = ParamRegistry::official();
    let facts = |resource_type, code| {
        let param = registry.get(resource_type, code).expect("a parameter");
        registry
            .plan(resource_type)
            .facts(param.id)
            .expect("facts")
            .clone()
    };
    assert!(facts(ResourceType::PATIENT, "identifier").has_identifier);
    assert!(!facts(ResourceType::PATIENT, "gender").has_identifier);
    assert_eq!(
        facts(ResourceType::PATIENT, "gender")
            .implied_system
            .as_deref(),
        Some("http://hl7.org/fhir/administrative-gender")
    );
    assert_eq!(
        facts(ResourceType::OBSERVATION, "code").implied_system,
        None
    );
}
