//! Who is told what about what happens.

use mt_events::catalogue::Value;
use serde_json::json;

use crate::world::{ANA, RUIZ, World};

#[tokio::test(flavor = "multi_thread")]
async fn a_patient_is_told_of_an_appointment_once_and_only_their_own_room_hears_of_it() {
    let world = World::new().await;
    world.ana().await;
    let start = world.appointment(3 * 1_440, "booked").await;
    let event = world.visit("appointment.confirmed.v1", start);
    world.happens(&event).await;
    // The same event again, as after a crash between its effect and the group's progress.
    world.happens(&event).await;
    let inbox = world.inbox(ANA).await;
    assert_eq!(inbox.len(), 1, "{inbox:?}");
    let told = &inbox[0];
    assert_eq!(
        told["body"],
        "Your appointment with Dr. Ruiz is on 18 March 2027, 12:00 at Room 7."
    );
    assert_eq!(
        (&told["intent"], &told["subject"]),
        (
            &json!("appointment-booked"),
            &json!({"type": "Appointment", "id": "a1"})
        )
    );
    assert!(world.inbox(RUIZ).await.is_empty());
    let said = world.said().await;
    assert_eq!(said.len(), 1);
    let (name, fields) = &said[0];
    assert_eq!(name, "notification.requested.v1");
    let recipient = ("recipient_id".to_owned(), Value::from("Patient/ana"));
    assert!(fields.contains(&recipient));
    // Names of things, and not what the message says.
    assert!(!format!("{fields:?}").contains("Ruiz"));
}

