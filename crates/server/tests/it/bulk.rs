//! Bulk export as its clients meet it: kick-off, polling, files, cancelling, other people's jobs.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::running::{Answer, Caller, Clinic, Place, Server};

fn clinic() -> Arc<Clinic> {
    static FILLED: std::sync::OnceLock<Arc<Clinic>> = std::sync::OnceLock::new();
    Arc::clone(FILLED.get_or_init(|| {
        let clinic = Server::shared().clinic("bulk");
        fill(&clinic.caller);
        clinic
    }))
}

fn fill(caller: &Caller) {
    for (id, family) in [("ann", "Ann"), ("bob", "Bob"), ("cid", "Cid")] {
        caller.store(
            &json!({ "resourceType": "Patient", "id": id, "birthDate": "1970-01-01",
            "name": [{ "family": family }] }),
        );
    }
    caller.store(&json!({ "resourceType": "Practitioner", "id": "doc" }));
    caller.store(&json!({ "resourceType": "Practitioner", "id": "other" }));
    for (id, subject, status) in [
        ("o-ann", "ann", "final"),
        ("o-ann-2", "ann", "preliminary"),
        ("o-bob", "bob", "final"),
        ("o-cid", "cid", "final"),
    ] {
        caller.store(
            &json!({ "resourceType": "Observation", "id": id, "status": status,
            "code": { "text": "x" }, "subject": { "reference": format!("Patient/{subject}") },
            "performer": [{ "reference": "Practitioner/doc" }] }),
        );
    }
    let member = |id: &str| json!({ "entity": { "reference": format!("Patient/{id}") } });
    let mut gone = member("cid");
    gone["inactive"] = true.into();
    caller.store(
        &json!({ "resourceType": "Group", "id": "some", "type": "person", "actual": true,
        "member": [member("ann"), member("bob"), gone] }),
    );
}

pub(crate) fn kick_off(caller: &Caller, path: &str) -> Answer {
    caller
        .request("GET", path)
        .header("prefer", "respond-async")
        .send()
}

/// Polls until the job is done; its manifest.
pub(crate) fn wait(caller: &Caller, url: &str) -> Answer {
    let patience = Instant::now() + Duration::from_secs(120);
    loop {
        let answer = caller.get(url);
        if answer.status != 202 {
            return answer;
        }
        assert!(!answer.header("x-progress").is_empty());
        assert!(answer.header("retry-after").parse::<u32>().is_ok());
        assert!(Instant::now() < patience, "the job does not end");
        std::thread::sleep(Duration::from_millis(100));
    }
}

pub(crate) fn manifest(caller: &Caller, path: &str) -> Value {
    let accepted = kick_off(caller, path).expect(202);
    let answer = wait(caller, accepted.header("content-location")).expect(200);
    assert_eq!(answer.header("content-type"), "application/json");
    assert!(!answer.header("expires").is_empty());
    let manifest = answer.json();
    assert_eq!(manifest["requiresAccessToken"], true);
    let asked = manifest["request"].as_str().unwrap();
    let bare = path.split('?').next().unwrap();
    assert!(asked.starts_with(&format!("{}/{bare}", caller.base)));
    manifest
}

/// The resources in the files of a list of the manifest.
pub(crate) fn lines(caller: &Caller, manifest: &Value, list: &str) -> Vec<Value> {
    let mut found = Vec::new();
    for file in manifest[list].as_array().unwrap() {
        let answer = caller.get(file["url"].as_str().unwrap()).expect(200);
        assert_eq!(answer.header("content-type"), "application/fhir+ndjson");
        let text = answer.text();
        let lines: Vec<Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(file["count"], lines.len());
        assert!(
            lines
                .iter()
                .all(|line| line["resourceType"] == file["type"])
        );
        found.extend(lines);
    }
    found
}

