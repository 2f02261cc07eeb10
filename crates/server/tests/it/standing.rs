//! Roles that are given and taken back, care teams, proxies, broken glass, organisations: over HTTP.

use serde_json::{Value, json};

use crate::running::{Caller, Server};

/// A change of standing is noticed after this time at the latest; care teams later.
const NOTICED: std::time::Duration = std::time::Duration::from_secs(25);
const REASON: &str = "patient unconscious in the emergency room";

fn made(tenant: &str) -> (&'static Server, Caller, Caller) {
    let server = Server::shared();
    let all = server.clinic(tenant).caller.clone();
    let admin = server.person(tenant, "admin", &["org_admin"], &[]).api();
    (server, all, admin)
}

fn store(all: &Caller) {
    for id in ["p1", "p2"] {
        all.store(&json!({ "resourceType": "Patient", "id": id, "birthDate": "2015-02-03" }));
        all.store(&json!({ "resourceType": "Observation", "id": format!("o-{id}"), "status": "final", "code": { "text": "x" },
            "subject": { "reference": format!("Patient/{id}") } }));
    }
}

/// Asks again until the answer has the status, which it must have in time.
#[track_caller]
fn becomes(caller: &Caller, path: &str, status: u16) {
    let end = std::time::Instant::now() + NOTICED;
    loop {
        let now = caller.get(path).status;
        if now == status {
            return;
        }
        assert!(
            std::time::Instant::now() < end,
            "{path} is still {now}, not {status}"
        );
        std::thread::sleep(std::time::Duration::from_millis(500));
    }
}

#[test]
fn roles_that_ended_have_not_begun_or_were_taken_back_open_nothing() {
    let (server, all, admin) = made("standing-roles");
    store(&all);
    let give = |subject: &str, body: Value| {
        let mut body = body;
        body["subject"] = subject.into();
        admin.post("admin/assignments", &body)
    };
    let past = 1_000_000_000_000_000_i64;
    let future = 4_000_000_000_000_000_i64;
    for (subject, times) in [
        (
            "ended",
            json!({ "role": "doctor", "startsAt": past, "endsAt": past + 1 }),
        ),
        ("coming", json!({ "role": "doctor", "startsAt": future })),
    ] {
        give(subject, times).expect(201);
        // The token still says doctor.
        let person = server.person("standing-roles", subject, &["doctor"], &[]);
        person.get("Observation/o-p1").refused(403);
        person.get("Observation").refused(403);
    }
    let assignment = give("kept", json!({ "role": "doctor" })).expect(201).json();
    let kept = server.person("standing-roles", "kept", &["doctor"], &[]);
    kept.get("Observation/o-p1").expect(200);
    let path = format!("admin/assignments/{}", assignment["id"].as_str().unwrap());
    admin.delete(&path).expect(204);
    becomes(&kept, "Observation/o-p1", 403);
}

#[test]
fn nobody_gives_what_is_not_theirs_to_give() {
    let (server, all, admin) = made("standing-giving");
    store(&all);
    let role = |subject: &str, role: &str| json!({ "subject": subject, "role": role });
    admin
        .post("admin/assignments", &role("admin", "doctor"))
        .problem(403);
    admin
        .post("admin/assignments", &role("x", "super_admin"))
        .problem(403);
    admin
        .post("admin/assignments", &role("x", "service"))
        .problem(403);
    admin
        .post("admin/assignments", &role("x", "king"))
        .problem(422);
    for other in ["doctor", "nurse", "patient", "auditor", "service"] {
        let other = server.person("standing-giving", other, &[other], &[]).api();
        other
            .post("admin/assignments", &role("x", "nurse"))
            .problem(403);
        other.get("admin/assignments").problem(403);
    }
    // A client that was given less than everything carries no administration.
    let narrow = ["--scope", "user/*.rs"];
    let narrow = server
        .person("standing-giving", "admin", &["org_admin"], &narrow)
        .api();
    narrow
        .post("admin/assignments", &role("x", "nurse"))
        .problem(403);
    let derived = |base: &str, records: &str, may: &str| {
        let body = json!({ "code": "junior", "name": "Junior", "base": base, "permissions": [{ "records": records, "may": may }] });
        admin.put("admin/roles/junior", &body).status
    };
    assert_eq!(derived("nurse", "prescriptions", "c"), 403);
    assert_eq!(derived("super_admin", "Patient", "r"), 403);
    assert_eq!(derived("nurse", "observations", "rs"), 200);
    admin
        .post("admin/assignments", &role("junior", "junior"))
        .expect(201);
    let junior = server.person("standing-giving", "junior", &["nurse"], &[]);
    junior.get("Observation/o-p1").expect(200);
    junior.get("Patient/p1").refused(403);
    let finding = json!({ "resourceType": "Observation", "status": "final", "code": { "text": "x" }, "subject": { "reference": "Patient/p1" } });
    junior.post("Observation", &finding).refused(403);
}

