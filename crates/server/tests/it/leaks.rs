//! The ways in which other servers told what they should have kept to themselves, each as a refusal.
//!
//! A leak is a difference: what a caller may not know of must answer as what does not exist.

use serde_json::{Value, json};

use crate::running::{Answer, Caller, Server, entries, link};

const SECRET: &str = "Zwackelmann";

struct House {
    all: Caller,
    /// The patient `own`.
    patient: Caller,
    desk: Caller,
    nurse: Caller,
    technician: Caller,
    doctor: Caller,
    auditor: Caller,
    /// A doctor with a client that may read one category of observations.
    laboratory: Caller,
    /// A doctor with a client bound to the patient `own`.
    bound: Caller,
}

fn house() -> &'static House {
    static HOUSE: std::sync::OnceLock<House> = std::sync::OnceLock::new();
    HOUSE.get_or_init(|| {
        let server = Server::shared();
        let all = server.clinic("leaks").caller.clone();
        records().iter().for_each(|record| drop(all.store(record)));
        all.delete("Observation/gone").expect(204);
        let role = |role: &str, more: &[&str]| server.caller("leaks", &[role], more);
        let category = "user/Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory user/Patient.rs";
        House {
            patient: role("patient", &["--scope", "patient/*.cruds", "--patient", "own"]),
            desk: role("receptionist", &[]),
            nurse: role("nurse", &["--fhir-user", "Practitioner/nurse"]),
            technician: role("lab_technician", &[]),
            doctor: role("doctor", &["--fhir-user", "Practitioner/doctor"]),
            auditor: role("auditor", &[]),
            laboratory: role("doctor", &["--scope", category]),
            bound: role("doctor", &["--scope", "patient/*.rs", "--patient", "own"]),
            all,
        }
    })
}

fn observation(id: &str, subject: &str, category: &str) -> Value {
    json!({ "resourceType": "Observation", "id": id, "status": "final",
        "code": { "coding": [{ "system": "urn:c", "code": id }] },
        "category": [{ "coding": [{ "system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": category }] }],
        "subject": { "reference": format!("Patient/{subject}") } })
}

fn note(id: &str, status: &str, author: &str) -> Value {
    json!({ "resourceType": "Composition", "id": id, "status": status, "type": { "text": "Note" },
        "subject": { "reference": "Patient/own" }, "date": "2026-01-01", "title": "Note",
        "author": [{ "reference": author }] })
}

fn records() -> Vec<Value> {
    let patient = |id: &str, family: &str| json!({ "resourceType": "Patient", "id": id, "name": [{ "family": family }], "birthDate": "1970-01-01" });
    let mut sister = patient("other", SECRET);
    sister["link"] = json!([{ "other": { "reference": "Patient/own" }, "type": "seealso" }]);
    let mut linked = observation("own-lab", "own", "laboratory");
    linked["hasMember"] = json!([{ "reference": "Observation/other-vital" }]);
    vec![
        patient("own", "Own"),
        sister,
        json!({ "resourceType": "Practitioner", "id": "nurse" }),
        json!({ "resourceType": "Practitioner", "id": "doctor" }),
        observation("other-vital", "other", "vital-signs"),
        observation("other-lab", "other", "laboratory"),
        observation("own-vital", "own", "vital-signs"),
        observation("gone", "other", "vital-signs"),
        linked,
        json!({ "resourceType": "Condition", "id": "other-condition", "subject": { "reference": "Patient/other" }, "code": { "text": SECRET } }),
        json!({ "resourceType": "QuestionnaireResponse", "id": "other-answers", "status": "in-progress", "subject": { "reference": "Patient/other" } }),
        note("signed", "final", "Practitioner/doctor"),
        note("draft", "preliminary", "Practitioner/nurse"),
        note("strange", "preliminary", "Practitioner/doctor"),
    ]
}

/// What an answer tells: its status, and its issues without the correlation id.
fn told(answer: &Answer) -> (u16, Value) {
    let issue = if answer.body.is_empty() {
        Value::Null
    } else {
        answer.json()["issue"].clone()
    };
    (answer.status, issue)
}

