//! From a change of a record to the patient's timeline.

use std::sync::Arc;
use std::time::Duration;

use mt_coordination::timeline::{Timeline, TimelineConsumer, TimelineFilter};
use mt_coordination::{MIGRATIONS, announce};
use mt_events::catalogue::{EventType, Value, encode};
use mt_events::{Consumer, ConsumerOptions, EventBus, Keys, LogBus, Relay, RelayOptions, Runtime};
use mt_kernel::{Clock as _, TenantId};
use mt_store::DomainEvent;
use mt_testkit::TestStore;
use uuid::Uuid;

/// Says that a patient's record is erased.
async fn erased(test: &TestStore, tenant: TenantId, patient: &str) {
    let kind = EventType::named("patient.erased.v1").unwrap();
    let values = [
        ("subject_type", Value::from("Patient")),
        ("subject_id", patient.into()),
        ("subject_version", Value::Whole(0)),
        ("patient_id", patient.into()),
    ];
    let event = DomainEvent {
        name: kind.name,
        key: patient.to_owned(),
        payload: encode(kind, &values).unwrap(),
    };
    let tx = test.store.database().tenant(tenant).await.unwrap();
    let (said, now) = ([event], test.clock.now());
    let said = test.store.say(&tx, Uuid::now_v7(), now, &said);
    said.await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_to_a_patient_is_on_the_timeline_once_newest_first() {
    let test = TestStore::with_schemas(&[mt_events::MIGRATIONS, MIGRATIONS], |hooks| {
        announce::announce(&mut hooks.policies);
    })
    .await;
    let tenant = test.tenant("north").await;
    let caller = test.caller(tenant);
    let database = test.database.open().await;
    let keys: Arc<dyn Keys> = Arc::new(test.store.tenants().clone());
    let clock = Arc::new(test.clock.clone());
    let bus = LogBus::new(database.clone(), clock.clone());
    let bus: Arc<dyn EventBus> = Arc::new(bus);
    let relay = Relay::new(
        database.clone(),
        Arc::clone(&keys),
        clock,
        Arc::clone(&bus),
        RelayOptions::default(),
    );
    let stop = tokio_util::sync::CancellationToken::new();
    let relay = tokio::spawn(relay.run(stop.clone()));
    let mut runtime = Runtime::new(database.clone(), Arc::clone(&keys), bus);
    let consumer: Arc<dyn Consumer> = Arc::new(TimelineConsumer::new(Arc::clone(&keys)));
    runtime.start(&consumer, ConsumerOptions::default());

    let one = test
        .create(&caller, r#"{"resourceType":"Patient","active":true}"#)
        .await;
    let other = test
        .create(&caller, r#"{"resourceType":"Patient","active":true}"#)
        .await;
    let encounter = |status: &str| {
        format!(
            r#"{{"resourceType":"Encounter","id":"e1","status":"{status}","class":{{"code":"IMP"}},"subject":{{"reference":"Patient/{}"}}}}"#,
            one.id
        )
    };
    for status in ["planned", "in-progress", "in-progress", "finished"] {
        test.clock.advance_seconds(1);
        let caller = test.caller(tenant);
        test.put(&caller, &encounter(status), None).await.unwrap();
    }

    let timeline = Timeline::new(database.clone(), keys);
    let all = TimelineFilter::default();
    let mut moments = Vec::new();
    for _ in 0..1_000 {
        moments = timeline.page(tenant, &one.id, &all, 100).await.unwrap();
        if moments.len() >= 5 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let names: Vec<&str> = moments.iter().map(|moment| moment.kind.name).collect();
    assert_eq!(
        names,
        [
            "patient.discharged.v1",
            "encounter.finished.v1",
            "patient.admitted.v1",
            "encounter.started.v1",
            "patient.registered.v1",
        ]
    );
    assert_eq!(moments[0].text("subject_id"), Some("e1"));

    let paged = TimelineFilter {
        after: Some((moments[1].at, moments[1].id)),
        ..TimelineFilter::default()
    };
    let rest = timeline.page(tenant, &one.id, &paged, 2).await.unwrap();
    let rest: Vec<_> = rest.iter().map(|moment| moment.id).collect();
    assert_eq!(rest, [moments[2].id, moments[3].id]);
    let kinds = TimelineFilter {
        kinds: vec![moments[4].kind],
        to: Some(moments[0].at),
        from: Some(moments[4].at),
        after: None,
    };
    let first = timeline.page(tenant, &one.id, &kinds, 10).await.unwrap();
    assert_eq!(first.len(), 1);
    assert_eq!(
        timeline
            .page(tenant, &other.id, &all, 10)
            .await
            .unwrap()
            .len(),
        1
    );

    // The last that is told of a patient, after which nothing is kept.
    erased(&test, tenant, &one.id).await;
    for _ in 0..1_000 {
        moments = timeline.page(tenant, &one.id, &all, 10).await.unwrap();
        if moments.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(moments.is_empty());
    let others = timeline.page(tenant, &other.id, &all, 10).await;
    assert_eq!(others.unwrap().len(), 1);

    runtime.stop().await;
    stop.cancel();
    relay.await.unwrap();
}
