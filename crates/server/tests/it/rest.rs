//! Every interaction of R4 through HTTP, and its refusals.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::running::{Clinic, Server, entries, link};

fn clinic() -> Arc<Clinic> {
    Server::shared().clinic("rest")
}

fn patient(id: &str, family: &str) -> Value {
    json!({ "resourceType": "Patient", "id": id, "name": [{ "family": family }],
            "identifier": [{ "system": "http://clinic.example/mrn", "value": id }] })
}

fn issue(outcome: &Value) -> &str {
    outcome["issue"][0]["diagnostics"].as_str().unwrap()
}

#[test]
fn a_created_record_is_read_under_the_address_that_was_answered() {
    let caller = &clinic().caller;
    let sent = json!({ "resourceType": "Patient", "id": "chosen-by-client", "name": [{ "family": "Created" }] });
    let created = caller.post("Patient", &sent).expect(201);
    assert_eq!(created.header("etag"), "W/\"1\"");
    let (location, body) = (created.header("location").to_owned(), created.json());
    let id = body["id"].as_str().unwrap();
    assert_ne!(id, "chosen-by-client", "a create ignores the client's id");
    assert_eq!(location, format!("{}/Patient/{id}/_history/1", caller.base));
    let read = caller.get(&format!("Patient/{id}")).expect(200);
    assert_eq!(read.json(), body);
    assert_eq!(
        (read.header("etag"), read.header("cache-control")),
        ("W/\"1\"", "private, no-store")
    );
    assert_eq!(caller.get(&location).expect(200).json(), body);
    let head = caller
        .request("HEAD", &format!("Patient/{id}"))
        .send()
        .expect(200);
    assert_eq!((head.header("etag"), head.body.len()), ("W/\"1\"", 0));
}

#[test]
fn versions_follow_each_other_and_a_stale_writer_is_refused() {
    let caller = &clinic().caller;
    let first = caller
        .put("Patient/versions", &patient("versions", "First"))
        .expect(201);
    assert_eq!(first.header("etag"), "W/\"1\"");
    let update = |tag: &str, family: &str| {
        let request = caller
            .request("PUT", "Patient/versions")
            .header("if-match", tag);
        request.json(&patient("versions", family)).send()
    };
    assert_eq!(
        update("W/\"1\"", "Second").expect(200).header("etag"),
        "W/\"2\""
    );
    assert_eq!(
        issue(&update("W/\"1\"", "Lost").refused(412)),
        "the current version is 2, not 1"
    );
    update("nonsense", "Lost").refused(400);
    let names: Vec<Value> = [1, 2]
        .map(|n| {
            caller
                .get(&format!("Patient/versions/_history/{n}"))
                .expect(200)
                .json()["name"][0]["family"]
                .clone()
        })
        .to_vec();
    assert_eq!(names, ["First", "Second"]);
    caller.get("Patient/versions/_history/3").refused(404);
    caller.get("Patient/versions/_history/x").refused(404);
    caller
        .request("DELETE", "Patient/versions")
        .header("if-match", "W/\"1\"")
        .send()
        .refused(412);
}

#[test]
fn a_deleted_record_is_gone_and_keeps_its_history() {
    let caller = &clinic().caller;
    caller.store(&patient("deleted", "Before"));
    assert_eq!(
        caller.delete("Patient/deleted").expect(204).header("etag"),
        "W/\"2\""
    );
    assert_eq!(caller.get("Patient/deleted").header("etag"), "W/\"2\"");
    caller.get("Patient/deleted").refused(410);
    caller.get("Patient/deleted/_history/2").refused(410);
    caller.get("Patient/deleted/_history/1").expect(200);
    caller.delete("Patient/deleted").expect(204);
    assert!(caller.found("Patient?_id=deleted").is_empty());
    assert_eq!(
        caller
            .put("Patient/deleted", &patient("deleted", "After"))
            .expect(201)
            .header("etag"),
        "W/\"3\""
    );
    let history = caller.get("Patient/deleted/_history").expect(200).json();
    let tags: Vec<&str> = entries(&history)
        .iter()
        .map(|e| e["response"]["etag"].as_str().unwrap())
        .collect();
    assert_eq!(tags, ["W/\"3\"", "W/\"2\"", "W/\"1\""]);
    assert_eq!(entries(&history)[1]["request"]["method"], "DELETE");
    assert!(entries(&history)[1].get("resource").is_none());
}