fn ids(bundle: &Value) -> Vec<String> {
    let id = |entry: &Value| {
        let resource = &entry["resource"];
        Some(format!(
            "{}/{}",
            resource["resourceType"].as_str()?,
            resource["id"].as_str()?
        ))
    };
    let mut ids: Vec<String> = entries(bundle).iter().filter_map(id).collect();
    ids.sort();
    ids
}

#[test]
fn includes_stay_within_the_compartment_and_the_scopes() {
    let house = house();
    for (caller, search, expected) in [
        (
            &house.patient,
            "Observation?_id=own-lab&_include=Observation:has-member",
            vec!["Observation/own-lab"],
        ),
        (
            &house.patient,
            "Observation?_id=own-lab&_include=*",
            vec!["Observation/own-lab", "Patient/own"],
        ),
        (
            &house.patient,
            "Patient?_revinclude=Patient:link",
            vec!["Patient/own"],
        ),
        (
            &house.bound,
            "Observation?_id=own-lab&_include=Observation:has-member",
            vec!["Observation/own-lab"],
        ),
        (
            &house.bound,
            "Observation?_id=own-lab&_include=*&_include:iterate=Patient:link",
            vec!["Observation/own-lab", "Patient/own"],
        ),
        (
            &house.laboratory,
            "Observation?_id=own-lab&_include=Observation:has-member",
            vec!["Observation/own-lab"],
        ),
        (
            &house.laboratory,
            "Patient?_id=own&_revinclude=Observation:subject",
            vec!["Observation/own-lab", "Patient/own"],
        ),
        (
            &house.laboratory,
            "Patient?_id=other&_revinclude=Condition:subject",
            vec!["Patient/other"],
        ),
        (
            &house.desk,
            "Patient?_id=own&_revinclude=Observation:subject",
            vec!["Patient/own"],
        ),
    ] {
        assert_eq!(
            ids(&caller.get(search).expect(200).json()),
            expected,
            "{search}"
        );
    }
}

#[test]
fn has_and_chains_infer_nothing_about_what_is_out_of_reach() {
    let house = house();
    for (caller, search) in [
        (
            &house.patient,
            "Patient?_has:Condition:subject:code:text=zwack",
        ),
        (&house.patient, "Patient?_has:Patient:link:family=zwack"),
        (&house.patient, "Observation?has-member.code=other-vital"),
        (
            &house.patient,
            "Observation?has-member.patient.family=zwack",
        ),
        (&house.patient, "Patient?link:Patient.family=zwack"),
        (&house.bound, "Patient?_has:Patient:link:family=zwack"),
        (&house.bound, "Observation?has-member.code=other-vital"),
        (
            &house.laboratory,
            "Patient?_has:Observation:subject:code=own-vital",
        ),
        (
            &house.laboratory,
            "Patient?_has:Condition:subject:code:text=zwack",
        ),
        (&house.laboratory, "Observation?has-member.code=other-vital"),
        (
            &house.desk,
            "Patient?_has:Condition:subject:code:text=zwack",
        ),
        (&house.desk, "Patient?_has:Observation:subject:code=own-lab"),
    ] {
        for more in [
            "",
            "&_total=accurate",
            "&_summary=count",
            "&_elements=id",
            "&_sort=_lastUpdated",
        ] {
            let url = format!("{search}{more}");
            let answer = caller.get(&url);
            if answer.status == 403 {
                continue;
            }
            let bundle = answer.expect(200).json();
            assert!(ids(&bundle).is_empty(), "{url}");
            assert!(matches!(bundle["total"].as_u64(), None | Some(0)), "{url}");
        }
    }
}

