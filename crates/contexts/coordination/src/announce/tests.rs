//! Each rule: what is said, and that nothing is said twice.

use mt_fhir::json::Limits;
use mt_fhir::{Doc, ResourceType};
use mt_store::Interaction;

use super::*;

/// Names of what is said when a record goes from one content to the next.
fn said(steps: &[Option<&str>]) -> Vec<Vec<&'static str>> {
    let docs: Vec<Option<Doc>> = steps
        .iter()
        .map(|json| json.map(|json| Doc::parse(json, &Limits::default()).unwrap()))
        .collect();
    let mut before: Option<&Doc> = None;
    let mut all = Vec::new();
    for doc in &docs {
        let latest = doc.as_ref().or(before).unwrap().root();
        let resource_type = ResourceType::from_name(latest.resource_type().unwrap()).unwrap();
        let (_, rule) = RULES.iter().find(|(t, _)| *t == resource_type).unwrap();
        let proposed = ProposedChange {
            interaction: Interaction::Update,
            resource_type,
            id: "r1",
            version: 1,
            old: before.map(Doc::root),
            new: doc.as_ref().map(Doc::root),
        };
        let change = Change::new(&proposed);
        let said = rule(&change);
        for one in &said {
            // Every event fits its schema.
            event(&proposed, change.patient(), one.clone()).unwrap();
        }
        all.push(said.into_iter().map(|(name, _)| name).collect());
        before = doc.as_ref();
    }
    all
}

/// A record of this type about a patient, with more elements.
fn record(resource_type: &str, more: &str) -> String {
    format!(r#"{{"resourceType":"{resource_type}","subject":{{"reference":"Patient/p1"}},{more}}}"#)
}

fn steps(resource_type: &str, steps: &[&str]) -> Vec<Vec<&'static str>> {
    let all: Vec<String> = steps
        .iter()
        .map(|more| record(resource_type, more))
        .collect();
    said(
        &all.iter()
            .map(|json| Some(json.as_str()))
            .collect::<Vec<_>>(),
    )
}