#[test]
fn history_pages_name_every_version_once() {
    let caller = &clinic().caller;
    for n in 1..=7 {
        caller.store(&patient("paged-history", &format!("Version{n}")));
    }
    let (mut seen, mut next) = (
        Vec::new(),
        Some("Patient/paged-history/_history?_count=3".to_owned()),
    );
    while let Some(url) = next {
        let page = caller.get(&url).expect(200).json();
        assert!(entries(&page).len() <= 3);
        seen.extend(entries(&page).iter().map(|e| {
            e["resource"]["meta"]["versionId"]
                .as_str()
                .unwrap()
                .to_owned()
        }));
        next = link(&page, "next");
    }
    assert_eq!(seen, ["7", "6", "5", "4", "3", "2", "1"]);
    for of in ["Patient/_history", "_history"] {
        let page = caller.get(&format!("{of}?_count=2")).expect(200).json();
        assert_eq!(
            (page["type"].as_str(), entries(&page).len()),
            (Some("history"), 2)
        );
    }
    caller.get("Patient/never-was/_history").refused(404);
}

#[test]
fn a_conditional_create_makes_one_record_and_refuses_a_choice() {
    let caller = &clinic().caller;
    let create = |criteria: &str| {
        let request = caller
            .request("POST", "Patient")
            .header("if-none-exist", criteria);
        request.json(&json!({ "resourceType": "Patient", "identifier": [{ "system": "urn:cc", "value": "1" }] })).send()
    };
    let first = create("identifier=urn:cc|1").expect(201).json();
    let second = create("identifier=urn:cc|1").expect(200);
    assert!(
        second
            .header("location")
            .contains(first["id"].as_str().unwrap())
    );
    let twin =
        json!({ "resourceType": "Patient", "identifier": [{ "system": "urn:cc", "value": "1" }] });
    caller.post("Patient", &twin).expect(201);
    create("identifier=urn:cc|1").refused(412);
    create("unheard-of=1").refused(400);
    create("").refused(412);
    assert_eq!(caller.found("Patient?identifier=urn:cc|1").len(), 2);
}

#[test]
fn a_conditional_update_patch_and_delete_take_exactly_one_record() {
    let caller = &clinic().caller;
    let with = |value: &str| json!({ "resourceType": "Patient", "identifier": [{ "system": "urn:cu", "value": value }] });
    let url = "Patient?identifier=urn:cu|1";
    let id = caller.put(url, &with("1")).expect(201).json()["id"].clone();
    let mut changed = with("1");
    changed["active"] = true.into();
    let updated = caller.put(url, &changed).expect(200).json();
    assert_eq!(
        (&updated["id"], &updated["meta"]["versionId"]),
        (&id, &json!("2"))
    );
    let patch = json!([{ "op": "replace", "path": "/active", "value": false }]).to_string();
    let conditional = caller
        .request("PATCH", url)
        .body("application/json-patch+json", patch.clone())
        .send();
    assert_eq!(conditional.expect(200).json()["active"], false);
    caller
        .request("PATCH", "Patient?identifier=urn:cu|none")
        .body("application/json-patch+json", patch)
        .send()
        .refused(404);
    caller.post("Patient", &with("1")).expect(201);
    caller.put(url, &changed).refused(412);
    caller.delete(url).refused(412);
    caller.delete("Patient").refused(412);
    caller
        .delete(&format!("Patient?_id={}", id.as_str().unwrap()))
        .expect(204);
    caller
        .get(&format!("Patient/{}", id.as_str().unwrap()))
        .refused(410);
}

