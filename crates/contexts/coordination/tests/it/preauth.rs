//! Orders joined with coverages, whichever comes first.

use std::sync::Arc;
use std::time::Duration;

use mt_coordination::preauth::Preauthorization;
use mt_coordination::{MIGRATIONS, announce};
use mt_database::Database;
use mt_events::catalogue::{EventType, Value as Field, encode};
use mt_events::{
    Consumer, ConsumerOptions, Event, EventBus, Keys, LogBus, Relay, RelayOptions, Runtime,
};
use mt_fhir::ResourceType;
use mt_kernel::{Clock, TenantId};
use mt_testkit::TestStore;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::switch::Switch;

struct Office {
    test: TestStore,
    tenant: TenantId,
    database: Database,
    stream: Preauthorization,
    switch: Switch,
}

impl Office {
    async fn new() -> Self {
        let schemas = [mt_events::MIGRATIONS, MIGRATIONS];
        let test = TestStore::with_schemas(&schemas, |hooks| {
            announce::announce(&mut hooks.policies);
        })
        .await;
        let switch = Switch::on();
        let keys: Arc<dyn Keys> = Arc::new(test.store.tenants().clone());
        Self {
            tenant: test.tenant("north").await,
            database: test.database.open().await,
            stream: Preauthorization::new(test.store.clone(), keys, Arc::new(switch.clone())),
            switch,
            test,
        }
    }

    async fn write(&self, record: &Value) {
        let caller = self.test.caller(self.tenant);
        let written = self.test.put(&caller, &record.to_string(), None).await;
        written.unwrap();
    }

