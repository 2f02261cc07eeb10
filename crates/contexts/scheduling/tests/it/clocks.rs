//! Time zones with odd offsets, clocks that change, names of zones that there are none.

use mt_access::Role;
use mt_kernel::ErrorKind;
use mt_scheduling::domain::Availability;
use serde_json::{Value, json};

use crate::world::{DOCTOR, MONDAY, PATIENT, Practice, at, kind};

async fn starts(practice: &Practice, zone: &str, from: &str, to: &str) -> Vec<String> {
    let query = json!({"from": from, "to": to, "tz": zone, "actor": DOCTOR});
    let query = serde_json::from_value(query).unwrap();
    let page = practice.scheduling.slots(practice.tenant, &query).await;
    let slots = page.unwrap().slots.into_iter();
    slots.map(|slot| slot.start).collect()
}

async fn night(practice: &Practice, zone: &str, weekly: Value) {
    practice
        .settings(|settings| settings.time_zone = zone.to_owned())
        .await;
    practice
        .hours(DOCTOR, json!({"timeZone": zone, "weekly": [weekly]}))
        .await;
}

#[tokio::test]
async fn a_visit_across_midnight_and_across_the_half_hour_that_comes_twice_takes_just_its_time() {
    let practice = Practice::new().await;
    let zone = "Australia/Lord_Howe";
    // On 6 April 2031 at two in the morning it is half past one again.
    let weekly = json!({"days": ["sat"], "start": "22:00", "end": "04:00"});
    night(&practice, zone, weekly).await;
    let free = async || starts(&practice, zone, "2031-04-05", "2031-04-07").await;
    let before = free().await;
    assert_eq!(before.len(), 13, "six hours by the wall are six and a half");
    let twice: Vec<&str> = before
        .iter()
        .filter(|start| start.contains("T01:30"))
        .map(|start| &start[19..])
        .collect();
    assert_eq!(twice, ["+11:00", "+10:30"]);
    let desk = practice.caller(Role::Receptionist);
    for (start, minutes) in [
        ("2031-04-05T23:45:00+11:00", 30),
        ("2031-04-06T01:30:00+11:00", 60),
    ] {
        let booking =
            json!({"patient": PATIENT, "actors": [DOCTOR], "start": start, "minutes": minutes});
        practice.book(&desk, booking).await.unwrap();
    }
    let left = free().await;
    let taken: Vec<&str> = before
        .iter()
        .filter(|start| !left.contains(start))
        .map(|start| &start[8..])
        .collect();
    assert_eq!(
        taken,
        [
            "05T23:30:00+11:00",
            "06T00:00:00+11:00",
            "06T01:30:00+11:00",
            "06T01:30:00+10:30"
        ]
    );
    let again = json!({"patient": PATIENT, "actors": [DOCTOR], "start": "2031-04-06T01:45:00+10:30", "minutes": 15});
    assert_eq!(kind(practice.book(&desk, again).await), ErrorKind::Conflict);
}

#[tokio::test]
async fn a_day_that_begins_at_one_has_no_slot_at_midnight() {
    let practice = Practice::new().await;
    // In Cairo the clocks go from midnight to one on the last Friday of April.
    let weekly = json!({"days": ["fri"], "start": "00:00", "end": "03:00"});
    night(&practice, "Africa/Cairo", weekly).await;
    let slots = starts(&practice, "Africa/Cairo", "2031-04-25", "2031-04-26").await;
    let times: Vec<&str> = slots.iter().map(|start| &start[11..]).collect();
    assert_eq!(
        times,
        [
            "01:00:00+03:00",
            "01:30:00+03:00",
            "02:00:00+03:00",
            "02:30:00+03:00"
        ]
    );
    let desk = practice.caller(Role::Receptionist);
    let booking = json!({"patient": PATIENT, "actors": [DOCTOR], "start": slots[0], "minutes": 30});
    practice.book(&desk, booking).await.unwrap();
}

