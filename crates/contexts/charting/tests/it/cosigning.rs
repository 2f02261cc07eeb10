//! Two signatures: who needs one, how it is asked for, given, refused and taken back.

use mt_access::Role;
use mt_charting::{CosignRules, Returned};
use mt_kernel::{Assurance, ErrorKind};
use serde_json::{Value, json};

use crate::world::{DOCTOR, NURSE, OTHER, Ward, attested, draft, kind};

fn id(note: &Value) -> &str {
    note["id"].as_str().unwrap()
}

#[tokio::test]
async fn a_nurses_note_waits_and_a_doctor_co_signs_it() {
    let ward = Ward::with_rules().await;
    let note = ward
        .sign_with(
            &ward.nurse(),
            &draft(NURSE, "Fever"),
            json!({"cosigner": DOCTOR}),
        )
        .await
        .unwrap();
    assert_eq!(
        (&note["status"], &note["attester"][0]["mode"]),
        (&json!("preliminary"), &json!("professional"))
    );
    let [task] = &ward.tasks().await[..] else {
        panic!("one task")
    };
    assert_eq!(task["status"], "requested");
    assert_eq!(task["owner"]["reference"], DOCTOR);
    assert_eq!(
        task["focus"]["reference"],
        format!("Composition/{}", id(&note))
    );
    assert_eq!(task["for"]["reference"], "Patient/p");
    assert_eq!(task["requester"]["reference"], NURSE);

    let signed = ward
        .charting
        .cosign(&ward.doctor(), id(&note))
        .await
        .unwrap()
        .note;
    assert_eq!(signed["status"], "final");
    assert_eq!(signed["author"][0]["reference"], NURSE);
    let signatures: Vec<(&str, &str)> = signed["attester"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            (
                one["mode"].as_str().unwrap(),
                one["party"]["reference"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(signatures, [("professional", NURSE), ("legal", DOCTOR)]);
    let [task] = &ward.tasks().await[..] else {
        panic!("one task")
    };
    assert_eq!(task["status"], "completed");
    assert_eq!(
        kind(ward.charting.cosign(&ward.doctor(), id(&note)).await),
        ErrorKind::Conflict
    );
}

#[tokio::test]
async fn who_needs_a_co_signature_signs_nothing_alone_through_any_door() {
    let ward = Ward::with_rules().await;
    for (role, who) in [(Role::Nurse, NURSE), (Role::Doctor, OTHER)] {
        let caller = ward.caller(role, who);
        let now = caller.ctx.now.to_fhir();
        let note = attested(&draft(who, "Fever"), "final", "legal", who, &now);
        assert_eq!(
            ward.put(&caller, &note).await,
            Err(ErrorKind::Conflict),
            "{role:?}"
        );
        let waits = ward.sign(&caller, &draft(who, "Fever")).await.unwrap();
        let mut own = attested(&waits, "final", "legal", who, &now);
        assert_eq!(
            ward.put(&caller, &own).await,
            Err(ErrorKind::Forbidden),
            "{role:?}"
        );
        own["attester"] = waits["attester"].clone();
        assert_eq!(
            ward.put(&caller, &own).await,
            Err(ErrorKind::Conflict),
            "{role:?}"
        );
    }
    assert!(
        ward.tasks()
            .await
            .iter()
            .all(|task| task.get("owner").is_none()),
        "for whoever may"
    );
}

#[tokio::test]
async fn a_co_signature_is_refused_to_its_author_the_bound_others_and_without_a_fresh_proof() {
    let ward = Ward::with_rules().await;
    let note = ward
        .sign(&ward.nurse(), &draft(NURSE, "Fever"))
        .await
        .unwrap();
    let id = id(&note);
    let refused = [
        (ward.nurse(), ErrorKind::Forbidden),
        (ward.caller(Role::Nurse, DOCTOR), ErrorKind::Forbidden),
        (ward.caller(Role::Doctor, OTHER), ErrorKind::Forbidden),
        (
            ward.caller_with(Role::Doctor, DOCTOR, Assurance::Multi),
            ErrorKind::Unauthenticated,
        ),
        (
            ward.caller(Role::Patient, "Patient/p"),
            ErrorKind::Forbidden,
        ),
        (ward.caller(Role::Receptionist, DOCTOR), ErrorKind::NotFound),
    ];
    for (caller, expected) in refused {
        let roles = caller.ctx.actor.roles.clone();
        assert_eq!(
            kind(ward.charting.cosign(&caller, id).await),
            expected,
            "{roles:?}"
        );
    }
    // A doctor who asked for a second opinion does not give it.
    let asked = ward
        .sign_with(
            &ward.doctor(),
            &draft(DOCTOR, "Pain"),
            json!({"cosigner": OTHER}),
        )
        .await
        .unwrap();
    let own = ward
        .charting
        .cosign(&ward.doctor(), asked["id"].as_str().unwrap())
        .await;
    assert_eq!(kind(own), ErrorKind::Forbidden);
}

#[tokio::test]
async fn a_draft_that_its_author_has_not_signed_is_not_co_signed() {
    let ward = Ward::with_rules().await;
    let note = ward
        .put(&ward.nurse(), &draft(NURSE, "Fever"))
        .await
        .unwrap();
    let doctor = ward.doctor();
    assert_eq!(
        kind(ward.charting.cosign(&doctor, id(&note)).await),
        ErrorKind::Conflict
    );
    let forged = attested(&note, "final", "legal", DOCTOR, &doctor.ctx.now.to_fhir());
    assert_eq!(ward.put(&doctor, &forged).await, Err(ErrorKind::Conflict));
}

#[tokio::test]
async fn a_note_that_waits_changes_no_word_and_its_author_takes_the_signature_back() {
    let ward = Ward::with_rules().await;
    let nurse = ward.nurse();
    let note = ward.sign(&nurse, &draft(NURSE, "Fever")).await.unwrap();
    let mut changed = note.clone();
    changed["title"] = json!("Other");
    for caller in [&nurse, &ward.doctor()] {
        assert_eq!(ward.put(caller, &changed).await, Err(ErrorKind::Conflict));
    }
    // Changing a word under the co-signature is no way round.
    let doctor = ward.doctor();
    let slipped = attested(
        &changed,
        "final",
        "legal",
        DOCTOR,
        &doctor.ctx.now.to_fhir(),
    );
    assert_eq!(ward.put(&doctor, &slipped).await, Err(ErrorKind::Conflict));
    assert_eq!(
        kind(ward.charting.take_back(&ward.doctor(), id(&note)).await),
        ErrorKind::Forbidden
    );
    let back = ward
        .charting
        .take_back(&ward.nurse(), id(&note))
        .await
        .unwrap()
        .note;
    assert!(back.get("attester").is_none(), "{back}");
    assert_eq!(ward.tasks().await[0]["status"], "cancelled");
    let mut changed = back.clone();
    changed["title"] = json!("Other");
    assert!(ward.put(&ward.nurse(), &changed).await.is_ok());
}

#[tokio::test]
async fn a_note_is_sent_back_with_a_reason_and_asked_for_anew() {
    let ward = Ward::with_rules().await;
    let note = ward
        .sign_with(
            &ward.nurse(),
            &draft(NURSE, "Fever"),
            json!({"cosigner": DOCTOR}),
        )
        .await
        .unwrap();
    let why = Returned {
        reason: "Which side?".to_owned(),
    };
    ward.charting
        .send_back(&ward.doctor(), id(&note), &why)
        .await
        .unwrap();
    let [task] = &ward.tasks().await[..] else {
        panic!("one task")
    };
    assert_eq!(
        (&task["status"], &task["owner"]["reference"]),
        (&json!("on-hold"), &json!(NURSE))
    );
    assert_eq!(task["statusReason"]["text"], "Which side?");
    let back = ward
        .charting
        .take_back(&ward.nurse(), id(&note))
        .await
        .unwrap()
        .note;
    let again = ward
        .sign_with(&ward.nurse(), &back, json!({"cosigner": DOCTOR}))
        .await
        .unwrap();
    let mut states: Vec<String> = ward
        .tasks()
        .await
        .iter()
        .map(|task| task["status"].as_str().unwrap().to_owned())
        .collect();
    states.sort();
    assert_eq!(states, ["cancelled", "requested"]);
    assert!(
        ward.charting
            .cosign(&ward.doctor(), id(&again))
            .await
            .is_ok()
    );
    let empty = Returned {
        reason: " ".to_owned(),
    };
    assert_eq!(
        kind(
            ward.charting
                .send_back(&ward.doctor(), id(&note), &empty)
                .await
        ),
        ErrorKind::Invalid
    );
}

#[tokio::test]
async fn who_is_asked_is_a_practitioner_and_somebody_else() {
    let ward = Ward::with_rules().await;
    for cosigner in [NURSE, "Practitioner/nobody", "Patient/p", "nonsense"] {
        let asked = ward
            .sign_with(
                &ward.nurse(),
                &draft(NURSE, "Fever"),
                json!({"cosigner": cosigner}),
            )
            .await;
        assert_eq!(kind(asked), ErrorKind::Invalid, "{cosigner}");
    }
}

#[tokio::test]
async fn rules_name_clinical_roles_and_practitioners_and_are_changed_from_what_was_read() {
    let ward = Ward::new().await;
    let admin = ward.caller(Role::OrgAdmin, "Practitioner/admin");
    let change = async |version, roles: &[&str], people: &[&str]| {
        let owned = |all: &[&str]| all.iter().map(|one| (*one).to_owned()).collect();
        let rules = CosignRules {
            roles: owned(roles),
            practitioners: owned(people),
        };
        ward.charting
            .change_cosign_settings(&admin, version, &rules)
            .await
    };
    assert_eq!(
        kind(change(0, &["receptionist"], &[]).await),
        ErrorKind::Invalid
    );
    assert_eq!(
        kind(change(0, &[], &["Patient/p"]).await),
        ErrorKind::Invalid
    );
    assert_eq!(change(0, &["nurse"], &[]).await.unwrap().version, 1);
    assert_eq!(
        kind(change(0, &["nurse"], &[]).await),
        ErrorKind::Precondition
    );
    assert!(
        ward.charting
            .cosign_settings(&ward.nurse())
            .await
            .unwrap()
            .own_notes
    );
    assert!(
        !ward
            .charting
            .cosign_settings(&ward.doctor())
            .await
            .unwrap()
            .own_notes
    );
}
