//! Registering, correcting, declaring inactive, photographs.

use mt_access::Role;
use mt_kernel::ErrorKind;
use mt_patients::domain::details::Details;
use mt_patients::{Activity, NumberSettings, Registration};
use serde_json::{Value, json};

use crate::world::{Practice, kind, named};

fn ada() -> Value {
    json!({"family": "Byron", "given": ["Ada"], "birthDate": "1985-12-10", "gender": "female", "email": "ada@example.org"})
}

#[tokio::test]
async fn a_registered_patient_is_read_and_corrected_by_version() {
    let practice = Practice::new().await;
    let new = practice.register(ada()).await.unwrap();
    assert!(new.active && new.numbers.len() == 1 && new.numbers[0].current);
    let desk = practice.desk();
    let read = practice.patients.read(&desk, &new.id).await.unwrap();
    assert_eq!(read, new);
    let details = Details {
        phone: Some("+44 20 7946 0000".to_owned()),
        ..read.details.clone()
    };
    let corrected = practice
        .patients
        .correct(&desk, &new.id, 1, &details)
        .await
        .unwrap();
    assert_eq!((corrected.version, &corrected.details), (2, &details));
    assert_eq!(corrected.numbers, new.numbers);
    let late = practice.patients.correct(&desk, &new.id, 1, &details).await;
    assert_eq!(kind(late), ErrorKind::Precondition);
    let wrong = Details {
        phone: Some("123".to_owned()),
        ..details
    };
    let refused = practice.patients.correct(&desk, &new.id, 2, &wrong).await;
    assert_eq!(kind(refused), ErrorKind::Invalid);
}

#[tokio::test]
async fn who_seems_to_be_known_is_registered_only_with_a_reason_that_is_kept() {
    let practice = Practice::new().await;
    let first = practice.register(ada()).await.unwrap();
    // Everything agrees, but there is no number: not certain, yet the address is taken.
    assert_eq!(kind(practice.register(ada()).await), ErrorKind::Conflict);
    let mut numbered: Registration = serde_json::from_value(json!({"details": ada()})).unwrap();
    numbered.record_number = Some(first.numbers[0].value.clone());
    numbered.details.email = None;
    let refused = practice
        .patients
        .register(&practice.desk(), &numbered)
        .await;
    assert_eq!(kind(refused), ErrorKind::Conflict);
    let twin = practice
        .register_because(ada(), Some("twin sister, same mailbox"))
        .await
        .unwrap();
    let system = practice.test.caller(practice.tenant);
    let provenances = practice
        .test
        .search(&system, &format!("Provenance?target=Patient/{}", twin.id))
        .await;
    assert_eq!(provenances.unwrap().len(), 1);
    let found = practice
        .patients
        .duplicates(&practice.desk(), &twin.details)
        .await
        .unwrap();
    let ids: Vec<&str> = found
        .items
        .iter()
        .map(|one| one.patient.id.as_str())
        .collect();
    assert!(ids.contains(&first.id.as_str()) && ids.contains(&twin.id.as_str()));
}

#[tokio::test]
async fn who_leaves_has_no_appointments_to_come_and_may_come_back() {
    let practice = Practice::new().await;
    let patient = practice.register(ada()).await.unwrap();
    let system = practice.test.caller(practice.tenant);
    for (id, status, start) in [
        ("past", "booked", "2001-01-01T10:00:00Z"),
        ("ahead", "booked", "2199-01-01T10:00:00Z"),
        ("waiting", "waitlist", ""),
        ("done", "fulfilled", "2199-01-01T10:00:00Z"),
    ] {
        let mut appointment = json!({"resourceType": "Appointment", "id": id, "status": status,
            "participant": [{"actor": {"reference": format!("Patient/{}", patient.id)}, "status": "accepted"}]});
        if !start.is_empty() {
            appointment["start"] = json!(start);
        }
        practice
            .test
            .put(&system, &appointment.to_string(), None)
            .await
            .unwrap();
    }
    let why = |reason: &str| Activity {
        reason: reason.to_owned(),
    };
    let desk = practice.desk();
    let without = practice
        .patients
        .deactivate(&desk, &patient.id, &why(" "))
        .await;
    assert_eq!(kind(without), ErrorKind::Invalid);
    let left = practice
        .patients
        .deactivate(&desk, &patient.id, &why("moved away"))
        .await
        .unwrap();
    let mut off = left.called_off.clone();
    off.sort_unstable();
    assert_eq!(
        (left.patient.active, off),
        (false, vec!["ahead".to_owned(), "waiting".to_owned()])
    );
    let cancelled = practice
        .test
        .search(&system, "Appointment?status=cancelled")
        .await;
    assert_eq!(cancelled.unwrap().len(), 2);
    let desk = practice.desk();
    let again = practice
        .patients
        .deactivate(&desk, &patient.id, &why("moved away"))
        .await;
    assert_eq!(kind(again), ErrorKind::Conflict);
    assert_eq!(practice.found(&desk, "Byron").await, [""; 0]);
    let back = practice
        .patients
        .activate(&desk, &patient.id, &why("came back"))
        .await
        .unwrap();
    assert!(back.active);
    let again = practice
        .patients
        .activate(&desk, &patient.id, &why("came back"))
        .await;
    assert_eq!(kind(again), ErrorKind::Conflict);
}

