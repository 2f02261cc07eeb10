//! Erasure at the end of retention, what stops it, and restriction of processing.

use mt_fhir::ResourceType;
use mt_fhir::json::Limits;
use mt_kernel::{Actor, ErrorKind, OpCtx};
use mt_privacy::{ErasureOutcome, PrivacyError, Wanted};
use mt_search::{ParseOptions, Query, Scope};
use mt_store::{Action, Caller, Change, Content, Target};
use serde_json::{Value, json};

use crate::office::Office;

const CANARY: &str = "Zwiebelturm";

/// Two patients whose last visit was long ago, with everything that hangs on a record.
async fn old_records() -> Office {
    let office = Office::open().await;
    let visit = |patient: &str, day: &str| {
        json!({"resourceType": "Observation", "id": format!("o-{patient}-{day}"), "status": "final", "code": {"text": CANARY},
            "effectiveDateTime": day, "subject": {"reference": format!("Patient/{patient}")}})
    };
    for id in ["p", "q"] {
        let name = json!([{"family": CANARY, "given": [id]}]);
        let patient =
            json!({"resourceType": "Patient", "id": id, "name": name, "birthDate": "1950-01-01"});
        office.put(&patient).await;
        let mut changed = patient;
        changed["active"] = true.into();
        office.put(&changed).await;
        office.put(&visit(id, "1999-05-06")).await;
        office.put(&visit(id, "2001-02-03")).await;
    }
    let scan = |id: &str| json!({"resourceType": "Binary", "id": id, "contentType": "text/plain", "data": "WndpZWJlbA=="});
    for id in ["scan-p", "scan-shared"] {
        office.put(&scan(id)).await;
    }
    let document = |id: &str, patient: &str, scans: &[&str]| {
        let content: Vec<Value> = scans
            .iter()
            .map(|scan| json!({"attachment": {"url": format!("Binary/{scan}")}}))
            .collect();
        json!({"resourceType": "DocumentReference", "id": id, "status": "current", "date": "2000-01-01T00:00:00Z",
            "subject": {"reference": format!("Patient/{patient}")}, "content": content})
    };
    office
        .put(&document("d-p", "p", &["scan-p", "scan-shared"]))
        .await;
    office.put(&document("d-q", "q", &["scan-shared"])).await;
    // Deleted long ago, but every version is still there.
    office.put(&visit("p", "1998-01-01")).await;
    let gone = Action::Delete {
        target: Target::Id("o-p-1998-01-01".to_owned()),
        if_match: None,
    };
    commit(&office, &office.system(), ResourceType::OBSERVATION, gone)
        .await
        .unwrap();
    // Once entered for the wrong patient.
    let mut moved = visit("p", "2000-12-24");
    moved["note"] = json!([{"text": CANARY}]);
    office.put(&moved).await;
    moved["subject"]["reference"] = "Patient/q".into();
    office.put(&moved).await;
    office.put(&json!({"resourceType": "Group", "id": "g", "type": "person", "actual": true,
        "member": [{"entity": {"reference": "Patient/p"}}, {"entity": {"reference": "Patient/q"}}]})).await;
    office.put(&json!({"resourceType": "Provenance", "id": "v", "recorded": "2001-02-03T00:00:00Z",
        "target": [{"reference": "Observation/o-p-2001-02-03"}], "agent": [{"who": {"display": "x"}}]})).await;
    office
}

async fn commit(
    office: &Office,
    caller: &Caller,
    kind: ResourceType,
    action: Action,
) -> Result<(), mt_store::StoreError> {
    let change = Change {
        resource_type: kind,
        full_url: None,
        action,
    };
    office.store.commit_one(caller, change).await.map(drop)
}

fn create(resource: &Value) -> Action {
    let doc = mt_fhir::Doc::parse(resource.to_string(), &Limits::default()).unwrap();
    Action::Create {
        content: Content::Own(Box::new(doc)),
        if_none_exist: None,
    }
}

