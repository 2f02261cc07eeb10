//! Slots from hours, and what bookings take of them.

use mt_access::Role;
use mt_kernel::ErrorKind;
use mt_scheduling::domain::Availability;
use serde_json::json;

use crate::world::{DOCTOR, Practice, at};

#[tokio::test]
async fn what_is_offered_can_be_booked_and_is_offered_no_more() {
    let practice = Practice::new().await;
    practice
        .hours(
            DOCTOR,
            json!({"weekly": [{"days": ["mon"], "start": "09:00", "end": "11:00"}]}),
        )
        .await;
    assert_eq!(
        practice.slots("").await,
        ["09:00", "09:30", "10:00", "10:30"]
    );
    let desk = practice.caller(Role::Receptionist);
    practice.book(&desk, at("09:30")).await.unwrap();
    assert_eq!(practice.slots("").await, ["09:00", "10:00", "10:30"]);
    assert_eq!(practice.slots("minutes=60").await, ["10:00"]);
    assert_eq!(
        practice.slots("actor=Practitioner/e").await,
        Vec::<String>::new()
    );
}

#[tokio::test]
async fn a_room_that_goes_with_it_must_be_free_too() {
    let practice = Practice::new().await;
    practice
        .hours(
            DOCTOR,
            json!({"weekly": [{"days": ["mon"], "start": "09:00", "end": "10:30"}]}),
        )
        .await;
    practice
        .hours(
            "Location/room",
            json!({"weekly": [{"days": ["mon"], "start": "09:30", "end": "12:00"}]}),
        )
        .await;
    let with = "actor=Practitioner/d&with=Location/room";
    assert_eq!(practice.slots(with).await, ["09:30", "10:00"]);
    let desk = practice.caller(Role::Receptionist);
    let mut other = at("09:30");
    other["actors"] = json!(["Practitioner/e", "Location/room"]);
    practice.book(&desk, other).await.unwrap();
    assert_eq!(practice.slots(with).await, ["10:00"]);
}

#[tokio::test]
async fn a_closure_names_the_appointments_that_it_leaves_outside() {
    let practice = Practice::new().await;
    practice.hours(DOCTOR, json!({})).await;
    let desk = practice.caller(Role::Receptionist);
    let visit = practice.book(&desk, at("09:00")).await.unwrap();
    let closure = json!({"kind": "closed", "start": "2031-03-24T00:00", "end": "2031-03-25T00:00"});
    let closed =
        practice
            .scheduling
            .add_exception(&desk, DOCTOR, serde_json::from_value(closure).unwrap());
    let closed = closed.await.unwrap();
    assert_eq!(closed.affected.len(), 1);
    assert_eq!(closed.affected[0].id, visit.id);
    assert_eq!(practice.slots("").await, Vec::<String>::new());
    let exception = closed.availability.unwrap().availability.exceptions[0].id;
    let open = practice
        .scheduling
        .remove_exception(&desk, DOCTOR, exception)
        .await
        .unwrap();
    assert!(open.affected.is_empty());
}

#[tokio::test]
async fn hours_are_replaced_by_those_who_saw_them() {
    let practice = Practice::new().await;
    practice.hours(DOCTOR, json!({})).await;
    let desk = practice.caller(Role::Receptionist);
    let seen = practice
        .scheduling
        .availability(&desk, DOCTOR)
        .await
        .unwrap();
    let hours: Availability = seen.availability;
    for (version, expected) in [
        (None, false),
        (Some(7), false),
        (Some(1), true),
        (Some(1), false),
    ] {
        let stored = practice
            .scheduling
            .set_availability(&desk, DOCTOR, version, hours.clone());
        let stored = stored.await;
        assert_eq!(stored.is_ok(), expected, "{version:?}");
        if let Err(refused) = stored {
            assert_eq!(refused.kind(), ErrorKind::Precondition);
        }
    }
    let missing = practice
        .scheduling
        .availability(&desk, "Practitioner/e")
        .await;
    assert_eq!(missing.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn conflicts_are_named_while_an_appointment_is_dragged() {
    let practice = Practice::new().await;
    practice
        .hours(
            DOCTOR,
            json!({"weekly": [{"days": ["mon"], "start": "09:00", "end": "11:00"}]}),
        )
        .await;
    let desk = practice.caller(Role::Receptionist);
    let visit = practice.book(&desk, at("10:00")).await.unwrap();
    let kinds = async |more: serde_json::Value| {
        let mut asked = json!({"actor": DOCTOR, "start": "2031-03-24T10:15:00Z", "end": "2031-03-24T11:15:00Z"});
        for (key, value) in more.as_object().unwrap() {
            asked[key] = value.clone();
        }
        let asked = serde_json::from_value(asked).unwrap();
        let found = practice.scheduling.conflicts(&desk, &asked).await.unwrap();
        found
            .conflicts
            .iter()
            .map(|one| one.kind)
            .collect::<Vec<_>>()
    };
    assert_eq!(kinds(json!({})).await, ["appointment", "closed"]);
    assert_eq!(kinds(json!({"moving": visit.id})).await, ["closed"]);
    assert_eq!(
        kinds(json!({"end": "2031-03-24T11:00:00Z", "moving": visit.id})).await,
        Vec::<&str>::new()
    );
}
