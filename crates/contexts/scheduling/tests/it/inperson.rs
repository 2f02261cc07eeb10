//! Whoever books in person: what is offered, for as long as it takes, one time at a time, through every door.

use mt_access::Role;
use mt_kernel::ErrorKind;
use mt_scheduling::domain::State;
use serde_json::{Value, json};

use crate::world::{DOCTOR, MONDAY, PATIENT, Practice, at, kind, resource};

fn hold(time: (&str, &str)) -> mt_scheduling::NewHold {
    let body = json!({"start": format!("{MONDAY}T{}:00Z", time.0), "end": format!("{MONDAY}T{}:00Z", time.1), "actors": [DOCTOR]});
    serde_json::from_value(body).unwrap()
}

fn fhir(id: &str, status: &str, time: (&str, &str), extensions: Value) -> Value {
    let mut body: Value =
        serde_json::from_str(&resource(id, status, time, &[PATIENT, DOCTOR])).unwrap();
    body["extension"] = extensions;
    body
}

/// A patient's creation through the FHIR door: the update of a record that there is not tells them nothing.
async fn create(
    practice: &Practice,
    patient: &mt_api::Caller,
    body: &Value,
) -> Result<(), ErrorKind> {
    let right = mt_access::Interaction::Create;
    let door = patient.records(&practice.test.store, right).await.unwrap();
    let created = practice.test.try_create(&door, &body.to_string()).await;
    created.map(drop).map_err(|error| error.kind())
}

const HOLD: &str = "https://meditrack.health/fhir/StructureDefinition/appointment-hold";
const OVERBOOK: &str = "https://meditrack.health/fhir/StructureDefinition/appointment-overbook";
const SERIES: &str = "https://meditrack.health/fhir/StructureDefinition/appointment-series";

#[tokio::test]
async fn a_patient_books_within_hours_and_takes_nothing_that_is_not_held_through_fhir_either() {
    let practice = Practice::new().await;
    practice
        .hours(
            DOCTOR,
            json!({"overbook": 3, "leadMinutes": 120, "horizonDays": 6}),
        )
        .await;
    let patient = practice.patient("p");
    let scheduling = &practice.scheduling;
    for time in ["03:00", "17:00", "16:45"] {
        let refused = practice.book(&patient, at(time)).await;
        assert_eq!(kind(refused), ErrorKind::Conflict, "{time}");
    }
    let mut far = at("09:00");
    far["start"] = json!("2031-03-26T09:00:00Z");
    assert_eq!(
        kind(practice.book(&patient, far).await),
        ErrorKind::Conflict
    );
    let night = scheduling.hold(&patient, &hold(("03:00", "03:30"))).await;
    assert_eq!(kind(night), ErrorKind::Conflict);

    let nine = ("09:00", "09:30");
    let mark = |url: &str, field: &str, value: Value| json!({"url": url, field: value});
    for (what, extensions, refused) in [
        (
            "nothing held",
            json!([{"url": "http://x", "valueString": "y"}]),
            ErrorKind::Conflict,
        ),
        (
            "a series",
            json!([mark(SERIES, "valueString", json!("s"))]),
            ErrorKind::Conflict,
        ),
        (
            "overbooked",
            json!([mark(OVERBOOK, "valueBoolean", json!(true))]),
            ErrorKind::Invalid,
        ),
        (
            "a hold that there is not",
            json!([mark(
                HOLD,
                "valueString",
                json!("00000000-0000-4000-8000-000000000000")
            )]),
            ErrorKind::Conflict,
        ),
    ] {
        let asked = create(&practice, &patient, &fhir("x", "pending", nine, extensions)).await;
        assert_eq!(asked, Err(refused), "{what}");
    }
    let wish = fhir(
        "wish",
        "proposed",
        nine,
        json!([mark(SERIES, "valueString", json!("s"))]),
    );
    assert_eq!(
        create(&practice, &patient, &wish).await,
        Ok(()),
        "takes no time"
    );
    let held = scheduling.hold(&patient, &hold(nine)).await.unwrap();
    let good = json!([mark(HOLD, "valueString", json!(held.id))]);
    let longer = fhir("long", "pending", ("09:00", "10:00"), good.clone());
    assert_eq!(
        create(&practice, &patient, &longer).await,
        Err(ErrorKind::Conflict)
    );
    assert_eq!(
        create(&practice, &patient, &fhir("x", "pending", nine, good)).await,
        Ok(())
    );
}

