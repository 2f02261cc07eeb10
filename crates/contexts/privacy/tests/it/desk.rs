//! The API: who may ask for what, and what the answers say.

use mt_audit::{EventCode, Filter};
use serde_json::{Value, json};

use crate::office::Office;

/// What nobody may ask who is not of the office.
const OF_THE_OFFICE: [(&str, &str); 6] = [
    ("GET", "privacy/incidents"),
    ("GET", "privacy/settings"),
    ("PUT", "privacy/settings"),
    ("POST", "privacy/disclosures"),
    ("GET", "privacy/holds"),
    ("POST", "privacy/deidentified-exports"),
];

async fn uses(office: &Office, code: EventCode) -> usize {
    let filter = Filter {
        event: Some(code),
        ..Filter::default()
    };
    let ctx = office.ctx("officer");
    let (page, _) = office
        .privacy
        .entries(&ctx, &filter, 1_000, None)
        .await
        .unwrap();
    page.entries.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_office_is_closed_to_those_outside() {
    let office = Office::open().await;
    for badge in ["doctor", "patient", "auditor"] {
        for (method, path) in OF_THE_OFFICE {
            office
                .ask(badge, method, path, Some(&json!({})))
                .await
                .expect(403);
        }
    }
    for badge in ["doctor", "patient"] {
        office
            .ask(badge, "GET", "audit/entries", None)
            .await
            .expect(403);
        office
            .ask(badge, "GET", "audit/log", None)
            .await
            .expect(403);
    }
    office
        .ask("nobody", "GET", "audit/entries", None)
        .await
        .expect(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn exports_need_a_second_factor_a_reason_and_are_entered() {
    let office = Office::open().await;
    office.patients(&["p"]).await;
    let path = "audit/export?format=csv&reason=quarterly%20review";
    let tired = office.ask("tired", "GET", path, None).await.expect(401);
    let challenge = tired.headers["www-authenticate"].to_str().unwrap();
    assert!(
        challenge.contains("insufficient_user_authentication"),
        "{challenge}"
    );
    office
        .ask("officer", "GET", "audit/export?format=csv&reason=%20", None)
        .await
        .expect(422);
    office
        .ask("officer", "GET", "audit/export?format=pdf&reason=x", None)
        .await
        .expect(400);
    office.judged().await;
    let before = uses(&office, EventCode::Export).await;
    let csv = office.ask("officer", "GET", path, None).await.expect(200);
    assert!(csv.body.starts_with("number,time,login"));
    assert!(csv.body.contains("\"Export\""), "{}", csv.body);
    let lines = "audit/export?format=ndjson&reason=x&event=export";
    let lines = office.ask("officer", "GET", lines, None).await.expect(200);
    let first: Value = serde_json::from_str(lines.body.lines().next().unwrap()).unwrap();
    assert_eq!(first["resourceType"], "AuditEvent");
    for _ in 0..200 {
        if uses(&office, EventCode::Export).await == before + 2 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the exports are not in the trail");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trail_is_listed_filtered_reviewed_and_proved() {
    let office = Office::open().await;
    office.patients(&["p", "q"]).await;
    office.look("doctor", &["p", "q"]).await;
    office.judged().await;
    let list = |path: &'static str| {
        let office = &office;
        async move {
            office
                .ask("auditor", "GET", path, None)
                .await
                .expect(200)
                .json()
        }
    };
    let reads = list("audit/entries?kind=read&user=Practitioner/d").await;
    assert_eq!(reads["items"].as_array().unwrap().len(), 2);
    let one = list("audit/entries?kind=read&patient=p").await;
    assert_eq!(one["items"][0]["records"], json!(["Patient/p"]));
    let first = list("audit/entries?kind=read&limit=1").await;
    let cursor = first["next"].as_str().unwrap();
    let path = format!("audit/entries?kind=read&limit=1&cursor={cursor}");
    let second = office
        .ask("auditor", "GET", &path, None)
        .await
        .expect(200)
        .json();
    assert_ne!(first["items"][0]["seq"], second["items"][0]["seq"]);
    // A cursor is nothing in other hands.
    office.ask("officer", "GET", &path, None).await.expect(400);
    office
        .ask("auditor", "GET", "audit/entries?kind=king", None)
        .await
        .expect(422);

    let seq = first["items"][0]["seq"].as_i64().unwrap();
    let path = format!("audit/entries/{seq}/review");
    office
        .ask(
            "auditor",
            "PUT",
            &path,
            Some(&json!({"state": "escalated"})),
        )
        .await
        .expect(422);
    let decision = json!({"state": "escalated", "note": "who is this?"});
    office
        .ask("auditor", "PUT", &path, Some(&decision))
        .await
        .expect(200);
    let escalated = list("audit/entries?review=escalated").await;
    assert_eq!(escalated["items"][0]["seq"], seq);
    assert_eq!(escalated["items"][0]["review"]["by"], "auditor");

    let proof = office
        .ask(
            "auditor",
            "GET",
            &format!("audit/entries/{seq}/proof"),
            None,
        )
        .await;
    let proof = proof.expect(200).json();
    assert!(proof["checkpoint"].as_str().unwrap().contains('\u{2014}'));
    office
        .ask(
            "auditor",
            "GET",
            &format!("audit/entries/{}/proof", i64::MAX),
            None,
        )
        .await
        .expect(404);
    let verified = office
        .ask("auditor", "POST", "audit/log/verification", None)
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&verified["sound"], &verified["by"]),
        (&json!(true), &json!("auditor"))
    );
    let panel = list("audit/log").await;
    assert_eq!(panel["lastVerification"], verified);
    assert!(panel["size"].as_u64().unwrap() > 0);
    assert!(
        uses(&office, EventCode::TrailUse).await > 0,
        "use of the trail is not in the trail"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn patients_see_who_looked_at_their_record_and_at_no_other() {
    let office = Office::open().await;
    office.patients(&["p", "q"]).await;
    office.look("doctor", &["p", "q"]).await;
    office.judged().await;
    let report = "privacy/patients/p/access-report";
    let own = office
        .ask("patient", "GET", report, None)
        .await
        .expect(200)
        .json();
    let line = &own["items"][0];
    assert_eq!(
        (&line["who"], &line["what"]),
        (&json!("Practitioner/d"), &json!("viewed"))
    );
    assert_eq!(line["records"], json!(["1 Patient"]));
    for (badge, status) in [
        ("stranger", 404),
        ("doctor", 404),
        ("auditor", 404),
        ("officer", 200),
    ] {
        office.ask(badge, "GET", report, None).await.expect(status);
    }
    let disclosure =
        json!({"patient": "p", "recipient": "Court", "what": "summary", "purpose": "subpoena"});
    office
        .ask("officer", "POST", "privacy/disclosures", Some(&disclosure))
        .await
        .expect(201);
    let path = "privacy/patients/p/disclosures";
    let own = office
        .ask("patient", "GET", path, None)
        .await
        .expect(200)
        .json();
    assert_eq!(own[0]["recipient"], "Court");
    office.ask("stranger", "GET", path, None).await.expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_is_reported_by_anybody_and_handled_by_the_office() {
    let office = Office::open().await;
    let report = json!({"what": "a letter to the wrong address", "patients": ["p"]});
    let made = office
        .ask("doctor", "POST", "privacy/incidents", Some(&report))
        .await
        .expect(201)
        .json();
    let path = format!("privacy/incidents/{}", made["id"].as_str().unwrap());
    office.ask("doctor", "GET", &path, None).await.expect(403);
    let one = office.ask("officer", "GET", &path, None).await.expect(200);
    let tag = one.headers["etag"].to_str().unwrap().to_owned();
    let clocks = one.json()["clocks"].clone();
    assert_eq!(
        (&clocks[0]["duty"], &clocks[0]["overdue"]),
        (&json!("individuals"), &json!(false))
    );
    let triage = json!({"state": "triage", "why": "looking into it"});
    let change = |tag: &'static str| [("if-match", tag)];
    office
        .ask("officer", "PATCH", &path, Some(&triage))
        .await
        .expect(428);
    office
        .ask_with("officer", "PATCH", &path, Some(&triage), &change("\"7\""))
        .await
        .expect(412);
    let headers = [("if-match", tag.as_str())];
    let moved = office
        .ask_with("officer", "PATCH", &path, Some(&triage), &headers)
        .await
        .expect(200);
    assert_eq!(moved.json()["state"], "triage");
    let skip = json!({"state": "closed", "why": "enough"});
    office
        .ask_with("officer", "PATCH", &path, Some(&skip), &change("\"2\""))
        .await
        .expect(409);
    let listed = office
        .ask("officer", "GET", "privacy/incidents?state=triage", None)
        .await;
    assert_eq!(
        listed.expect(200).json()["items"].as_array().unwrap().len(),
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn holds_are_released_and_records_leave_only_after_a_step_up() {
    let office = Office::open().await;
    let hold = json!({"matter": "case 7"});
    let made = office
        .ask("tired", "POST", "privacy/holds", Some(&hold))
        .await
        .expect(201)
        .json();
    let path = format!("privacy/holds/{}", made["id"].as_str().unwrap());
    office.ask("tired", "DELETE", &path, None).await.expect(401);
    office
        .ask("officer", "DELETE", &path, None)
        .await
        .expect(204);
    office
        .ask("officer", "DELETE", &path, None)
        .await
        .expect(422);

    office.put(&json!({"resourceType": "Patient", "id": "p", "birthDate": "1980-05-17", "gender": "female",
        "name": [{"family": "Unmistakable"}], "identifier": [{"value": "MRN-1234567"}]})).await;
    office.put(&json!({"resourceType": "Observation", "id": "o", "status": "final", "effectiveDateTime": "2024-03-04",
        "code": {"text": "Unmistakable", "coding": [{"system": "http://loinc.org", "code": "8480-6"}]},
        "subject": {"reference": "Patient/p"}})).await;
    let order = json!({"purpose": "research 12"});
    let path = "privacy/deidentified-exports";
    office
        .ask("tired", "POST", path, Some(&order))
        .await
        .expect(401);
    office
        .ask("officer", "POST", path, Some(&json!({"purpose": ""})))
        .await
        .expect(422);
    let lines = office
        .ask("officer", "POST", path, Some(&order))
        .await
        .expect(200)
        .body;
    assert_eq!(lines.lines().count(), 2, "{lines}");
    for secret in [
        "Unmistakable",
        "MRN-1234567",
        "1980-05-17",
        "2024-03-04",
        "Patient/p\"",
    ] {
        assert!(!lines.contains(secret), "{secret} in {lines}");
    }
    assert!(lines.contains("8480-6"));
}