#[tokio::test]
async fn a_series_keeps_its_time_of_day_where_clocks_differ_by_odd_offsets() {
    for (zone, starts) in [
        // On 6 April the clocks go back; in Chatham they are 45 minutes ahead of New Zealand.
        (
            "Pacific/Chatham",
            [
                "2031-03-29T19:15:00.000Z",
                "2031-04-05T20:15:00.000Z",
                "2031-04-12T20:15:00.000Z",
            ],
        ),
        (
            "Asia/Kathmandu",
            [
                "2031-03-30T03:15:00.000Z",
                "2031-04-06T03:15:00.000Z",
                "2031-04-13T03:15:00.000Z",
            ],
        ),
        (
            "Australia/Lord_Howe",
            [
                "2031-03-29T22:00:00.000Z",
                "2031-04-05T22:30:00.000Z",
                "2031-04-12T22:30:00.000Z",
            ],
        ),
    ] {
        let practice = Practice::new().await;
        practice
            .settings(|settings| settings.time_zone = zone.to_owned())
            .await;
        let desk = practice.caller(Role::Receptionist);
        let local: jiff::civil::DateTime = "2031-03-30T09:00".parse().unwrap();
        let first = local.in_tz(zone).unwrap().timestamp().to_string();
        let booking = json!({"patient": PATIENT, "actors": [DOCTOR], "start": first, "minutes": 30,
            "recurrence": "FREQ=WEEKLY;COUNT=3", "tz": zone});
        let booking = serde_json::from_value(booking).unwrap();
        let series = practice.scheduling.book_series(&desk, &booking).await;
        let series = series.unwrap();
        let booked: Vec<&str> = series
            .booked
            .iter()
            .filter_map(|one| one.start.as_deref())
            .collect();
        assert_eq!(booked, starts, "{zone} {:?}", series.skipped);
    }
}

#[tokio::test]
async fn a_series_is_bounded_and_keeps_to_the_rules_of_the_organisation() {
    let practice = Practice::new().await;
    let desk = practice.caller(Role::Receptionist);
    let series = async |rule: &str| {
        let mut booking = at("09:00");
        booking["recurrence"] = json!(rule);
        let booking = serde_json::from_value(booking).unwrap();
        practice.scheduling.book_series(&desk, &booking).await
    };
    for rule in [
        "FREQ=DAILY;COUNT=10000",
        "FREQ=DAILY;UNTIL=20580101",
        "FREQ=DAILY",
    ] {
        assert_eq!(kind(series(rule).await), ErrorKind::Invalid, "{rule}");
    }
    // More than a patient may have at once, and no further ahead than anybody books.
    let booked = series("FREQ=MONTHLY;COUNT=8").await.unwrap();
    assert_eq!((booked.booked.len(), booked.skipped.len()), (6, 2));
    assert!(booked.skipped[0].why.contains("so far ahead"), "{booked:?}");
}

#[tokio::test]
async fn a_time_zone_that_there_is_not_is_refused_wherever_one_is_named() {
    let practice = Practice::new().await;
    let desk = practice.caller(Role::Receptionist);
    let scheduling = &practice.scheduling;
    for zone in [
        "Mars/Olympus",
        "",
        "UTC+25",
        "Europe/Berlin\n",
        "../etc/passwd",
    ] {
        let (version, mut settings) = scheduling.settings(practice.tenant).await.unwrap();
        settings.time_zone = zone.to_owned();
        let changed = scheduling.change_settings(practice.tenant, version, &settings);
        assert_eq!(kind(changed.await), ErrorKind::Invalid, "settings {zone:?}");
        let hours = json!({"timeZone": zone, "weekly": []});
        let hours: Availability = serde_json::from_value(hours).unwrap();
        let stored = scheduling.set_availability(&desk, DOCTOR, None, hours);
        assert_eq!(kind(stored.await), ErrorKind::Invalid, "hours {zone:?}");
        let query = json!({"from": MONDAY, "to": "2031-03-25", "tz": zone});
        let query = serde_json::from_value(query).unwrap();
        let slots = scheduling.slots(practice.tenant, &query).await;
        assert_eq!(kind(slots), ErrorKind::Invalid, "slots {zone:?}");
        let board = serde_json::from_value(json!({"date": MONDAY, "tz": zone})).unwrap();
        let board = scheduling.board(&desk, &board).await;
        assert_eq!(kind(board), ErrorKind::Invalid, "board {zone:?}");
        let mut booking = at("09:00");
        booking["recurrence"] = json!("FREQ=DAILY;COUNT=2");
        booking["tz"] = json!(zone);
        let booking = serde_json::from_value(booking).unwrap();
        let series = scheduling.book_series(&desk, &booking).await;
        assert_eq!(kind(series), ErrorKind::Invalid, "series {zone:?}");
    }
}
