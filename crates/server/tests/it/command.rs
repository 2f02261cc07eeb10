//! The command line beside a running server: what it prints, and its exit codes.

use std::path::Path;
use std::process::Output;

use serde_json::{Value, json};

use crate::running::{Place, Server};

fn patient(id: &str) -> Value {
    json!({ "resourceType": "Patient", "id": id, "name": [{ "family": "Imported" }] })
}

fn transaction(resources: &[Value]) -> String {
    let entry = |resource: &Value| {
        let url = format!(
            "{}/{}",
            resource["resourceType"].as_str().unwrap(),
            resource["id"].as_str().unwrap()
        );
        json!({ "resource": resource, "request": { "method": "PUT", "url": url } })
    };
    json!({ "resourceType": "Bundle", "type": "transaction", "entry": resources.iter().map(entry).collect::<Vec<_>>() }).to_string()
}

fn write(path: &Path, text: &str) -> String {
    std::fs::write(path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[track_caller]
fn exits(output: Output, code: i32) -> (String, String) {
    let (out, err) = (
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    );
    assert_eq!(output.status.code(), Some(code), "{out}\n{err}");
    (out, err)
}

#[test]
fn commands_work_beside_a_running_server() {
    let place = Place::new();
    let server = Server::start(&place);
    let caller = server.clinic("desk").caller.clone();
    imports(&place, &caller);
    exports(&place);
    tenants(&place, &server);
    let (out, _) = exits(place.run(&["doctor"]), 0);
    assert!(
        out.lines().filter(|line| line.starts_with("ok")).count() >= 5 && !out.contains("FAIL"),
        "{out}"
    );
    let (out, _) = exits(place.run(&["db", "status"]), 0);
    assert!(out.contains("schemas are up to date"), "{out}");
    caller.get("metadata").expect(200);
    server.stop();
}

/// A broken file is named, the rest goes on, and what is there is not loaded again.
fn imports(place: &Place, caller: &crate::running::Caller) {
    let folder = place.path("bundles");
    std::fs::create_dir(&folder).unwrap();
    write(
        &folder.join("1-good.json"),
        &transaction(&[patient("i1"), patient("i2")]),
    );
    write(
        &folder.join("2-broken.json"),
        "{\"resourceType\": \"Bundle\",",
    );
    let mut wrong = patient("i3");
    wrong["gender"] = "purple".into();
    write(
        &folder.join("3-wrong.json"),
        &transaction(&[patient("i4"), wrong]),
    );
    write(
        &folder.join("4-lines.ndjson"),
        &format!("{}\n\n{}\n", patient("i5"), patient("i6")),
    );
    write(&folder.join("notes.txt"), "not a record");
    let arguments = [
        "import",
        "--quiet",
        "--tenant",
        "desk",
        folder.to_str().unwrap(),
    ];
    let (out, _) = exits(place.run(&arguments), 1);
    assert!(out.contains("4 resources from 4 files"), "{out}");
    let failures: Vec<&str> = out
        .lines()
        .filter(|line| line.contains("OperationOutcome"))
        .collect();
    assert_eq!(failures.len(), 2, "{out}");
    assert!(failures.iter().any(|line| line.contains("2-broken.json")));
    let wrong = failures
        .iter()
        .find(|line| line.contains("3-wrong.json"))
        .unwrap();
    assert!(
        wrong.contains("gender") && !wrong.contains("purple"),
        "{wrong}"
    );
    for id in ["i1", "i2", "i5", "i6"] {
        assert_eq!(
            caller
                .get(&format!("Patient/{id}"))
                .expect(200)
                .header("etag"),
            "W/\"1\""
        );
    }
    caller.get("Patient/i4").refused(404);
    let (out, _) = exits(place.run(&arguments), 1);
    assert!(
        out.contains("0 resources from 4 files") && out.contains("2 parts were loaded before"),
        "{out}"
    );
    assert_eq!(caller.get("Patient/i1").header("etag"), "W/\"1\"");
    std::fs::remove_file(folder.join("2-broken.json")).unwrap();
    write(&folder.join("3-wrong.json"), &transaction(&[patient("i4")]));
    let (out, _) = exits(place.run(&arguments), 0);
    assert!(out.contains("1 resources from 3 files"), "{out}");
    exits(
        place.run(&["import", "--tenant", "desk", "/no/such/folder"]),
        3,
    );
    let (_, err) = exits(
        place.run(&["import", "--tenant", "nobody", folder.to_str().unwrap()]),
        3,
    );
    assert!(err.contains("there is no tenant nobody"), "{err}");
}

fn exports(place: &Place) {
    let into = place.path("exported");
    let arguments = ["export", "--tenant", "desk", into.to_str().unwrap()];
    let (out, _) = exits(place.run(&arguments), 0);
    assert!(out.starts_with("5 resources in "), "{out}");
    let text = std::fs::read_to_string(into.join("Patient.ndjson")).unwrap();
    let mut ids: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].take())
        .collect();
    ids.sort_by_key(Value::to_string);
    assert_eq!(ids, ["i1", "i2", "i4", "i5", "i6"]);
    assert_eq!(std::fs::read_dir(&into).unwrap().count(), 1);
    exits(place.run(&arguments), 3);
}