#[tokio::test]
async fn a_photograph_is_a_small_picture() {
    let practice = Practice::new().await;
    let patient = practice.register(ada()).await.unwrap();
    let desk = practice.desk();
    assert_eq!(
        kind(practice.patients.photo(&desk, &patient.id).await),
        ErrorKind::NotFound
    );
    let picture = b"\x89PNG\r\n\x1a\nrest".to_vec();
    let shown = practice
        .patients
        .set_photo(&desk, &patient.id, &picture)
        .await
        .unwrap();
    assert!(shown.photo);
    let photo = practice.patients.photo(&desk, &patient.id).await.unwrap();
    assert_eq!((photo.kind, photo.bytes), ("image/png", picture.clone()));
    let script = practice
        .patients
        .set_photo(&desk, &patient.id, b"<svg/>")
        .await;
    assert_eq!(kind(script), ErrorKind::Invalid);
    let large = [picture, vec![0; 100 * 1024]].concat();
    let large = practice
        .patients
        .set_photo(&desk, &patient.id, &large)
        .await;
    assert_eq!(kind(large), ErrorKind::TooLarge);
    let removed = practice
        .patients
        .remove_photo(&practice.desk(), &patient.id)
        .await
        .unwrap();
    assert!(!removed.photo);
}

#[tokio::test]
async fn numbers_are_written_as_the_organisation_decides_one_for_each_facility() {
    let practice = Practice::new().await;
    let change = async |version, pattern: &str| {
        let settings = NumberSettings {
            pattern: pattern.to_owned(),
        };
        practice
            .patients
            .change_number_settings(practice.tenant, version, &settings)
            .await
    };
    assert_eq!(
        practice
            .patients
            .number_settings(practice.tenant)
            .await
            .unwrap()
            .version,
        0
    );
    let changed = change(0, "K{digits}-{check}").await.unwrap();
    assert_eq!((changed.version, changed.example.len()), (1, 11));
    assert_eq!(kind(change(0, "{hex}").await), ErrorKind::Precondition);
    assert_eq!(kind(change(1, "same for all").await), ErrorKind::Invalid);
    let patient = practice.register(ada()).await.unwrap();
    assert!(
        patient.numbers[0].value.starts_with('K'),
        "{:?}",
        patient.numbers
    );
    let desk = practice.desk();
    let more = practice
        .patients
        .add_number(&desk, &patient.id, "Organization/north")
        .await
        .unwrap();
    assert_eq!(more.numbers.len(), 2);
    assert_eq!(
        more.numbers[1].facility.as_deref(),
        Some("Organization/north")
    );
    let twice = practice
        .patients
        .add_number(&practice.desk(), &patient.id, "Organization/north")
        .await;
    assert_eq!(kind(twice), ErrorKind::Conflict);
}

#[tokio::test]
async fn access_is_that_of_the_record_store() {
    let practice = Practice::new().await;
    let ada = practice.register(ada()).await.unwrap();
    let bob = practice.register(named("Bob", "Brown")).await.unwrap();
    let own = practice.caller_of(practice.tenant, Role::Patient, &[&ada.id]);
    assert!(practice.patients.read(&own, &ada.id).await.is_ok());
    assert_eq!(
        kind(practice.patients.read(&own, &bob.id).await),
        ErrorKind::NotFound
    );
    assert_eq!(practice.found(&own, "b").await, ["Ada Byron"]);
    let renamed = Details {
        family: Some("King".to_owned()),
        ..ada.details.clone()
    };
    let refused = practice.patients.correct(&own, &ada.id, 1, &renamed).await;
    assert_eq!(kind(refused), ErrorKind::Forbidden);
    let moved = Details {
        phone: Some("+44 20 7946 0000".to_owned()),
        ..ada.details.clone()
    };
    assert!(
        practice
            .patients
            .correct(&own, &ada.id, 1, &moved)
            .await
            .is_ok()
    );
    let lab = practice.caller(Role::LabTechnician);
    let refused = practice
        .patients
        .correct(&lab, &bob.id, 1, &bob.details)
        .await;
    assert!(matches!(
        kind(refused),
        ErrorKind::Forbidden | ErrorKind::NotFound
    ));
    let elsewhere = practice.test.tenant("elsewhere").await;
    let stranger = practice.caller_of(elsewhere, Role::OrgAdmin, &[]);
    assert_eq!(
        kind(practice.patients.read(&stranger, &ada.id).await),
        ErrorKind::NotFound
    );
    assert_eq!(practice.found(&stranger, "Byron").await, [""; 0]);
}
