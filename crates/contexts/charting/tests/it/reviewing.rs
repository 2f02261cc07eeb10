//! What is new in a chart, and who has seen a result.

use mt_access::Role;
use mt_charting::{AcknowledgedResults, ChartingError};
use mt_kernel::ErrorKind;
use serde_json::{Value, json};

use crate::world::{DOCTOR, OTHER, Ward, kind};

const HALF_AN_HOUR: i64 = 30 * 60;

async fn potassium(ward: &Ward, id: &str, value: &str, status: &str) -> u64 {
    let service = ward.caller(Role::Service, "Device/x");
    let result = json!({"resourceType": "Observation", "id": id, "status": status,
        "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "laboratory"}]}],
        "code": {"coding": [{"system": "http://loinc.org", "code": "2823-3"}], "text": "Potassium"},
        "subject": {"reference": "Patient/p"}, "effectiveDateTime": "2026-11-23T08:00:00Z", "valueString": value});
    let stored = ward.put(&service, &result).await.unwrap();
    stored["meta"]["versionId"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap()
}

async fn acknowledge(
    ward: &Ward,
    caller: &mt_api::Caller,
    results: &[(&str, u64)],
) -> Result<AcknowledgedResults, ChartingError> {
    let results: Vec<Value> = results
        .iter()
        .map(|(id, version)| json!({"id": id, "version": version}))
        .collect();
    let asked = json!({"results": results, "note": "called the patient"});
    let asked = serde_json::from_value(asked).unwrap();
    ward.charting.acknowledge(caller, &asked).await
}

#[tokio::test]
async fn what_changed_since_the_visit_before_stays_new_while_a_visit_goes_on() {
    let ward = Ward::new().await;
    let first = ward.charting.look(&ward.doctor(), "p").await.unwrap();
    assert_eq!(first.before, None);
    // Coming back within the visit changes nothing, and others have marks of their own.
    let again = ward.charting.look(&ward.doctor(), "p").await.unwrap();
    assert_eq!(again.before, None);
    let left = ward.doctor().ctx.now.to_fhir();
    ward.test.clock.advance_seconds(HALF_AN_HOUR);
    let later = ward.charting.look(&ward.doctor(), "p").await.unwrap();
    let before = later.before.clone().unwrap();
    assert!(before <= left, "{before} {left}");
    ward.test.clock.advance_seconds(HALF_AN_HOUR - 60);
    let still = ward.charting.look(&ward.doctor(), "p").await.unwrap();
    assert_eq!(still, later);
    ward.test.clock.advance_seconds(HALF_AN_HOUR);
    let next = ward.charting.look(&ward.doctor(), "p").await.unwrap();
    assert!(next.before > later.before);
    let missing = ward.charting.look(&ward.doctor(), "nobody").await;
    assert_eq!(kind(missing), ErrorKind::NotFound);
}

#[tokio::test]
async fn marks_go_when_the_record_of_the_patient_is_erased() {
    let ward = Ward::new().await;
    ward.charting.look(&ward.doctor(), "p").await.unwrap();
    let keys = ward.test.store.tenants().keys(ward.tenant).await.unwrap();
    let forget = async |patient: &str| {
        let tx = ward
            .test
            .store
            .database()
            .tenant(ward.tenant)
            .await
            .unwrap();
        let gone = mt_charting::forget_patient(&tx, &keys, patient)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        gone
    };
    assert_eq!(forget("q").await, 0);
    assert_eq!(forget("p").await, 1);
    ward.test.clock.advance_seconds(HALF_AN_HOUR + 60);
    let first = ward.charting.look(&ward.doctor(), "p").await.unwrap();
    assert_eq!(first.before, None);
}

#[tokio::test]
async fn a_result_is_acknowledged_once_and_anew_when_it_was_corrected() {
    let ward = Ward::new().await;
    let version = potassium(&ward, "k", "7.1", "final").await;
    let doctor = ward.doctor();
    let first = acknowledge(&ward, &doctor, &[("k", version)])
        .await
        .unwrap();
    assert_eq!(first.items[0].by, DOCTOR);
    // Whoever comes second is told who was first; nothing is written.
    let other = ward.caller(Role::Nurse, OTHER);
    let second = acknowledge(&ward, &other, &[("k", version)]).await.unwrap();
    assert_eq!(second, first);
    let tasks = ward.tasks().await;
    assert_eq!(tasks.len(), 1);
    let task = &tasks[0];
    assert_eq!(
        (&task["status"], &task["focus"]["reference"]),
        (&json!("completed"), &json!("Observation/k"))
    );
    assert_eq!(
        (&task["owner"]["reference"], &task["for"]["reference"]),
        (&json!(DOCTOR), &json!("Patient/p"))
    );
    assert_eq!(task["note"][0]["text"], "called the patient");

    let corrected = potassium(&ward, "k", "4.1", "corrected").await;
    let stale = acknowledge(&ward, &doctor, &[("k", version)]).await;
    assert_eq!(kind(stale), ErrorKind::Precondition);
    let anew = acknowledge(&ward, &other, &[("k", corrected)])
        .await
        .unwrap();
    assert_eq!(anew.items[0].by, OTHER);
    assert_eq!(ward.tasks().await.len(), 2);
}

#[tokio::test]
async fn results_are_acknowledged_together_or_not_at_all() {
    let ward = Ward::new().await;
    let one = potassium(&ward, "k1", "7.1", "final").await;
    let two = potassium(&ward, "k2", "7.2", "registered").await;
    let doctor = ward.doctor();
    for (results, refused) in [
        (vec![("k1", one), ("k2", two)], ErrorKind::Conflict),
        (vec![("k1", one), ("nobody", 1)], ErrorKind::NotFound),
        (vec![("k1", one), ("k1", one)], ErrorKind::Invalid),
        (Vec::new(), ErrorKind::Invalid),
    ] {
        let said = acknowledge(&ward, &doctor, &results).await;
        assert_eq!(kind(said), refused, "{results:?}");
    }
    assert!(ward.tasks().await.is_empty());
    let two = potassium(&ward, "k2", "7.2", "final").await;
    let both = acknowledge(&ward, &doctor, &[("k1", one), ("k2", two)]).await;
    assert_eq!(both.unwrap().items.len(), 2);
    assert_eq!(ward.tasks().await.len(), 2);
}

#[tokio::test]
async fn nobody_says_for_somebody_else_that_a_result_was_seen_and_it_stays_said() {
    let ward = Ward::new().await;
    let version = potassium(&ward, "k", "7.1", "final").await;
    let doctor = ward.doctor();
    acknowledge(&ward, &doctor, &[("k", version)])
        .await
        .unwrap();
    let given = ward.tasks().await.remove(0);
    let mut other = given.clone();
    other["owner"]["reference"] = json!(OTHER);
    other.as_object_mut().unwrap().remove("id");
    // A new one in another's name, a change of who it was, and taking it back.
    assert_eq!(ward.put(&doctor, &other).await, Err(ErrorKind::Forbidden));
    let mut changed = given.clone();
    changed["owner"]["reference"] = json!(OTHER);
    assert_eq!(ward.put(&doctor, &changed).await, Err(ErrorKind::Conflict));
    let mut withdrawn = given.clone();
    withdrawn["status"] = json!("cancelled");
    assert_eq!(
        ward.put(&doctor, &withdrawn).await,
        Err(ErrorKind::Conflict)
    );
    // Somebody who may write tasks and not acknowledge.
    let mut own = other.clone();
    own["owner"]["reference"] = json!("Practitioner/other");
    let staff = ward.caller(Role::ClinicalStaff, OTHER);
    assert_eq!(ward.put(&staff, &own).await, Err(ErrorKind::Forbidden));
    // Other tasks are as free as before.
    let plain = json!({"resourceType": "Task", "status": "requested", "intent": "order", "for": {"reference": "Patient/p"}});
    ward.put(&staff, &plain).await.unwrap();
}
