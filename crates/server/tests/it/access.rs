//! Roles and scopes through HTTP: what is out of reach neither shows nor can be inferred.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::running::{Caller, Server, link};

const SECRET: &str = "Rumpelstilz";

struct Ward {
    all: Caller,
    /// The patient `own`, who may see their own record.
    patient: Caller,
    receptionist: Caller,
    nurse: Caller,
    doctor: Caller,
    /// A doctor whose scopes open vital signs only.
    vitals: Caller,
}

fn ward() -> &'static Ward {
    static WARD: std::sync::OnceLock<Ward> = std::sync::OnceLock::new();
    WARD.get_or_init(|| {
        let server = Server::shared();
        let all = server.clinic("ward").caller.clone();
        records().iter().for_each(|record| drop(all.store(record)));
        all.delete("Observation/other-gone").expect(204);
        let role = |role: &str| server.caller("ward", &[role], &[]);
        let narrow = "user/Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|vital-signs user/Patient.rs";
        Ward {
            patient: server.caller("ward", &["patient"], &["--scope", "patient/*.cruds", "--patient", "own"]),
            receptionist: role("receptionist"),
            nurse: role("nurse"),
            doctor: role("doctor"),
            vitals: server.caller("ward", &["doctor"], &["--scope", narrow]),
            all,
        }
    })
}

fn records() -> Vec<Value> {
    let patient = |id: &str, family: &str| json!({ "resourceType": "Patient", "id": id, "name": [{ "family": family }], "gender": "female" });
    let observation = |id: &str, subject: &str, category: &str| {
        json!({ "resourceType": "Observation", "id": id, "status": "final", "code": { "coding": [{ "system": "urn:c", "code": id }] },
            "category": [{ "coding": [{ "system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": category }] }],
            "subject": { "reference": format!("Patient/{subject}") } })
    };
    let mut linked = observation("own-vital", "own", "vital-signs");
    linked["hasMember"] = json!([{ "reference": "Observation/other-lab" }]);
    let mut own = patient("own", "Own");
    own["link"] = json!([{ "other": { "reference": "Patient/other" }, "type": "seealso" }]);
    vec![
        patient("other", SECRET),
        patient("third", "Third"),
        own,
        observation("other-lab", "other", "laboratory"),
        observation("other-vital", "other", "vital-signs"),
        observation("other-gone", "other", "vital-signs"),
        linked,
        observation("own-lab", "own", "laboratory"),
        json!({ "resourceType": "Condition", "id": "other-condition", "subject": { "reference": "Patient/other" }, "code": { "text": SECRET } }),
    ]
}

fn set(ids: &[&str]) -> BTreeSet<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

#[track_caller]
fn sees(caller: &Caller, search: &str, expected: &[&str]) {
    let found: BTreeSet<String> = caller.found(search).into_iter().collect();
    assert_eq!(found, set(expected), "{search}");
}

#[test]
fn a_patient_sees_the_own_record_and_no_trace_of_another() {
    let ward = ward();
    let patient = &ward.patient;
    for path in [
        "Patient/own",
        "Observation/own-lab",
        "Patient/own/_history",
        "Patient/own/$everything",
        "Observation/own-vital/_history/1",
    ] {
        let answer = patient.get(path).expect(200);
        assert!(!answer.text().contains(SECRET), "{path}");
    }
    for path in [
        "Patient/ID",
        "Observation/ID-lab",
        "Patient/ID/_history",
        "Patient/ID/_history/1",
        "Patient/ID/$everything",
        "Condition/ID-condition",
        "Patient/ID/$meta",
        "Observation/ID-vital/_history",
        "Observation/ID-vital/_history?_since=2100-01-01",
        "Observation/ID-gone",
        "Observation/ID-gone/_history",
        "Observation/ID-gone/_history/2",
        "Patient/ID/$validate",
    ] {
        let ask = |id: &str| {
            let answer = patient.get(&path.replace("ID", id));
            let issue = if answer.body.is_empty() {
                Value::Null
            } else {
                answer.json()["issue"].clone()
            };
            (answer.status, issue)
        };
        assert_eq!(ask("other"), ask("none"), "{path}");
        assert_eq!(ask("other").0, 404, "{path}");
    }
    sees(patient, "Patient", &["Patient/own"]);
    sees(
        patient,
        "Observation",
        &["Observation/own-lab", "Observation/own-vital"],
    );
    sees(patient, "Condition", &[]);
    sees(patient, "Patient/other/Observation", &[]);
    sees(patient, "?_type=Patient,Condition", &["Patient/own"]);
}