#[test]
fn no_status_tells_a_hidden_record_from_none() {
    let house = house();
    let answers = |kind: &str, id: &str| json!({ "resourceType": kind, "id": id, "status": "in-progress", "subject": { "reference": "Patient/own" } });
    let patch = |caller: &Caller, path: &str, operation: Value, version: Option<&str>| {
        let mut request = caller.request("PATCH", path);
        if let Some(version) = version {
            request = request.header("If-Match", version);
        }
        request
            .body(
                "application/json-patch+json",
                json!([operation]).to_string(),
            )
            .send()
    };
    let status = json!({ "op": "replace", "path": "/status", "value": "completed" });
    // A test that fails would tell what the record says.
    let probe = json!({ "op": "test", "path": "/status", "value": "in-progress" });
    let wrong = json!({ "op": "test", "path": "/status", "value": "stopped" });
    for version in [None, Some("W/\"1\""), Some("W/\"9\"")] {
        let mut seen = Vec::new();
        for operation in [&status, &probe, &wrong] {
            for id in ["other-answers", "none"] {
                let path = format!("QuestionnaireResponse/{id}");
                seen.push(told(&patch(
                    &house.patient,
                    &path,
                    operation.clone(),
                    version,
                )));
            }
        }
        assert!(
            seen.iter().all(|one| *one == seen[0]),
            "{version:?}: {seen:?}"
        );
        assert_eq!(seen[0].0, 404);
    }
    for id in ["other-answers", "none"] {
        let body = answers("QuestionnaireResponse", id);
        let answer = house
            .patient
            .put(&format!("QuestionnaireResponse/{id}"), &body);
        assert_eq!(answer.status, 404, "{id}: {}", answer.text());
    }
}

#[test]
fn a_closed_type_answers_alike_whatever_exists() {
    let house = house();
    let body = |id: &str| observation(id, "own", "laboratory");
    for caller in [&house.desk, &house.patient, &house.auditor] {
        let mut seen = Vec::new();
        for id in ["own-lab", "none", "gone"] {
            let path = format!("Observation/{id}");
            let patch =
                json!([{ "op": "replace", "path": "/status", "value": "amended" }]).to_string();
            let patched = caller
                .request("PATCH", &path)
                .body("application/json-patch+json", patch)
                .send();
            seen.push([
                told(&caller.put(&path, &body(id))),
                told(&caller.delete(&path)),
                told(&patched),
            ]);
        }
        for (one, expected) in seen[0].iter().zip(["update", "delete", "patch"]) {
            assert_eq!(one.0, 403, "{expected}: {}", one.1);
        }
        assert!(seen.iter().all(|one| *one == seen[0]), "{seen:?}");
    }
    for path in [
        "Observation/ID",
        "Observation/ID/_history",
        "Observation/ID/_history/1",
    ] {
        let ask = |id: &str| told(&house.desk.get(&path.replace("ID", id)));
        assert_eq!(ask("own-lab").0, 403, "{path}");
        assert!(
            ask("own-lab") == ask("none") && ask("none") == ask("gone"),
            "{path}"
        );
    }
}

#[test]
fn conditional_changes_are_no_oracles() {
    let house = house();
    let person = json!({ "resourceType": "QuestionnaireResponse", "status": "in-progress", "subject": { "reference": "Patient/own" }, "source": { "reference": "Patient/own" } });
    let conditional = |criteria: &str| {
        let answer = house
            .patient
            .request("POST", "QuestionnaireResponse")
            .header("If-None-Exist", criteria);
        answer.json(&person).send().status
    };
    // A match with what is hidden is no match.
    assert_eq!(conditional("_id=other-answers"), 201);
    let update = |criteria: &str| {
        told(
            &house
                .patient
                .put(&format!("QuestionnaireResponse?{criteria}"), &person),
        )
        .0
    };
    assert_eq!(update("patient=other"), update("patient=none"));
    let delete = |criteria: &str| told(&house.patient.delete(&format!("Condition?{criteria}")));
    assert_eq!(delete("code:text=zwack"), delete("code:text=nothing"));
    let closed = |criteria: &str| told(&house.desk.delete(&format!("Condition?{criteria}")));
    assert_eq!(closed("_id=other-condition").0, closed("_id=none").0);
    house.all.get("Condition/other-condition").expect(200);
}

