//! Consents on every way to a record, and the desk of the privacy office: over HTTP.

use serde_json::json;

use crate::bulk::{kick_off, lines, manifest, wait};
use crate::running::{Caller, Place, Server, entries};

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
    doctor.get("Observation/o-p1/_history/1").refused(404);
    doctor.get("Observation/o-p1/$meta").refused(404);
    for bundle in [
        "_history?_count=200",
        "Observation/_history",
        "Patient/_history",
        "Patient/p1/Observation",
        "Patient/p1/_history",
    ] {
        let answer = doctor.get(bundle);
        let shown = if answer.status == 404 {
            json!({})
        } else {
            answer.expect(200).json()
        };
        let mut shown = entries(&shown).iter().map(|entry| &entry["resource"]["id"]);
        assert!(shown.all(|id| id != "p1" && id != "o-p1"), "{bundle}");
    }
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
    // What points at it leads nowhere.
    all.store(&json!({ "resourceType": "Observation", "id": "o-focus", "status": "final", "code": { "text": "x" },
        "subject": { "reference": "Patient/p2" }, "focus": [{ "reference": "Patient/p1" }] }));
    for (search, shown) in [
        (
            "Observation?_id=o-focus&_include=Observation:focus",
            vec!["Observation/o-focus"],
        ),
        (
            "Patient?_revinclude=Observation:subject",
            vec!["Patient/p2", "Observation/o-p2", "Observation/o-focus"],
        ),
    ] {
        let (mut found, mut shown) = (doctor.found(search), shown);
        found.sort();
        shown.sort_unstable();
        assert_eq!(found, shown, "{search}");
    }
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

#[test]
fn what_happens_to_keys_is_in_the_trail() {
    const TENANT: &str = "privacy-keys";
    let server = Server::shared();
    server.clinic(TENANT).caller.get("Patient").expect(200);
    server.command(&["keys", "rotate", "--tenant", TENANT]);
    let auditor = server.person(TENANT, "a", &["auditor"], &[]).api();
    let end = std::time::Instant::now() + std::time::Duration::from_secs(30);
    loop {
        let entries = auditor.get("audit/entries?limit=100").expect(200).text();
        let missing = ["key.create: ", "key.unwrap: ", "key.rotate: body"]
            .into_iter()
            .find(|action| !entries.contains(action));
        let Some(missing) = missing else { break };
        assert!(std::time::Instant::now() < end, "{missing}: {entries}");
        std::thread::sleep(std::time::Duration::from_millis(300));
    }
}