#[test]
fn a_patient_infers_nothing_through_relations_totals_and_order() {
    let patient = &ward().patient;
    for (search, expected) in [
        (
            "Observation?_id=own-vital&_include=Observation:has-member",
            vec!["Observation/own-vital"],
        ),
        ("Patient?_include=Patient:link", vec!["Patient/own"]),
        (
            "Patient?_revinclude=Observation:subject",
            vec![
                "Patient/own",
                "Observation/own-lab",
                "Observation/own-vital",
            ],
        ),
        ("Patient?link:Patient.family=rumpel", vec![]),
        ("Observation?has-member:Observation.code=other-lab", vec![]),
        (
            "Observation?has-member.patient:Patient.family=rumpel",
            vec![],
        ),
        ("Patient?_has:Patient:link:_id=other", vec![]),
        ("Patient?_has:Condition:subject:code:text=rumpel", vec![]),
        ("Patient?family=rumpel", vec![]),
        ("Patient?_filter=family sw \"rumpel\"", vec![]),
    ] {
        sees(patient, search, &expected);
        let counted = patient
            .get(&format!("{search}&_total=accurate"))
            .expect(200);
        let primary = expected
            .iter()
            .filter(|id| id.starts_with(search.split('?').next().unwrap()))
            .count();
        assert_eq!(counted.json()["total"], primary, "{search}");
        assert!(!counted.text().contains(SECRET), "{search}");
    }
    assert_eq!(
        patient.get("Patient?_summary=count").expect(200).json()["total"],
        1
    );
    assert_eq!(
        patient
            .get("Observation?_summary=count&_has:Observation:has-member:code=own-vital")
            .expect(200)
            .json()["total"],
        0
    );
}

#[test]
fn history_shows_only_versions_within_reach() {
    let patient = &ward().patient;
    for path in [
        "Patient/_history",
        "Observation/_history",
        "_history",
        "Condition/_history",
    ] {
        let mut next = Some(path.to_owned());
        while let Some(url) = next {
            let answer = patient.get(&url).expect(200);
            for forbidden in [
                SECRET,
                "Patient/other\"",
                "Observation/other",
                "Condition/other",
            ] {
                let text = answer.text();
                // A record within reach may itself refer to another.
                let own_links = text
                    .replace("\"reference\":\"Observation/other-lab\"", "")
                    .replace("\"reference\":\"Patient/other\"", "");
                assert!(
                    !own_links.contains(forbidden),
                    "{path} shows {forbidden}: {text}"
                );
            }
            next = link(&answer.json(), "next");
        }
    }
}

#[test]
fn roles_write_what_the_matrix_says_and_nothing_else() {
    let ward = ward();
    let subject = |kind: &str, subject: &str| json!({ "resourceType": kind, "status": "draft", "intent": "order", "subject": { "reference": format!("Patient/{subject}") } });
    let observation = |id: &str| json!({ "resourceType": "Observation", "status": "final", "code": { "text": "x" }, "subject": { "reference": format!("Patient/{id}") } });
    let condition =
        json!({ "resourceType": "Condition", "subject": { "reference": "Patient/third" } });
    let mut prescription = subject("MedicationRequest", "third");
    prescription["medicationCodeableConcept"] = json!({ "text": "Aspirin" });
    let appointment = |status: &str| json!({ "resourceType": "Appointment", "status": status, "start": "2026-12-01T09:00:00Z", "end": "2026-12-01T09:30:00Z", "participant": [{ "actor": { "reference": "Patient/own" }, "status": "accepted" }] });
    let new_patient = json!({ "resourceType": "Patient", "name": [{ "family": "New" }] });
    let cases: [(&str, &Caller, &str, &Value, u16); 14] = [
        (
            "a patient notes no finding",
            &ward.patient,
            "Observation",
            &observation("own"),
            403,
        ),
        (
            "a patient makes no diagnosis",
            &ward.patient,
            "Condition",
            &condition,
            403,
        ),
        (
            "a patient prescribes nothing",
            &ward.patient,
            "MedicationRequest",
            &prescription,
            403,
        ),
        (
            "a patient registers nobody",
            &ward.patient,
            "Patient",
            &new_patient,
            403,
        ),
        (
            "a patient asks for an appointment",
            &ward.patient,
            "Appointment",
            &appointment("proposed"),
            201,
        ),
        (
            "a nurse does not prescribe",
            &ward.nurse,
            "MedicationRequest",
            &prescription,
            403,
        ),
        (
            "a nurse makes no diagnosis",
            &ward.nurse,
            "Condition",
            &condition,
            403,
        ),
        (
            "a nurse notes a finding",
            &ward.nurse,
            "Observation",
            &observation("third"),
            201,
        ),
        (
            "a doctor prescribes",
            &ward.doctor,
            "MedicationRequest",
            &prescription,
            201,
        ),
        (
            "a doctor makes a diagnosis",
            &ward.doctor,
            "Condition",
            &condition,
            201,
        ),
        (
            "a receptionist registers",
            &ward.receptionist,
            "Patient",
            &new_patient,
            201,
        ),
        (
            "a receptionist books",
            &ward.receptionist,
            "Appointment",
            &appointment("booked"),
            201,
        ),
        (
            "a receptionist notes no finding",
            &ward.receptionist,
            "Observation",
            &observation("own"),
            403,
        ),
        (
            "a scope to read does not write",
            &ward.vitals,
            "Observation",
            &observation("own"),
            403,
        ),
    ];
    for (what, caller, path, body, status) in cases {
        let answer = caller.post(path, body);
        assert_eq!(answer.status, status, "{what}: {}", answer.text());
    }
    let entry = json!({ "resource": observation("own"), "request": { "method": "POST", "url": "Observation" } });
    let transaction = json!({ "resourceType": "Bundle", "type": "transaction", "entry": [entry] });
    ward.patient.post("", &transaction).refused(403);
    ward.doctor.delete("Observation/own-lab").refused(403);
    ward.all.get("Observation/own-lab").expect(200);
}

