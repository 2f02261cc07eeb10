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
