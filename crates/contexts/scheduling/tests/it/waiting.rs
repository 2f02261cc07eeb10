//! The waitlist fills what becomes free.

use std::sync::Arc;

use mt_access::{Mask, Proxy, Role};
use mt_kernel::ErrorKind;
use mt_scheduling::domain::State;
use mt_scheduling::{OwnWaiting, Transition, WaitingView, WaitlistQuery};
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

/// The practice with one service that patients book themselves, and one that they do not.
async fn practice_online() -> Practice {
    let practice = Practice::new().await;
    practice
        .settings(|settings| {
            for (code, online) in [("check-up", true), ("review", true), ("surgery", false)] {
                let service = json!({"code": code, "name": code, "minutes": 30, "online": online});
                settings
                    .services
                    .push(serde_json::from_value(service).unwrap());
            }
        })
        .await;
    practice
}

async fn join(
    practice: &Practice,
    caller: &mt_api::Caller,
    wish: Value,
) -> Result<OwnWaiting, ErrorKind> {
    let new = serde_json::from_value(wish).unwrap();
    let joined = practice.scheduling.wait_oneself(caller, &new).await;
    joined.map_err(|error| error.kind())
}

#[tokio::test]
async fn a_patient_joins_sees_how_many_are_ahead_takes_an_offer_and_is_named_as_who_did_it() {
    let practice = practice_online().await;
    let scheduling = &practice.scheduling;
    wait(
        &practice,
        "Patient/q",
        json!({"service": "check-up", "priority": 2}),
    )
    .await;
    wait(
        &practice,
        "Patient/q",
        json!({"service": "surgery", "priority": 1}),
    )
    .await;
    practice.test.clock.advance_seconds(60);
    let patient = practice.patient("p");
    let own = join(
        &practice,
        &patient,
        json!({"patient": PATIENT, "service": "check-up", "days": ["mon"]}),
    )
    .await
    .unwrap();
    assert_eq!((own.ahead, own.offer.is_some()), (1, false));
    assert_eq!(own.service.as_deref(), Some("check-up"));

    let desk = practice.caller(Role::Receptionist);
    let slot = json!({"actor": DOCTOR, "start": format!("{MONDAY}T10:00:00Z"), "end": format!("{MONDAY}T10:30:00Z")});
    let slot = serde_json::from_value(slot).unwrap();
    scheduling.offer(&desk, &own.id, &slot).await.unwrap();
    let patient = practice.patient("p");
    let list = scheduling.own_waitlist(&patient, "p").await.unwrap();
    let offer = list.items[0].offer.as_ref().unwrap();
    assert_eq!(offer.actor, DOCTOR);
    // What holds the time is nobody's business.
    let said = serde_json::to_value(&list).unwrap();
    assert_eq!(said["items"][0]["offer"].get("hold"), None);

    let declined = scheduling.decline_oneself(&patient, &own.id).await.unwrap();
    assert_eq!(declined.offer, None);
    let none = scheduling.accept_oneself(&patient, &own.id).await;
    assert_eq!(none.unwrap_err().kind(), ErrorKind::Conflict);
    // What was turned down went to the next.
    let later = json!({"actor": DOCTOR, "start": format!("{MONDAY}T11:00:00Z"), "end": format!("{MONDAY}T11:30:00Z")});
    let later = serde_json::from_value(later).unwrap();
    scheduling.offer(&desk, &own.id, &later).await.unwrap();
    let booked = scheduling.accept_oneself(&patient, &own.id).await.unwrap();
    assert_eq!(booked.state, State::Confirmed);
    assert_eq!(booked.patient.unwrap().reference, PATIENT);
    let list = scheduling.own_waitlist(&patient, "p").await.unwrap();
    assert!(list.items.is_empty());
}

#[tokio::test]
async fn an_offer_that_has_run_out_is_neither_shown_nor_taken() {
    let practice = practice_online().await;
    let scheduling = &practice.scheduling;
    let patient = practice.patient("p");
    let wish = json!({"patient": PATIENT, "service": "check-up"});
    let own = join(&practice, &patient, wish).await.unwrap();
    let desk = practice.caller(Role::Receptionist);
    let slot = json!({"actor": DOCTOR, "start": format!("{MONDAY}T10:00:00Z"), "end": format!("{MONDAY}T10:30:00Z")});
    let slot = serde_json::from_value(slot).unwrap();
    scheduling.offer(&desk, &own.id, &slot).await.unwrap();
    practice.test.clock.advance_seconds(31 * 60);
    let patient = practice.patient("p");
    let list = scheduling.own_waitlist(&patient, "p").await.unwrap();
    assert_eq!(list.items[0].offer, None);
    let late = scheduling.accept_oneself(&patient, &own.id).await;
    assert_eq!(late.unwrap_err().kind(), ErrorKind::Conflict);
}

