//! One signature: who gives it, what it closes, how what is closed is amended.

use mt_access::Role;
use mt_kernel::{Assurance, ErrorKind};
use serde_json::json;

use crate::world::{DOCTOR, NURSE, OTHER, Ward, attested, draft, kind};

#[tokio::test]
async fn a_note_is_signed_by_the_caller_whoever_it_says_wrote_it() {
    let ward = Ward::new().await;
    let signed = ward
        .sign(&ward.doctor(), &draft(OTHER, "Cough"))
        .await
        .unwrap();
    assert_eq!(signed["status"], "final");
    assert_eq!(signed["author"][0]["reference"], DOCTOR);
    assert_eq!(signed["attester"][0]["party"]["reference"], DOCTOR);
    assert_eq!(signed["attester"][0]["mode"], "legal");
    assert!(ward.tasks().await.is_empty());
}

#[tokio::test]
async fn a_signature_through_fhir_is_the_actors_own_timely_and_freshly_proved() {
    let ward = Ward::new().await;
    let doctor = ward.doctor();
    let now = doctor.ctx.now.to_fhir();
    let base = draft(DOCTOR, "Cough");
    let cases = [
        (
            attested(&base, "final", "legal", OTHER, &now),
            ErrorKind::Forbidden,
        ),
        (
            attested(&base, "final", "legal", DOCTOR, "2020-01-01T00:00:00Z"),
            ErrorKind::Invalid,
        ),
        (
            attested(&base, "final", "personal", DOCTOR, &now),
            ErrorKind::Invalid,
        ),
        (
            attested(&base, "preliminary", "legal", DOCTOR, &now),
            ErrorKind::Invalid,
        ),
        (
            attested(
                &attested(&base, "final", "legal", DOCTOR, &now),
                "final",
                "official",
                DOCTOR,
                &now,
            ),
            ErrorKind::Conflict,
        ),
    ];
    for (note, refused) in cases {
        assert_eq!(ward.put(&doctor, &note).await, Err(refused), "{note}");
    }
    let mut unsigned = base.clone();
    unsigned["status"] = json!("final");
    assert_eq!(ward.put(&doctor, &unsigned).await, Err(ErrorKind::Conflict));
    let good = attested(&base, "final", "legal", DOCTOR, &now);
    for assurance in [Assurance::Single, Assurance::Multi] {
        let stale = ward.caller_with(Role::Doctor, DOCTOR, assurance);
        assert_eq!(
            ward.put(&stale, &good).await,
            Err(ErrorKind::Unauthenticated)
        );
    }
    assert!(ward.put(&doctor, &good).await.is_ok());
    let patient = ward.caller(Role::Patient, "Patient/p");
    assert_eq!(ward.put(&patient, &good).await, Err(ErrorKind::Forbidden));
}

#[tokio::test]
async fn what_a_machine_files_is_kept_as_it_was_signed_elsewhere() {
    let ward = Ward::new().await;
    let service = ward.caller(Role::Service, "Device/x");
    let note = attested(
        &draft(OTHER, "Cough"),
        "final",
        "legal",
        OTHER,
        "2020-01-01T00:00:00Z",
    );
    assert!(ward.put(&service, &note).await.is_ok());
}

#[tokio::test]
async fn a_draft_is_written_on_and_its_author_stays() {
    let ward = Ward::new().await;
    let doctor = ward.doctor();
    let stored = ward.put(&doctor, &draft(DOCTOR, "Cough")).await.unwrap();
    let mut more = stored.clone();
    more["title"] = json!("Visit");
    let more = ward.put(&doctor, &more).await.unwrap();
    let mut taken = more.clone();
    taken["author"] = json!([{"reference": OTHER}]);
    let other = ward.caller(Role::Doctor, OTHER);
    assert_eq!(ward.put(&other, &taken).await, Err(ErrorKind::Forbidden));
    // Somebody else's draft is not signed either.
    assert_eq!(kind(ward.sign(&other, &more).await), ErrorKind::Conflict);
    assert_eq!(ward.sign(&doctor, &more).await.unwrap()["status"], "final");
}