#[tokio::test(flavor = "multi_thread")]
async fn patient_and_practitioner_hear_of_changes_and_nobody_of_what_is_over() {
    let world = World::new().await;
    world.ana().await;
    let start = world.appointment(60, "booked").await;
    world
        .happens(&world.visit("appointment.rescheduled.v1", start))
        .await;
    world.appointment(60, "cancelled").await;
    let cancelled = world.event("appointment.cancelled.v1", "Appointment/a1", &[]);
    world.happens(&cancelled).await;
    // Both came at the same instant, so that their order says nothing.
    let bodies = |inbox: Vec<serde_json::Value>| -> std::collections::BTreeSet<String> {
        inbox
            .iter()
            .map(|one| one["body"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        bodies(world.inbox(RUIZ).await),
        [
            "The appointment of Ana Canary is now on 15 March 2027, 13:00 at Room 7.",
            "The appointment of Ana Canary on 15 March 2027, 13:00 is cancelled.",
        ]
        .map(str::to_owned)
        .into()
    );
    assert_eq!(world.inbox(ANA).await.len(), 2);
    // An old visit that is imported, or changed afterwards.
    let past = world.appointment(-60, "booked").await;
    world
        .happens(&world.visit("appointment.confirmed.v1", past))
        .await;
    assert_eq!(world.inbox(ANA).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_critical_result_reaches_who_ordered_it_or_else_the_general_practitioner() {
    let world = World::new().await;
    world.ana().await;
    let observation = json!({
        "resourceType": "Observation", "id": "o1", "status": "final", "code": {"text": "Potassium"},
        "issued": world.now().to_fhir(),
    });
    world.put(&observation).await;
    world
        .put(&json!({"resourceType": "PractitionerRole", "id": "role", "practitioner": {"reference": "Practitioner/ruiz"}}))
        .await;
    world
        .put(&json!({
            "resourceType": "ServiceRequest", "id": "s1", "status": "active", "intent": "order",
            "subject": {"reference": "Patient/ana"}, "requester": {"reference": "PractitionerRole/role"},
        }))
        .await;
    let code = ("code", Value::from("2823-3"));
    let ordered = [code.clone(), ("order_id", "s1".into())];
    world
        .happens(&world.event("lab.critical.result.v1", "Observation/o1", &ordered))
        .await;
    let told = world.inbox(RUIZ).await;
    assert_eq!(
        (&told[0]["body"], &told[0]["urgent"]),
        (
            &json!("A critical result of Potassium for Ana Canary needs attention at once."),
            &json!(true)
        )
    );
    assert!(world.inbox("doctor|Practitioner/gp").await.is_empty());
    world
        .happens(&world.event("lab.critical.result.v1", "Observation/o1", &[code]))
        .await;
    assert_eq!(world.inbox("doctor|Practitioner/gp").await.len(), 1);
    // Patients hear of critical results from people.
    assert!(world.inbox(ANA).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn results_medicines_claims_and_tasks_are_told_and_old_ones_are_not() {
    let world = World::new().await;
    world.ana().await;
    let now = world.now().to_fhir();
    let patient = json!({"reference": "Patient/ana"});
    for record in [
        json!({"resourceType": "DiagnosticReport", "id": "r1", "status": "final", "code": {"text": "Lipids"}, "issued": now}),
        json!({"resourceType": "DiagnosticReport", "id": "r0", "status": "final", "code": {"text": "Lipids"}, "issued": "2020-01-01T00:00:00Z"}),
        json!({"resourceType": "MedicationDispense", "id": "d1", "status": "in-progress", "subject": patient,
            "medicationCodeableConcept": {"text": "Amoxicillin"}, "whenPrepared": now}),
        json!({"resourceType": "ClaimResponse", "id": "c1", "status": "active", "use": "claim", "disposition": "Paid in full", "created": now}),
        json!({"resourceType": "Task", "id": "t1", "status": "requested", "intent": "order", "code": {"text": "Call back"}, "for": patient,
            "authoredOn": now, "restriction": {"period": {"end": "2027-03-16T09:00:00Z"}}}),
    ] {
        world.put(&record).await;
    }
    let status = ("status", Value::from("complete"));
    let abnormal = [("abnormal", Value::Flag(false))];
    for event in [
        world.event("lab.results.available.v1", "DiagnosticReport/r1", &abnormal),
        world.event("lab.results.available.v1", "DiagnosticReport/r0", &abnormal),
        world.event("prescription.ready.v1", "MedicationDispense/d1", &[]),
        world.event(
            "insurance.claim.adjudicated.v1",
            "ClaimResponse/c1",
            &[status],
        ),
        world.event(
            "care.task.assigned.v1",
            "Task/t1",
            &[("owner_id", "Practitioner/ruiz".into())],
        ),
        // Teams are told by those who work in them.
        world.event(
            "care.task.assigned.v1",
            "Task/t1",
            &[("owner_id", "CareTeam/c".into())],
        ),
    ] {
        world.happens(&event).await;
    }
    let mut bodies: Vec<String> = world
        .inbox(ANA)
        .await
        .iter()
        .map(|one| one["body"].as_str().unwrap().to_owned())
        .collect();
    bodies.sort();
    assert_eq!(
        bodies,
        [
            "New results of Lipids can be read in your record.",
            "Your insurer has decided a claim: Paid in full.",
            "Your prescription of Amoxicillin can be collected.",
        ]
    );
    let tasks = world.inbox(RUIZ).await;
    assert_eq!(tasks.len(), 1);
    assert_eq!(
        tasks[0]["body"],
        "A task is assigned to you: Call back, for Ana Canary, due 16 March 2027, 09:00."
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_message_lies_in_the_database_in_the_clear() {
    let world = World::new().await;
    world.ana().await;
    let start = world.appointment(3 * 1_440, "booked").await;
    world
        .happens(&world.visit("appointment.confirmed.v1", start))
        .await;
    for table in ["message", "delivery", "reminder"] {
        let sql = format!(
            "select encode(t.sealed, 'escape'), t::text from notifications.{table} t where tenant = $1"
        );
        let tenant = world.tenant.0;
        let params: mt_database::Params<'_> = &[&tenant];
        let readers = world.database.readers();
        let rows = readers.query(world.tenant, &sql, params).await.unwrap();
        assert!(!rows.is_empty(), "{table}");
        for row in rows {
            let text: String = row.get::<_, String>(0) + &row.get::<_, String>(1);
            // Long enough not to stand in sealed bytes and in ids by chance.
            for word in [
                "ana@",
                "Canary",
                "Dr. Ruiz",
                "example.org",
                "5551234567",
                "555 123",
            ] {
                assert!(!text.contains(word), "{table} {word}");
            }
        }
    }
}
