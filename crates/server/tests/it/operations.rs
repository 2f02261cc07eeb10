//! What is beyond plain records: the CapabilityStatement, binaries, extended operations.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::running::{Answer, Caller, Clinic, Server};

fn clinic() -> Arc<Clinic> {
    Server::shared().clinic("operations")
}

fn patient(id: &str, family: &str) -> Value {
    json!({ "resourceType": "Patient", "id": id, "name": [{ "family": family }] })
}

#[test]
fn the_capability_statement_lists_every_type_and_is_valid() {
    let caller = &clinic().caller;
    let stranger = Caller {
        base: caller.base.clone(),
        token: String::new(),
    };
    let statement = stranger.get("metadata").expect(200).json();
    let types: BTreeSet<&str> = statement["rest"][0]["resource"]
        .as_array()
        .unwrap()
        .iter()
        .map(|resource| resource["type"].as_str().unwrap())
        .collect();
    assert_eq!(types.len(), 146);
    assert_eq!(statement["implementation"]["url"], caller.base.as_str());
    let outcome = caller
        .post("CapabilityStatement/$validate", &statement)
        .expect(200)
        .json();
    let faults: Vec<&Value> = outcome["issue"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|issue| issue["severity"] == "error" || issue["severity"] == "fatal")
        .collect();
    assert!(faults.is_empty(), "{faults:?}");
}

#[test]
fn a_binary_is_sent_in_its_own_format() {
    let caller = &clinic().caller;
    let created = caller
        .request("POST", "Binary")
        .body("image/png", vec![137u8, 80, 78, 71])
        .send()
        .expect(201)
        .json();
    let path = format!("Binary/{}", created["id"].as_str().unwrap());
    let raw: Answer = caller
        .request("GET", &path)
        .header("accept", "image/png")
        .send()
        .expect(200);
    assert_eq!(
        (raw.header("content-type"), &raw.body[..]),
        ("image/png", &[137u8, 80, 78, 71][..])
    );
    assert_eq!(
        caller.get(&path).expect(200).json()["contentType"],
        "image/png"
    );
}

#[test]
fn everything_of_a_patient_holds_the_compartment_and_nothing_else() {
    let caller = &clinic().caller;
    caller.store(&patient("whole", "Whole"));
    caller.store(&patient("whole-other", "Other"));
    for (id, subject) in [
        ("whole-1", "whole"),
        ("whole-2", "whole"),
        ("whole-3", "whole-other"),
    ] {
        caller.store(&json!({ "resourceType": "Observation", "id": id, "status": "final", "code": { "text": "x" },
            "subject": { "reference": format!("Patient/{subject}") } }));
    }
    let found: BTreeSet<String> = caller
        .found("Patient/whole/$everything")
        .into_iter()
        .collect();
    let expected = [
        "Patient/whole",
        "Observation/whole-1",
        "Observation/whole-2",
    ]
    .map(str::to_owned);
    assert_eq!(found, BTreeSet::from(expected));
    caller.get("Patient/never-was/$everything").refused(404);
}
