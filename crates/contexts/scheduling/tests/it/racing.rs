//! Two bookings of one slot give exactly one success, through any door.

use futures::future::join_all;
use mt_access::Role;
use mt_database::{Error, Isolation, TxOptions};
use mt_kernel::ErrorKind;
use serde_json::json;
use uuid::Uuid;

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

/// The practice with its public page open.
async fn open_to_strangers(practice: &Practice) {
    practice.hours(DOCTOR, json!({})).await;
    practice
        .settings(|settings| {
            let service = json!({"code": "talk", "name": "Talk", "minutes": 30, "online": true});
            settings
                .services
                .push(serde_json::from_value(service).unwrap());
            settings.widget.enabled = true;
        })
        .await;
}

/// A stranger holds a time and asks for it.
async fn by_widget(practice: &Practice, n: usize) -> Result<(), ErrorKind> {
    let start = format!("{MONDAY}T09:00:00Z");
    let wanted = json!({"service": "talk", "actor": DOCTOR, "start": start});
    let wanted = serde_json::from_value(wanted).unwrap();
    let scheduling = &practice.scheduling;
    let held = scheduling.public_hold("practice", &wanted).await;
    let held = held.map_err(|error| error.kind())?;
    let request = json!({"hold": held.id, "service": "talk", "birthDate": "1990-12-10",
        "name": {"given": "Ada", "family": format!("Byron {n}")}, "email": "ada@example.org"});
    let request = serde_json::from_value(request).unwrap();
    let asked = scheduling.request("practice", &request).await;
    asked.map(drop).map_err(|error| error.kind())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn desk_patients_strangers_and_other_systems_race_for_one_slot_and_one_has_it() {
    let practice = Practice::new().await;
    open_to_strangers(&practice).await;
    let (desk, patient) = (practice.caller(Role::Receptionist), practice.patient("p"));
    let wish = |field: &str, value: &str| {
        let mut booking = at("09:00");
        booking[field] = json!(value);
        booking
    };
    let records = practice.test.caller(practice.tenant);
    let bodies: Vec<String> = (0..6)
        .map(|n| {
            resource(
                &format!("x{n}"),
                "booked",
                ("09:00", "09:30"),
                &[PATIENT, DOCTOR],
            )
        })
        .collect();
    let told =
        |outcome: Result<(), mt_scheduling::SchedulingError>| outcome.map_err(|error| error.kind());
    let (desk, patients, strangers, systems) = tokio::join!(
        join_all((0..6).map(|_| async {
            told(
                practice
                    .book(&desk, wish("patient", "Patient/q"))
                    .await
                    .map(drop),
            )
        })),
        join_all((0..6).map(|_| async {
            told(
                practice
                    .book(&patient, wish("service", "talk"))
                    .await
                    .map(drop),
            )
        })),
        join_all((0..6).map(|n| by_widget(&practice, n))),
        join_all(bodies.iter().map(|body| async {
            let put = practice.test.put(&records, body, None).await;
            put.map(drop).map_err(|error| error.kind())
        })),
    );
    let all: Vec<_> = [desk, patients, strangers, systems].concat();
    let won = all.iter().filter(|outcome| outcome.is_ok()).count();
    let lost = all.iter().filter(|one| **one == Err(ErrorKind::Conflict));
    assert_eq!((won, lost.count()), (1, 23), "{all:?}");
    let found = practice
        .test
        .search(&records, "Appointment?status=booked,pending");
    assert_eq!(found.await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_stranger_makes_a_hold_good_once_and_for_the_service_that_it_was_for() {
    let practice = Practice::new().await;
    open_to_strangers(&practice).await;
    practice
        .settings(|settings| {
            let long = json!({"code": "long", "name": "Long", "minutes": 60, "online": true});
            settings
                .services
                .push(serde_json::from_value(long).unwrap());
        })
        .await;
    let wanted =
        json!({"service": "talk", "actor": DOCTOR, "start": format!("{MONDAY}T09:00:00Z")});
    let wanted = serde_json::from_value(wanted).unwrap();
    let scheduling = &practice.scheduling;
    let held = scheduling.public_hold("practice", &wanted).await.unwrap();
    let ask = async |change: serde_json::Value| {
        let mut request = json!({"hold": held.id, "service": "talk", "birthDate": "1990-12-10",
            "name": {"given": "Ada", "family": "Byron"}, "phone": "+1 (202) 555-0142"});
        for (field, value) in change.as_object().unwrap() {
            request[field] = value.clone();
        }
        let request = serde_json::from_value(request).unwrap();
        let asked = scheduling.request("practice", &request).await;
        asked.map(drop).map_err(|error| error.kind())
    };
    for (change, refused) in [
        (json!({"service": "long"}), ErrorKind::Conflict),
        (json!({"phone": "555 0142"}), ErrorKind::Invalid),
        (json!({"phone": null}), ErrorKind::Invalid),
        (json!({"email": "ada"}), ErrorKind::Invalid),
        (json!({"birthDate": "2031-03-20"}), ErrorKind::Invalid),
        (json!({"birthDate": "1880-01-01"}), ErrorKind::Invalid),
        (
            json!({"name": {"given": "<b>", "family": "x"}}),
            ErrorKind::Invalid,
        ),
    ] {
        assert_eq!(ask(change.clone()).await, Err(refused), "{change}");
    }
    let all = join_all((0..6).map(|_| ask(json!({})))).await;
    let won = all.iter().filter(|outcome| outcome.is_ok()).count();
    assert_eq!(won, 1, "{all:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn parallel_requests_of_one_patient_hold_one_time() {
    let practice = Practice::new().await;
    let patient = practice.patient("p");
    let holds = (0..12).map(|n| {
        let time =
            |minutes: usize| format!("{MONDAY}T{:02}:{:02}:00Z", 9 + minutes / 60, minutes % 60);
        let body = json!({"start": time(n * 30), "end": time(n * 30 + 30), "actors": [DOCTOR]});
        let new = serde_json::from_value(body).unwrap();
        let (practice, patient) = (&practice, &patient);
        async move {
            practice
                .scheduling
                .hold(patient, &new)
                .await
                .map(|held| held.id)
        }
    });
    let ids: Vec<_> = join_all(holds).await.into_iter().flatten().collect();
    assert_eq!(ids.len(), 12, "nobody else holds any of them");
    assert!(ids.iter().all(|id| *id == ids[0]));
    let readers = practice.test.store.database().readers();
    let held = readers.query(
        practice.tenant,
        "select starts_at from scheduling.claim",
        &[],
    );
    assert_eq!(held.await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn at_any_isolation_and_without_any_lock_one_has_the_time() {
    let practice = Practice::new().await;
    let database = practice.test.store.database();
    let claim = "select scheduling.claim($1::int4, $2::uuid[], $3::int8[])";
    let tenant = practice.tenant;
    for (round, isolation) in [
        Isolation::ReadCommitted,
        Isolation::RepeatableRead,
        Isolation::Serializable,
    ]
    .into_iter()
    .enumerate()
    {
        let actor = Uuid::new_v4();
        let start = i64::try_from(round).unwrap() * 7_200_000_000;
        let rivals = (0..12).map(|n| async move {
            let options = TxOptions {
                isolation,
                ..TxOptions::default()
            };
            let tx = database.tenant_with(tenant, options).await.unwrap();
            let keys = vec![Uuid::new_v4(), Uuid::new_v4(), actor];
            // Each overlaps each other in part.
            let from = start + n * 60_000_000;
            let values = vec![0_i64, from, from + 1_800_000_000, 0, 0, 0, 1];
            tx.query(claim, &[&tenant.0, &keys, &values]).await?;
            tx.commit().await
        });
        let all: Vec<Result<(), Error>> = join_all(rivals).await;
        let won = all.iter().filter(|one| one.is_ok()).count();
        let lost = |one: &&Result<(), Error>| match one {
            Err(Error::Unique { constraint }) => constraint == "claim_taken",
            Err(error) => *error == Error::Contended,
            Ok(()) => false,
        };
        let lost = all.iter().filter(lost).count();
        assert_eq!((won, lost), (1, 11), "{isolation:?}: {all:?}");
    }
}