#[test]
fn care_teams_confine_clinicians_and_broken_glass_is_reviewed() {
    let (server, all, admin) = made("standing-care");
    store(&all);
    all.store(&json!({ "resourceType": "Practitioner", "id": "d" }));
    all.store(&json!({ "resourceType": "CareTeam", "id": "t", "status": "active", "subject": { "reference": "Patient/p1" },
        "participant": [{ "member": { "reference": "Practitioner/d" } }] }));
    let settings = admin.get("admin/settings").expect(200).json();
    assert_eq!(settings["careTeamRestriction"], false);
    let mut restricted = settings;
    restricted["careTeamRestriction"] = true.into();
    admin.put("admin/settings", &restricted).expect(200);
    let options = ["--fhir-user", "Practitioner/d"];
    let doctor = server.person("standing-care", "d", &["doctor"], &options);
    doctor.get("Observation/o-p1").expect(200);
    doctor.get("Observation/o-p2").refused(404);
    assert_eq!(doctor.found("Patient"), ["Patient/p1"]);
    assert_eq!(
        doctor.found("Patient?_has:Observation:subject:_id=o-p2"),
        Vec::<String>::new()
    );
    let about = json!({ "resourceType": "Observation", "status": "final", "code": { "text": "x" },
        "subject": { "reference": "Patient/p2" }, "performer": [{ "reference": "Patient/p1" }] });
    doctor.post("Observation", &about).refused(403);
    // The glass: not without a proof, a reason, a right.
    let glass = |reason: &str| json!({ "patient": "p2", "reason": reason });
    doctor
        .api()
        .post("break-glass", &glass(REASON))
        .problem(401);
    let proved = ["--fhir-user", "Practitioner/d", "--step-up"];
    let proved = server.person("standing-care", "d", &["doctor"], &proved);
    proved
        .api()
        .post("break-glass", &glass("because"))
        .problem(422);
    let desk = server.person("standing-care", "desk", &["receptionist"], &["--step-up"]);
    desk.api().post("break-glass", &glass(REASON)).problem(403);
    let broken = proved
        .api()
        .post("break-glass", &glass(REASON))
        .expect(201)
        .json();
    becomes(&doctor, "Observation/o-p2", 200);
    // The privacy officer is told, and somebody else decides.
    let tasks = all
        .get("Task?patient=p2&code:text=emergency")
        .expect(200)
        .json();
    assert_eq!(tasks["entry"].as_array().map(Vec::len), Some(1), "{tasks}");
    let reviews = admin.get("admin/access-reviews").expect(200).json();
    assert_eq!(reviews[0]["reason"], REASON);
    let decision = format!(
        "admin/access-reviews/{}/decision",
        broken["id"].as_str().unwrap()
    );
    let verdict = json!({ "justified": true, "note": "called to the emergency room" });
    proved.api().post(&decision, &verdict).problem(403);
    admin.post(&decision, &verdict).expect(200);
    admin.post(&decision, &verdict).problem(409);
    let task = all.get("Task?patient=p2&code:text=emergency").expect(200);
    let task = &task.json()["entry"][0]["resource"];
    assert_eq!(task["status"], "completed", "{task}");
    assert_eq!(
        admin.get("admin/access-reviews").expect(200).json(),
        json!([])
    );
    proved
        .api()
        .delete(&format!("break-glass/{}", broken["id"].as_str().unwrap()))
        .expect(204);
    becomes(&doctor, "Observation/o-p2", 404);
}

#[test]
fn what_an_organisation_decided_is_not_overwritten_unseen() {
    let (_, _, admin) = made("standing-seen");
    for path in ["admin/settings", "admin/branding"] {
        let seen = admin.get(path).expect(200);
        let tag = seen.header("etag").to_owned();
        let over = |tag: &str| {
            let request = admin.request("PUT", path).header("if-match", tag);
            request.json(&seen.json()).send()
        };
        let next = over(&tag).expect(200).header("etag").to_owned();
        over(&tag).problem(412);
        assert_eq!(admin.get(path).expect(200).header("etag"), next);
        over(&next).expect(200);
        over("W/\"x\"").problem(400);
    }
}

