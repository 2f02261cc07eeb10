//! The state machine and the organisation's rules, at the store.

use mt_access::Role;
use mt_kernel::ErrorKind;
use serde_json::json;

use crate::world::{DOCTOR, MONDAY, PATIENT, Practice, at, resource};

#[tokio::test]
async fn illegal_steps_are_refused_through_the_fhir_door() {
    let practice = Practice::new().await;
    let records = practice.test.caller(practice.tenant);
    let nine = ("09:00", "09:30");
    for (id, from, to, expected) in [
        ("a", "booked", "fulfilled", Err(ErrorKind::Conflict)),
        ("b", "arrived", "fulfilled", Err(ErrorKind::Conflict)),
        ("c", "booked", "cancelled", Err(ErrorKind::Invalid)),
        ("d", "booked", "arrived", Ok(())),
        ("e", "fulfilled", "booked", Err(ErrorKind::Conflict)),
        ("f", "noshow", "entered-in-error", Ok(())),
    ] {
        // Each with a doctor of its own.
        let doctor = format!("Practitioner/of-{id}");
        let put = async |status: &str| {
            let body = resource(id, status, nine, &[PATIENT, &doctor]);
            let put = practice.test.put(&records, &body, None).await;
            put.map(drop).map_err(|error| error.kind())
        };
        assert_eq!(put(from).await, Ok(()), "{id}");
        assert_eq!(put(to).await, expected, "{from} to {to}");
    }
}

#[tokio::test]
async fn an_appointment_takes_one_to_480_minutes() {
    let practice = Practice::new().await;
    let desk = practice.caller(Role::Receptionist);
    for (minutes, allowed) in [(0, false), (1, true), (480, true), (481, false)] {
        let mut booking = at("09:00");
        booking["minutes"] = json!(minutes);
        booking["actors"] = json!([if minutes == 1 {
            "Practitioner/e"
        } else {
            DOCTOR
        }]);
        let booked = practice.book(&desk, booking).await;
        assert_eq!(booked.is_ok(), allowed, "{minutes}: {booked:?}");
    }
}

#[tokio::test]
async fn the_organisations_rules_bind_people_and_not_imports() {
    let practice = Practice::new().await;
    practice
        .settings(|settings| {
            settings.rules.max_active = 2;
            settings.rules.horizon_days = 30;
            settings.time_zone = "Asia/Kathmandu".to_owned();
        })
        .await;
    let desk = practice.caller(Role::Receptionist);
    let soon = desk.ctx.now.plus_seconds(1800).timestamp().to_string();
    for (start, allowed) in [
        (soon.as_str(), false),
        ("2031-06-02T09:00:00Z", false),
        ("2031-03-24T09:07:00Z", false),
        ("2031-03-24T09:15:00Z", true),
        ("2031-03-24T10:00:00Z", true),
        ("2031-03-24T11:00:00Z", false),
    ] {
        let mut booking = at("09:00");
        booking["start"] = json!(start);
        let booked = practice.book(&desk, booking).await;
        assert_eq!(booked.is_ok(), allowed, "{start}: {booked:?}");
    }
    let records = practice.test.caller(practice.tenant);
    let body = resource("x", "booked", ("12:07", "12:20"), &[PATIENT, DOCTOR]);
    practice.test.put(&records, &body, None).await.unwrap();
}

#[tokio::test]
async fn nothing_is_booked_for_a_patient_who_is_not_active() {
    let practice = Practice::new().await;
    let records = practice.test.caller(practice.tenant);
    let patient =
        |active: bool| json!({"resourceType": "Patient", "id": "p", "active": active}).to_string();
    practice
        .test
        .put(&records, &patient(false), None)
        .await
        .unwrap();
    let desk = practice.caller(Role::Receptionist);
    let refused = practice.book(&desk, at("09:00")).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Conflict);
    let body = resource("x", "booked", ("09:00", "09:30"), &[PATIENT, DOCTOR]);
    assert!(practice.test.put(&records, &body, None).await.is_err());
    practice
        .test
        .put(&records, &patient(true), None)
        .await
        .unwrap();
    practice.book(&desk, at("09:00")).await.unwrap();
}

