//! Translation by the specification's maps and by a tenant's own.

use mt_terminology::{Canonical, ConceptMap, Dependency, TerminologyError, Translation};
use serde_json::json;

use crate::synthetic::{doc, scope};

fn ask<'a>(system: &'a str, code: &'a str) -> Translation<'a> {
    Translation {
        system,
        code,
        target_system: None,
        reverse: false,
        dependencies: &[],
    }
}

#[test]
fn the_specification_maps_gender_and_address_use() {
    let scope = scope();
    let gender = "http://hl7.org/fhir/administrative-gender";
    let v2 = Some("http://terminology.hl7.org/ValueSet/v2-0001");
    let found = scope
        .translate(&ask(gender, "male"), None, v2)
        .expect("a map");
    assert_eq!(found[0].code.as_deref(), Some("M"));
    let reverse = Translation {
        reverse: true,
        ..ask("http://terminology.hl7.org/CodeSystem/v2-0001", "M")
    };
    let found = scope.translate(&reverse, v2, None).expect("a map");
    assert_eq!(found[0].code.as_deref(), Some("male"));
    let nothing = scope.translate(&ask("http://example.org/none", "x"), None, None);
    // A map without systems in its groups may concern any system; it has no such code.
    assert!(nothing.is_ok_and(|found| found.is_empty()));
    let unknown = scope.translate(&ask(gender, "male"), Some("http://example.org/none"), None);
    assert_eq!(unknown.err(), Some(TerminologyError::UnknownConceptMap));
}

#[test]
fn dependencies_unmapped_codes_and_other_maps_are_honoured() {
    let mut scope = scope();
    let map = |url: &str, unmapped: serde_json::Value| {
        let map = json!({ "resourceType": "ConceptMap", "url": url, "group": [{
            "source": "http://x/a", "target": "http://x/b", "unmapped": unmapped,
            "element": [{ "code": "1", "target": [
                { "code": "one", "equivalence": "wider",
                  "dependsOn": [{ "property": "site", "value": "arm" }] },
                { "equivalence": "unmatched", "comment": "none elsewhere" }] }] }] });
        ConceptMap::from_resource(doc(&map).root()).expect("a map")
    };
    scope.add_concept_map(map(
        "http://x/first",
        json!({ "mode": "other-map", "url": "http://x/second" }),
    ));
    scope.add_concept_map(map(
        "http://x/second",
        json!({ "mode": "fixed", "code": "other" }),
    ));
    scope.add_concept_map(map(
        "http://x/circle",
        json!({ "mode": "other-map", "url": "http://x/circle" }),
    ));
    let first = scope
        .concept_map(&Canonical::parse("http://x/first"))
        .expect("added");
    let plain = scope
        .translate_by(first, &ask("http://x/a", "1"))
        .expect("translated");
    assert_eq!(
        plain
            .iter()
            .map(|m| m.equivalence.as_str())
            .collect::<Vec<_>>(),
        ["unmatched"]
    );
    let arm = [Dependency {
        property: "site".into(),
        system: None,
        value: "arm".into(),
    }];
    let ask_arm = Translation {
        dependencies: &arm,
        ..ask("http://x/a", "1")
    };
    let full = scope.translate_by(first, &ask_arm).expect("translated");
    assert_eq!(full[0].code.as_deref(), Some("one"));
    let other = scope
        .translate_by(first, &ask("http://x/a", "2"))
        .expect("translated");
    assert_eq!(other[0].code.as_deref(), Some("other"));
    assert_eq!(other[0].source, "http://x/second");
    let circle = scope
        .concept_map(&Canonical::parse("http://x/circle"))
        .expect("added");
    let refused = scope.translate_by(circle, &ask("http://x/a", "2"));
    assert_eq!(refused.err(), Some(TerminologyError::TooDeep(8)));
}
