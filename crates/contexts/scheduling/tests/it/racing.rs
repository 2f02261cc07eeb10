//! Two bookings of one slot give exactly one success, through any door.

use futures::future::join_all;
use mt_access::Role;
use mt_kernel::ErrorKind;
use serde_json::json;

use crate::world::{DOCTOR, MONDAY, PATIENT, Practice, at, resource};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_parallel_bookings_through_all_doors_one_succeeds() {
    let practice = Practice::new().await;
    let desk = practice.caller(Role::Receptionist);
    let records = practice.test.caller(practice.tenant);
    let by_desk = (0..12).map(|n| {
        let (practice, desk) = (&practice, &desk);
        let mut booking = at("09:00");
        // Every other one overlaps by half only.
        booking["start"] = json!(format!(
            "{MONDAY}T09:{}:00Z",
            if n % 2 == 0 { "00" } else { "15" }
        ));
        async move {
            let booked = practice.book(desk, booking).await;
            booked.map(drop).map_err(|error| error.kind())
        }
    });
    let by_fhir = (0..12).map(|n| {
        let (test, records) = (&practice.test, &records);
        // The role is the doctor by another name.
        let actor = if n % 2 == 0 {
            DOCTOR
        } else {
            "PractitionerRole/r"
        };
        let body = resource(
            &format!("x{n}"),
            "booked",
            ("09:00", "09:40"),
            &[PATIENT, actor, "Location/room"],
        );
        async move {
            let put = test.put(records, &body, None).await;
            put.map(drop).map_err(|error| error.kind())
        }
    });
    let (mut outcomes, fhir) = tokio::join!(join_all(by_desk), join_all(by_fhir));
    outcomes.extend(fhir);
    let won = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    let lost = outcomes
        .iter()
        .filter(|outcome| **outcome == Err(ErrorKind::Conflict))
        .count();
    assert_eq!((won, lost), (1, 23), "{outcomes:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn transactions_that_take_two_actors_in_opposite_order_do_not_block_each_other_for_good() {
    let practice = Practice::new().await;
    let records = practice.test.caller(practice.tenant);
    let all = (0..16).map(|n| {
        let actors = if n % 2 == 0 {
            [DOCTOR, "Practitioner/e"]
        } else {
            ["Practitioner/e", DOCTOR]
        };
        let body = resource(&format!("x{n}"), "booked", ("09:00", "09:30"), &actors);
        let (test, records) = (&practice.test, &records);
        async move { test.put(records, &body, None).await.is_ok() }
    });
    let won = join_all(all).await.into_iter().filter(|won| *won).count();
    assert_eq!(won, 1);
}

#[tokio::test]
async fn an_actor_takes_as_many_as_its_capacity_and_more_only_when_asked() {
    let practice = Practice::new().await;
    practice
        .hours(DOCTOR, json!({"capacity": 2, "overbook": 1}))
        .await;
    practice
        .settings(|settings| settings.rules.max_active = 0)
        .await;
    let desk = practice.caller(Role::Receptionist);
    practice.book(&desk, at("09:00")).await.unwrap();
    practice.book(&desk, at("09:00")).await.unwrap();
    let refused = practice.book(&desk, at("09:00")).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Conflict);
    let mut over = at("09:00");
    over["overbook"] = json!(true);
    assert!(practice.book(&desk, over.clone()).await.unwrap().overbooked);
    assert!(practice.book(&desk, over).await.is_err());
}

#[tokio::test]
async fn buffers_hold_through_the_fhir_door_as_well() {
    let practice = Practice::new().await;
    practice.hours(DOCTOR, json!({"bufferAfter": 15})).await;
    let records = practice.test.caller(practice.tenant);
    let put = async |id: &str, time| {
        let body = resource(id, "booked", time, &[PATIENT, DOCTOR]);
        practice.test.put(&records, &body, None).await.is_ok()
    };
    assert!(put("a", ("09:00", "09:30")).await);
    assert!(!put("b", ("09:30", "10:00")).await);
    assert!(put("c", ("09:45", "10:00")).await);
}

#[tokio::test]
async fn what_is_called_off_deleted_or_moved_frees_its_time() {
    let practice = Practice::new().await;
    let records = practice.test.caller(practice.tenant);
    let put = async |id: &str, status: &str, time| {
        let body = resource(id, status, time, &[PATIENT, DOCTOR]);
        let body = body.replace(
            "\"status\":\"cancelled\"",
            "\"status\":\"cancelled\",\"cancelationReason\":{\"text\":\"x\"}",
        );
        practice.test.put(&records, &body, None).await.is_ok()
    };
    let nine = ("09:00", "09:30");
    assert!(put("a", "booked", nine).await);
    assert!(!put("b", "booked", nine).await);
    assert!(put("a", "booked", ("10:00", "10:30")).await);
    assert!(put("b", "booked", nine).await);
    assert!(put("b", "cancelled", nine).await);
    assert!(put("c", "booked", nine).await);
    let kind = mt_fhir::ResourceType::APPOINTMENT;
    practice.test.delete(&records, kind, "c").await.unwrap();
    assert!(put("d", "booked", nine).await);
}

#[tokio::test]
async fn organisations_do_not_stand_in_each_others_way() {
    let practice = Practice::new().await;
    let other = practice.test.tenant("elsewhere").await;
    practice.people(other).await;
    for tenant in [practice.tenant, other] {
        let desk = practice.caller_of(tenant, Role::Receptionist, &[]);
        practice.book(&desk, at("09:00")).await.unwrap();
    }
}
