//! A tenant's own search parameters: compiled when they are stored, honoured after a reindex.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::running::{Caller, Place, Server};

fn ward(id: &str, code: &str, expression: &str) -> Value {
    json!({ "resourceType": "SearchParameter", "id": id, "url": format!("http://example.org/{id}"),
        "name": "Ward", "status": "active", "description": "The ward", "code": code,
        "base": ["Patient"], "type": "string", "expression": expression })
}

fn patient(id: &str, ward: &str) -> Value {
    json!({ "resourceType": "Patient", "id": id,
        "extension": [{ "url": "http://example.org/ward-is", "valueString": ward }] })
}

const EXPRESSION: &str = "Patient.extension.where(url = 'http://example.org/ward-is').value";

/// Waits until the parameter may be searched by.
fn ready(server: &Server, tenant: &str, url: &str) {
    let admin = server.caller(tenant, &["org_admin"], &[]);
    let patience = Instant::now() + Duration::from_secs(90);
    loop {
        let state = admin.get("$reindex").expect(200).json();
        let text = state.to_string();
        let all = state["parameter"].as_array().cloned().unwrap_or_default();
        let is_ready = all.iter().any(|one| {
            let parts = one["part"].as_array().unwrap();
            parts.iter().any(|part| part["valueUri"] == url)
                && parts.iter().any(|part| part["valueBoolean"] == true)
        });
        if is_ready {
            return;
        }
        assert!(Instant::now() < patience, "{text}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

fn strict(caller: &Caller, path: &str) -> u16 {
    let request = caller.request("GET", path);
    request.header("prefer", "handling=strict").send().status
}

#[test]
fn an_own_parameter_is_searched_by_after_a_reindex_also_after_a_restart() {
    let place = Place::new();
    let server = Server::start(&place);
    let caller = server.clinic("own").caller.clone();
    let service = server.caller("own", &["org_admin", "service"], &[]);
    caller.store(&patient("before", "North"));
    service.store(&ward("ward", "ward", EXPRESSION));
    caller.store(&patient("while", "Northern"));
    ready(&server, "own", "http://example.org/ward");
    caller.store(&patient("after", "South"));
    let mut found = caller.found("Patient?ward=north");
    found.sort();
    assert_eq!(found, ["Patient/before", "Patient/while"]);
    let statement = caller.get("metadata").expect(200).json().to_string();
    assert!(statement.contains("http://example.org/ward"));
    let other = server.clinic("not-own").caller.clone();
    assert_eq!(strict(&other, "Patient?ward=north"), 400);
    // A changed definition counts when everything is indexed by it.
    let changed = "Patient.extension.where(url = 'http://example.org/other').value";
    service.store(&ward("ward", "ward", changed));
    ready(&server, "own", "http://example.org/ward");
    server.kill();
    let server = Server::start(&place);
    let caller = server.bearer(&caller.token);
    assert!(caller.found("Patient?ward=north").is_empty());
    let service = server.bearer(&service.token);
    service.delete("SearchParameter/ward").expect(204);
    let patience = Instant::now() + Duration::from_secs(20);
    while strict(&caller, "Patient?ward=north") != 400 {
        assert!(Instant::now() < patience, "the parameter does not go");
        std::thread::sleep(Duration::from_millis(100));
    }
    server.stop();
}

#[test]
fn what_cannot_be_used_is_refused_with_the_element() {
    let server = Server::shared();
    server.clinic("refused-params");
    let service = server.caller("refused-params", &["service"], &[]);
    let put = |resource: &Value| service.put("SearchParameter/x", resource);
    let mut wrong = Vec::new();
    wrong.push((ward("x", "ward", "Patient.("), "expression"));
    wrong.push((ward("x", "ward", "today()"), "expression"));
    wrong.push((ward("x", "birthdate", "Patient.name"), "code"));
    let mut special = ward("x", "ward", EXPRESSION);
    special["type"] = "special".into();
    wrong.push((special, "type"));
    for (resource, element) in &wrong {
        let outcome = put(resource).refused(422).to_string();
        assert!(outcome.contains(element), "{outcome}");
    }
    // A draft may say anything; a profile of an official parameter adds nothing.
    let mut draft = ward("x", "ward", "Patient.(");
    draft["status"] = "draft".into();
    put(&draft).expect(201);
    let mut profiled = ward("x", "family", "Patient.name.family");
    profiled["derivedFrom"] = "http://hl7.org/fhir/SearchParameter/individual-family".into();
    put(&profiled).expect(200);
    let nurse = server.caller("refused-params", &["nurse"], &[]);
    nurse.get("$reindex").refused(403);
}
