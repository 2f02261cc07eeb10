//! What patients do about the waiting list, clinicians about results and the desk about consents, over HTTP.

use serde_json::{Value, json};

use crate::running::{Caller, Server};

/// A clinic with two patients, a doctor and services; its administrator.
fn clinic(name: &str) -> (&'static Server, Caller) {
    let server = Server::shared();
    let clinic = server.clinic(name);
    for patient in ["p1", "p2"] {
        let name = json!([{"family": patient}]);
        clinic.caller.store(
            &json!({"resourceType": "Patient", "id": patient, "active": true, "name": name}),
        );
    }
    clinic
        .caller
        .store(&json!({"resourceType": "Practitioner", "id": "d", "name": [{"family": "Doe"}]}));
    (server, server.person(name, "a", &["org_admin"], &[]).api())
}

fn patient(server: &Server, tenant: &str, id: &str) -> Caller {
    let user = format!("Patient/{id}");
    server
        .person(
            tenant,
            id,
            &["patient"],
            &["--patient", id, "--fhir-user", &user],
        )
        .api()
}

fn stranger(server: &Server) -> Caller {
    server.bearer("").api()
}

#[test]
fn a_patient_waits_for_an_earlier_time_and_nobody_elses() {
    const TENANT: &str = "care-waiting";
    let (server, admin) = clinic(TENANT);
    let settings = json!({"timeZone": "UTC", "services": [
        {"code": "check-up", "name": "Check-up", "minutes": 30, "online": true},
        {"code": "surgery", "name": "Surgery", "minutes": 60}]});
    let version = admin.get("scheduling/settings").expect(200);
    let version = version.header("etag").to_owned();
    admin
        .request("PUT", "scheduling/settings")
        .header("if-match", &version)
        .json(&settings)
        .send()
        .expect(200);
    let own = patient(server, TENANT, "p1");
    let other = patient(server, TENANT, "p2");
    let desk = server.person(TENANT, "r", &["receptionist"], &[]).api();
    let wish =
        |service: &str| json!({"patient": "Patient/p1", "service": service, "days": ["mon"]});
    let path = "scheduling/own-waitlist";
    stranger(server).post(path, &wish("check-up")).problem(401);
    desk.post(path, &wish("check-up")).problem(403);
    other.post(path, &wish("check-up")).problem(404);
    own.post(path, &wish("surgery")).problem(422);
    let joined = own.post(path, &wish("check-up")).expect(201).json();
    assert_eq!(joined["ahead"], 0);
    own.post(path, &wish("check-up")).problem(409);
    let id = joined["id"].as_str().unwrap();

    // What the desk sees is the same entry; the waitlist of all stays the desk's.
    let listed = desk.get("scheduling/waitlist").expect(200).json();
    assert_eq!(listed["items"][0]["id"], id);
    own.get("scheduling/waitlist").problem(403);
    own.post(
        &format!("scheduling/waitlist/{id}/offer"),
        &json!({"start": "2031-03-24T10:00:00Z", "end": "2031-03-24T10:30:00Z", "actor": "Practitioner/d"}),
    )
    .problem(403);

    let listed = |caller: &Caller| caller.get(&format!("{path}?patient=p1"));
    assert_eq!(listed(&own).expect(200).json()["items"][0]["id"], id);
    listed(&other).problem(404);
    listed(&desk).problem(403);
    let at = format!("{path}/{id}");
    for step in ["accept", "decline"] {
        other.post(&format!("{at}/{step}"), &json!({})).problem(404);
        own.post(&format!("{at}/{step}"), &json!({})).problem(409);
    }
    other.delete(&at).problem(404);

    let slot = json!({"start": "2031-03-24T10:00:00Z", "end": "2031-03-24T10:30:00Z", "actor": "Practitioner/d"});
    desk.post(&format!("scheduling/waitlist/{id}/offer"), &slot)
        .expect(200);
    let offer = listed(&own).expect(200).json()["items"][0]["offer"].clone();
    assert_eq!(offer["actor"], "Practitioner/d");
    assert_eq!(offer.get("hold"), None);
    own.post(&format!("{at}/decline"), &json!({})).expect(200);
    own.delete(&at).expect(204);
    assert_eq!(listed(&own).expect(200).json()["items"], json!([]));

    // The trail names the patient, whatever right the use case worked with.
    let officer = server.person(TENANT, "o", &["privacy_officer"], &[]).api();
    let end = std::time::Instant::now() + std::time::Duration::from_secs(20);
    let search = format!("audit/entries?user=Patient/p1&record=Appointment/{id}&kind=commit");
    let wrote = || officer.get(&search).expect(200).json()["items"] != json!([]);
    while !wrote() {
        assert!(std::time::Instant::now() < end, "nobody joined by name");
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
}

#[test]
fn no_secret_of_a_link_stands_in_an_address() {
    let (server, _) = clinic("care-links");
    let nobody = stranger(server);
    let body = json!({"token": "AAAA"});
    nobody.post("public/appointments/link", &body).problem(404);
    let times = json!({"token": "AAAA", "from": "2031-03-24", "to": "2031-03-25"});
    nobody
        .post("public/appointments/link/times", &times)
        .problem(404);
    nobody
        .post("public/appointments/link/follow", &body)
        .problem(404);
    // The address that held it is no more.
    let old = nobody.get("public/appointments/AAAA");
    assert!(matches!(old.status, 404 | 405), "{}", old.text());
}

#[test]
fn results_are_acknowledged_by_doctors_and_nurses_in_their_own_name() {
    const TENANT: &str = "care-results";
    let (server, _) = clinic(TENANT);
    let clinic = server.clinic(TENANT);
    clinic.caller.store(&json!({"resourceType": "Observation", "id": "k", "status": "final",
        "code": {"text": "Potassium"}, "subject": {"reference": "Patient/p1"}, "valueString": "7.1",
        "interpretation": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation", "code": "HH"}]}]}));
    let seen = json!({"results": [{"id": "k", "version": 1}]});
    let path = "results/acknowledgements";
    stranger(server).post(path, &seen).problem(401);
    for role in [
        "receptionist",
        "clinical_staff",
        "lab_technician",
        "org_admin",
    ] {
        let caller = server.person(TENANT, role, &[role], &["--fhir-user", "Practitioner/d"]);
        caller.api().post(path, &seen).problem(403);
    }
    patient(server, TENANT, "p1").post(path, &seen).problem(403);
    let nobody = server.person(TENANT, "n", &["nurse"], &[]).api();
    nobody.post(path, &seen).problem(403);
    let doctor = server.person(TENANT, "d", &["doctor"], &["--fhir-user", "Practitioner/d"]);
    let stale = json!({"results": [{"id": "k", "version": 2}]});
    doctor.api().post(path, &stale).problem(412);
    let done = doctor.api().post(path, &seen).expect(200).json();
    assert_eq!(done["items"][0]["by"], "Practitioner/d");
    let found = doctor.found(
        "Task?patient=p1&code=https://meditrack.health/fhir/CodeSystem/task|acknowledge-result",
    );
    assert_eq!(found.len(), 1);

    // The mark of who looked is each person's own, and no matter of the desk.
    let look = "charts/p1/looked";
    assert_eq!(
        doctor.api().post(look, &json!({})).expect(200).json()["before"],
        Value::Null
    );
    doctor
        .api()
        .post("charts/nobody/looked", &json!({}))
        .problem(404);
    let desk = server.person(TENANT, "r", &["receptionist"], &[]).api();
    desk.post(look, &json!({})).problem(403);
}

#[test]
fn the_desk_takes_consents_to_treatment_and_none_about_who_sees_the_record() {
    const TENANT: &str = "care-consents";
    let (server, _) = clinic(TENANT);
    let consent = |scope: &str| {
        json!({"resourceType": "Consent", "status": "active",
            "scope": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": scope}]},
            "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
            "patient": {"reference": "Patient/p1"}, "policyRule": {"text": "Asked at registration"},
            "provision": {"type": "permit"}})
    };
    let desk = server.person(TENANT, "r", &["receptionist"], &[]);
    desk.post("Consent", &consent("treatment")).expect(201);
    desk.post("Consent", &consent("patient-privacy"))
        .refused(403);
    desk.get("Consent?patient=p1").refused(403);
    let nurse = server.person(TENANT, "n", &["nurse"], &[]);
    nurse
        .post("Consent", &consent("patient-privacy"))
        .expect(201);
}