#[tokio::test]
async fn patients_wait_for_themselves_alone_for_what_they_may_book_and_once() {
    let practice = practice_online().await;
    let scheduling = &practice.scheduling;
    let (p, q) = (practice.patient("p"), practice.patient("q"));
    let wish = |service: &str| json!({"patient": PATIENT, "service": service});
    let own = join(&practice, &p, wish("check-up")).await.unwrap();
    for (caller, wish, refused) in [
        (&q, wish("review"), ErrorKind::NotFound),
        (&p, wish("surgery"), ErrorKind::Invalid),
        (&p, wish("unheard-of"), ErrorKind::Invalid),
        (&p, wish("check-up"), ErrorKind::Conflict),
        (
            &p,
            json!({"patient": PATIENT, "service": "review", "actors": ["Location/room"]}),
            ErrorKind::Invalid,
        ),
        (
            &p,
            json!({"patient": DOCTOR, "service": "review"}),
            ErrorKind::Invalid,
        ),
        (
            &practice.caller(Role::Receptionist),
            wish("review"),
            ErrorKind::Forbidden,
        ),
    ] {
        let said = join(&practice, caller, wish.clone()).await;
        assert_eq!(said.unwrap_err(), refused, "{wish}");
    }
    // Urgency is not the patient's to say.
    let urgent = json!({"patient": PATIENT, "service": "review", "priority": 1});
    assert!(serde_json::from_value::<mt_scheduling::NewOwnWaiting>(urgent).is_err());

    let kind = |error: mt_scheduling::SchedulingError| error.kind();
    let id = own.id.as_str();
    let missing = Err(ErrorKind::NotFound);
    assert_eq!(
        scheduling
            .own_waitlist(&q, "p")
            .await
            .map(drop)
            .map_err(kind),
        missing
    );
    assert_eq!(
        scheduling.leave_oneself(&q, id).await.map_err(kind),
        missing
    );
    assert_eq!(
        scheduling
            .accept_oneself(&q, id)
            .await
            .map(drop)
            .map_err(kind),
        missing
    );
    assert_eq!(
        scheduling
            .decline_oneself(&q, id)
            .await
            .map(drop)
            .map_err(kind),
        missing
    );
    let desk = practice.caller(Role::Receptionist);
    let denied = Err(ErrorKind::Forbidden);
    assert_eq!(
        scheduling
            .own_waitlist(&desk, "p")
            .await
            .map(drop)
            .map_err(kind),
        denied
    );
    assert_eq!(
        scheduling.leave_oneself(&desk, id).await.map_err(kind),
        denied
    );

    scheduling.leave_oneself(&p, id).await.unwrap();
    assert!(offered(&practice).await.is_empty());
    // An appointment that waits no more is no entry.
    assert_eq!(
        scheduling.leave_oneself(&p, id).await.map_err(kind),
        missing
    );
}

/// Whoever acts for several patients may do more for one than for another.
#[tokio::test]
async fn to_read_somebodys_record_is_not_to_act_for_them() {
    let practice = practice_online().await;
    let scheduling = &practice.scheduling;
    let caregiver = |letters: &str| {
        let mut caller = practice.caller(Role::Caregiver);
        let covers = [("Patient", "r"), ("Appointment", letters)];
        let proxies = vec![
            Proxy {
                patient: Arc::from("p"),
                mask: None,
            },
            Proxy {
                patient: Arc::from("q"),
                mask: Some(Arc::new(Mask::of(covers).unwrap())),
            },
        ];
        let mut who = (*caller.who).clone();
        who.grant = who.grant.with_proxies(proxies);
        caller.who = Arc::new(who);
        caller
    };
    let wish = |patient: &str| json!({"patient": patient, "service": "check-up"});
    let reader = caregiver("rs");
    join(&practice, &reader, wish(PATIENT)).await.unwrap();
    let refused = join(&practice, &reader, wish("Patient/q")).await;
    assert_eq!(refused.unwrap_err(), ErrorKind::Forbidden);
    let theirs = wait(&practice, "Patient/q", json!({"service": "check-up"})).await;
    let refused = scheduling.leave_oneself(&reader, &theirs.id).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Forbidden);
    let refused = scheduling.accept_oneself(&reader, &theirs.id).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Forbidden);
    let refused = scheduling.decline_oneself(&reader, &theirs.id).await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Forbidden);
    let whole = caregiver("rscu");
    scheduling.leave_oneself(&whole, &theirs.id).await.unwrap();
    join(&practice, &whole, wish("Patient/q")).await.unwrap();
}
