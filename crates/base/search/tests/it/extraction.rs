//! Extraction over real resources: the committed sample, and all shared examples when present.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use mt_fhir::Doc;
use mt_fhir::definitions::{Compartment, ResourceType};
use mt_fhir::json::Limits;
use mt_search::{Extracted, IndexValue, ParamRegistry, extract};

use super::data;

fn typed(doc: &Doc) -> ResourceType {
    let name = doc.root().resource_type().expect("a resource");
    ResourceType::from_name(name).expect("an R4 type")
}

/// How many values each parameter has in the sample, against the committed list. To renew the
/// list after a deliberate change, delete it and run the test twice.
#[test]
fn the_sample_yields_the_recorded_number_of_values() {
    let registry = ParamRegistry::official();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for doc in data::sample() {
        let resource_type = typed(&doc);
        for entry in extract(&registry, resource_type, doc.root()).entries {
            let code = &registry.by_id(entry.param).expect("a parameter").code;
            *counts.entry(format!("{resource_type}.{code}")).or_default() += 1;
        }
    }
    let mut text = String::new();
    for (name, count) in counts {
        writeln!(text, "{name} {count}").expect("infallible");
    }
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/sample-counts.txt");
    let Ok(recorded) = std::fs::read_to_string(&file) else {
        std::fs::write(&file, text).expect("writable");
        panic!("there was no record; it has been written");
    };
    assert_eq!(text, recorded);
}

/// Laws that hold for whatever is extracted.
fn check(registry: &ParamRegistry, doc: &Doc) -> usize {
    let resource_type = typed(doc);
    let Extracted {
        entries,
        compartments,
        main_code,
        main_date,
        truncated,
    } = extract(registry, resource_type, doc.root());
    let name = format!("{resource_type}/{}", doc.root().str("id").unwrap_or("-"));
    assert!(!truncated, "{name}");
    for entry in &entries {
        let param = registry.by_id(entry.param).expect("a parameter");
        assert!(param.applies_to(resource_type), "{name} {}", param.code);
        match &entry.value {
            IndexValue::Date(range) => assert!(range.lo <= range.hi, "{name} {}", param.code),
            IndexValue::Number(range) => assert!(range.lo <= range.hi, "{name} {}", param.code),
            IndexValue::Quantity(index) => assert!(index.range.lo <= index.range.hi, "{name}"),
            IndexValue::Composite(parts) => assert_eq!(parts.len(), param.components.len()),
            _ => {}
        }
    }
    if let Some(index) = main_code {
        assert!(
            matches!(
                entries[index].value,
                IndexValue::Token { code: Some(_), .. }
            ),
            "{name}"
        );
    }
    if let Some((param, _)) = main_date {
        assert!(entries.iter().any(|entry| entry.param == param), "{name}");
    }
    let mut seen = compartments.clone();
    seen.dedup();
    assert_eq!(seen.len(), compartments.len(), "{name}");
    entries.len()
}

#[test]
fn every_shared_example_can_be_extracted() {
    let registry = ParamRegistry::official();
    let examples = data::examples();
    let entries: usize = examples.iter().map(|doc| check(&registry, doc)).sum();
    assert!(examples.is_empty() || entries > 10_000, "{entries} entries");
}

#[test]
fn clinical_resources_of_synthea_belong_to_their_patient() {
    let registry = ParamRegistry::official();
    let clinical = [
        "Observation",
        "Condition",
        "Encounter",
        "Procedure",
        "MedicationRequest",
        "Immunization",
        "DiagnosticReport",
    ];
    for doc in data::synthea_resources(3) {
        check(&registry, &doc);
        let resource_type = typed(&doc);
        if clinical.contains(&resource_type.name()) {
            let extracted = extract(&registry, resource_type, doc.root());
            let patients = extracted
                .compartments
                .iter()
                .filter(|(c, _)| *c == Compartment::Patient);
            assert_eq!(patients.count(), 1, "{resource_type}");
            // A prescription may refer to its medication instead of naming it.
            let has_code =
                extracted.main_code.is_some() || resource_type.name() == "MedicationRequest";
            assert!(has_code && extracted.main_date.is_some(), "{resource_type}");
        }
    }
}

#[test]
fn wrong_shapes_yield_nothing_and_do_not_panic() {
    let registry = ParamRegistry::official();
    for json in [
        r#"{"resourceType":"Observation"}"#,
        r#"{"resourceType":"Observation","code":7,"subject":[[{}]],"valueQuantity":"x","component":{"code":[]},"effectiveDateTime":{},"status":[1,null]}"#,
        r#"{"resourceType":"Observation","_status":{"extension":[]},"effectivePeriod":{"start":"x"},"effectiveTiming":{"event":[null]}}"#,
        r#"{"resourceType":"Observation","subject":{"reference":"Patient/"},"performer":[{"reference":"/"},{"reference":"a/b/c"},{"reference":"\#x"}]}"#,
    ] {
        let doc = Doc::parse(json.replace("\\#", "#"), &Limits::default()).expect("JSON");
        check(&registry, &doc);
    }
}

#[test]
fn a_flood_of_combinations_is_cut_and_said_so() {
    let codings = |n: usize| {
        let one: Vec<_> = (0..n)
            .map(|i| format!(r#"{{"system":"s","code":"{i}"}}"#))
            .collect();
        format!(r#"{{"coding":[{}]}}"#, one.join(","))
    };
    let json = format!(
        r#"{{"resourceType":"Observation","code":{},"valueCodeableConcept":{}}}"#,
        codings(200),
        codings(200)
    );
    let doc = Doc::parse(json, &Limits::default()).expect("JSON");
    let extracted = extract(
        &ParamRegistry::official(),
        ResourceType::OBSERVATION,
        doc.root(),
    );
    assert!(extracted.truncated);
    assert!(extracted.entries.len() < 10_000);
}