#[test]
fn both_kinds_of_patch_change_what_they_name_and_nothing_when_they_fail() {
    let caller = &clinic().caller;
    caller.store(&patient("patched", "Before"));
    let json_patch = |operations: Value| {
        caller
            .request("PATCH", "Patient/patched")
            .body("application/json-patch+json", operations.to_string())
            .send()
    };
    let fhirpath = |part: Value| {
        let parameters = json!({ "resourceType": "Parameters", "parameter": [{ "name": "operation", "part": part }] });
        caller
            .request("PATCH", "Patient/patched")
            .json(&parameters)
            .send()
    };
    let patched =
        json_patch(json!([{ "op": "replace", "path": "/name/0/family", "value": "Json" }]))
            .expect(200);
    assert_eq!(patched.json()["name"][0]["family"], "Json");
    let part = |path: &str, value: &str| {
        json!([{ "name": "type", "valueCode": "replace" }, { "name": "path", "valueString": path },
               { "name": "value", "valueString": value }])
    };
    let patched = fhirpath(part("Patient.name[0].family", "FhirPath"))
        .expect(200)
        .json();
    assert_eq!(
        (&patched["name"][0]["family"], &patched["meta"]["versionId"]),
        (&json!("FhirPath"), &json!("3"))
    );
    json_patch(json!([{ "op": "test", "path": "/name/0/family", "value": "Other" }])).refused(422);
    json_patch(json!([{ "op": "remove", "path": "/photo" }])).refused(422);
    json_patch(json!({ "op": "remove" })).refused(400);
    json_patch(json!([{ "op": "add", "path": "/birthDate", "value": "someday" }])).refused(422);
    fhirpath(part("Patient.photo", "x")).refused(422);
    fhirpath(part("Patient.name[", "x")).refused(422);
    assert_eq!(
        caller.get("Patient/patched").expect(200).json()["meta"]["versionId"],
        "3"
    );
    let absent = caller
        .request("PATCH", "Patient/never-was")
        .body("application/json-patch+json", "[]")
        .send();
    absent.refused(404);
}

#[test]
fn a_preference_decides_what_a_write_returns() {
    let caller = &clinic().caller;
    let create = |prefer: &str| {
        caller
            .request("POST", "Patient")
            .header("prefer", prefer)
            .json(&patient("x", "Prefer"))
            .send()
    };
    let minimal = create("return=minimal").expect(201);
    assert!(minimal.body.is_empty() && minimal.header("location").contains("/Patient/"));
    let outcome = create("return=OperationOutcome").expect(201).json();
    assert_eq!(outcome["resourceType"], "OperationOutcome");
    assert_eq!(
        create("return=representation").expect(201).json()["resourceType"],
        "Patient"
    );
}

#[test]
fn a_copy_that_is_still_good_is_not_sent_again() {
    let caller = &clinic().caller;
    caller.store(&patient("fresh", "Fresh"));
    let read = |header: &str, value: &str| {
        caller
            .request("GET", "Patient/fresh")
            .header(header, value)
            .send()
    };
    assert!(read("if-none-match", "W/\"1\"").expect(304).body.is_empty());
    read("if-none-match", "W/\"2\"").expect(200);
    let modified = caller
        .get("Patient/fresh")
        .header("last-modified")
        .to_owned();
    read("if-modified-since", &modified).expect(304);
    read("if-modified-since", "Sat, 01 Jan 2000 00:00:00 GMT").expect(200);
}