/// The addresses of the clients in what the trail finds, once it finds so many entries.
#[track_caller]
fn addresses(auditor: &Caller, search: &str, count: usize) -> Vec<String> {
    let end = std::time::Instant::now() + std::time::Duration::from_secs(20);
    loop {
        let bundle = auditor.get(search).expect(200).json();
        let found = crate::running::entries(&bundle);
        if found.len() >= count {
            let address = |entry: &serde_json::Value| {
                let network = &entry["resource"]["agent"][0]["network"];
                network["address"].as_str().unwrap_or("none").to_owned()
            };
            return found.iter().map(address).collect();
        }
        assert!(std::time::Instant::now() < end, "{search}: {bundle}");
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
}

#[test]
fn the_trail_says_from_where_and_believes_no_forged_header() {
    let (server, _) = clinic("privacy-address");
    let nurse = server.person("privacy-address", "n", &["nurse"], &[]);
    for header in ["x-forwarded-for", "forwarded", "x-real-ip", "client-ip"] {
        let request = nurse.request("GET", "Observation/o-p1");
        request.header(header, "203.0.113.77").send().expect(200);
    }
    let auditor = server.person("privacy-address", "a", &["auditor"], &[]);
    let read = "AuditEvent?entity=Observation/o-p1&action=R";
    assert_eq!(addresses(&auditor, read, 4), ["127.0.0.1"; 4]);
    let exact = format!("{read}&address:exact=127.0.0.1");
    assert_eq!(addresses(&auditor, &exact, 4).len(), 4);
    assert_eq!(
        addresses(&auditor, &format!("{read}&address=127.0"), 4).len(),
        4
    );
    let forged = addresses(&auditor, "AuditEvent?address:exact=203.0.113.77", 0);
    assert!(forged.is_empty());
    // A write carries it in its own commit, and so does what the API enters.
    let created = "AuditEvent?entity=Observation/o-p1&action=C";
    assert_eq!(addresses(&auditor, created, 1), ["127.0.0.1"]);
    let officer = ["--step-up"];
    let officer = server.person("privacy-address", "o", &["privacy_officer"], &officer);
    let officer = officer.api();
    let listed = officer.get("audit/entries?address=127.0.0.1&limit=100");
    let listed = listed.expect(200).json();
    let entries = listed["items"].as_array().unwrap();
    assert!(entries.iter().all(|one| one["address"] == "127.0.0.1"));
    assert!(entries.iter().any(|one| one["kind"] == "commit"));
    officer.get("audit/entries?address=127.0.0").problem(422);
    let csv = "audit/export?format=csv&reason=review&address=127.0.0.1";
    let csv = officer.get(csv).expect(200).text();
    let mut lines = csv.lines().skip(1);
    assert!(lines.all(|line| line.contains("\"127.0.0.1\"")), "{csv}");
}

#[test]
fn behind_a_trusted_proxy_the_trail_holds_the_address_that_it_forwards() {
    let place = Place::new();
    let trusted = ("MEDITRACK__HTTP__TRUSTED_PROXIES", "[\"127.0.0.1\"]");
    let server = Server::start_with(&place, &[trusted]);
    let all = server.clinic("proxied").caller.clone();
    all.store(&json!({ "resourceType": "Patient", "id": "p1" }));
    // The nearest hop is what the proxy saw; what stands before it anybody may have written.
    let chain = "203.0.113.5, 198.51.100.4";
    let request = all.request("GET", "Patient/p1");
    request.header("x-forwarded-for", chain).send().expect(200);
    let auditor = server.person("proxied", "a", &["auditor"], &[]);
    let seen = addresses(&auditor, "AuditEvent?entity=Patient/p1&action=R", 1);
    assert_eq!(seen, ["198.51.100.4"]);
    server.stop();
}

#[test]
fn a_bulk_export_holds_back_what_a_consent_keeps_from_its_caller_and_says_so() {
    let (server, all) = clinic("privacy-bulk");
    let more = ["--fhir-user", "Practitioner/d"];
    let exporter = server.person("privacy-bulk", "d", &["doctor", "service"], &more);
    let ids = |caller: &Caller| {
        let manifest = manifest(caller, "$export?_type=Patient,Observation");
        let found = lines(caller, &manifest, "output");
        let mut ids: Vec<String> = found
            .iter()
            .map(|one| one["id"].as_str().unwrap().to_owned())
            .collect();
        ids.sort();
        let told = lines(caller, &manifest, "error");
        let told: Vec<String> = told
            .iter()
            .map(|one| one["issue"][0]["code"].as_str().unwrap().to_owned())
            .collect();
        (ids, told)
    };
    let everything = ["o-p1", "o-p2", "p1", "p2"].map(str::to_owned).to_vec();
    assert_eq!(ids(&exporter), (everything.clone(), Vec::new()));
    all.store(
        &json!({ "resourceType": "Consent", "id": "c", "status": "active",
        "scope": { "coding": [{ "code": "patient-privacy" }] },
        "category": [{ "coding": [{ "code": "59284-0", "system": "http://loinc.org" }] }],
        "policy": [{ "uri": "https://example.org/policy" }],
        "patient": { "reference": "Patient/p1" },
        "provision": { "type": "deny", "actor": [{ "role": { "text": "recipient" },
            "reference": { "reference": "Practitioner/d" } }] } }),
    );
    let kept = ["o-p2", "p2"].map(str::to_owned).to_vec();
    assert_eq!(ids(&exporter), (kept, vec!["suppressed".to_owned()]));
    // Others are not meant, and hear nothing of it.
    assert_eq!(ids(&all), (everything, Vec::new()));
}

/// A consent by which a patient keeps the record from one person.
/// A consent by which `practitioner` may know nothing of `patient`.
pub(crate) fn denial(id: &str, patient: &str, practitioner: &str) -> serde_json::Value {
    json!({ "resourceType": "Consent", "id": id, "status": "active",
        "scope": { "coding": [{ "code": "patient-privacy" }] },
        "category": [{ "coding": [{ "code": "59284-0", "system": "http://loinc.org" }] }],
        "policy": [{ "uri": "https://example.org/policy" }],
        "patient": { "reference": format!("Patient/{patient}") },
        "provision": { "type": "deny", "actor": [{ "role": { "text": "recipient" },
            "reference": { "reference": practitioner } }] } })
}

#[test]
fn a_consent_that_comes_while_an_export_runs_holds_in_it() {
    const TENANT: &str = "privacy-running";
    let (server, all) = clinic(TENANT);
    let entry = |n: usize| {
        let observation = json!({ "resourceType": "Observation", "status": "final", "code": { "text": "x" },
            "subject": { "reference": "Patient/p2" }, "note": [{ "text": "y".repeat(200) }] });
        json!({ "resource": observation, "request": { "method": "PUT", "url": format!("Observation/many-{n}") } })
    };
    for part in 0..8 {
        let entries: Vec<_> = (part * 250..(part + 1) * 250).map(entry).collect();
        let entries: Vec<_> = entries
            .into_iter()
            .map(|mut entry| {
                let id = entry["request"]["url"]
                    .as_str()
                    .unwrap()
                    .replace("Observation/", "");
                entry["resource"]["id"] = id.into();
                entry
            })
            .collect();
        let bundle = json!({ "resourceType": "Bundle", "type": "transaction", "entry": entries });
        all.post("", &bundle).expect(200);
    }
    let more = ["--fhir-user", "Practitioner/d"];
    let exporter = server.person(TENANT, "d", &["doctor", "service"], &more);
    for moment in [0, 300, 600, 900, 1_200] {
        let begun = kick_off(&exporter, "$export?_type=Patient,Observation").expect(202);
        let url = begun.header("content-location");
        std::thread::sleep(std::time::Duration::from_millis(moment));
        all.store(&denial("late", "p1", "Practitioner/d"));
        // What is done by now was handed out before the patient decided; the last look at consents is short before the end.
        std::thread::sleep(std::time::Duration::from_secs(1));
        let is_running = exporter.get(url).status == 202;
        let manifest = wait(&exporter, url).expect(200).json();
        let found = lines(&exporter, &manifest, "output");
        let shown = found
            .iter()
            .any(|one| one["id"] == "p1" || one["id"] == "o-p1");
        assert!(!(is_running && shown), "after {moment} ms");
        assert!(found.len() > 2_000, "{}", found.len());
        all.delete("Consent/late").expect(204);
        let again = std::time::Instant::now() + std::time::Duration::from_secs(30);
        while exporter.get("Observation/o-p1").status != 200 {
            assert!(std::time::Instant::now() < again, "the consent still holds");
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
    }
}

#[test]
fn an_erasure_is_ordered_over_http_carried_out_and_said_in_an_event() {
    let (server, all) = clinic("privacy-erase");
    let officer = server
        .person("privacy-erase", "o", &["privacy_officer"], &["--step-up"])
        .api();
    all.store(&json!({ "resourceType": "Observation", "id": "visit", "status": "final", "code": { "text": "x" },
        "effectiveDateTime": "2001-02-03", "subject": { "reference": "Patient/p1" } }));
    let glasses = glasses(server, "privacy-erase");
    let order = json!({ "patient": "p1", "reason": "retention is over" });
    let hold = officer
        .post(
            "privacy/holds",
            &json!({ "patient": "p1", "matter": "case 7" }),
        )
        .expect(201)
        .json();
    officer.post("privacy/erasures", &order).problem(422);
    officer
        .delete(&format!("privacy/holds/{}", hold["id"].as_str().unwrap()))
        .expect(204);
    officer.post("privacy/erasures", &order).expect(202);
    let end = std::time::Instant::now() + std::time::Duration::from_secs(40);
    while all.get("Patient/p1").status != 404 {
        assert!(std::time::Instant::now() < end, "the record is not erased");
        std::thread::sleep(std::time::Duration::from_millis(300));
    }
    all.get("Observation/visit").refused(404);
    assert_eq!(all.found("Patient"), ["Patient/p2"]);
    // The record is gone first; what became of the order is written after it.
    let outcome = loop {
        let orders = officer.get("privacy/erasures").expect(200).json();
        let outcome = orders["items"][0]["outcome"].clone();
        if !outcome.is_null() {
            break outcome;
        }
        assert!(std::time::Instant::now() < end, "{orders}");
        std::thread::sleep(std::time::Duration::from_millis(100));
    };
    assert_eq!(
        (&outcome["is"], &outcome["shared"]),
        (&json!("erased"), &json!(0))
    );
    // That somebody broke the glass is evidence: it stays, and does not say any more over whom.
    for (glass, status) in glasses.iter().zip(["completed", "cancelled"]) {
        let which = format!("Task?identifier=urn:ietf:rfc:3986|urn:uuid:{glass}");
        let task = all.get(&which).expect(200).json()["entry"][0]["resource"].clone();
        assert_eq!(task["status"], status, "{task}");
        assert_eq!(task["requester"]["reference"], "Practitioner/d");
        assert!(
            task["authoredOn"].is_string() && task.get("for").is_none(),
            "{task}"
        );
        let path = format!("Task/{}/_history", task["id"].as_str().unwrap());
        let versions = all.get(&path).expect(200);
        assert!(
            !versions.text().contains("Patient/p1"),
            "{}",
            versions.text()
        );
    }
}

/// Two glasses that were broken over p1, the first of which somebody has decided on.
fn glasses(server: &Server, tenant: &str) -> Vec<String> {
    let more = ["--fhir-user", "Practitioner/d", "--step-up"];
    let doctor = server.person(tenant, "d", &["doctor"], &more).api();
    let glass = json!({ "patient": "p1", "reason": "patient unconscious in the emergency room" });
    let broken: Vec<String> = (0..2)
        .map(|_| {
            let broken = doctor.post("break-glass", &glass).expect(201).json();
            broken["id"].as_str().unwrap().to_owned()
        })
        .collect();
    let decision = format!("admin/access-reviews/{}/decision", broken[0]);
    let verdict = json!({ "justified": true, "note": "called to the emergency room" });
    let admin = server.person(tenant, "admin", &["org_admin"], &[]).api();
    admin.post(&decision, &verdict).expect(200);
    broken
}

/// A sign-in with a wrong password, as a browser sends it.
fn fails_to_sign_in(server: &Server, tenant: &str, name: &str) {
    let nobody = server.bearer("");
    let url = format!("{}/t/{tenant}/sign-in", server.origin());
    let page = nobody.get(&url).expect(200);
    let cookie = page
        .header("set-cookie")
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    let html = page.text();
    let (_, rest) = html.split_once("name=\"csrf\" value=\"").unwrap();
    let (csrf, _) = rest.split_once('"').unwrap();
    let form = format!("csrf={csrf}&username={name}&password=wrong%20and%20long%20enough");
    let request = nobody.request("POST", &url).header("cookie", &cookie);
    let answer = request
        .body("application/x-www-form-urlencoded", form)
        .send();
    assert!(answer.status < 500, "{}", answer.text());
    assert!(
        answer.text().contains("csrf"),
        "the form comes back: {}",
        answer.text()
    );
}

#[test]
fn every_rule_finds_what_happens_over_http() {
    const TENANT: &str = "privacy-rules";
    let server = Server::shared();
    let all = server.clinic(TENANT).caller.clone();
    let officer = server
        .person(TENANT, "o", &["privacy_officer"], &["--step-up"])
        .api();
    let strict = json!({ "mostPatients": 4, "failedLogins": 3, "foreignPatients": 1, "workingHours": [0, 0] });
    officer.put("privacy/settings", &strict).expect(200);
    let act = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
    for id in ["vip", "own", "relative", "far", "plain"] {
        let mut patient = json!({ "resourceType": "Patient", "id": id });
        if id == "vip" {
            patient["meta"] = json!({ "security": [{ "system": act, "code": "VIP" }] });
        }
        all.store(&patient);
    }
    all.store(&json!({ "resourceType": "RelatedPerson", "id": "r", "patient": { "reference": "Patient/relative" } }));
    all.store(&json!({ "resourceType": "Person", "id": "n", "link": [
        { "target": { "reference": "Practitioner/d" } }, { "target": { "reference": "Patient/own" } },
        { "target": { "reference": "RelatedPerson/r" } }] }));
    all.store(&json!({ "resourceType": "PractitionerRole", "id": "w", "practitioner": { "reference": "Practitioner/d" },
        "location": [{ "reference": "Location/north" }] }));
    all.store(
        &json!({ "resourceType": "Encounter", "id": "e", "status": "finished",
        "class": { "system": act, "code": "AMB" }, "subject": { "reference": "Patient/far" },
        "location": [{ "location": { "reference": "Location/south" } }] }),
    );
    let doctor = server.person(TENANT, "d", &["doctor"], &["--fhir-user", "Practitioner/d"]);
    for id in ["vip", "own", "relative", "far", "plain"] {
        doctor.get(&format!("Patient/{id}")).expect(200);
    }
    let admin = server.caller(TENANT, &["org_admin"], &["--step-up"]);
    let export = admin
        .request("GET", "$export")
        .header("prefer", "respond-async");
    export.send().expect(202);
    for _ in 0..3 {
        fails_to_sign_in(server, TENANT, "somebody");
    }
    let wanted = [
        "mass-access",
        "vip-access",
        "own-record",
        "family-record",
        "off-hours-export",
        "login-storm",
        "cross-location",
    ];
    let end = std::time::Instant::now() + std::time::Duration::from_secs(60);
    loop {
        let incidents = officer
            .get("privacy/incidents?limit=100")
            .expect(200)
            .json();
        let rules = incidents["items"].as_array().unwrap().iter();
        let found: Vec<&str> = rules.filter_map(|one| one["rule"].as_str()).collect();
        let missing: Vec<&&str> = wanted.iter().filter(|rule| !found.contains(rule)).collect();
        if missing.is_empty() {
            // The clock of the law runs from the discovery on.
            let deadline = &incidents["items"][0]["clocks"][0];
            assert!(deadline.is_object(), "{incidents}");
            break;
        }
        assert!(
            std::time::Instant::now() < end,
            "no rule finds {missing:?}: {incidents}"
        );
        std::thread::sleep(std::time::Duration::from_millis(500));
    }
}