#[tokio::test]
async fn a_patient_books_a_service_that_is_offered_online_for_as_long_as_it_takes() {
    let practice = Practice::new().await;
    practice
        .settings(|settings| {
            for (code, minutes, online) in [("talk", 30, true), ("surgery", 240, false)] {
                let service =
                    json!({"code": code, "name": code, "minutes": minutes, "online": online});
                settings
                    .services
                    .push(serde_json::from_value(service).unwrap());
            }
        })
        .await;
    let patient = practice.patient("p");
    for (service, minutes, good) in [
        (Value::Null, 30, false),
        (json!("surgery"), 240, false),
        (json!("nothing"), 30, false),
        (json!("talk"), 120, false),
        (json!("talk"), 30, true),
    ] {
        let mut booking = at("09:00");
        booking["service"] = service.clone();
        booking["minutes"] = json!(minutes);
        let booked = practice.book(&patient, booking).await;
        assert_eq!(booked.is_ok(), good, "{service} {minutes}: {booked:?}");
    }
}

#[tokio::test]
async fn a_patient_moves_a_confirmed_visit_in_good_time_and_asks_for_the_new_one() {
    let practice = Practice::new().await;
    practice.hours(DOCTOR, json!({"overbook": 1})).await;
    let desk = practice.caller(Role::Receptionist);
    let mut booking = at("09:00");
    booking["overbook"] = json!(true);
    let visit = practice.book(&desk, booking).await.unwrap();
    assert_eq!(visit.status, "booked");
    let patient = practice.patient("p");
    let moves = async |id: &str, time: &str| {
        let to = json!({"start": format!("{MONDAY}T{time}:00Z")});
        let to = serde_json::from_value(to).unwrap();
        practice.scheduling.reschedule(&patient, id, &to).await
    };
    assert_eq!(kind(moves(&visit.id, "03:00").await), ErrorKind::Conflict);
    let asked = moves(&visit.id, "11:00").await.unwrap();
    assert_eq!(
        (asked.state, asked.status.as_str()),
        (State::Scheduled, "pending")
    );
    assert!(!asked.overbooked, "the new time is a time like any other");
    let left = practice.scheduling.appointment(&patient, &visit.id).await;
    assert_eq!(left.unwrap().state, State::Rescheduled);
    // From 24 hours before on, the practice is called.
    practice.test.clock.advance_seconds(4 * 86_400 + 12 * 3600);
    assert_eq!(kind(moves(&asked.id, "14:00").await), ErrorKind::Conflict);
}

#[tokio::test]
async fn a_hold_that_is_refused_leaves_the_one_before() {
    let practice = Practice::new().await;
    let (patient, desk) = (practice.patient("p"), practice.caller(Role::Receptionist));
    let scheduling = &practice.scheduling;
    practice.book(&desk, at("10:00")).await.unwrap();
    scheduling
        .hold(&patient, &hold(("09:00", "09:30")))
        .await
        .unwrap();
    let taken = scheduling.hold(&patient, &hold(("10:00", "10:30"))).await;
    assert_eq!(kind(taken), ErrorKind::Conflict);
    assert_eq!(
        kind(practice.book(&desk, at("09:00")).await),
        ErrorKind::Conflict
    );
}

#[tokio::test]
async fn a_time_that_is_held_is_nobodys_to_move_into() {
    let practice = Practice::new().await;
    let desk = practice.caller(Role::Receptionist);
    let visit = practice.book(&desk, at("10:00")).await.unwrap();
    let scheduling = &practice.scheduling;
    scheduling
        .hold(&desk, &hold(("09:00", "09:30")))
        .await
        .unwrap();
    let change = |body: Value| serde_json::from_value(body).unwrap();
    let nine = json!({"start": format!("{MONDAY}T09:00:00Z")});
    let amended = scheduling
        .amend(&desk, &visit.id, 1, &change(nine.clone()))
        .await;
    assert_eq!(kind(amended), ErrorKind::Conflict);
    let to = serde_json::from_value(nine).unwrap();
    let moved = scheduling.reschedule(&desk, &visit.id, &to).await;
    assert_eq!(kind(moved), ErrorKind::Conflict);
    let through_fhir = resource(&visit.id, "booked", ("09:15", "09:45"), &[PATIENT, DOCTOR]);
    let through_fhir = serde_json::from_str(&through_fhir).unwrap();
    assert_eq!(
        practice.put(&desk, &through_fhir).await,
        Err(ErrorKind::Conflict)
    );
    let kept = scheduling.appointment(&desk, &visit.id).await.unwrap();
    assert_eq!((kept.state, kept.version), (State::Confirmed, 1));
}
