//! Problems, allergies, long notes and files, as people enter them.

use mt_access::Role;
use mt_kernel::ErrorKind;
use serde_json::{Value, json};

use crate::world::{DOCTOR, Ward, draft, kind};

fn coded(system: &str, code: &str) -> Value {
    json!({"resourceType": "Condition", "subject": {"reference": "Patient/p"},
        "code": {"coding": [{"system": system, "code": code}]}})
}

#[tokio::test]
async fn an_icd_10_code_of_a_problem_is_written_as_one_by_people() {
    const ICD: &str = "http://hl7.org/fhir/sid/icd-10-cm";
    let ward = Ward::new().await;
    let doctor = ward.doctor();
    ward.put(&doctor, &coded(ICD, "E11.9")).await.unwrap();
    ward.put(&doctor, &coded("http://snomed.info/sct", "44054006"))
        .await
        .unwrap();
    assert_eq!(
        ward.put(&doctor, &coded(ICD, "E119")).await,
        Err(ErrorKind::Invalid)
    );
    // A machine is believed, and what it filed can be gone on with.
    let service = ward.caller(Role::Service, "Device/x");
    let mut filed = ward.put(&service, &coded(ICD, "E119")).await.unwrap();
    filed["note"] = json!([{"text": "by mouth"}]);
    ward.put(&doctor, &filed).await.unwrap();
    filed["code"]["coding"][0]["code"] = json!("E118");
    assert_eq!(ward.put(&doctor, &filed).await, Err(ErrorKind::Invalid));
}

fn allergy(id: &str, patient: &str, code: &Value, status: &str) -> Value {
    json!({"resourceType": "AllergyIntolerance", "id": id, "patient": {"reference": format!("Patient/{patient}")}, "code": code,
        "clinicalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "code": status}]},
        "verificationStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification", "code": "confirmed"}]}})
}

fn none_known() -> Value {
    json!({"coding": [{"system": "http://snomed.info/sct", "code": "716186003"}]})
}

#[tokio::test]
async fn none_known_is_not_said_beside_an_allergy_nor_the_other_way_round() {
    let ward = Ward::new().await;
    let doctor = ward.doctor();
    let nuts = json!({"text": "Nuts"});
    let service = ward.caller(Role::Service, "Device/x");
    ward.put(&service, &json!({"resourceType": "Patient", "id": "q"}))
        .await
        .unwrap();
    ward.put(&doctor, &allergy("none", "p", &none_known(), "active"))
        .await
        .unwrap();
    let refused = ward
        .put(&doctor, &allergy("nuts", "p", &nuts, "active"))
        .await;
    assert_eq!(refused, Err(ErrorKind::Conflict));
    // Of somebody else, of the past, or of one kind, it does not contradict.
    ward.put(&doctor, &allergy("theirs", "q", &nuts, "active"))
        .await
        .unwrap();
    ward.put(
        &doctor,
        &allergy("past", "p", &json!({"text": "Milk"}), "resolved"),
    )
    .await
    .unwrap();
    let no_drugs = json!({"coding": [{"system": "http://snomed.info/sct", "code": "409137002"}]});
    ward.put(&doctor, &allergy("drugs", "p", &no_drugs, "active"))
        .await
        .unwrap();

    ward.put(&doctor, &allergy("none", "p", &none_known(), "inactive"))
        .await
        .unwrap();
    ward.put(&doctor, &allergy("nuts", "p", &nuts, "active"))
        .await
        .unwrap();
    for (id, status) in [("none", "active"), ("again", "active")] {
        let refused = ward
            .put(&doctor, &allergy(id, "p", &none_known(), status))
            .await;
        assert_eq!(refused, Err(ErrorKind::Conflict), "{id}");
    }
    // An old allergy does not come back beside a new statement.
    ward.put(&doctor, &allergy("nuts", "p", &nuts, "resolved"))
        .await
        .unwrap();
    ward.put(&doctor, &allergy("again", "p", &none_known(), "active"))
        .await
        .unwrap();
    let refused = ward
        .put(&doctor, &allergy("past", "p", &nuts, "active"))
        .await;
    assert_eq!(refused, Err(ErrorKind::Conflict));
}