#[test]
fn entries_of_a_batch_are_judged_as_if_they_came_alone() {
    let house = house();
    let entry = |method: &str, url: &str| json!({ "request": { "method": method, "url": url } });
    let urls = [
        "Patient/other",
        "Patient/none",
        "Patient?family=zwack",
        "Condition?code:text=zwack",
        "Patient/other/_history",
    ];
    let batch = json!({ "resourceType": "Bundle", "type": "batch", "entry": urls.map(|url| entry("GET", url)) });
    let answer = house.patient.post("", &batch).expect(200);
    assert!(!answer.text().contains(SECRET), "{}", answer.text());
    let bundle = answer.json();
    let statuses: Vec<&str> = entries(&bundle)
        .iter()
        .map(|one| one["response"]["status"].as_str().unwrap())
        .collect();
    assert_eq!(
        statuses,
        [
            "404 Not Found",
            "404 Not Found",
            "200 OK",
            "200 OK",
            "404 Not Found"
        ]
    );
    for id in ["other-condition", "none"] {
        let change = json!({ "resourceType": "Bundle", "type": "transaction", "entry": [entry("DELETE", &format!("Condition/{id}"))] });
        house.desk.post("", &change).refused(403);
    }
}

#[test]
fn a_cursor_of_another_caller_shows_only_what_is_within_the_own_reach() {
    let house = house();
    let page = house
        .doctor
        .get("Observation?_count=1&_sort=_id")
        .expect(200)
        .json();
    let next = link(&page, "next").unwrap();
    assert!(house.doctor.get(&next).status == 200);
    for (caller, hidden) in [
        (&house.patient, "Patient/other\""),
        (&house.bound, "Patient/other\""),
        (&house.laboratory, "vital-signs"),
    ] {
        // Where somebody else was in a list tells nothing of what they saw there.
        let answer = caller.get(&next);
        assert!(
            matches!(answer.status, 200 | 400 | 403 | 410),
            "{}",
            answer.status
        );
        assert!(!answer.text().contains(hidden), "{}", answer.text());
    }
    house.desk.get(&next).refused(403);
}

#[test]
fn history_totals_and_elements_obey_scopes_with_criteria() {
    let house = house();
    let count =
        |caller: &Caller, search: &str| caller.get(search).expect(200).json()["total"].clone();
    assert_eq!(count(&house.laboratory, "Observation?_summary=count"), 2);
    assert_eq!(count(&house.bound, "Observation?_summary=count"), 2);
    assert_eq!(count(&house.patient, "Patient?_summary=count"), 1);
    for search in [
        "Observation?_elements=code",
        "Observation?_summary=true",
        "Observation?_summary=data",
        "Observation?_sort=-code",
        "Observation/_history",
    ] {
        let text = house.laboratory.get(search).expect(200).text();
        assert!(
            !text.contains("own-vital") && text.contains("own-lab"),
            "{search}: {text}"
        );
    }
    house
        .laboratory
        .get("Observation/own-vital?_elements=id")
        .refused(404);
    house
        .laboratory
        .get("Observation/own-vital/$meta")
        .refused(404);
}

#[test]
fn a_patient_writes_about_nobody_else_and_in_no_other_name() {
    let house = house();
    let answers = |subject: &str, author: &str| {
        json!({ "resourceType": "QuestionnaireResponse", "status": "completed",
        "subject": { "reference": format!("Patient/{subject}") }, "author": { "reference": author } })
    };
    let message = |subject: &str, sender: &str| {
        json!({ "resourceType": "Communication", "status": "completed",
        "subject": { "reference": format!("Patient/{subject}") }, "sender": { "reference": sender } })
    };
    let appointment = |status: &str| {
        json!({ "resourceType": "Appointment", "status": status, "start": "2027-01-01T09:00:00Z", "end": "2027-01-01T09:30:00Z",
        "participant": [{ "actor": { "reference": "Patient/own" }, "status": "accepted" }] })
    };
    for (path, body, status) in [
        ("QuestionnaireResponse", answers("own", "Patient/own"), 201),
        (
            "QuestionnaireResponse",
            answers("other", "Patient/own"),
            403,
        ),
        (
            "QuestionnaireResponse",
            answers("own", "Practitioner/doctor"),
            403,
        ),
        ("Communication", message("own", "Patient/own"), 201),
        ("Communication", message("other", "Patient/own"), 403),
        ("Communication", message("own", "Practitioner/doctor"), 403),
        ("Appointment", appointment("proposed"), 201),
        ("Appointment", appointment("fulfilled"), 403),
        ("Appointment", appointment("booked"), 403),
    ] {
        let answer = house.patient.post(path, &body);
        assert_eq!(answer.status, status, "{body}: {}", answer.text());
    }
    let own = house
        .patient
        .post("Appointment", &appointment("proposed"))
        .expect(201)
        .json();
    let path = format!("Appointment/{}", own["id"].as_str().unwrap());
    for (status, expected) in [
        ("fulfilled", 403),
        ("arrived", 403),
        ("noshow", 403),
        ("cancelled", 200),
        ("proposed", 403),
    ] {
        let mut changed = own.clone();
        changed["status"] = status.into();
        if status == "cancelled" {
            changed["cancelationReason"] = json!({ "text": "away" });
        }
        let answer = house.patient.put(&path, &changed);
        assert_eq!(answer.status, expected, "{status}: {}", answer.text());
    }
}