#[tokio::test]
async fn what_is_signed_is_amended_with_a_reason_and_a_signature_and_never_changed() {
    let ward = Ward::new().await;
    let doctor = ward.doctor();
    let signed = ward.sign(&doctor, &draft(DOCTOR, "Cough")).await.unwrap();
    let mut changed = signed.clone();
    changed["title"] = json!("Other");
    for status in ["final", "preliminary", "amended"] {
        changed["status"] = json!(status);
        let refused = ward.put(&doctor, &changed).await.unwrap_err();
        assert!(
            matches!(refused, ErrorKind::Conflict | ErrorKind::Forbidden),
            "{status} {refused:?}"
        );
    }
    assert_eq!(
        kind(ward.sign(&doctor, &changed).await),
        ErrorKind::Invalid,
        "without a reason"
    );
    let amended = ward
        .sign_with(&doctor, &changed, json!({"reason": "Wrong side"}))
        .await
        .unwrap();
    assert_eq!(amended["status"], "amended");
    assert_eq!(amended["extension"][0]["valueString"], "Wrong side");
    assert_eq!(amended["attester"].as_array().unwrap().len(), 2);
    // An old version is not amended again over the new one.
    let stale = ward
        .sign_with(&doctor, &changed, json!({"reason": "Again"}))
        .await;
    assert_eq!(kind(stale), ErrorKind::Precondition);
    let mut bare = amended.clone();
    bare["attester"] = json!([]);
    assert_eq!(ward.put(&doctor, &bare).await, Err(ErrorKind::Conflict));
}

#[tokio::test]
async fn what_is_signed_is_withdrawn_as_it_was_signed_and_stays_so() {
    let ward = Ward::new().await;
    let doctor = ward.doctor();
    let signed = ward.sign(&doctor, &draft(DOCTOR, "Cough")).await.unwrap();
    let mut withdrawn = signed.clone();
    withdrawn["status"] = json!("entered-in-error");
    let spoilt = |path: &str, value: serde_json::Value| {
        let mut note = withdrawn.clone();
        *note.pointer_mut(path).unwrap() = value;
        note
    };
    let words = r#"<div xmlns="http://www.w3.org/1999/xhtml"><p>Fever</p></div>"#;
    let now = doctor.ctx.now.to_fhir();
    let mut more = withdrawn.clone();
    more["extension"] = json!([{"url": "https://example.org/more", "valueString": "x"}]);
    let mut less = withdrawn.clone();
    less.as_object_mut().unwrap().remove("section");
    for (what, note, refused) in [
        (
            "words",
            spoilt("/section/0/text/div", json!(words)),
            ErrorKind::Conflict,
        ),
        (
            "title",
            spoilt("/title", json!("Other")),
            ErrorKind::Conflict,
        ),
        (
            "subject",
            spoilt("/subject/reference", json!("Patient/q")),
            ErrorKind::Conflict,
        ),
        (
            "author",
            spoilt("/author/0/reference", json!(OTHER)),
            ErrorKind::Forbidden,
        ),
        (
            "signer",
            spoilt("/attester/0/party/reference", json!(NURSE)),
            ErrorKind::Forbidden,
        ),
        (
            "no signer",
            spoilt("/attester", json!([])),
            ErrorKind::Conflict,
        ),
        (
            "one more signer",
            attested(&withdrawn, "entered-in-error", "legal", DOCTOR, &now),
            ErrorKind::Conflict,
        ),
        ("something more", more, ErrorKind::Conflict),
        ("something less", less, ErrorKind::Conflict),
    ] {
        assert_eq!(ward.put(&doctor, &note).await, Err(refused), "{what}");
    }
    let kept = ward.put(&doctor, &withdrawn).await.unwrap();
    for field in ["section", "author", "subject", "attester", "title"] {
        assert_eq!(kept[field], signed[field], "{field}");
    }
    assert_eq!(ward.put(&doctor, &signed).await, Err(ErrorKind::Conflict));
}

