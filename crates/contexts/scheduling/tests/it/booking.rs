//! Holds, moves, series, patients who book for themselves, the board.

use mt_access::Role;
use mt_kernel::ErrorKind;
use mt_scheduling::Transition;
use mt_scheduling::domain::State;
use serde_json::{Value, json};

use crate::world::{DOCTOR, MONDAY, PATIENT, Practice, at};

fn to(state: &str, reason: Option<&str>) -> Transition {
    serde_json::from_value(json!({"to": state, "reason": reason})).unwrap()
}

fn moved(time: &str) -> mt_scheduling::Moved {
    serde_json::from_value(json!({"start": format!("{MONDAY}T{time}:00Z")})).unwrap()
}

fn hold(time: (&str, &str)) -> Value {
    json!({"start": format!("{MONDAY}T{}:00Z", time.0), "end": format!("{MONDAY}T{}:00Z", time.1), "actors": [DOCTOR]})
}

#[tokio::test]
async fn a_hold_keeps_others_away_until_it_is_made_good_or_runs_out() {
    let practice = Practice::new().await;
    let desk = practice.caller(Role::Receptionist);
    let new = serde_json::from_value(hold(("09:00", "09:30"))).unwrap();
    let held = practice.scheduling.hold(&desk, &new).await.unwrap();
    assert_eq!(
        practice
            .scheduling
            .hold(&desk, &new)
            .await
            .unwrap_err()
            .kind(),
        ErrorKind::Conflict
    );
    assert!(practice.book(&desk, at("09:00")).await.is_err());
    let mut booking = at("09:00");
    booking["hold"] = json!(held.id);
    practice.book(&desk, booking).await.unwrap();

    let new = serde_json::from_value(hold(("10:00", "10:30"))).unwrap();
    practice.scheduling.hold(&desk, &new).await.unwrap();
    practice.test.clock.advance_seconds(4 * 60);
    let desk = practice.caller(Role::Receptionist);
    assert!(practice.book(&desk, at("10:00")).await.is_err());
    practice.test.clock.advance_seconds(60);
    let desk = practice.caller(Role::Receptionist);
    practice.book(&desk, at("10:00")).await.unwrap();
}

#[tokio::test]
async fn whoever_books_in_person_holds_one_time_for_minutes_and_no_longer_than_a_service() {
    let practice = Practice::new().await;
    let patient = practice.patient("p");
    let desk = practice.caller(Role::Receptionist);
    let holds = async |time, minutes: u16| {
        let mut new = hold(time);
        new["minutes"] = minutes.into();
        let new = serde_json::from_value(new).unwrap();
        practice.scheduling.hold(&patient, &new).await
    };
    let first = holds(("09:00", "09:30"), 60).await.unwrap();
    assert!(practice.book(&desk, at("09:00")).await.is_err());
    let second = holds(("10:00", "10:30"), 60).await.unwrap();
    assert_eq!(first.id, second.id);
    practice.book(&desk, at("09:00")).await.unwrap();
    assert!(practice.book(&desk, at("10:00")).await.is_err());
    let long = holds(("11:00", "17:00"), 5).await.unwrap_err();
    assert_eq!(long.kind(), ErrorKind::Invalid);
    // An hour was asked for: it lasts as long as the organisation lets it.
    practice.test.clock.advance_seconds(5 * 60);
    let desk = practice.caller(Role::Receptionist);
    practice.book(&desk, at("10:00")).await.unwrap();
}

#[tokio::test]
async fn a_moved_appointment_is_a_new_one_that_names_the_old() {
    let practice = Practice::new().await;
    let desk = practice.caller(Role::Receptionist);
    let old = practice.book(&desk, at("09:00")).await.unwrap();
    practice.book(&desk, at("11:00")).await.unwrap();
    // It may overlap the time that it leaves.
    let new = practice
        .scheduling
        .reschedule(&desk, &old.id, &moved("09:15"))
        .await
        .unwrap();
    assert_eq!(new.previous, Some(format!("Appointment/{}", old.id)));
    let left = practice
        .scheduling
        .appointment(&desk, &old.id)
        .await
        .unwrap();
    assert_eq!(left.state, State::Rescheduled);
    let refused = practice
        .scheduling
        .reschedule(&desk, &new.id, &moved("11:15"))
        .await;
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Conflict);
    let kept = practice
        .scheduling
        .appointment(&desk, &new.id)
        .await
        .unwrap();
    assert_eq!(kept.state, State::Confirmed, "both or none");
    let again = practice
        .scheduling
        .reschedule(&desk, &old.id, &moved("15:00"))
        .await;
    assert_eq!(again.unwrap_err().kind(), ErrorKind::Conflict);
}

#[tokio::test]
async fn a_series_keeps_its_time_of_day_and_leaves_out_what_is_taken() {
    let practice = Practice::new().await;
    let desk = practice.caller(Role::Receptionist);
    // Clocks in Berlin change on 30 March 2031.
    let mut taken = at("09:00");
    taken["start"] = json!("2031-04-07T07:00:00Z");
    practice.book(&desk, taken).await.unwrap();
    let mut booking = at("08:00");
    booking["recurrence"] = json!("FREQ=WEEKLY;COUNT=4");
    booking["tz"] = json!("Europe/Berlin");
    let booking = serde_json::from_value(booking).unwrap();
    let series = practice
        .scheduling
        .book_series(&desk, &booking)
        .await
        .unwrap();
    let starts: Vec<&str> = series
        .booked
        .iter()
        .filter_map(|one| one.start.as_deref())
        .collect();
    assert_eq!(
        starts,
        [
            "2031-03-24T08:00:00.000Z",
            "2031-03-31T07:00:00.000Z",
            "2031-04-14T07:00:00.000Z"
        ]
    );
    assert_eq!(series.skipped.len(), 1);
}

