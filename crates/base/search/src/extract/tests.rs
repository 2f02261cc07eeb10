//! The plans of the official parameters.

use std::io::Read as _;
use std::path::Path;

use mt_fhir::Doc;
use mt_fhir::definitions::ResourceType;
use mt_fhir::json::Limits;
use mt_fhirpath::Expr;

use super::walk::Walk;
use super::{IndexValue, extract, general};
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

/// The one example of every type that the FHIR crate keeps for its tests.
fn sample() -> Vec<Doc> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fhir/tests/data/r4-examples-sample.ndjson.gz");
    let bytes = std::fs::read(file).expect("the sample");
    let mut text = String::new();
    flate2::read::GzDecoder::new(&*bytes)
        .read_to_string(&mut text)
        .expect("gzip");
    let parse = |line: &str| Doc::parse(line, &Limits::default()).expect("JSON");
    text.lines().map(parse).collect()
}

/// The plan is a shortcut for the official expressions; the engine evaluates them as written.
#[test]
fn the_plan_finds_what_the_engine_finds() {
    let registry = ParamRegistry::official();
    let mut compared = 0;
    for doc in sample() {
        let resource = doc.root();
        let name = resource.resource_type().expect("a type");
        let Some(resource_type) = ResourceType::from_name(name) else {
            panic!("{name} is no type");
        };
        let planned = extract(&registry, resource_type, resource);
        for param in registry.params(resource_type) {
            if param.is_computed() || param.kind == ParamKind::Composite || param.is_phonetic() {
                continue;
            }
            let expression = Expr::parse(&param.expression).expect("an official expression");
            let mut walk = Walk::new(&registry, resource, Vec::new());
            let ids = [param.id];
            walk.set_params(&ids);
            general::extract(&mut walk, param.kind, &expression);
            let sorted = |values: Vec<&IndexValue<'_>>| {
                let mut texts: Vec<_> = values.iter().map(|value| format!("{value:?}")).collect();
                texts.sort_unstable();
                // A union of the engine keeps equal values once.
                texts.dedup();
                texts
            };
            let by_engine = sorted(walk.values_of(param.id).collect());
            let by_plan = sorted(planned.values(param.id).collect());
            assert_eq!(
                by_plan,
                by_engine,
                "{name}/{:?} {}",
                resource.str("id"),
                param.code
            );
            compared += by_plan.len();
        }
    }
    assert!(compared > 900, "{compared} values were compared");
}
