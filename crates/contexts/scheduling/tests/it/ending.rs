//! What ends, through whichever door: called off, missed, offered to somebody else, erased.

use futures::future::join_all;
use mt_access::Role;
use mt_events::Event;
use mt_events::catalogue::{EventType, Value as Field, encode};
use mt_kernel::{Clock as _, ErrorKind};
use mt_scheduling::domain::State;
use mt_scheduling::{NewOffer, Transition, WaitingView};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::world::{DOCTOR, MONDAY, PATIENT, Practice, at, kind, resource};

fn to(state: &str) -> Transition {
    serde_json::from_value(json!({"to": state, "reason": "patient"})).unwrap()
}

/// An Appointment at the FHIR door, called off.
fn called_off(body: &str) -> Value {
    let mut body: Value = serde_json::from_str(body).unwrap();
    body["status"] = json!("cancelled");
    body["cancelationReason"] = json!({"text": "moved away"});
    body
}

async fn waits(practice: &Practice, patient: &str) -> WaitingView {
    let desk = practice.caller(Role::Receptionist);
    let new = serde_json::from_value(json!({"patient": patient})).unwrap();
    practice.scheduling.wait(&desk, &new).await.unwrap()
}

async fn offer(
    practice: &Practice,
    id: &str,
    time: (&str, &str),
) -> Result<WaitingView, ErrorKind> {
    let desk = practice.caller(Role::Receptionist);
    let slot = json!({"actor": DOCTOR, "start": format!("{MONDAY}T{}:00Z", time.0), "end": format!("{MONDAY}T{}:00Z", time.1)});
    let slot: NewOffer = serde_json::from_value(slot).unwrap();
    let offered = practice.scheduling.offer(&desk, id, &slot).await;
    offered.map_err(|error| error.kind())
}

/// Whether an offer stands for each who waits.
async fn offered(practice: &Practice) -> Vec<bool> {
    let desk = practice.caller(Role::Receptionist);
    let asked = mt_scheduling::WaitlistQuery::default();
    let list = practice.scheduling.waitlist(&desk, &asked).await.unwrap();
    list.items.iter().map(|one| one.offer.is_some()).collect()
}

/// Hands an event about an appointment to the consumer, as the bus does.
async fn announced(practice: &Practice, name: &str, id: &str) {
    let known = EventType::named(name).unwrap();
    let mut values = vec![
        ("subject_type", Field::from("Appointment")),
        ("subject_id", Field::from(id)),
        ("subject_version", Field::Whole(2)),
        ("patient_id", Field::from("p")),
    ];
    values.retain(|(field, _)| known.all_fields().any(|one| one.name == *field));
    let event = Event {
        id: Uuid::now_v7(),
        kind: known,
        tenant: practice.tenant,
        at: practice.test.clock.now(),
        correlation: Uuid::now_v7(),
        key: "p".into(),
        payload: encode(known, &values).unwrap(),
    };
    let consumer = mt_scheduling::ended(practice.scheduling.clone());
    assert!(consumer.wants(known));
    let tx = practice.test.store.database().tenant(practice.tenant);
    let tx = tx.await.unwrap();
    consumer.handle(&event, &tx).await.unwrap();
}

#[tokio::test]
async fn a_time_that_is_called_off_through_fhir_is_offered_to_those_who_wait() {
    let practice = Practice::new().await;
    let desk = practice.caller(Role::Receptionist);
    let body = resource("x", "booked", ("09:00", "09:30"), &[PATIENT, DOCTOR]);
    let booked = serde_json::from_str(&body).unwrap();
    practice.put(&desk, &booked).await.unwrap();
    waits(&practice, "Patient/q").await;
    practice.put(&desk, &called_off(&body)).await.unwrap();
    announced(&practice, "appointment.cancelled.v1", "x").await;
    assert_eq!(offered(&practice).await, [true]);
    // Told again, nothing more happens.
    announced(&practice, "appointment.cancelled.v1", "x").await;
    assert_eq!(offered(&practice).await, [true]);
}