#[tokio::test]
async fn a_patient_asks_moves_in_time_and_calls_off_and_does_no_more() {
    let practice = Practice::new().await;
    let patient = practice.patient("p");
    let own = practice.book(&patient, at("09:00")).await.unwrap();
    assert_eq!(
        (own.state, own.status.as_str()),
        (State::Scheduled, "pending")
    );
    let mut other = at("10:00");
    other["patient"] = json!("Patient/q");
    assert!(practice.book(&patient, other).await.is_err());
    for state in ["arrived", "completed", "no-show", "confirmed"] {
        let refused = practice
            .scheduling
            .transition(&patient, &own.id, &to(state, None))
            .await;
        assert!(refused.is_err(), "{state}");
    }
    let stranger = practice.patient("q");
    let unseen = practice
        .scheduling
        .appointment(&stranger, &own.id)
        .await
        .unwrap_err();
    assert_eq!(unseen.kind(), ErrorKind::NotFound);
    let off = to("cancelled", Some("patient"));
    assert!(
        practice
            .scheduling
            .transition(&stranger, &own.id, &off)
            .await
            .is_err()
    );
    let off = practice
        .scheduling
        .transition(&patient, &own.id, &off)
        .await
        .unwrap();
    assert_eq!(off.state, State::Cancelled);
}

#[tokio::test]
async fn those_without_the_permission_book_nothing() {
    let practice = Practice::new().await;
    for role in [
        Role::LabTechnician,
        Role::Pharmacist,
        Role::Auditor,
        Role::Biller,
    ] {
        let refused = practice
            .book(&practice.caller(role), at("09:00"))
            .await
            .unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Forbidden, "{role:?}");
    }
}

#[tokio::test]
async fn a_visit_goes_over_the_board() {
    let practice = Practice::new().await;
    let desk = practice.caller(Role::Receptionist);
    let visit = practice.book(&desk, at("09:00")).await.unwrap();
    practice.book(&desk, at("10:00")).await.unwrap();
    let nine: jiff::Timestamp = format!("{MONDAY}T09:16:00Z").parse().unwrap();
    let wait = nine.as_second() - desk.ctx.now.unix_seconds();
    practice.test.clock.advance_seconds(wait);
    let desk = practice.caller(Role::Receptionist);
    let board = async || {
        let asked = serde_json::from_value(json!({"date": MONDAY, "tz": "UTC"})).unwrap();
        let board = practice.scheduling.board(&desk, &asked).await.unwrap();
        let columns = board
            .columns
            .iter()
            .filter(|column| !column.items.is_empty());
        columns
            .map(|column| {
                (
                    column.state,
                    column.items.len(),
                    column.items[0].late,
                    column.items[0].waiting_minutes,
                )
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(board().await, [("booked", 2, true, None)]);
    for (state, column) in [
        ("arrived", "arrived"),
        ("ready", "ready"),
        ("roomed", "roomed"),
        ("in-progress", "in-progress"),
        ("checkout", "checkout"),
    ] {
        let changed = practice
            .scheduling
            .transition(&desk, &visit.id, &to(state, None))
            .await
            .unwrap();
        assert_eq!(changed.state.code(), state);
        practice.test.clock.advance_seconds(120);
        assert!(
            board().await.contains(&(column, 1, false, Some(2))),
            "{state}"
        );
    }
    practice
        .scheduling
        .transition(&desk, &visit.id, &to("completed", None))
        .await
        .unwrap();
    assert_eq!(
        board().await,
        [("booked", 1, false, None), ("done", 1, false, None)]
    );
}

#[tokio::test]
async fn the_third_missed_appointment_calls_off_those_to_come() {
    let practice = Practice::new().await;
    practice
        .settings(|settings| settings.rules.max_active = 0)
        .await;
    let desk = practice.caller(Role::Receptionist);
    let mut visits = Vec::new();
    for time in ["09:00", "10:00", "11:00", "12:00"] {
        visits.push(practice.book(&desk, at(time)).await.unwrap().id);
    }
    let early = practice
        .scheduling
        .transition(&desk, &visits[0], &to("no-show", None))
        .await;
    assert_eq!(early.unwrap_err().kind(), ErrorKind::Conflict, "not yet");
    practice.at("11:30");
    let desk = practice.caller(Role::Receptionist);
    for id in visits.iter().take(3) {
        practice
            .scheduling
            .transition(&desk, id, &to("no-show", None))
            .await
            .unwrap();
    }
    let last = practice
        .scheduling
        .appointment(&desk, &visits[3])
        .await
        .unwrap();
    assert_eq!(
        (last.state, last.cancel_reason.as_deref()),
        (State::Cancelled, Some("no-show-limit"))
    );
}

#[tokio::test]
async fn a_walk_in_needs_no_notice_and_is_there() {
    let practice = Practice::new().await;
    practice.settings(|_| {}).await;
    let desk = practice.caller(Role::Receptionist);
    let now = desk.ctx.now.timestamp().to_string();
    let mut walk_in = json!({"patient": PATIENT, "actors": [DOCTOR], "start": now, "minutes": 10});
    assert_eq!(
        practice
            .book(&desk, walk_in.clone())
            .await
            .unwrap_err()
            .kind(),
        ErrorKind::Invalid
    );
    walk_in["walkIn"] = json!(true);
    assert_eq!(
        practice.book(&desk, walk_in).await.unwrap().state,
        State::Arrived
    );
}