#[test]
fn a_practitioner_is_registered_once() {
    let got = said(&[
        Some(r#"{"resourceType":"Practitioner","active":true}"#),
        Some(r#"{"resourceType":"Practitioner","active":false}"#),
    ]);
    assert_eq!(got, [vec!["practitioner.registered.v1"], vec![]]);
}

#[test]
fn a_patient_is_registered_changed_deactivated_and_merged() {
    let got = said(&[
        Some(r#"{"resourceType":"Patient","active":true,"gender":"male"}"#),
        Some(r#"{"resourceType":"Patient","active":true,"gender":"female"}"#),
        Some(r#"{"resourceType":"Patient","active":false,"gender":"female"}"#),
        Some(
            r#"{"resourceType":"Patient","active":true,"gender":"female","link":[{"type":"replaces","other":{"reference":"Patient/p2"}}]}"#,
        ),
        Some(r#"{"resourceType":"Patient","active":true,"gender":"female"}"#),
        Some(r#"{"resourceType":"Patient","active":true,"gender":"female","meta":{"tag":[]}}"#),
        None,
    ]);
    assert_eq!(
        got,
        [
            vec!["patient.registered.v1"],
            vec!["patient.updated.v1"],
            vec!["patient.deactivated.v1"],
            vec!["patient.activated.v1", "patient.merged.v1"],
            vec!["patient.unmerged.v1"],
            vec![],
            vec!["patient.deactivated.v1"],
        ]
    );
}

#[test]
fn an_appointment_goes_its_way_and_says_each_step_once() {
    let at = |status: &str, start: &str| {
        format!(
            r#"{{"resourceType":"Appointment","status":"{status}"{start},"participant":[{{"actor":{{"reference":"Patient/p1"}},"status":"accepted"}}]}}"#
        )
    };
    let ten = r#","start":"2026-03-01T10:00:00Z","end":"2026-03-01T10:30:00Z""#;
    let eleven = r#","start":"2026-03-01T11:00:00Z","end":"2026-03-01T11:30:00Z""#;
    let all = [
        at("waitlist", ""),
        at("pending", ten),
        at("booked", ten),
        at("booked", eleven),
        at("booked", eleven),
        at("arrived", eleven),
        at("checked-in", eleven),
        at("fulfilled", eleven),
    ];
    let got = said(
        &all.iter()
            .map(|json| Some(json.as_str()))
            .collect::<Vec<_>>(),
    );
    let expected: Vec<Vec<&str>> = vec![
        vec!["waitlist.joined.v1"],
        vec!["appointment.created.v1"],
        vec!["appointment.confirmed.v1"],
        vec!["appointment.rescheduled.v1"],
        vec![],
        vec!["appointment.checked_in.v1"],
        vec![],
        vec!["appointment.completed.v1"],
    ];
    assert_eq!(got, expected);
    let (booked, gone) = (at("booked", ten), at("cancelled", ten));
    let last = |steps: &[Option<&str>]| said(steps).pop().unwrap();
    assert_eq!(
        last(&[Some(&booked), Some(&gone)]),
        ["appointment.cancelled.v1"]
    );
    assert_eq!(last(&[Some(&booked), None]), ["appointment.cancelled.v1"]);
    assert!(last(&[Some(&gone), None]).is_empty(), "cancelled already");
}

#[test]
fn an_inpatient_is_admitted_transferred_and_discharged_and_an_outpatient_is_not() {
    let at = |status: &str, class: &str, location: &str| {
        format!(
            r#""status":"{status}","class":{{"code":"{class}"}},"location":[{{"location":{{"reference":"Location/{location}"}}}}]"#
        )
    };
    let run = |class: &str| {
        let all = [
            at("planned", class, "a"),
            at("in-progress", class, "a"),
            at("in-progress", class, "b"),
            at("onleave", class, "b"),
            at("finished", class, "b"),
        ];
        steps(
            "Encounter",
            &all.iter().map(String::as_str).collect::<Vec<_>>(),
        )
    };
    assert_eq!(
        run("IMP"),
        [
            vec![],
            vec!["encounter.started.v1", "patient.admitted.v1"],
            vec!["patient.transferred.v1"],
            vec![],
            vec!["encounter.finished.v1", "patient.discharged.v1"],
        ]
    );
    assert_eq!(
        run("AMB"),
        [
            vec![],
            vec!["encounter.started.v1"],
            vec![],
            vec![],
            vec!["encounter.finished.v1"]
        ]
    );
}

#[test]
fn laboratory_work_is_told_and_other_work_is_not() {
    let lab =
        r#""category":[{"coding":[{"code":"108252007"}]}],"code":{"coding":[{"code":"2339-0"}]}"#;
    let order = |status: &str, category: &str| format!(r#""status":"{status}",{category}"#);
    let run = |category: &str| {
        let all = [
            order("draft", category),
            order("active", category),
            order("active", category),
            order("revoked", category),
        ];
        steps(
            "ServiceRequest",
            &all.iter().map(String::as_str).collect::<Vec<_>>(),
        )
    };
    assert_eq!(
        run(lab),
        [
            vec![],
            vec!["lab.order.created.v1"],
            vec![],
            vec!["lab.order.cancelled.v1"]
        ]
    );
    let image = run(r#""category":[{"coding":[{"code":"363679005"}]}]"#);
    assert_eq!(
        image,
        [vec![], vec!["imaging.order.created.v1"], vec![], vec![]]
    );
    let other = run(r#""code":{"text":"x-ray"}"#);
    assert!(other.iter().all(Vec::is_empty), "{other:?}");
    let report = |status: &str| {
        format!(r#""status":"{status}","category":[{{"coding":[{{"code":"LAB"}}]}}]"#)
    };
    let all = [report("preliminary"), report("final"), report("corrected")];
    assert_eq!(
        steps(
            "DiagnosticReport",
            &all.iter().map(String::as_str).collect::<Vec<_>>()
        ),
        [
            vec![],
            vec!["lab.results.available.v1"],
            vec!["lab.result.corrected.v1"]
        ]
    );
    let result = |code: &str| {
        format!(
            r#""status":"final","category":[{{"coding":[{{"code":"laboratory"}}]}}],"code":{{"coding":[{{"code":"x"}}]}},"interpretation":[{{"coding":[{{"code":"{code}"}}]}}]"#
        )
    };
    let all = [result("H"), result("HH"), result("HH")];
    assert_eq!(
        steps(
            "Observation",
            &all.iter().map(String::as_str).collect::<Vec<_>>()
        ),
        [vec![], vec!["lab.critical.result.v1"], vec![]]
    );
}

#[test]
fn prescriptions_claims_tasks_and_forms_say_what_became_of_them() {
    /// A type, its contents one after the other, what each says.
    type Case<'a> = (&'a str, &'a [&'a str], &'a [&'a [&'a str]]);
    let cases: [Case<'_>; 9] = [
        (
            "MedicationRequest",
            &[
                r#""intent":"order","status":"draft""#,
                r#""intent":"order","status":"active""#,
                r#""intent":"order","status":"active","note":[]"#,
                r#""intent":"order","status":"stopped""#,
            ],
            &[
                &[],
                &["prescription.created.v1"],
                &["prescription.changed.v1"],
                &["prescription.cancelled.v1"],
            ],
        ),
        (
            "MedicationRequest",
            &[r#""intent":"plan","status":"active""#],
            &[&[]],
        ),
        (
            "MedicationDispense",
            &[
                r#""status":"preparation""#,
                r#""status":"preparation","whenPrepared":"2026-01-01""#,
                r#""status":"completed","whenPrepared":"2026-01-01","whenHandedOver":"2026-01-02""#,
            ],
            &[
                &[],
                &["prescription.ready.v1"],
                &["prescription.dispensed.v1"],
            ],
        ),
        (
            "Claim",
            &[r#""use":"preauthorization","status":"active""#],
            &[&["insurance.preauth.requested.v1"]],
        ),
        (
            "ClaimResponse",
            &[
                r#""use":"preauthorization","status":"active","outcome":"queued""#,
                r#""use":"preauthorization","status":"active","outcome":"complete","preAuthRef":"7""#,
            ],
            &[&[], &["insurance.preauth.approved.v1"]],
        ),
        (
            "ClaimResponse",
            &[r#""use":"preauthorization","status":"active","outcome":"complete""#],
            &[&["insurance.preauth.denied.v1"]],
        ),
        (
            "Invoice",
            &[r#""status":"issued""#, r#""status":"balanced""#],
            &[&["invoice.issued.v1"], &["invoice.settled.v1"]],
        ),
        (
            "Task",
            &[
                r#""status":"requested""#,
                r#""status":"requested","owner":{"reference":"Practitioner/a"}"#,
                r#""status":"completed","owner":{"reference":"Practitioner/a"}"#,
            ],
            &[&[], &["care.task.assigned.v1"], &["care.task.completed.v1"]],
        ),
        (
            "QuestionnaireResponse",
            &[r#""status":"in-progress""#, r#""status":"completed""#],
            &[&[], &["form.submitted.v1"]],
        ),
    ];
    for (resource_type, contents, expected) in cases {
        assert_eq!(steps(resource_type, contents), expected, "{resource_type}");
    }
}

#[test]
fn a_document_is_signed_by_somebody() {
    let final_ = r#""status":"final","type":{"coding":[{"code":"34133-9"}]}"#;
    let by_author = format!(r#"{final_},"author":[{{"reference":"Practitioner/d1"}}]"#);
    let got = steps("Composition", &[final_, &by_author]);
    assert_eq!(got, [vec!["medical.record.created.v1"], vec![]]);
    let preliminary = by_author.replace("final", "preliminary");
    let got = steps("Composition", &[&preliminary, &by_author, &by_author]);
    let want: [Vec<&str>; 3] = [
        vec!["medical.record.created.v1"],
        vec!["medical.record.signed.v1"],
        vec![],
    ];
    assert_eq!(got, want);
}

#[test]
fn the_patient_is_found_wherever_the_record_names_one() {
    for (json, patient) in [
        (
            r#"{"resourceType":"Coverage","beneficiary":{"reference":"Patient/p9"}}"#,
            Some("p9"),
        ),
        (
            r#"{"resourceType":"Task","for":{"reference":"http://other.example/Patient/p9/_history/2"}}"#,
            Some("p9"),
        ),
        (
            r#"{"resourceType":"Consent","patient":{"reference":"InPatient/p9"}}"#,
            None,
        ),
        (
            r#"{"resourceType":"Observation","subject":{"reference":"Group/g"}}"#,
            None,
        ),
    ] {
        let doc = Doc::parse(json, &Limits::default()).unwrap();
        let resource_type = ResourceType::from_name(doc.root().resource_type().unwrap()).unwrap();
        let proposed = ProposedChange {
            interaction: Interaction::Create,
            resource_type,
            id: "r1",
            version: 1,
            old: None,
            new: Some(doc.root()),
        };
        assert_eq!(Change::new(&proposed).patient(), patient, "{json}");
    }
}