/// A tenant is made once, and only a suspended one is deleted, by its repeated name.
fn tenants(place: &Place, server: &Server) {
    exits(place.run(&["tenant", "create", "short"]), 0);
    let caller = server.caller("short", &["doctor"], &[]);
    caller.get("Patient").expect(200);
    exits(place.run(&["tenant", "create", "short"]), 3);
    exits(place.run(&["tenant", "create", "Not A Name"]), 3);
    let (_, err) = exits(
        place.run(&["tenant", "delete", "short", "--confirm", "short"]),
        3,
    );
    assert!(err.contains("suspend it first"), "{err}");
    exits(place.run(&["tenant", "suspend", "short"]), 0);
    exits(
        place.run(&[
            "token", "--tenant", "short", "--user", "u", "--role", "doctor",
        ]),
        3,
    );
    exits(
        place.run(&["tenant", "delete", "short", "--confirm", "shrt"]),
        3,
    );
    exits(
        place.run(&["tenant", "delete", "short", "--confirm", "short"]),
        0,
    );
    let (out, _) = exits(place.run(&["tenant", "list"]), 0);
    let line = |name: &str| {
        out.lines()
            .find(|line| line.contains(name))
            .unwrap_or_default()
            .to_owned()
    };
    assert!(line("desk").contains("active"), "{out}");
    assert!(line("short").contains("to be deleted"), "{out}");
    exits(place.run(&["tenant", "resume", "short"]), 3);
    exits(place.run(&["tenant", "keep", "short"]), 0);
    exits(place.run(&["tenant", "keep", "short"]), 3);
    let at_once = [
        "tenant",
        "delete",
        "short",
        "--confirm",
        "short",
        "--at-once",
    ];
    exits(place.run(&at_once), 0);
    exits(place.run(&["tenant", "resume", "short"]), 3);
    for wrong in [["--role", "emperor"], ["--role", "doctor --scope"]] {
        let arguments = [&["token", "--tenant", "desk", "--user", "u"][..], &wrong].concat();
        exits(place.run(&arguments), 3);
    }
}

#[test]
fn a_configuration_is_checked_key_by_key() {
    let place = Place::new();
    let good = write(
        &place.path("good.toml"),
        "[server]\nlisten = \"127.0.0.1:1\"\n",
    );
    let (out, _) = exits(place.run(&["config", "print", "--config", &good]), 0);
    assert!(out.contains("listen = \"127.0.0.1:1\""), "{out}");
    exits(place.run(&["config", "check", "--config", &good]), 0);
    let bad = write(
        &place.path("bad.toml"),
        "[server]\nlissten = \"127.0.0.1:1\"\n",
    );
    for command in [&["config", "check"][..], &["serve"], &["tenant", "list"]] {
        let (_, err) = exits(place.run(&[command, &["--config", &bad]].concat()), 3);
        assert!(err.contains("lissten"), "{err}");
    }
    let (_, err) = exits(
        place.run(&["config", "check", "--config", "/no/such/file"]),
        3,
    );
    assert!(err.contains("cannot be read"), "{err}");
    assert!(
        !place.data().exists(),
        "nothing is made before the configuration is good"
    );
}

#[test]
fn files_are_validated_evaluated_patched_and_converted_without_a_server() {
    let place = Place::new();
    let good = write(&place.path("good.json"), &patient("p").to_string());
    let mut wrong = patient("p");
    wrong["birthDate"] = "yesterday".into();
    let wrong = write(&place.path("wrong.json"), &wrong.to_string());
    exits(place.run(&["fhir", "validate", &good]), 0);
    let (out, _) = exits(place.run(&["fhir", "validate", &good, &wrong]), 1);
    assert!(
        out.contains("wrong.json: error: Patient.birthDate"),
        "{out}"
    );
    let (out, _) = exits(place.run(&["fhir", "path", "name.family", &good]), 0);
    assert_eq!(out.trim(), "Imported");
    exits(place.run(&["fhir", "path", "name.(", &good]), 3);
    let (xml, _) = exits(place.run(&["fhir", "convert", &good]), 0);
    assert!(xml.contains("<family value=\"Imported\"/>"), "{xml}");
    let xml = write(&place.path("p.xml"), &xml);
    let (back, _) = exits(place.run(&["fhir", "convert", &xml]), 0);
    assert_eq!(serde_json::from_str::<Value>(&back).unwrap(), patient("p"));
    let patch = write(
        &place.path("patch.json"),
        r#"[{"op":"replace","path":"/name/0/family","value":"Patched"}]"#,
    );
    let (out, _) = exits(place.run(&["fhir", "patch", &patch, &good]), 0);
    assert!(out.contains("Patched"), "{out}");
    exits(place.run(&["fhir", "validate", "/no/such/file"]), 3);
    exits(place.run(&["no-such-command"]), 2);
}