#[tokio::test]
async fn a_document_is_authenticated_in_ones_own_name_and_freshly_proved() {
    let ward = Ward::new().await;
    let document = json!({"resourceType": "DocumentReference", "status": "current", "docStatus": "final",
        "subject": {"reference": "Patient/p"}, "author": [{"reference": NURSE}],
        "content": [{"attachment": {"contentType": "text/plain"}}]});
    let mut signed = document.clone();
    signed["authenticator"] = json!({"reference": NURSE});
    let stale = ward.caller_with(Role::Nurse, NURSE, Assurance::Multi);
    assert_eq!(
        ward.put(&stale, &signed).await,
        Err(ErrorKind::Unauthenticated)
    );
    assert!(ward.put(&stale, &document).await.is_ok());
    assert!(ward.put(&ward.nurse(), &signed).await.is_ok());
    signed["authenticator"] = json!({"reference": DOCTOR});
    assert_eq!(
        ward.put(&ward.nurse(), &signed).await,
        Err(ErrorKind::Forbidden)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_note_that_is_signed_twice_at_once_is_signed_once() {
    let ward = Ward::new().await;
    let doctor = ward.doctor();
    let stored = ward.put(&doctor, &draft(DOCTOR, "Cough")).await.unwrap();
    let both = futures::future::join_all((0..4).map(|_| ward.sign(&doctor, &stored))).await;
    let won = both.iter().filter(|one| one.is_ok()).count();
    assert_eq!(won, 1, "{both:?}");
    let lost = both.into_iter().filter_map(Result::err);
    for refused in lost {
        let kind = refused.kind();
        // An amendment without a reason, where the other was done before it was looked at.
        let told = [
            ErrorKind::Precondition,
            ErrorKind::Conflict,
            ErrorKind::Invalid,
        ];
        assert!(told.contains(&kind), "{kind:?}");
    }
    let mut again = stored.clone();
    again["meta"]["versionId"] = json!("1");
    let stale = ward
        .sign_with(&doctor, &again, json!({"reason": "too late"}))
        .await;
    assert_eq!(kind(stale), ErrorKind::Precondition);
}

#[tokio::test]
async fn what_is_written_on_an_older_version_is_refused_and_loses_nothing() {
    let ward = Ward::new().await;
    let doctor = ward.doctor();
    let seen = ward.put(&doctor, &draft(DOCTOR, "Cough")).await.unwrap();
    let mut other = seen.clone();
    other["title"] = json!("From the other window");
    let other = ward.put(&doctor, &other).await.unwrap();
    let records = doctor
        .records(&ward.test.store, mt_access::Interaction::Update)
        .await
        .unwrap();
    let mut saved = seen.clone();
    saved["title"] = json!("Saved by itself");
    let stale = ward.test.put(&records, &saved.to_string(), Some(1)).await;
    assert_eq!(stale.unwrap_err().kind(), ErrorKind::Precondition);
    assert_eq!(
        kind(ward.sign(&doctor, &seen).await),
        ErrorKind::Precondition
    );
    let signed = ward.sign(&doctor, &other).await.unwrap();
    assert_eq!(signed["title"], "From the other window");
}

#[tokio::test]
async fn an_addendum_is_written_to_a_signed_note_about_the_same_patient() {
    let ward = Ward::new().await;
    let doctor = ward.doctor();
    let open = ward.put(&doctor, &draft(DOCTOR, "Cough")).await.unwrap();
    let signed = ward.sign(&doctor, &draft(DOCTOR, "Fever")).await.unwrap();
    let adds = |to: &str| {
        let mut addendum = draft(DOCTOR, "And a rash");
        let target = json!({"reference": format!("Composition/{to}")});
        addendum["relatesTo"] = json!([{"code": "appends", "targetReference": target}]);
        addendum
    };
    let (open, signed) = (open["id"].as_str().unwrap(), signed["id"].as_str().unwrap());
    let refused = ward.sign(&doctor, &adds(open)).await;
    assert_eq!(kind(refused), ErrorKind::Conflict);
    assert_eq!(
        kind(ward.sign(&doctor, &adds("nothing")).await),
        ErrorKind::Invalid
    );
    let mut strange = adds(signed);
    strange["subject"] = json!({"reference": "Patient/other"});
    assert_eq!(kind(ward.sign(&doctor, &strange).await), ErrorKind::Invalid);
    let added = ward.sign(&doctor, &adds(signed)).await.unwrap();
    assert_eq!(added["status"], "final");
}

#[tokio::test]
async fn a_note_that_cannot_be_read_is_refused_and_no_fault_of_ours() {
    let ward = Ward::new().await;
    let mut deep = json!("x");
    for _ in 0..90 {
        deep = json!({"section": [deep]});
    }
    let mut note = draft(DOCTOR, "Cough");
    note["section"] = json!([deep]);
    assert_eq!(
        kind(ward.sign(&ward.doctor(), &note).await),
        ErrorKind::Invalid
    );
}

#[tokio::test]
async fn a_visit_that_is_over_stays_over_and_a_prescription_is_for_a_year_at_most() {
    let ward = Ward::new().await;
    let doctor = ward.doctor();
    let visit = |status: &str| {
        json!({"resourceType": "Encounter", "id": "v", "status": status,
            "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
            "subject": {"reference": "Patient/p"}})
    };
    for (status, refused) in [
        ("in-progress", None),
        ("finished", None),
        ("in-progress", Some(ErrorKind::Conflict)),
        ("entered-in-error", None),
        ("finished", Some(ErrorKind::Conflict)),
    ] {
        let put = ward.put(&doctor, &visit(status)).await;
        assert_eq!(put.err(), refused, "{status}");
    }
    let service = ward.caller(Role::Service, "Device/x");
    assert!(ward.put(&service, &visit("finished")).await.is_ok());
    for (days, good) in [(0, false), (1, true), (365, true), (366, false)] {
        let supply = json!({"value": days, "system": "http://unitsofmeasure.org", "code": "d"});
        let request = json!({"resourceType": "MedicationRequest", "status": "draft", "intent": "order",
            "medicationCodeableConcept": {"text": "Aspirin"}, "subject": {"reference": "Patient/p"},
            "requester": {"reference": DOCTOR}, "dispenseRequest": {"expectedSupplyDuration": supply}});
        let put = ward.put(&doctor, &request).await;
        assert_eq!(put.is_ok(), good, "{days} {put:?}");
    }
}