    /// What a commit says, given to the stream by hand.
    async fn hear(&self, name: &str, id: &str, fields: &[(&str, Field)]) {
        let kind = EventType::named(name).unwrap();
        let mut values = vec![
            ("subject_type", Field::from("ServiceRequest")),
            ("subject_id", Field::from(id)),
            ("subject_version", Field::Whole(1)),
            ("patient_id", Field::from("p1")),
        ];
        values.extend_from_slice(fields);
        let event = Event {
            id: Uuid::now_v7(),
            kind,
            tenant: self.tenant,
            at: self.test.clock.now(),
            correlation: Uuid::now_v7(),
            key: Arc::from("p1"),
            payload: encode(kind, &values).unwrap(),
        };
        let tx = self.database.tenant(self.tenant).await.unwrap();
        self.stream.handle(&event, &tx).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn ordered(&self, id: &str, needs: bool) {
        let codes = Field::Texts(vec!["24323-8".to_owned()]);
        let fields = [
            ("codes", codes),
            ("requires_preauth", Field::Flag(needs)),
            ("priority", "stat".into()),
        ];
        self.hear("lab.order.created.v1", id, &fields).await;
    }

    async fn cancelled(&self, id: &str) {
        self.hear("lab.order.cancelled.v1", id, &[]).await;
    }

    async fn covered(&self, id: &str, status: &str, period: Value) {
        let mut coverage = json!({
            "resourceType": "Coverage", "id": id, "status": status,
            "beneficiary": {"reference": "Patient/p1"}, "payor": [{"display": "A payer"}],
        });
        if !period.is_null() {
            coverage["period"] = period;
        }
        self.write(&coverage).await;
        self.hear("coverage.changed.v1", id, &[("status", status.into())])
            .await;
    }

    /// Every Task, as it is.
    async fn tasks(&self) -> Vec<Value> {
        let caller = self.test.caller(self.tenant);
        let mut tasks = Vec::new();
        for id in self.test.search(&caller, "Task").await.unwrap() {
            let stored = self.test.store.read(&caller, ResourceType::TASK, &id).await;
            tasks.push(serde_json::from_slice(&stored.unwrap().body).unwrap());
        }
        tasks
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_meets_a_coverage_whichever_comes_first_and_however_often() {
    let office = Office::new().await;
    office.ordered("o1", true).await;
    office.ordered("plain", false).await;
    assert!(office.tasks().await.is_empty());
    office.covered("c1", "active", Value::Null).await;
    let first = office.tasks().await;
    let [task] = &first[..] else {
        panic!("one order needs it: {first:?}");
    };
    assert_eq!(task["focus"]["reference"], "ServiceRequest/o1");
    assert_eq!(task["insurance"][0]["reference"], "Coverage/c1");
    assert_eq!(
        (&task["status"], &task["priority"]),
        (&json!("requested"), &json!("urgent"))
    );
    office.ordered("o2", true).await;
    assert_eq!(office.tasks().await.len(), 2);
    // All of it again, in another order: nothing changes.
    let before = office.tasks().await;
    office.covered("c1", "active", Value::Null).await;
    office.ordered("o2", true).await;
    office.ordered("o1", true).await;
    assert_eq!(office.tasks().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_order_is_not_authorised_and_its_task_is_called_off() {
    let office = Office::new().await;
    office.ordered("early", true).await;
    office.cancelled("early").await;
    office.cancelled("unheard").await;
    office.covered("c1", "active", Value::Null).await;
    office.ordered("unheard", true).await;
    assert!(office.tasks().await.is_empty());
    office.ordered("late", true).await;
    assert_eq!(office.tasks().await[0]["status"], "requested");
    for _ in 0..2 {
        office.cancelled("late").await;
        office.ordered("late", true).await;
        let tasks = office.tasks().await;
        assert_eq!((tasks.len(), &tasks[0]["status"]), (1, &json!("cancelled")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_waits_a_day_for_a_coverage_in_force() {
    let office = Office::new().await;
    let over = json!({"start": "2001-01-01", "end": "2001-12-31"});
    office.covered("over", "active", over).await;
    office.covered("ended", "active", Value::Null).await;
    office.covered("ended", "cancelled", Value::Null).await;
    office.ordered("o1", true).await;
    office.test.clock.advance_seconds(86_399);
    assert_eq!(office.stream.expire(office.tenant).await.unwrap(), 0);
    assert!(office.tasks().await.is_empty());
    office.test.clock.advance_seconds(1);
    assert_eq!(office.stream.expire(office.tenant).await.unwrap(), 1);
    assert_eq!(office.stream.expire(office.tenant).await.unwrap(), 0);
    let tasks = office.tasks().await;
    assert_eq!(tasks.len(), 1);
    assert!(tasks[0].get("insurance").is_none());
    // A coverage that comes later than that changes nothing of it.
    office.covered("c9", "active", Value::Null).await;
    assert_eq!(office.tasks().await, tasks);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_asked_for_where_the_organisation_does_not_want_it() {
    let office = Office::new().await;
    office.switch.turn(false);
    office.covered("c1", "active", Value::Null).await;
    office.ordered("o1", true).await;
    assert!(office.tasks().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn from_the_records_themselves_an_order_becomes_an_event_that_names_its_coverage() {
    let office = Office::new().await;
    let keys: Arc<dyn Keys> = Arc::new(office.test.store.tenants().clone());
    let clock = Arc::new(office.test.clock.clone());
    let database = office.database.clone();
    let log = LogBus::new(database.clone(), clock.clone());
    let bus: Arc<dyn EventBus> = Arc::new(log.clone());
    let relay = Relay::new(
        database.clone(),
        Arc::clone(&keys),
        clock,
        Arc::clone(&bus),
        RelayOptions::default(),
    );
    let stop = tokio_util::sync::CancellationToken::new();
    let relay = tokio::spawn(relay.run(stop.clone()));
    let mut feed = log.feed().await.unwrap();
    let mut runtime = Runtime::new(database, Arc::clone(&keys), bus);
    let consumer: Arc<dyn Consumer> = Arc::new(office.stream.clone());
    runtime.start(&consumer, ConsumerOptions::default());
    office
        .write(&json!({
            "resourceType": "ServiceRequest", "id": "o1", "status": "active", "intent": "order",
            "category": [{"coding": [{"system": "http://snomed.info/sct", "code": "108252007"}]}],
            "code": {"coding": [{"system": "http://loinc.org", "code": "24323-8"}]},
            "subject": {"reference": "Patient/p1"},
            "extension": [{"url": "urn:meditrack:requires-preauth", "valueBoolean": true}],
        }))
        .await;
    office
        .write(&json!({
            "resourceType": "Coverage", "id": "c1", "status": "active",
            "beneficiary": {"reference": "Patient/p1"}, "payor": [{"display": "A payer"}],
        }))
        .await;
    let keys = keys.of(office.tenant).await.unwrap();
    let found = tokio::time::timeout(Duration::from_secs(30), async {
        loop {
            for delivery in feed.next(100).await.unwrap() {
                let event = delivery.open(&keys).unwrap();
                if event.kind.name == "insurance.preauth.required.v1" {
                    return event.values().unwrap();
                }
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    let values = found.await.expect("the event comes");
    let text = |name: &str| {
        let found = values.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.clone())
    };
    assert_eq!(text("order_id"), Some("o1".into()));
    assert_eq!(text("coverage_id"), Some("c1".into()));
    assert_eq!(text("patient_id"), Some("p1".into()));
    runtime.stop().await;
    stop.cancel();
    relay.await.unwrap();
}