#[tokio::test]
async fn the_third_appointment_that_is_missed_through_fhir_calls_off_those_to_come() {
    let practice = Practice::new().await;
    practice
        .settings(|settings| settings.rules.max_active = 0)
        .await;
    let desk = practice.caller(Role::Receptionist);
    let visit = |n: usize, status: &str| -> Value {
        let (start, end) = (format!("{:02}:00", 9 + n), format!("{:02}:30", 9 + n));
        let body = resource(&format!("x{n}"), status, (&start, &end), &[PATIENT, DOCTOR]);
        serde_json::from_str(&body).unwrap()
    };
    for n in 0..4 {
        practice.put(&desk, &visit(n, "booked")).await.unwrap();
    }
    let early = practice.put(&desk, &visit(0, "noshow")).await;
    assert_eq!(early, Err(ErrorKind::Conflict));
    practice.at("11:30");
    let desk = practice.caller(Role::Receptionist);
    for n in 0..3 {
        practice.put(&desk, &visit(n, "noshow")).await.unwrap();
        announced(&practice, "appointment.no_show.v1", &format!("x{n}")).await;
    }
    let last = practice.scheduling.appointment(&desk, "x3").await.unwrap();
    assert_eq!(
        (last.state, last.cancel_reason.as_deref()),
        (State::Cancelled, Some("no-show-limit"))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_offer_is_accepted_once() {
    let practice = Practice::new().await;
    let desk = practice.caller(Role::Receptionist);
    let waiting = waits(&practice, PATIENT).await;
    offer(&practice, &waiting.id, ("09:00", "09:30"))
        .await
        .unwrap();
    let all = (0..6).map(|_| practice.scheduling.accept(&desk, &waiting.id));
    let outcomes: Vec<_> = join_all(all)
        .await
        .into_iter()
        .map(|one| one.map(drop).map_err(|error| error.kind()))
        .collect();
    let won = outcomes.iter().filter(|one| one.is_ok()).count();
    let lost = |one: &&Result<(), ErrorKind>| {
        matches!(one, Err(ErrorKind::Conflict | ErrorKind::NotFound))
    };
    assert_eq!(
        (won, outcomes.iter().filter(lost).count()),
        (1, 5),
        "{outcomes:?}"
    );
    let again = practice.scheduling.accept(&desk, &waiting.id).await;
    assert_eq!(kind(again), ErrorKind::NotFound);
    let refused = practice.scheduling.decline(&desk, &waiting.id).await;
    assert_eq!(kind(refused), ErrorKind::NotFound);
}

#[tokio::test]
async fn an_offer_that_ran_out_goes_on_whoever_has_removed_its_hold() {
    let practice = Practice::new().await;
    let first = waits(&practice, PATIENT).await;
    offer(&practice, &first.id, ("09:00", "09:30"))
        .await
        .unwrap();
    waits(&practice, "Patient/q").await;
    practice.test.clock.advance_seconds(31 * 60);
    // Whoever takes another time of the doctor removes what has run out.
    let desk = practice.caller(Role::Receptionist);
    practice.book(&desk, at("14:00")).await.unwrap();
    practice.scheduling.round(practice.tenant).await.unwrap();
    let late = practice.scheduling.accept(&desk, &first.id).await;
    assert_eq!(kind(late), ErrorKind::Conflict);
    let asked = mt_scheduling::WaitlistQuery::default();
    let list = practice.scheduling.waitlist(&desk, &asked).await.unwrap();
    let patients = list.items.iter().filter(|one| one.offer.is_some());
    let patients: Vec<_> = patients.filter_map(|one| one.patient.clone()).collect();
    assert_eq!(patients.len(), 1);
    assert_eq!(patients[0].reference, "Patient/q");
}

#[tokio::test]
async fn an_offer_can_be_accepted_until_it_runs_out_and_none_is_made_that_cannot() {
    let practice = Practice::new().await;
    let waiting = waits(&practice, PATIENT).await;
    practice.at("09:30");
    let refused = offer(&practice, &waiting.id, ("10:15", "10:45")).await;
    assert_eq!(refused.unwrap_err(), ErrorKind::Invalid, "an hour's notice");
    let made = offer(&practice, &waiting.id, ("10:45", "11:15"))
        .await
        .unwrap();
    let expires = made.offer.unwrap().expires;
    assert_eq!(expires, format!("{MONDAY}T09:45:00.000Z"));
    practice.at("09:44");
    let desk = practice.caller(Role::Receptionist);
    practice
        .scheduling
        .accept(&desk, &waiting.id)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_visit_is_called_off_or_moved_and_its_time_is_had_by_one_at_most() {
    let practice = Practice::new().await;
    let desk = practice.caller(Role::Receptionist);
    let visit = practice.book(&desk, at("09:00")).await.unwrap();
    let moved = serde_json::from_value(json!({"start": format!("{MONDAY}T11:00:00Z")})).unwrap();
    let off = to("cancelled");
    let (scheduling, id) = (&practice.scheduling, &visit.id);
    let rivals = join_all((0..6).map(|_| {
        let mut booking = at("09:00");
        booking["patient"] = json!("Patient/q");
        practice.book(&desk, booking)
    }));
    let (gone, elsewhere, rivals) = tokio::join!(
        scheduling.transition(&desk, id, &off),
        scheduling.reschedule(&desk, id, &moved),
        rivals
    );
    let ends = [
        gone.map(drop).map_err(|error| error.kind()),
        elsewhere.map(drop).map_err(|error| error.kind()),
    ];
    assert_eq!(ends.iter().filter(|end| end.is_ok()).count(), 1, "{ends:?}");
    assert!(ends.contains(&Err(ErrorKind::Conflict)), "{ends:?}");
    let won = rivals.iter().filter(|rival| rival.is_ok()).count();
    assert!(won <= 1, "{won}");
    let after = practice.book(&desk, at("09:00")).await;
    assert_eq!(after.is_ok(), won == 0, "{after:?}");
    let at_eleven = practice.book(&desk, at("11:00")).await;
    assert_eq!(at_eleven.is_ok(), ends[1].is_err());
}

#[tokio::test]
async fn the_rooms_of_before_learn_whose_they_are() {
    let practice = Practice::new().await;
    practice
        .settings(|settings| {
            let service = json!({"code": "video", "name": "Video visit", "minutes": 30, "type": "Telehealth"});
            settings.services.push(serde_json::from_value(service).unwrap());
        })
        .await;
    let desk = practice.caller(Role::Receptionist);
    let telehealth = mt_scheduling::telehealth::Telehealth::new(
        practice.scheduling.clone(),
        std::sync::Arc::new(mt_scheduling::telehealth::Own::default()),
    );
    let agreed = mt_scheduling::telehealth::Joining { consent: true };
    let mut booking = at("10:00");
    booking["service"] = json!("video");
    let by_key = practice.book(&desk, booking).await.unwrap().id;
    // An id that is no UUID is not what the row goes by: the Encounter says whose the room is.
    let mut named = resource(
        "named",
        "booked",
        ("11:00", "11:30"),
        &[PATIENT, "Practitioner/e"],
    );
    named = named.replacen(
        '{',
        "{\"appointmentType\":{\"coding\":[{\"code\":\"Telehealth\"}]},",
        1,
    );
    let named: Value = serde_json::from_str(&named).unwrap();
    practice.put(&desk, &named).await.unwrap();
    practice.at("10:45");
    for id in [by_key.as_str(), "named"] {
        let patient = practice.patient("p");
        telehealth.join(&patient, id, &agreed).await.unwrap();
    }
    let (tenant, store) = (practice.tenant, &practice.test.store);
    let tx = store.database().tenant(tenant).await.unwrap();
    tx.execute("update scheduling.room set patient = null", &[])
        .await
        .unwrap();
    tx.execute("delete from scheduling.claim", &[])
        .await
        .unwrap();
    tx.commit().await.unwrap();
    practice.scheduling.round(tenant).await.unwrap();
    let keys = store.tenants().keys(tenant).await.unwrap();
    for (whose, gone) in [("q", 0), ("p", 2)] {
        let tx = store.database().tenant(tenant).await.unwrap();
        let forgotten = mt_scheduling::forget_patient(&tx, &keys, whose).await;
        tx.commit().await.unwrap();
        assert_eq!(forgotten.unwrap(), gone, "{whose}");
    }
}