async fn found(
    office: &Office,
    caller: &Caller,
    kind: ResourceType,
    criteria: &[(&str, &str)],
) -> usize {
    let registry = office.store.tenants().params(office.tenant).await.unwrap();
    let pairs: Vec<(String, String)> = criteria
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let query = Query::parse(
        &registry,
        Scope::resource(kind),
        &pairs,
        &ParseOptions::at(caller.ctx.now),
    )
    .unwrap();
    office
        .store
        .search(caller, &query, None)
        .await
        .unwrap()
        .entries
        .len()
}

async fn count(office: &Office, sql: &str) -> i64 {
    office.ask_database(sql).await[0].get(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erased_record_is_gone_with_every_version_and_the_others_stay() {
    let office = old_records().await;
    let system = office.system();
    let every = "select tableoid::regclass::text, body from records.res union all select tableoid::regclass::text, body from records.res_h";
    let before = office.ask_database(every).await;
    let order = json!({"patient": "p", "reason": "retention is over"});
    let answer = office
        .ask("officer", "POST", "privacy/erasures", Some(&order))
        .await
        .expect(202);
    assert!(answer.json()["id"].is_string());
    assert_eq!(
        office
            .privacy
            .carry_out_erasures(office.tenant)
            .await
            .unwrap(),
        1
    );
    assert_eq!(
        office
            .privacy
            .carry_out_erasures(office.tenant)
            .await
            .unwrap(),
        0,
        "once"
    );
    let kept = office
        .privacy
        .erasures(&office.ctx("officer"), &Wanted::default())
        .await
        .unwrap();
    let Some(ErasureOutcome::Erased {
        records,
        versions,
        shared,
        ..
    }) = kept[0].paper.outcome.clone()
    else {
        panic!("{:?}", kept[0].paper.outcome);
    };
    // The patient, two visits, the deleted one, the document, its scan, the provenance; the group names them still.
    assert_eq!((records, shared), (7, 1));
    assert!(versions > records, "history goes, too");
    for (kind, id) in [
        ("Patient", "p"),
        ("Observation", "o-p-1999-05-06"),
        ("Observation", "o-p-1998-01-01"),
        ("DocumentReference", "d-p"),
        ("Binary", "scan-p"),
        ("Provenance", "v"),
    ] {
        let kind = ResourceType::from_name(kind).unwrap();
        for version in [1, 2] {
            let old = office.store.vread(&system, kind, id, version).await;
            assert_eq!(
                old.unwrap_err().kind(),
                ErrorKind::NotFound,
                "{id} {version}"
            );
        }
        let now = office.store.read(&system, kind, id).await;
        assert_eq!(now.unwrap_err().kind(), ErrorKind::NotFound, "{id}");
    }
    assert_eq!(
        found(
            &office,
            &system,
            ResourceType::PATIENT,
            &[("family", CANARY)]
        )
        .await,
        1
    );
    assert_eq!(
        found(&office, &system, ResourceType::OBSERVATION, &[]).await,
        3
    );
    let shared_scan = ResourceType::from_name("Binary").unwrap();
    office
        .store
        .read(&system, shared_scan, "scan-shared")
        .await
        .unwrap();
    let moved = office
        .store
        .vread(&system, ResourceType::OBSERVATION, "o-p-2000-12-24", 1)
        .await;
    assert_eq!(
        moved.unwrap_err().kind(),
        ErrorKind::NotFound,
        "what was said of the wrong patient"
    );
    office
        .store
        .vread(&system, ResourceType::OBSERVATION, "o-p-2000-12-24", 2)
        .await
        .unwrap();
    assert_eq!(*office.forgotten.0.lock().unwrap(), ["p"]);
    // Side rows, and the sealed bytes themselves: nothing of them is left for a key to open.
    let orphans = "select count(*) from records.aux a where not exists (select from records.res r where r.id = a.id and r.type = a.type)";
    assert_eq!(count(&office, orphans).await, 0);
    let after = office.ask_database(every).await;
    assert_eq!(
        before.len() - after.len(),
        usize::try_from(versions).unwrap()
    );
    let left: Vec<Vec<u8>> = after.iter().map(|row| row.get(1)).collect();
    let lost: Vec<Vec<u8>> = before
        .iter()
        .map(|row| row.get(1))
        .filter(|body| !left.contains(body))
        .collect();
    let mut gone = false;
    for _ in 0..200 {
        let files = office
            .rewritten_files(&["records.res", "records.res_h"])
            .await;
        assert!(
            left.iter().any(|body| contains(&files, body)),
            "the files are those of the tables"
        );
        gone = !lost.iter().any(|body| contains(&files, body));
        if gone {
            break;
        }
        // A snapshot that somebody still holds keeps dead rows through a vacuum.
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert!(gone, "a sealed body is still in a file");
    assert!(office.audit.verify(office.tenant).await.unwrap().is_sound());
}

fn contains(files: &[Vec<u8>], body: &[u8]) -> bool {
    // The nonce and the beginning of the ciphertext: bodies may be cut into pages.
    let part = &body[..body.len().min(64)];
    files
        .iter()
        .any(|file| file.windows(part.len()).any(|window| window == part))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_is_refused_in_plain_words_before_its_time_and_under_a_hold() {
    let office = old_records().await;
    let (ctx, privacy) = (office.ctx("officer"), &office.privacy);
    let order = |patient: &str| json!({"patient": patient, "reason": "retention is over"});
    for (badge, status) in [
        ("tired", 401),
        ("doctor", 403),
        ("patient", 403),
        ("auditor", 403),
    ] {
        office
            .ask(badge, "POST", "privacy/erasures", Some(&order("p")))
            .await
            .expect(status);
    }
    office
        .ask(
            "officer",
            "POST",
            "privacy/erasures",
            Some(&order("nobody")),
        )
        .await
        .expect(404);
    let hold = privacy
        .place_hold(&ctx, Some("p".to_owned()), "case 7")
        .await
        .unwrap();
    let held = office
        .ask("officer", "POST", "privacy/erasures", Some(&order("p")))
        .await;
    assert_eq!(held.status.as_u16(), 422);
    assert!(held.body.contains("a legal hold forbids"), "{}", held.body);
    privacy.release_hold(&ctx, hold).await.unwrap();
    // A visit last week begins the retention anew; a child's record is kept until it has come of age.
    let recent = json!({"resourceType": "Observation", "status": "final", "code": {"text": "x"},
        "effectiveDateTime": "2025-11-01", "subject": {"reference": "Patient/p"}});
    commit(
        &office,
        &office.system(),
        ResourceType::OBSERVATION,
        create(&recent),
    )
    .await
    .unwrap();
    let kept = office
        .ask("officer", "POST", "privacy/erasures", Some(&order("p")))
        .await
        .expect(409);
    assert!(
        kept.body
            .contains("the record must be kept until 2035-11-01"),
        "{}",
        kept.body
    );
    // A hold that comes between the order and the act stops it.
    privacy
        .order_erasure(&ctx, "q", "retention is over")
        .await
        .unwrap();
    privacy.place_hold(&ctx, None, "case 8").await.unwrap();
    privacy.carry_out_erasures(office.tenant).await.unwrap();
    let orders = privacy.erasures(&ctx, &Wanted::default()).await.unwrap();
    assert!(matches!(
        orders[0].paper.outcome,
        Some(ErasureOutcome::Stopped { .. })
    ));
    office
        .store
        .read(&office.system(), ResourceType::PATIENT, "q")
        .await
        .unwrap();
    let blank = privacy.order_erasure(&ctx, "q", " ").await;
    assert!(matches!(blank, Err(PrivacyError::Refused(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restricted_record_is_stored_and_used_by_those_who_may_alone() {
    let office = old_records().await;
    let (officer, privacy) = (office.ctx("officer"), &office.privacy);
    let new = json!({"patient": "p", "reason": "accuracy is contested", "permitted": ["Practitioner/auditor"]});
    for (badge, status) in [("doctor", 403), ("patient", 403)] {
        office
            .ask(badge, "POST", "privacy/restrictions", Some(&new))
            .await
            .expect(status);
    }
    let placed = office
        .ask("officer", "POST", "privacy/restrictions", Some(&new))
        .await
        .expect(201)
        .json();
    office
        .ask("officer", "POST", "privacy/restrictions", Some(&new))
        .await
        .expect(422);
    let id = placed["id"].as_str().unwrap();
    let doctor = office.caller("doctor").await;
    let visit = "o-p-2001-02-03";
    let hidden = office
        .store
        .read(&doctor, ResourceType::OBSERVATION, visit)
        .await;
    assert_eq!(hidden.unwrap_err().kind(), ErrorKind::NotFound);
    assert_eq!(found(&office, &doctor, ResourceType::PATIENT, &[]).await, 1);
    let note = |patient: &str| json!({"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "subject": {"reference": format!("Patient/{patient}")}});
    let refused = commit(
        &office,
        &doctor,
        ResourceType::OBSERVATION,
        create(&note("p")),
    )
    .await
    .unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Forbidden, "{refused}");
    assert!(refused.to_string().contains("restricted"), "{refused}");
    commit(
        &office,
        &doctor,
        ResourceType::OBSERVATION,
        create(&note("q")),
    )
    .await
    .unwrap();
    for who in ["patient", "auditor"] {
        let permitted = office.caller(who).await;
        office
            .store
            .read(&permitted, ResourceType::OBSERVATION, visit)
            .await
            .unwrap();
    }
    let emergency = office.caller_in_emergency("doctor", &["p".into()]).await;
    office
        .store
        .read(&emergency, ResourceType::OBSERVATION, visit)
        .await
        .unwrap();
    // Who cannot see the record does not lift its restriction, by whichever door.
    let consent = Action::Delete {
        target: Target::Id(id.to_owned()),
        if_match: None,
    };
    let lifted = commit(&office, &doctor, ResourceType::CONSENT, consent).await;
    assert_eq!(lifted.unwrap_err().kind(), ErrorKind::Forbidden);
    office
        .ask(
            "tired",
            "DELETE",
            &format!("privacy/restrictions/{id}"),
            None,
        )
        .await
        .expect(401);
    office
        .ask(
            "officer",
            "DELETE",
            &format!("privacy/restrictions/{id}"),
            None,
        )
        .await
        .expect(204);
    office
        .ask(
            "officer",
            "DELETE",
            &format!("privacy/restrictions/{id}"),
            None,
        )
        .await
        .expect(404);
    assert!(privacy.restrictions(&officer).await.unwrap().is_empty());
    let doctor = office.caller("doctor").await;
    office
        .store
        .read(&doctor, ResourceType::OBSERVATION, visit)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn erasures_are_entered_in_the_trail_by_name_of_who_ordered_them() {
    let office = old_records().await;
    let ctx = OpCtx {
        actor: Actor {
            id: "dpo".into(),
            ..office.ctx("officer").actor
        },
        ..office.ctx("officer")
    };
    office
        .privacy
        .order_erasure(&ctx, "p", "retention is over")
        .await
        .unwrap();
    office
        .privacy
        .carry_out_erasures(office.tenant)
        .await
        .unwrap();
    let filter = mt_audit::Filter {
        actor: Some("dpo".to_owned()),
        kind: Some(mt_audit::Kind::Commit),
        ..mt_audit::Filter::default()
    };
    for _ in 0..200 {
        let page = office.audit.list(&ctx, &filter, 50, None).await.unwrap();
        let deletes = page
            .entries
            .iter()
            .filter(|entry| entry.kind == mt_audit::Kind::Commit);
        let gone: usize = deletes.map(|entry| entry.detail.resources.len()).sum();
        if gone == 7 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the trail does not say what was erased");
}
