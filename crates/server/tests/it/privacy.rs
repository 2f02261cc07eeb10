//! Consents on every way to a record, and the desk of the privacy office: over HTTP.

use serde_json::json;

use crate::running::{Caller, Server};

fn clinic(tenant: &str) -> (&'static Server, Caller) {
    let server = Server::shared();
    let all = server.clinic(tenant).caller.clone();
    for id in ["p1", "p2"] {
        all.store(&json!({ "resourceType": "Patient", "id": id, "birthDate": "1970-02-03" }));
        all.store(
            &json!({ "resourceType": "Observation", "id": format!("o-{id}"), "status": "final",
            "code": { "text": "x" }, "subject": { "reference": format!("Patient/{id}") } }),
        );
    }
    (server, all)
}

#[test]
fn what_a_consent_keeps_back_does_not_exist_on_any_way_to_it() {
    let (server, all) = clinic("privacy-consent");
    let practitioner = ["--fhir-user", "Practitioner/d", "--step-up"];
    let doctor = server.person("privacy-consent", "d", &["doctor"], &practitioner);
    doctor.get("Observation/o-p1").expect(200);
    all.store(
        &json!({ "resourceType": "Consent", "id": "c", "status": "active",
        "scope": { "coding": [{ "code": "patient-privacy" }] },
        "category": [{ "coding": [{ "code": "59284-0", "system": "http://loinc.org" }] }],
        "policy": [{ "uri": "https://example.org/policy" }],
        "patient": { "reference": "Patient/p1" },
        "provision": { "type": "deny", "actor": [{ "role": { "text": "recipient" },
            "reference": { "reference": "Practitioner/d" } }] } }),
    );
    doctor.get("Observation/o-p1").refused(404);
    doctor.get("Patient/p1").refused(404);
    doctor.get("Observation/o-p1/_history").refused(404);
    doctor.get("Patient/p1/$everything").refused(404);
    assert_eq!(doctor.found("Patient"), ["Patient/p2"]);
    assert_eq!(doctor.found("Observation"), ["Observation/o-p2"]);
    for inferred in [
        "Patient?_has:Observation:subject:_id=o-p1",
        "Observation?subject:Patient.birthdate=1970-02-03&_id=o-p1",
    ] {
        assert!(doctor.found(inferred).is_empty(), "{inferred}");
    }
    let over = json!({ "resourceType": "Observation", "id": "o-p1", "status": "final",
        "code": { "text": "y" }, "subject": { "reference": "Patient/p2" } });
    doctor.put("Observation/o-p1", &over).refused(404);
    // Others are not meant.
    let nurse = server.person("privacy-consent", "n", &["nurse"], &[]);
    nurse.get("Observation/o-p1").expect(200);
    // Broken glass gives this patient back, and no other.
    let glass = json!({ "patient": "p1", "reason": "patient unconscious in the emergency room" });
    doctor.api().post("break-glass", &glass).expect(201);
    doctor.get("Observation/o-p1").expect(200);
}

#[test]
fn the_patient_sees_who_looked_and_the_office_what_happened() {
    let (server, _) = clinic("privacy-desk");
    let practitioner = ["--fhir-user", "Practitioner/d"];
    let doctor = server.person("privacy-desk", "d", &["doctor"], &practitioner);
    doctor.get("Observation/o-p1").expect(200);
    let own = [
        "--patient",
        "p1",
        "--fhir-user",
        "Patient/p1",
        "--scope",
        "patient/*.rs",
    ];
    let patient = server.person("privacy-desk", "p", &["patient"], &own).api();
    let report = "privacy/patients/p1/access-report";
    let seen = || patient.get(report).expect(200).text();
    let end = std::time::Instant::now() + std::time::Duration::from_secs(20);
    while !seen().contains("Practitioner/d") {
        assert!(std::time::Instant::now() < end, "{}", seen());
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    patient
        .get("privacy/patients/p2/access-report")
        .problem(404);
    doctor.api().get(report).problem(404);
    let officer = server.person("privacy-desk", "o", &["privacy_officer"], &["--step-up"]);
    officer.get("Observation/o-p1").refused(403);
    let officer = officer.api();
    officer.get(report).expect(200);
    let verified = officer
        .post("audit/log/verification", &json!({}))
        .expect(200);
    assert_eq!(verified.json()["sound"], true);
    let csv = officer
        .get("audit/export?format=csv&reason=review")
        .expect(200);
    assert!(csv.text().starts_with("number,time,login"));
    let tired = server
        .person("privacy-desk", "o", &["privacy_officer"], &[])
        .api();
    tired
        .get("audit/export?format=csv&reason=review")
        .problem(401);
    doctor.api().get("audit/entries").problem(403);
}