#[tokio::test]
async fn an_allergy_and_the_end_of_the_statement_are_one_transaction_in_any_order() {
    let ward = Ward::new().await;
    let doctor = ward.doctor();
    ward.put(&doctor, &allergy("none", "p", &none_known(), "active"))
        .await
        .unwrap();
    let nuts = allergy("nuts", "p", &json!({"text": "Nuts"}), "active");
    let over = allergy("none", "p", &none_known(), "inactive");
    ward.put_all(&doctor, &[&nuts, &over]).await.unwrap();
    // Both together are refused together.
    let back = allergy("none", "p", &none_known(), "active");
    let more = allergy("milk", "p", &json!({"text": "Milk"}), "active");
    assert_eq!(
        ward.put_all(&doctor, &[&more, &back]).await,
        Err(ErrorKind::Conflict)
    );
    let gone = allergy("nuts", "p", &json!({"text": "Nuts"}), "resolved");
    ward.put_all(&doctor, &[&back, &gone]).await.unwrap();
}

#[tokio::test]
async fn of_two_who_contradict_each_other_at_once_one_is_heard() {
    let ward = Ward::new().await;
    let (one, other) = (ward.doctor(), ward.nurse());
    for round in 0..8 {
        let none = allergy(&format!("n{round}"), "p", &none_known(), "active");
        let some = allergy(
            &format!("a{round}"),
            "p",
            &json!({"text": "Nuts"}),
            "active",
        );
        let (none_said, some_said) = futures::join!(ward.put(&one, &none), ward.put(&other, &some));
        assert_eq!(
            u8::from(none_said.is_ok()) + u8::from(some_said.is_ok()),
            1,
            "{round}"
        );
        for mut said in [none_said, some_said].into_iter().flatten() {
            said["clinicalStatus"]["coding"][0]["code"] = json!("inactive");
            ward.put(&one, &said).await.unwrap();
        }
    }
}

#[tokio::test]
async fn what_a_machine_files_is_noted_and_a_person_is_not_refused_for_it() {
    let ward = Ward::new().await;
    let service = ward.caller(Role::Service, "Device/x");
    let doctor = ward.doctor();
    let nuts = json!({"text": "Nuts"});
    ward.put(&service, &allergy("none", "p", &none_known(), "active"))
        .await
        .unwrap();
    let mut filed = ward
        .put(&service, &allergy("nuts", "p", &nuts, "active"))
        .await
        .unwrap();
    filed["criticality"] = json!("high");
    ward.put(&doctor, &filed).await.unwrap();
    let refused = ward
        .put(
            &doctor,
            &allergy("milk", "p", &json!({"text": "Milk"}), "active"),
        )
        .await;
    assert_eq!(refused, Err(ErrorKind::Conflict));
}

#[tokio::test]
async fn a_section_of_a_note_has_at_most_10000_characters_through_both_doors() {
    let ward = Ward::new().await;
    let doctor = ward.doctor();
    let (full, longer) = ("x".repeat(10_000), "x".repeat(10_001));
    ward.put(&doctor, &draft(DOCTOR, &full)).await.unwrap();
    assert_eq!(
        ward.put(&doctor, &draft(DOCTOR, &longer)).await,
        Err(ErrorKind::Invalid)
    );
    ward.sign(&doctor, &draft(DOCTOR, &full)).await.unwrap();
    let refused = ward.sign(&doctor, &draft(DOCTOR, &longer)).await;
    assert_eq!(kind(refused), ErrorKind::Invalid);
    let service = ward.caller(Role::Service, "Device/x");
    ward.put(&service, &draft(DOCTOR, &longer)).await.unwrap();
}

#[tokio::test]
async fn a_file_that_a_person_files_is_neither_empty_nor_too_large_and_of_a_kind() {
    let ward = Ward::new().await;
    let doctor = ward.doctor();
    let service = ward.caller(Role::Service, "Device/x");
    let file = |kind: &str, data: &str| json!({"resourceType": "Binary", "contentType": kind, "data": data, "securityContext": {"reference": "Patient/p"}});
    ward.put(&doctor, &file("application/pdf", "JVBERi0="))
        .await
        .unwrap();
    let too_large = "A".repeat(14_000_000);
    for (binary, refused) in [
        (file("application/pdf", &too_large), ErrorKind::TooLarge),
        (file("foo/bar", "QQ=="), ErrorKind::Invalid),
    ] {
        assert_eq!(ward.put(&doctor, &binary).await, Err(refused));
        ward.put(&service, &binary).await.unwrap();
    }
    let bare = json!({"resourceType": "Binary", "contentType": "application/pdf"});
    assert_eq!(ward.put(&doctor, &bare).await, Err(ErrorKind::Invalid));
    let inline = json!({"resourceType": "DocumentReference", "status": "current", "subject": {"reference": "Patient/p"},
        "content": [{"attachment": {"contentType": "foo/bar", "data": "QQ=="}}]});
    assert_eq!(ward.put(&doctor, &inline).await, Err(ErrorKind::Invalid));
}