#[test]
fn a_patient_changes_contact_details_and_nothing_else() {
    let ward = ward();
    let patch = |caller: &Caller, id: &str, path: &str, value: Value| {
        let operations = json!([{ "op": "add", "path": path, "value": value }]).to_string();
        caller
            .request("PATCH", &format!("Patient/{id}"))
            .body("application/json-patch+json", operations)
            .send()
    };
    patch(
        &ward.patient,
        "own",
        "/telecom",
        json!([{ "system": "phone", "value": "555" }]),
    )
    .expect(200);
    patch(&ward.patient, "own", "/birthDate", "1999-01-01".into()).refused(403);
    patch(&ward.patient, "own", "/gender", "male".into()).refused(403);
    let other = patch(&ward.patient, "other", "/telecom", json!([])).refused(404);
    let nobody = patch(&ward.patient, "none", "/telecom", json!([])).refused(404);
    assert_eq!(other["issue"], nobody["issue"]);
    let mut stolen = ward.all.get("Patient/other").expect(200).json();
    stolen["telecom"] = json!([{ "system": "phone", "value": "555" }]);
    ward.patient.put("Patient/other", &stolen).refused(404);
    ward.patient.delete("Patient/own").refused(403);
}

#[test]
fn a_receptionist_reads_no_clinical_record() {
    let ward = ward();
    let desk = &ward.receptionist;
    desk.get("Patient/own").expect(200);
    sees(desk, "Patient?family=rumpel", &["Patient/other"]);
    desk.get("Observation").refused(403);
    for path in [
        "Observation/own-lab",
        "Observation/own-lab/_history",
        "Condition/other-condition",
    ] {
        let status = desk.get(path).status;
        assert!(matches!(status, 403 | 404), "{path}: {status}");
        let none = desk
            .get(
                &path
                    .replace("own-lab", "none")
                    .replace("other-condition", "none"),
            )
            .status;
        assert_eq!(status, none, "{path}: existence shows");
    }
    sees(
        desk,
        "Patient?_id=own&_revinclude=Observation:subject",
        &["Patient/own"],
    );
    for search in [
        "Patient?_has:Observation:subject:code=own-lab",
        "Patient?_has:Condition:subject:code:text=rumpel",
    ] {
        let answer = desk.get(search);
        assert!(
            answer.status == 403 || answer.json()["entry"].is_null(),
            "{search}: {}",
            answer.text()
        );
    }
    let everything = desk.get("Patient/own/$everything").expect(200).text();
    assert!(
        !everything.contains("\"resourceType\":\"Observation\""),
        "{everything}"
    );
}

#[test]
fn a_scope_with_criteria_narrows_read_search_include_history_and_total() {
    let ward = ward();
    let vitals = &ward.vitals;
    sees(
        vitals,
        "Observation",
        &["Observation/own-vital", "Observation/other-vital"],
    );
    assert_eq!(
        vitals.get("Observation?_summary=count").expect(200).json()["total"],
        2
    );
    vitals.get("Observation/own-vital").expect(200);
    let hidden = vitals.get("Observation/own-lab").refused(404);
    assert_eq!(
        hidden["issue"],
        vitals.get("Observation/none").refused(404)["issue"]
    );
    vitals.get("Observation/own-lab/_history").refused(404);
    vitals.get("Observation/own-lab/_history/1").refused(404);
    sees(
        vitals,
        "Observation?_id=own-vital&_include=Observation:has-member",
        &["Observation/own-vital"],
    );
    sees(
        vitals,
        "Patient?_id=own&_revinclude=Observation:subject",
        &["Patient/own", "Observation/own-vital"],
    );
    sees(vitals, "Patient?_has:Observation:subject:code=own-lab", &[]);
    sees(
        vitals,
        "Patient?_has:Observation:subject:code=own-vital",
        &["Patient/own"],
    );
    sees(
        vitals,
        "Observation?has-member:Observation.code=other-lab",
        &[],
    );
    vitals.get("Condition").refused(403);
    assert!(
        !vitals
            .get("Observation/_history")
            .text()
            .contains("own-lab")
    );
}