#[test]
fn who_looks_at_the_proxies_of_a_patient_is_entered() {
    let (server, all, admin) = made("standing-looks");
    store(&all);
    admin.get("proxies?patient=p1").expect(200);
    let auditor = server.person("standing-looks", "x", &["auditor"], &[]);
    let end = std::time::Instant::now() + NOTICED;
    let found = loop {
        let found = auditor.get("AuditEvent?entity=Patient/p1&action=R");
        let found = found.expect(200).json();
        if !crate::running::entries(&found).is_empty() {
            break found.to_string();
        }
        assert!(std::time::Instant::now() < end, "nobody was entered");
        std::thread::sleep(std::time::Duration::from_millis(200));
    };
    assert!(found.contains("list of proxies"), "{found}");
}

#[test]
fn a_proxy_reaches_as_far_and_as_long_as_it_was_given() {
    let (server, all, admin) = made("standing-proxy");
    store(&all);
    all.store(&json!({ "resourceType": "Patient", "id": "grown", "birthDate": "1980-01-01" }));
    let proxy = |patient: &str, basis: &str| json!({ "patient": patient, "subject": "carer", "basis": basis, "covers": [{ "records": "Patient", "may": "r" }] });
    admin
        .post("proxies", &proxy("grown", "parental"))
        .problem(422);
    admin
        .post("proxies", &proxy("nobody", "legal"))
        .problem(404);
    let own = ["--patient", "p1"];
    let patient = server
        .person("standing-proxy", "p1", &["patient"], &own)
        .api();
    patient
        .post("proxies", &proxy("p2", "patient"))
        .problem(403);
    patient
        .post("proxies", &proxy("p1", "parental"))
        .problem(403);
    let given = admin
        .post("proxies", &proxy("p1", "parental"))
        .expect(201)
        .json();
    assert!(
        given["endsAt"].is_i64(),
        "a parental proxy ends at majority: {given}"
    );
    let carer = server.person("standing-proxy", "carer", &["caregiver"], &[]);
    carer.get("Patient/p1").expect(200);
    carer.get("Patient/p2").refused(404);
    carer.get("Observation/o-p1").refused(403);
    let path = format!("proxies/{}", given["id"].as_str().unwrap());
    server
        .person("standing-proxy", "carer", &["caregiver"], &[])
        .api()
        .delete(&path)
        .problem(404);
    // A second one would outlive the first; nobody rids themselves of a parent.
    admin.post("proxies", &proxy("p1", "legal")).problem(409);
    patient.delete(&path).problem(403);
    admin.delete(&path).expect(204);
    becomes(&carer, "Patient/p1", 403);
    let wish = patient
        .post("proxies", &proxy("p1", "patient"))
        .expect(201)
        .json();
    becomes(&carer, "Patient/p1", 200);
    let path = format!("proxies/{}", wish["id"].as_str().unwrap());
    patient.delete(&path).expect(204);
    becomes(&carer, "Patient/p1", 403);
}

#[test]
fn an_organisation_is_deleted_only_after_time_to_think_again() {
    let (server, _, admin) = made("standing-owner");
    let owner = server.person("standing-owner", "owner", &["super_admin"], &["--step-up"]);
    owner.get("Patient").refused(403);
    let owner = owner.api();
    admin.get("admin/organisations").problem(403);
    let reason = "the contract has ended this year";
    let new = json!({ "name": "standing-gone", "reason": reason });
    owner
        .post(
            "admin/organisations",
            &json!({ "name": "standing-gone", "reason": "x" }),
        )
        .problem(422);
    let id = owner.post("admin/organisations", &new).expect(201).json();
    let path = |what: &str| format!("admin/organisations/{id}/{what}");
    let why = json!({ "reason": reason });
    owner.put(&path("closing"), &why).problem(409);
    owner.post(&path("suspend"), &why).expect(204);
    owner
        .put(&path("closing"), &json!({ "reason": reason, "days": 1 }))
        .problem(422);
    let closing = owner.put(&path("closing"), &why).expect(200).json();
    let days = (closing["dueAt"].as_i64().unwrap() - closing["askedAt"].as_i64().unwrap())
        / 86_400_000_000;
    assert_eq!(days, 30);
    owner.post(&path("resume"), &why).problem(409);
    owner
        .request("DELETE", &path("closing"))
        .json(&why)
        .send()
        .expect(204);
    owner.post(&path("resume"), &why).expect(204);
    let limits = json!({ "limits": { "users": 0 }, "reason": reason });
    owner.put(&path("limits"), &limits).problem(422);
}
