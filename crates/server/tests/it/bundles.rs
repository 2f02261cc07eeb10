//! Batches and transactions through HTTP.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::running::{Clinic, Server};

fn clinic() -> Arc<Clinic> {
    Server::shared().clinic("bundles")
}

fn patient(id: &str, family: &str) -> Value {
    json!({ "resourceType": "Patient", "id": id, "name": [{ "family": family }],
            "identifier": [{ "system": "http://clinic.example/mrn", "value": id }] })
}

/// One entry of a batch or transaction.
fn entry(method: &str, url: &str, resource: Option<Value>) -> Value {
    let mut entry = json!({ "request": { "method": method, "url": url } });
    if let Some(resource) = resource {
        entry["resource"] = resource;
    }
    entry
}

fn bundle(kind: &str, entries: Vec<Value>) -> Value {
    json!({ "resourceType": "Bundle", "type": kind, "entry": entries })
}

fn status(response: &Value, entry: usize) -> &str {
    let status = response["entry"][entry]["response"]["status"]
        .as_str()
        .unwrap();
    status.split(' ').next().unwrap()
}

#[test]
fn a_transaction_links_its_parts_and_is_whole_or_absent() {
    let caller = &clinic().caller;
    caller.store(&patient("tx-known", "Known"));
    let observation = |subject: &str| json!({ "resourceType": "Observation", "status": "final", "code": { "text": "tx" }, "subject": { "reference": subject } });
    let new = "urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a";
    let mut mother = entry(
        "POST",
        "Patient",
        Some(json!({ "resourceType": "Patient", "name": [{ "family": "TxNew" }] })),
    );
    mother["fullUrl"] = new.into();
    let conditional = "Patient?identifier=http://clinic.example/mrn|tx-known";
    let parts = vec![
        entry("POST", "Observation", Some(observation(new))),
        mother.clone(),
        entry("POST", "Observation", Some(observation(conditional))),
        entry("GET", "Patient/tx-known", None),
    ];
    let done = caller
        .post("", &bundle("transaction", parts))
        .expect(200)
        .json();
    assert_eq!(done["type"], "transaction-response");
    assert_eq!(
        [0, 1, 2, 3].map(|n| status(&done, n)),
        ["201", "201", "201", "200"]
    );
    let location = |n: usize| {
        done["entry"][n]["response"]["location"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let new_patient = location(1)
        .split("/_history")
        .next()
        .unwrap()
        .strip_prefix(&format!("{}/", caller.base))
        .unwrap()
        .to_owned();
    assert_eq!(
        caller.get(&location(0)).json()["subject"]["reference"],
        new_patient
    );
    assert_eq!(
        caller.get(&location(2)).json()["subject"]["reference"],
        "Patient/tx-known"
    );
    let refusals = [
        (
            "an invalid part",
            entry(
                "POST",
                "Patient",
                Some(json!({ "resourceType": "Patient", "gender": "purple" })),
            ),
            422,
        ),
        (
            "an unknown reference",
            entry(
                "POST",
                "Observation",
                Some(observation("Patient?identifier=urn:none|0")),
            ),
            412,
        ),
        (
            "a stale version",
            json!({ "resource": patient("tx-known", "Stale"),
            "request": { "method": "PUT", "url": "Patient/tx-known", "ifMatch": "W/\"7\"" } }),
            412,
        ),
        (
            "an operation",
            entry("POST", "Patient/$validate", Some(patient("x", "x"))),
            501,
        ),
    ];
    for (what, part, code) in refusals {
        let marked = json!({ "resourceType": "Patient", "name": [{ "family": "TxHalf" }] });
        let parts = vec![entry("POST", "Patient", Some(marked)), part];
        let answer = caller.post("", &bundle("transaction", parts));
        assert_eq!(answer.status, code, "{what}: {}", answer.text());
        let outcome = answer.refused(code);
        let place = outcome["issue"][0]["expression"][0]
            .as_str()
            .unwrap_or_default();
        // A conditional reference is looked up for all entries at once.
        let named = place.starts_with("Bundle.entry[1]") || what == "an unknown reference";
        assert!(named, "{what}: {outcome}");
        assert!(
            caller.found("Patient?family=TxHalf").is_empty(),
            "{what} left a half"
        );
    }
}

#[test]
fn a_batch_answers_each_entry_by_itself() {
    let caller = &clinic().caller;
    let parts = vec![
        entry(
            "PUT",
            "Patient/batched",
            Some(patient("batched", "Batched")),
        ),
        entry("GET", "Patient/batched", None),
        entry("GET", "Patient/never-was", None),
        entry(
            "POST",
            "Patient",
            Some(json!({ "resourceType": "Patient", "gender": "purple" })),
        ),
        entry("DELETE", "Patient/batched", None),
        entry("GET", "Patient/batched", None),
        entry("GET", "Patient?_id=batched", None),
        json!({ "resource": patient("x", "x") }),
    ];
    let done = caller.post("", &bundle("batch", parts)).expect(200).json();
    assert_eq!(done["type"], "batch-response");
    let statuses: Vec<&str> = (0..8).map(|n| status(&done, n)).collect();
    assert_eq!(
        statuses,
        ["201", "200", "404", "422", "204", "410", "200", "400"]
    );
    assert_eq!(
        done["entry"][2]["response"]["outcome"]["resourceType"],
        "OperationOutcome"
    );
    assert_eq!(done["entry"][6]["resource"]["type"], "searchset");
}