fn exported(caller: &Caller, path: &str) -> BTreeSet<String> {
    let manifest = manifest(caller, path);
    let found = lines(caller, &manifest, "output");
    let named: BTreeSet<String> = found
        .iter()
        .map(|one| {
            format!(
                "{}/{}",
                one["resourceType"].as_str().unwrap(),
                one["id"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(named.len(), found.len(), "each resource once");
    named
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn each_level_exports_what_it_names_and_each_resource_once() {
    let caller = &clinic().caller;
    let all = exported(caller, "$export");
    assert!(all.is_superset(&set(&[
        "Patient/cid",
        "Observation/o-cid",
        "Practitioner/other",
        "Group/some"
    ])));
    let patients = exported(caller, "Patient/$export");
    assert!(patients.contains("Observation/o-cid") && !patients.contains("Practitioner/doc"));
    let typed = "Group/some/$export?_type=Patient,Observation,Practitioner";
    assert_eq!(
        exported(caller, typed),
        set(&[
            "Patient/ann",
            "Patient/bob",
            "Observation/o-ann",
            "Observation/o-ann-2",
            "Observation/o-bob",
            "Practitioner/doc"
        ])
    );
    let filtered = "$export?_type=Observation&_typeFilter=Observation%3Fsubject%3DPatient%2Fann%26status%3Dfinal,\
                    Observation%3Fsubject%3DPatient%2Fbob";
    assert_eq!(
        exported(caller, filtered),
        set(&["Observation/o-ann", "Observation/o-bob"])
    );
}

#[test]
fn a_post_names_patients_and_elements() {
    let caller = &clinic().caller;
    let parameters = json!({ "resourceType": "Parameters", "parameter": [
        { "name": "_type", "valueString": "Patient,Observation" },
        { "name": "_elements", "valueString": "Patient.birthDate" },
        { "name": "patient", "valueReference": { "reference": "Patient/bob" } },
        { "name": "patient", "valueReference": { "reference": "Patient/nobody" } } ] });
    let accepted = caller
        .request("POST", "Patient/$export")
        .header("prefer", "respond-async, handling=strict")
        .json(&parameters)
        .send()
        .expect(202);
    let manifest = wait(caller, accepted.header("content-location"))
        .expect(200)
        .json();
    let found = lines(caller, &manifest, "output");
    assert_eq!(found.len(), 2, "{found:?}");
    let bob = found
        .iter()
        .find(|one| one["resourceType"] == "Patient")
        .unwrap();
    assert!(bob["name"].is_null() && bob["birthDate"] == "1970-01-01");
    assert_eq!(bob["meta"]["tag"][0]["code"], "SUBSETTED");
    let errors = lines(caller, &manifest, "error");
    assert_eq!(errors[0]["resourceType"], "OperationOutcome");
}

#[test]
fn since_finds_what_changed_and_what_went() {
    let caller = &Server::shared().clinic("bulk-since").caller;
    caller.store(&json!({ "resourceType": "Patient", "id": "old" }));
    caller.store(&json!({ "resourceType": "Patient", "id": "gone" }));
    std::thread::sleep(Duration::from_millis(2_200));
    let first = manifest(caller, "$export?_type=Patient");
    assert_eq!(lines(caller, &first, "output").len(), 2);
    caller.store(&json!({ "resourceType": "Patient", "id": "new" }));
    caller.delete("Patient/gone").expect(204);
    let since = first["transactionTime"].as_str().unwrap();
    let path = format!(
        "$export?_type=Patient&_since={}",
        since.replace(':', "%3A").replace('+', "%2B")
    );
    let accepted = kick_off(caller, &path).expect(202);
    let next = wait(caller, accepted.header("content-location"))
        .expect(200)
        .json();
    let ids: Vec<Value> = lines(caller, &next, "output")
        .into_iter()
        .map(|one| one["id"].clone())
        .collect();
    assert_eq!(ids, ["new"]);
    let deleted = lines(caller, &next, "deleted");
    assert_eq!(deleted[0]["entry"][0]["request"]["url"], "Patient/gone");
}

#[test]
fn what_is_wrong_is_refused_at_once() {
    let caller = &clinic().caller;
    caller.get("$export").refused(400);
    for path in [
        "$export?_type=Nothing",
        "$export?_outputFormat=text/csv",
        "$export?_since=yesterday",
        "$export?_since=2999-01-01T00:00:00Z",
        "$export?patient=Patient/ann",
        "$export?_typeFilter=Observation%3Fnothing%3D1",
        "$export?_type=Patient&_typeFilter=Observation%3Fstatus%3Dfinal",
        "$export?unknown=1",
        "Patient/$export?patient=Observation/o-ann",
    ] {
        let answer = kick_off(caller, path);
        assert_eq!(answer.status, 400, "{path}: {}", answer.text());
    }
    kick_off(caller, "Group/none/$export").refused(404);
    kick_off(caller, "Group/$export").refused(501);
    let nurse = Server::shared().caller("bulk", &["nurse"], &[]);
    kick_off(&nurse, "$export").refused(403);
    caller
        .get("_bulk/00000000-0000-0000-0000-000000000000")
        .refused(404);
    caller.get("_bulk/x").refused(404);
    let entry = json!({ "request": { "method": "GET", "url": "$export" } });
    let batch = json!({ "resourceType": "Bundle", "type": "batch", "entry": [entry] });
    let answers = caller.post("", &batch).expect(200).json();
    let status = answers["entry"][0]["response"]["status"].as_str().unwrap();
    assert!(
        status.starts_with('4') || status.starts_with('5'),
        "{status}"
    );
}

#[test]
fn a_job_and_its_files_are_its_callers_alone() {
    let server = Server::shared();
    let caller = &clinic().caller;
    let accepted = kick_off(caller, "$export?_type=Patient").expect(202);
    let url = accepted.header("content-location").to_owned();
    let done = wait(caller, &url).expect(200).json();
    let file = done["output"][0]["url"].as_str().unwrap();
    server.clinic("bulk-strangers");
    let strangers = [
        somebody_else(server),
        server.caller("bulk-strangers", &["doctor", "service"], &[]),
    ];
    for stranger in &strangers {
        stranger.get(&url).refused(404);
        stranger.get(file).refused(404);
        stranger.delete(&url).refused(404);
    }
    let nobody = Caller {
        token: String::new(),
        ..caller.clone()
    };
    nobody.get(file).refused(401);
    // The same person with a token that reaches less.
    let narrow = server.caller("bulk", &["service"], &["--scope", "system/Practitioner.rs"]);
    narrow.get(file).refused(403);
    caller.delete(&url).expect(202);
    caller.get(&url).refused(404);
    caller.get(file).refused(404);
}

/// Another person of the same tenant, through the same client.
fn somebody_else(server: &Server) -> Caller {
    let token = [
        "token", "--tenant", "bulk", "--user", "other", "--role", "service",
    ];
    server.bearer(server.command(&token).trim())
}

#[test]
fn scopes_cut_the_export() {
    let server = Server::shared();
    let _ = clinic();
    let narrow = ["--scope", "system/Observation.rs?status=final"];
    let narrow = server.caller("bulk", &["service"], &narrow);
    assert_eq!(
        exported(&narrow, "$export"),
        set(&[
            "Observation/o-ann",
            "Observation/o-bob",
            "Observation/o-cid"
        ])
    );
    kick_off(&narrow, "$export?_type=Patient").refused(403);
}

#[test]
fn an_export_survives_the_end_of_the_process() {
    let place = Place::new();
    let server = Server::start(&place);
    let caller = server.clinic("durable").caller.clone();
    fill(&caller);
    let accepted = kick_off(&caller, "$export").expect(202);
    let url = accepted.header("content-location").to_owned();
    server.kill();
    let server = Server::start(&place);
    let again = server.bearer(&caller.token);
    let path = url.split("/fhir/R4/").nth(1).unwrap();
    let manifest = wait(&again, path).expect(200).json();
    assert!(lines(&again, &manifest, "output").len() >= 9);
    server.stop();
}

fn import(caller: &Caller, media_type: &str, body: String) -> Answer {
    let request = caller.request("POST", "$import");
    let request = request.header("prefer", "respond-async");
    request.body(media_type, body).send()
}

#[test]
fn an_import_takes_in_what_is_good_and_tells_of_the_rest_by_line() {
    let server = Server::shared();
    server.clinic("bulk-import");
    let service = server.caller("bulk-import", &["service"], &[]);
    let body = [
        r#"{"resourceType":"Patient","id":"one","active":true}"#,
        r#"{"resourceType":"Patient","id":"two","birthDate":"never"}"#,
        "",
        "not json",
        r#"{"resourceType":"Patient","active":true}"#,
        r#"{"resourceType":"Patient","id":"one","active":false}"#,
        r#"{"resourceType":"Observation","id":"three","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/one"}}"#,
    ]
    .join("\n");
    let accepted = import(&service, "application/fhir+ndjson", body).expect(202);
    let manifest = wait(&service, accepted.header("content-location"))
        .expect(200)
        .json();
    let said = lines(&service, &manifest, "output");
    let text = said[0]["issue"][0]["diagnostics"].as_str().unwrap();
    assert_eq!(text, "3 resources taken in, 3 refused");
    let refused: Vec<String> = lines(&service, &manifest, "error")
        .iter()
        .map(|outcome| {
            outcome["issue"][0]["diagnostics"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    for (refusal, line) in refused.iter().zip(["line 4: ", "line 5: ", "line 2: "]) {
        assert!(refused.iter().any(|one| one.starts_with(line)), "{refusal}");
    }
    let one = service.get("Patient/one").expect(200).json();
    assert_eq!(
        (&one["active"], &one["meta"]["versionId"]),
        (&json!(false), &json!("2"))
    );
    service.get("Observation/three").expect(200);
    service.get("Patient/two").refused(404);
}

#[test]
fn an_import_is_refused_where_it_would_lead_into_the_own_network() {
    let server = Server::shared();
    let clinic = server.clinic("bulk-import-no");
    let service = server.caller("bulk-import-no", &["service"], &[]);
    let manifest = |url: &str| {
        json!({ "resourceType": "Parameters", "parameter": [
            { "name": "inputFormat", "valueCode": "application/fhir+ndjson" },
            { "name": "input", "part": [{ "name": "type", "valueCode": "Patient" },
                                        { "name": "url", "valueUrl": url }] }] })
        .to_string()
    };
    let json = "application/fhir+json";
    for url in [
        "http://example.org/a.ndjson",
        "https://127.0.0.1/a.ndjson",
        "https://[::ffff:10.0.0.1]/a.ndjson",
        "https://169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
    ] {
        let outcome = import(&service, json, manifest(url)).refused(400);
        assert_eq!(outcome["issue"][0]["expression"][0], "input.url", "{url}");
    }
    // A name is looked up only when the file is fetched: the refusal stands in the manifest.
    let accepted = import(&service, json, manifest("https://localhost/a.ndjson")).expect(202);
    let done = wait(&service, accepted.header("content-location"))
        .expect(200)
        .json();
    assert_eq!(lines(&service, &done, "error").len(), 1);
    let empty = json!({ "resourceType": "Parameters" }).to_string();
    import(&service, json, empty).refused(400);
    service.request("GET", "$import").send().refused(501);
    let nurse = server.caller("bulk-import-no", &["doctor"], &[]);
    import(&nurse, "application/fhir+ndjson", String::new()).refused(403);
    drop(clinic);
}

#[test]
fn a_person_exports_only_after_a_fresh_proof() {
    let clinic = clinic();
    let server = Server::shared();
    let tired = server.caller("bulk", &["org_admin"], &[]);
    let refused = kick_off(&tired, "$export");
    let challenge = refused.header("www-authenticate").to_owned();
    refused.refused(401);
    assert!(
        challenge.contains("insufficient_user_authentication"),
        "{challenge}"
    );
    let fresh = server.caller("bulk", &["org_admin"], &["--step-up"]);
    let accepted = kick_off(&fresh, "$export").expect(202);
    fresh
        .delete(accepted.header("content-location"))
        .expect(202);
    // A backend service has shown its key for this very token.
    let accepted = kick_off(&clinic.caller, "$export").expect(202);
    let status = accepted.header("content-location");
    clinic.caller.delete(status).expect(202);
}
