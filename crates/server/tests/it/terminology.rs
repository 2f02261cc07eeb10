//! Terminology operations through HTTP, over built-in content and a tenant's own resources.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::running::{Clinic, Server};

fn clinic() -> Arc<Clinic> {
    Server::shared().clinic("terminology")
}

/// The value of a parameter of an answer.
fn parameter<'a>(answer: &'a Value, name: &str) -> &'a Value {
    let all = answer["parameter"].as_array().unwrap();
    let found = all.iter().find(|parameter| parameter["name"] == name);
    let found = found.unwrap_or_else(|| panic!("no {name} in {answer}"));
    let fields = found.as_object().unwrap();
    fields
        .iter()
        .find(|(key, _)| key.starts_with("value"))
        .unwrap()
        .1
}

#[test]
fn built_in_content_answers_by_get() {
    let caller = &clinic().caller;
    let get = |path: &str| caller.get(path).expect(200).json();
    let looked = get("CodeSystem/$lookup?system=http://hl7.org/fhir/sid/icd-10-cm&code=E11.9");
    assert_eq!(parameter(&looked, "name"), "ICD-10-CM");
    let display = parameter(&looked, "display").as_str().unwrap();
    assert!(display.starts_with("Type 2 diabetes mellitus"), "{display}");
    let expanded =
        get("ValueSet/$expand?url=http://hl7.org/fhir/ValueSet/administrative-gender&count=2");
    assert_eq!(expanded["expansion"]["total"], 4);
    assert_eq!(
        expanded["expansion"]["contains"].as_array().unwrap().len(),
        2
    );
    let good = get(
        "ValueSet/$validate-code?url=http://hl7.org/fhir/ValueSet/administrative-gender\
        &system=http://hl7.org/fhir/administrative-gender&code=female",
    );
    assert_eq!(parameter(&good, "result"), true);
    let bad = get("CodeSystem/$validate-code?url=http://hl7.org/fhir/sid/icd-10-cm&code=E11.X");
    assert_eq!(parameter(&bad, "result"), false);
    let above =
        get("CodeSystem/$subsumes?system=http://hl7.org/fhir/sid/icd-10-cm&codeA=E11&codeB=E11.9");
    assert_eq!(parameter(&above, "outcome"), "subsumes");
    let translated = get(
        "ConceptMap/$translate?system=http://hl7.org/fhir/administrative-gender&code=male\
        &target=http://terminology.hl7.org/ValueSet/v2-0001",
    );
    assert_eq!(parameter(&translated, "result"), true);
}

#[test]
fn a_tenants_own_resources_are_used_and_hidden_from_others() {
    let caller = &clinic().caller;
    caller.store(
        &json!({ "resourceType": "CodeSystem", "id": "own-codes", "status": "active",
        "url": "http://example.org/own", "content": "complete",
        "concept": [{ "code": "a", "display": "Alpha" }, { "code": "b", "display": "Beta" }] }),
    );
    caller.store(&json!({ "resourceType": "ValueSet", "id": "own-set", "status": "active",
        "url": "http://example.org/own-set",
        "compose": { "include": [{ "system": "http://example.org/own" }],
                     "exclude": [{ "system": "http://example.org/own", "concept": [{ "code": "b" }] }] } }));
    for path in [
        "ValueSet/$expand?url=http://example.org/own-set",
        "ValueSet/own-set/$expand",
    ] {
        let expanded = caller.get(path).expect(200).json();
        assert_eq!(
            expanded["expansion"]["contains"][0]["display"], "Alpha",
            "{path}"
        );
        assert_eq!(expanded["expansion"]["total"], 1, "{path}");
    }
    let concept = json!({ "coding": [{ "system": "http://example.org/own", "code": "b" },
                                     { "system": "http://example.org/own", "code": "a" }] });
    let ask = json!({ "resourceType": "Parameters", "parameter": [
        { "name": "url", "valueUri": "http://example.org/own-set" },
        { "name": "codeableConcept", "valueCodeableConcept": concept }] });
    let verdict = caller
        .post("ValueSet/$validate-code", &ask)
        .expect(200)
        .json();
    assert_eq!(parameter(&verdict, "result"), true);
    let other = Server::shared().clinic("terminology-other");
    other
        .caller
        .get("ValueSet/$expand?url=http://example.org/own-set")
        .refused(404);
}

#[test]
fn what_cannot_be_answered_is_refused_with_its_reason() {
    let caller = &clinic().caller;
    for (path, status) in [
        ("ValueSet/$expand?url=http://example.org/none", 404),
        ("ValueSet/$expand", 400),
        (
            "ValueSet/$expand?url=http://hl7.org/fhir/ValueSet/ucum-units",
            501,
        ),
        (
            "ValueSet/$expand?url=http://hl7.org/fhir/ValueSet/languages&count=x",
            400,
        ),
        (
            "CodeSystem/$lookup?system=http://hl7.org/fhir/sid/icd-10-cm&code=Nope",
            404,
        ),
        ("CodeSystem/$subsumes?codeA=a&codeB=b", 400),
        ("ConceptMap/$translate?system=http://x&code=y", 400),
    ] {
        let outcome = caller.get(path).refused(status);
        assert_eq!(outcome["resourceType"], "OperationOutcome", "{path}");
    }
}