#[tokio::test]
async fn an_appointment_is_changed_in_place_by_those_who_saw_it() {
    let practice = Practice::new().await;
    let desk = practice.caller(Role::Receptionist);
    let visit = practice.book(&desk, at("09:00")).await.unwrap();
    let mut later = at("10:00");
    later["patient"] = json!("Patient/q");
    practice.book(&desk, later).await.unwrap();
    let change = |json| serde_json::from_value(json).unwrap();
    let amend = async |version, change| {
        practice
            .scheduling
            .amend(&desk, &visit.id, version, &change)
            .await
    };
    let stale = amend(9, change(json!({"comment": "x"}))).await.unwrap_err();
    assert_eq!(stale.kind(), ErrorKind::Precondition);
    let longer = amend(1, change(json!({"minutes": 60, "comment": "fasting"})))
        .await
        .unwrap();
    assert_eq!(
        (longer.minutes, longer.comment.as_deref()),
        (Some(60), Some("fasting"))
    );
    let clash = amend(2, change(json!({"minutes": 75}))).await.unwrap_err();
    assert_eq!(clash.kind(), ErrorKind::Conflict);
    let wanted = json!({"from": MONDAY, "to": "2031-03-25", "actor": DOCTOR, "patient": PATIENT});
    let wanted = serde_json::from_value(wanted).unwrap();
    let found = practice.scheduling.appointments(&desk, &wanted);
    assert_eq!(found.await.unwrap().items, [longer]);
}

/// The acceptance vectors of the sources, through `/api/v1` and through FHIR, by a person.
#[tokio::test]
async fn the_vectors_of_the_sources_hold_through_both_doors() {
    let practice = Practice::new().await;
    practice
        .settings(|settings| settings.rules.max_active = 0)
        .await;
    let desk = practice.caller(Role::Receptionist);
    let stage = "https://meditrack.health/fhir/StructureDefinition/appointment-stage";
    let visit = |id: &str, status: &str, end: &str| {
        let body = resource(
            id,
            status,
            ("09:00", end),
            &[PATIENT, &format!("Practitioner/of-{id}")],
        );
        serde_json::from_str::<serde_json::Value>(&body).unwrap()
    };
    let put = async |body: &serde_json::Value| practice.put(&desk, body).await;
    let to = async |id: &str, state: &str| {
        let step = serde_json::from_value(json!({"to": state})).unwrap();
        let done = practice.scheduling.transition(&desk, id, &step).await;
        done.map(drop).map_err(|error| error.kind())
    };
    // Scheduled to in progress.
    put(&visit("a", "booked", "09:30")).await.unwrap();
    let mut begun = visit("a", "checked-in", "09:30");
    begun["extension"] = json!([{"url": stage, "valueCode": "in-progress"}]);
    assert_eq!(put(&begun).await, Err(ErrorKind::Conflict));
    assert_eq!(to("a", "in-progress").await, Err(ErrorKind::Conflict));
    // Checked in to completed.
    put(&visit("a", "arrived", "09:30")).await.unwrap();
    let done = visit("a", "fulfilled", "09:30");
    assert_eq!(put(&done).await, Err(ErrorKind::Conflict));
    assert_eq!(to("a", "completed").await, Err(ErrorKind::Conflict));
    // Called off without a reason.
    let off = visit("a", "cancelled", "09:30");
    assert_eq!(put(&off).await, Err(ErrorKind::Invalid));
    assert_eq!(to("a", "cancelled").await, Err(ErrorKind::Invalid));
    assert_eq!(to("a", "in-progress").await, Ok(()));
    // 481 minutes, and 480 and a second.
    for (id, end, good) in [("b", "17:01", false), ("c", "17:00", true)] {
        assert_eq!(put(&visit(id, "booked", end)).await.is_ok(), good, "{end}");
    }
    let mut second = visit("d", "booked", "17:00");
    second["end"] = json!(format!("{MONDAY}T17:00:01Z"));
    assert_eq!(put(&second).await, Err(ErrorKind::Invalid));
    let mut booking = at("09:00");
    booking["minutes"] = json!(481);
    let booked = practice.book(&desk, booking).await;
    assert_eq!(booked.unwrap_err().kind(), ErrorKind::Invalid);
    // A reason of 500 characters, and one more.
    for (length, good) in [(500, true), (501, false)] {
        let mut body = visit(&format!("e{length}"), "booked", "09:30");
        body["reasonCode"] = json!([{"text": "ü".repeat(length)}]);
        assert_eq!(put(&body).await.is_ok(), good, "{length}");
        let mut booking = at("11:00");
        booking["reason"] = json!("ü".repeat(length));
        let booked = practice.book(&desk, booking).await;
        assert_eq!(booked.is_ok(), good, "{length} {booked:?}");
        let change = json!({"reason": "ü".repeat(length)});
        let change = serde_json::from_value(change).unwrap();
        let amended = practice
            .scheduling
            .amend(&desk, "c", if good { 1 } else { 2 }, &change)
            .await;
        let refused = (!good).then_some(ErrorKind::Invalid);
        assert_eq!(amended.err().map(|error| error.kind()), refused);
    }
}