#[test]
fn a_signed_note_is_amended_and_never_changed() {
    let house = house();
    let mut signed = note("signed", "final", "Practitioner/doctor");
    signed["title"] = "Other".into();
    house.doctor.put("Composition/signed", &signed).refused(403);
    house.nurse.put("Composition/signed", &signed).refused(403);
    house.doctor.delete("Composition/signed").refused(403);
    signed["status"] = "amended".into();
    house.nurse.put("Composition/signed", &signed).refused(403);
    // An amendment is signed by who makes it, after a fresh proof, and says why.
    house.doctor.put("Composition/signed", &signed).refused(409);
    let now = jiff::Timestamp::now().to_string();
    signed["attester"] =
        json!([{ "mode": "legal", "time": now, "party": { "reference": "Practitioner/doctor" } }]);
    let stale = house.doctor.put("Composition/signed", &signed).expect(401);
    let challenge = stale.header("www-authenticate");
    assert!(challenge.contains("acr_values=\"step-up\""), "{challenge}");
    // The same doctor, who proved moments ago who they are.
    let proof = ["--fhir-user", "Practitioner/doctor", "--step-up"];
    let proved = Server::shared().caller("leaks", &["doctor"], &proof);
    proved.put("Composition/signed", &signed).refused(422);
    signed["extension"] = json!([{ "url": "https://meditrack.health/fhir/StructureDefinition/amendment-reason", "valueString": "Wrong title" }]);
    proved.put("Composition/signed", &signed).expect(200);
    // Nurses change drafts of their own.
    let mut draft = note("draft", "preliminary", "Practitioner/nurse");
    draft["title"] = "Longer".into();
    house.nurse.put("Composition/draft", &draft).expect(200);
    let mut strange = note("strange", "preliminary", "Practitioner/doctor");
    strange["title"] = "Longer".into();
    house
        .nurse
        .put("Composition/strange", &strange)
        .refused(403);
    // And nobody writes in another's name.
    let forged = note("x", "preliminary", "Practitioner/doctor");
    house.nurse.post("Composition", &forged).refused(403);
    let prescription = |requester: &str| {
        json!({ "resourceType": "MedicationRequest", "status": "active", "intent": "order",
        "medicationCodeableConcept": { "text": "Aspirin" }, "subject": { "reference": "Patient/own" }, "requester": { "reference": requester } })
    };
    house
        .doctor
        .post("MedicationRequest", &prescription("Practitioner/nurse"))
        .refused(403);
    house
        .doctor
        .post("MedicationRequest", &prescription("Practitioner/doctor"))
        .expect(201);
    house
        .nurse
        .post("MedicationRequest", &prescription("Practitioner/nurse"))
        .refused(403);
}

#[test]
fn a_technician_prepares_and_withdraws_results_and_releases_none() {
    let house = house();
    let result = |status: &str| {
        let mut result = observation("r", "own", "laboratory");
        result.as_object_mut().unwrap().remove("id");
        result["status"] = status.into();
        result
    };
    house
        .technician
        .post("Observation", &result("final"))
        .refused(403);
    let made = house
        .technician
        .post("Observation", &result("preliminary"))
        .expect(201)
        .json();
    let path = format!("Observation/{}", made["id"].as_str().unwrap());
    let mut released = made.clone();
    released["status"] = "final".into();
    house.technician.put(&path, &released).refused(403);
    house.technician.delete(&path).expect(204);
    house.technician.delete("Observation/own-lab").refused(403);
}