#[test]
fn decimals_extensions_and_text_come_back_as_they_were_sent() {
    let caller = &clinic().caller;
    let body = r#"{"resourceType":"Observation","id":"digits","status":"final","code":{"text":"é \u2028 \"x\""},
        "extension":[{"url":"http://unknown.example/e","valueDecimal":0.10}],
        "valueQuantity":{"value":5.0,"unit":"mg"},"component":[{"code":{"text":"c"},"valueQuantity":{"value":1E+2}}]}"#;
    let send = |media: &str, body: String| {
        caller
            .request("PUT", "Observation/digits")
            .body(media, body)
            .send()
    };
    send("application/fhir+json", body.to_owned()).expect(201);
    let text = caller.get("Observation/digits").expect(200).text();
    for part in [
        r#""value":5.0"#,
        r#""valueDecimal":0.10"#,
        r#""value":1E+2"#,
        "http://unknown.example/e",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let xml = caller.get("Observation/digits?_format=xml").expect(200);
    assert_eq!(
        xml.header("content-type"),
        "application/fhir+xml; charset=utf-8"
    );
    assert!(
        xml.text().contains("<value value=\"5.0\"/>"),
        "{}",
        xml.text()
    );
    // What was served as XML may be sent back as XML: nothing changes.
    let again = send("application/fhir+xml", xml.text()).expect(200);
    assert_eq!(
        again.json()["code"],
        caller.get("Observation/digits").json()["code"]
    );
    assert!(
        caller
            .get("Observation/digits")
            .text()
            .contains(r#""value":5.0"#)
    );
}

#[test]
fn a_summary_holds_what_it_must_and_says_that_it_is_one() {
    let caller = &clinic().caller;
    let mut full = patient("summed", "Summary");
    full["contact"] = json!([{ "name": { "family": "Contact" } }]);
    full["text"] = json!({ "status": "generated", "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\">Text</div>" });
    full["birthDate"] = "1980-02-29".into();
    caller.store(&full);
    let cases: [(&str, &[&str], &[&str]); 4] = [
        (
            "_summary=true",
            &["name", "birthDate"],
            &["contact", "text"],
        ),
        ("_summary=text", &["text"], &["name", "contact"]),
        ("_summary=data", &["name", "contact"], &["text"]),
        ("_elements=birthDate", &["birthDate"], &["name", "contact"]),
    ];
    for (wish, shown, hidden) in cases {
        let read = caller
            .get(&format!("Patient/summed?{wish}"))
            .expect(200)
            .json();
        let search = caller
            .get(&format!("Patient?_id=summed&{wish}"))
            .expect(200)
            .json();
        for resource in [&read, &search["entry"][0]["resource"]] {
            assert!(
                shown.iter().all(|name| resource.get(name).is_some()),
                "{wish}: {resource}"
            );
            assert!(
                hidden.iter().all(|name| resource.get(name).is_none()),
                "{wish}: {resource}"
            );
            assert_eq!(resource["meta"]["tag"][0]["code"], "SUBSETTED", "{wish}");
            assert_eq!(resource["id"], "summed");
        }
    }
    let count = caller
        .get("Patient?_id=summed&_summary=count")
        .expect(200)
        .json();
    assert_eq!((&count["total"], entries(&count).len()), (&json!(1), 0));
}

#[test]
fn paging_visits_every_record_exactly_once_by_absolute_links() {
    let caller = &clinic().caller;
    for n in 0..23 {
        caller.store(&json!({ "resourceType": "Organization", "id": format!("paged-{n}"), "name": format!("Paged {}", n % 4) }));
    }
    let page = caller
        .get("Organization?name=paged&_count=5")
        .expect(200)
        .json();
    for relation in ["self", "next"] {
        let url = link(&page, relation).unwrap();
        assert!(
            url.starts_with(&format!("{}/Organization?", caller.base)),
            "{url}"
        );
    }
    let full_url = entries(&page)[0]["fullUrl"].as_str().unwrap();
    assert!(
        full_url.starts_with(&format!("{}/Organization/paged-", caller.base)),
        "{full_url}"
    );
    for sort in [
        "",
        "&_sort=name",
        "&_sort=-name,_lastUpdated",
        "&_sort=_lastUpdated",
    ] {
        let found = caller.found(&format!("Organization?name=paged&_count=5{sort}"));
        let distinct: BTreeSet<&String> = found.iter().collect();
        assert_eq!((found.len(), distinct.len()), (23, 23), "{sort}: {found:?}");
    }
}

#[test]
fn an_unknown_parameter_is_named_and_in_strict_handling_refused() {
    let caller = &clinic().caller;
    let lenient = caller.get("Patient?colour=red").expect(200).json();
    let outcome = &entries(&lenient).last().unwrap();
    assert_eq!(outcome["search"]["mode"], "outcome");
    assert!(outcome.to_string().contains("colour"), "{outcome}");
    assert!(!link(&lenient, "self").unwrap().contains("colour"));
    let strict = caller
        .request("GET", "Patient?colour=red")
        .header("prefer", "handling=strict")
        .send()
        .refused(400);
    assert!(strict.to_string().contains("colour"), "{strict}");
}

#[test]
fn what_is_no_interaction_is_refused_with_its_reason() {
    let caller = &clinic().caller;
    let nothing = json!({});
    let bad: [(&str, &str, Option<Value>, u16); 16] = [
        ("GET", "Potato", None, 404),
        ("GET", "Patient/none", None, 404),
        ("GET", "Patient/a_b", None, 404),
        ("GET", "Patient/1/2/3/4", None, 404),
        ("POST", "Patient/1", Some(nothing.clone()), 404),
        ("PUT", "Patient/1/2", Some(nothing.clone()), 405),
        ("DELETE", "", None, 405),
        ("OPTIONS", "Patient", None, 405),
        ("POST", "Patient", Some(nothing.clone()), 400),
        (
            "POST",
            "Patient",
            Some(json!({ "resourceType": "Observation" })),
            400,
        ),
        (
            "POST",
            "Patient",
            Some(json!({ "resourceType": "Patient", "surprise": 1 })),
            422,
        ),
        (
            "POST",
            "Observation",
            Some(json!({ "resourceType": "Observation", "code": { "text": "x" } })),
            422,
        ),
        (
            "PUT",
            "Patient/1",
            Some(json!({ "resourceType": "Patient", "id": "2" })),
            400,
        ),
        (
            "PUT",
            "Patient/1",
            Some(json!({ "resourceType": "Patient" })),
            400,
        ),
        (
            "POST",
            "",
            Some(json!({ "resourceType": "Bundle", "type": "collection" })),
            400,
        ),
        ("POST", "$no-such-operation", Some(nothing), 501),
    ];
    for (method, path, body, status) in bad {
        let request = caller.request(method, path);
        let request = match &body {
            Some(body) => request.json(body),
            None => request,
        };
        let answer = request.send();
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.text());
        let outcome = answer.refused(status);
        assert!(
            outcome["id"].is_string(),
            "the outcome has no correlation id"
        );
    }
    let post = caller
        .request("POST", "Patient")
        .body("text/plain", "hello")
        .send();
    post.refused(415);
    caller
        .request("GET", "Patient")
        .header("accept", "text/turtle")
        .send()
        .refused(406);
    caller.get("Patient?_format=turtle").refused(400);
    let xml = caller.get("Patient/none?_format=xml").expect(404).text();
    assert!(
        xml.contains("<OperationOutcome xmlns=\"http://hl7.org/fhir\">"),
        "{xml}"
    );
}

#[test]
fn an_invalid_record_is_refused_with_the_place_of_each_fault() {
    let caller = &clinic().caller;
    let wrong = json!({ "resourceType": "Patient", "birthDate": "yesterday", "gender": "purple" });
    let outcome = caller.post("Patient", &wrong).refused(422);
    let places: BTreeSet<&str> = outcome["issue"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|issue| issue["expression"][0].as_str())
        .collect();
    assert_eq!(
        places,
        BTreeSet::from(["Patient.birthDate", "Patient.gender"])
    );
    assert!(
        !outcome.to_string().contains("yesterday"),
        "a refusal does not repeat content"
    );
}
