//! The waitlist fills what becomes free.

use mt_access::Role;
use mt_kernel::ErrorKind;
use mt_scheduling::domain::State;
use mt_scheduling::{Transition, WaitingView, WaitlistQuery};
use serde_json::{Value, json};

use crate::world::{DOCTOR, MONDAY, PATIENT, Practice, at};

async fn wait(practice: &Practice, patient: &str, preference: Value) -> WaitingView {
    let mut new = preference;
    new["patient"] = json!(patient);
    let desk = practice.caller(Role::Receptionist);
    let new = serde_json::from_value(new).unwrap();
    practice.scheduling.wait(&desk, &new).await.unwrap()
}

async fn offered(practice: &Practice) -> Vec<(String, bool)> {
    let desk = practice.caller(Role::Receptionist);
    let list = practice
        .scheduling
        .waitlist(&desk, &WaitlistQuery::default())
        .await
        .unwrap();
    let name = |one: &WaitingView| {
        one.patient
            .as_ref()
            .map(|patient| patient.reference.clone())
    };
    let mut all: Vec<(String, bool)> = list
        .items
        .iter()
        .map(|one| (name(one).unwrap_or_default(), one.offer.is_some()))
        .collect();
    all.sort();
    all
}

fn call_off() -> Transition {
    serde_json::from_value(json!({"to": "cancelled", "reason": "patient"})).unwrap()
}

#[tokio::test]
async fn a_cancellation_is_offered_to_the_most_urgent_and_then_to_the_next() {
    let practice = Practice::new().await;
    let desk = practice.caller(Role::Receptionist);
    let visit = practice.book(&desk, at("09:00")).await.unwrap();
    wait(&practice, "Patient/p", json!({"days": ["mon"]})).await;
    let urgent = wait(&practice, "Patient/q", json!({"priority": 1})).await;
    practice
        .scheduling
        .transition(&desk, &visit.id, &call_off())
        .await
        .unwrap();
    let (p, q) = ("Patient/p".to_owned(), "Patient/q".to_owned());
    assert_eq!(
        offered(&practice).await,
        [(p.clone(), false), (q.clone(), true)]
    );
    // The slot is held: nobody else takes it.
    assert_eq!(
        practice.book(&desk, at("09:00")).await.unwrap_err().kind(),
        ErrorKind::Conflict
    );

    practice.test.clock.advance_seconds(30 * 60);
    practice.scheduling.expire(practice.tenant).await.unwrap();
    assert_eq!(offered(&practice).await, [(p.clone(), true), (q, false)]);
    let late = practice
        .scheduling
        .accept(&desk, &urgent.id)
        .await
        .unwrap_err();
    assert_eq!(late.kind(), ErrorKind::Conflict);

    let desk = practice.caller(Role::Receptionist);
    let list = practice
        .scheduling
        .waitlist(&desk, &WaitlistQuery::default())
        .await
        .unwrap();
    let next = list.items.iter().find(|one| one.offer.is_some()).unwrap();
    let booked = practice.scheduling.accept(&desk, &next.id).await.unwrap();
    assert_eq!(booked.state, State::Confirmed);
    assert_eq!(
        booked.start.as_deref(),
        Some(format!("{MONDAY}T09:00:00.000Z").as_str())
    );
    assert_eq!(booked.actors[0].reference, DOCTOR);
    assert_eq!(offered(&practice).await.len(), 1);
}

#[tokio::test]
async fn what_is_turned_down_goes_to_the_next_and_is_free_when_nobody_is_left() {
    let practice = Practice::new().await;
    let desk = practice.caller(Role::Receptionist);
    let waiting = wait(&practice, PATIENT, json!({})).await;
    let slot = json!({"actor": DOCTOR, "start": format!("{MONDAY}T10:00:00Z"), "end": format!("{MONDAY}T10:30:00Z")});
    let slot = serde_json::from_value(slot).unwrap();
    let offer = practice
        .scheduling
        .offer(&desk, &waiting.id, &slot)
        .await
        .unwrap();
    assert_eq!(offer.offers, 1);
    assert!(
        practice
            .scheduling
            .offer(&desk, &waiting.id, &slot)
            .await
            .is_err()
    );
    practice
        .scheduling
        .decline(&desk, &waiting.id)
        .await
        .unwrap();
    practice.book(&desk, at("10:00")).await.unwrap();
    practice.scheduling.leave(&desk, &waiting.id).await.unwrap();
    assert!(offered(&practice).await.is_empty());
}

#[tokio::test]
async fn those_who_wait_are_ranked_for_a_slot_with_the_reason() {
    let practice = Practice::new().await;
    wait(&practice, "Patient/p", json!({"actors": [DOCTOR]})).await;
    wait(&practice, "Patient/q", json!({"days": ["tue"]})).await;
    let desk = practice.caller(Role::Receptionist);
    let asked = json!({"actor": DOCTOR, "start": format!("{MONDAY}T10:00:00Z"), "end": format!("{MONDAY}T10:30:00Z")});
    let asked = serde_json::from_value(asked).unwrap();
    let list = practice.scheduling.waitlist(&desk, &asked).await.unwrap();
    assert_eq!(list.items.len(), 1);
    assert_eq!(
        list.items[0].why.as_deref(),
        Some(&["asked for this clinician".to_owned()][..])
    );
}
