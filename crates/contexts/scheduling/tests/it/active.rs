//! Nobody and nothing is booked that is not there: not active, elsewhere, or called off.

use mt_access::Role;
use mt_kernel::ErrorKind;
use mt_scheduling::Transition;
use serde_json::{Value, json};

use crate::world::{DOCTOR, PATIENT, Practice, at, kind, resource};

async fn write(practice: &Practice, record: Value) {
    let system = practice.test.caller(practice.tenant);
    let put = practice.test.put(&system, &record.to_string(), None).await;
    put.unwrap();
}

/// Whether the doctor can be booked at a time through each door: `/api/v1`, FHIR, a hold, and by the role.
async fn doors(practice: &Practice, time: &str) -> [Result<(), ErrorKind>; 4] {
    let desk = practice.caller(Role::Receptionist);
    let system = practice.test.caller(practice.tenant);
    let api = practice.book(&desk, at(time)).await;
    let by = async |id: &str, actor: &str| {
        let body = resource(id, "booked", (time, "20:00"), &[PATIENT, actor]);
        let put = practice.test.put(&system, &body, None).await;
        put.map(drop).map_err(|error| error.kind())
    };
    let (fhir, role) = (by("x", DOCTOR).await, by("y", "PractitionerRole/r").await);
    let hold =
        json!({"start": at(time)["start"], "end": "2031-03-24T20:00:00Z", "actors": [DOCTOR]});
    let hold = serde_json::from_value(hold).unwrap();
    let held = practice.scheduling.hold(&desk, &hold).await;
    [
        api.map(drop).map_err(|error| error.kind()),
        fhir,
        held.map(drop).map_err(|error| error.kind()),
        role,
    ]
}

#[tokio::test]
async fn a_practitioner_who_is_not_active_is_booked_through_no_door_and_offered_nowhere() {
    let practice = Practice::new().await;
    practice.hours(DOCTOR, json!({})).await;
    assert!(!practice.slots("").await.is_empty());
    let doctor = |active: bool| json!({"resourceType": "Practitioner", "id": "d", "active": active, "name": [{"family": "Doe"}]});
    write(&practice, doctor(false)).await;
    assert_eq!(
        doors(&practice, "13:00").await,
        [Err(ErrorKind::Conflict); 4]
    );
    assert_eq!(practice.slots("").await, [""; 0]);
    write(&practice, doctor(true)).await;
    assert!(!practice.slots("").await.is_empty());
    let system = practice.test.caller(practice.tenant);
    let kind = mt_fhir::ResourceType::from_name("Practitioner").unwrap();
    practice.test.delete(&system, kind, "d").await.unwrap();
    assert_eq!(
        doors(&practice, "13:00").await.map(|door| door.is_ok()),
        [false; 4]
    );
    // Who was deleted by mistake is there again.
    write(&practice, doctor(true)).await;
    let desk = practice.caller(Role::Receptionist);
    practice.book(&desk, at("13:00")).await.unwrap();
}

#[tokio::test]
async fn a_role_a_room_and_a_device_are_booked_while_they_are_in_use() {
    let practice = Practice::new().await;
    let system = practice.test.caller(practice.tenant);
    for (n, (actor, out)) in [
        (
            "PractitionerRole/r",
            json!({"resourceType": "PractitionerRole", "id": "r", "active": false, "practitioner": {"reference": DOCTOR}}),
        ),
        (
            "Location/room",
            json!({"resourceType": "Location", "id": "room", "status": "suspended"}),
        ),
        (
            "HealthcareService/s",
            json!({"resourceType": "HealthcareService", "id": "s", "active": false}),
        ),
        (
            "Device/d",
            json!({"resourceType": "Device", "id": "d", "status": "inactive"}),
        ),
    ]
    .into_iter()
    .enumerate()
    {
        write(&practice, out).await;
        let body = resource(&format!("x{n}"), "booked", ("09:00", "09:30"), &[PATIENT, actor]);
        let put = practice.test.put(&system, &body, None).await;
        assert_eq!(put.unwrap_err().kind(), ErrorKind::Conflict, "{actor}");
    }
    // The role is over, and the doctor goes on.
    let desk = practice.caller(Role::Receptionist);
    practice.book(&desk, at("09:00")).await.unwrap();
}

#[tokio::test]
async fn a_patient_and_a_practitioner_of_another_organisation_are_not_there() {
    let practice = Practice::new().await;
    let elsewhere = practice.test.tenant("elsewhere").await;
    let system = practice.test.caller(elsewhere);
    for (kind, id) in [("Patient", "theirs"), ("Practitioner", "theirs")] {
        let record = json!({"resourceType": kind, "id": id}).to_string();
        practice.test.put(&system, &record, None).await.unwrap();
    }
    let desk = practice.caller(Role::Receptionist);
    for (field, value) in [
        ("patient", json!("Patient/theirs")),
        ("actors", json!(["Practitioner/theirs"])),
        ("patient", json!("Patient/nobody")),
    ] {
        let mut booking = at("09:00");
        booking[field] = value;
        assert_eq!(
            kind(practice.book(&desk, booking).await),
            ErrorKind::NotFound,
            "{field}"
        );
    }
}

#[tokio::test]
async fn a_visit_that_was_called_off_is_not_checked_in_through_either_door() {
    let practice = Practice::new().await;
    let desk = practice.caller(Role::Receptionist);
    let visit = practice.book(&desk, at("09:00")).await.unwrap();
    let to = |state: &str| -> Transition {
        serde_json::from_value(json!({"to": state, "reason": "patient"})).unwrap()
    };
    let scheduling = &practice.scheduling;
    scheduling
        .transition(&desk, &visit.id, &to("cancelled"))
        .await
        .unwrap();
    for state in ["arrived", "ready", "scheduled", "confirmed", "cancelled"] {
        let again = scheduling.transition(&desk, &visit.id, &to(state)).await;
        assert_eq!(kind(again), ErrorKind::Conflict, "{state}");
    }
    let body = resource(&visit.id, "arrived", ("09:00", "09:30"), &[PATIENT, DOCTOR]);
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(practice.put(&desk, &body).await, Err(ErrorKind::Conflict));
}
