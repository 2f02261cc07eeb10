//! From an admission to the plan that people work with.

use std::sync::Arc;

use mt_coordination::{MIGRATIONS, care};
use mt_events::catalogue::{EventType, Value, encode};
use mt_events::{Event, HandlerError};
use mt_kernel::Clock;
use mt_testkit::TestStore;
use uuid::Uuid;

use crate::switch::Switch;

struct Ward {
    test: TestStore,
    tenant: mt_kernel::TenantId,
    database: mt_database::Database,
    switch: Switch,
}

impl Ward {
    async fn new() -> Self {
        let test = TestStore::with_schemas(&[mt_events::MIGRATIONS, MIGRATIONS], |_| {}).await;
        Self {
            tenant: test.tenant("north").await,
            database: test.database.open().await,
            switch: Switch::on(),
            test,
        }
    }

    fn admitted(&self, fields: &[(&str, Value)]) -> Event {
        self.event("patient.admitted.v1", fields)
    }

    fn event(&self, name: &str, fields: &[(&str, Value)]) -> Event {
        let kind = EventType::named(name).unwrap();
        let mut values = vec![
            ("subject_type", Value::from("Encounter")),
            ("subject_id", Value::from("e1")),
            ("subject_version", Value::Whole(2)),
        ];
        values.extend_from_slice(fields);
        Event {
            id: Uuid::from_u128(1),
            kind,
            tenant: self.tenant,
            at: self.test.clock.now(),
            correlation: Uuid::from_u128(2),
            key: Arc::from("p1"),
            payload: encode(kind, &values).unwrap(),
        }
    }

    async fn give(&self, event: &Event) -> Result<(), HandlerError> {
        let tx = self.database.tenant(self.tenant).await.unwrap();
        let coordinator = care::coordinator(self.test.store.clone(), Arc::new(self.switch.clone()));
        let outcome = coordinator.handle(event, &tx).await;
        tx.commit().await.unwrap();
        outcome
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admission_starts_one_plan_however_often_it_is_told() {
    let ward = Ward::new().await;
    let caller = ward.test.caller(ward.tenant);
    let event = ward.admitted(&[("patient_id", "p1".into())]);
    ward.give(&event).await.unwrap();

    let found = |query: &'static str| ward.test.search(&caller, query);
    let plans = found("CarePlan?subject=Patient/p1&status=active")
        .await
        .unwrap();
    let tasks = found("Task?patient=Patient/p1&status=requested&_count=50")
        .await
        .unwrap();
    assert_eq!((plans.len(), tasks.len()), (1, 4));

    // Somebody works with it; being told again changes nothing of that.
    let done = format!(
        r#"{{"resourceType":"Task","id":"{}","status":"completed","intent":"order","for":{{"reference":"Patient/p1"}}}}"#,
        tasks[0]
    );
    ward.test.put(&caller, &done, None).await.unwrap();
    ward.give(&event).await.unwrap();
    let open = found("Task?patient=Patient/p1&status=requested&_count=50")
        .await
        .unwrap();
    assert_eq!(open.len(), 3);
    assert_eq!(found("CarePlan").await.unwrap(), plans);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admission_of_nobody_is_poison() {
    let ward = Ward::new().await;
    let outcome = ward.give(&ward.admitted(&[])).await;
    assert_eq!(outcome, Err(HandlerError::Poison("subject")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_discharge_ends_the_plan_and_calls_off_what_is_open() {
    let ward = Ward::new().await;
    let caller = ward.test.caller(ward.tenant);
    let patient = [("patient_id", Value::from("p1"))];
    ward.give(&ward.admitted(&patient)).await.unwrap();
    let found = |query: &'static str| ward.test.search(&caller, query);
    let tasks = found("Task?patient=Patient/p1&_count=50").await.unwrap();
    let done = format!(
        r#"{{"resourceType":"Task","id":"{}","status":"completed","intent":"order","for":{{"reference":"Patient/p1"}}}}"#,
        tasks[0]
    );
    ward.test.put(&caller, &done, None).await.unwrap();
    let discharged = ward.event("patient.discharged.v1", &patient);
    for _ in 0..2 {
        ward.give(&discharged).await.unwrap();
        let counted = [
            found("CarePlan?status=completed").await.unwrap().len(),
            found("Task?status=completed").await.unwrap().len(),
            found("Task?status=cancelled").await.unwrap().len(),
        ];
        assert_eq!(counted, [1, 1, 3]);
    }
    // An admission that is told again after the discharge begins nothing.
    ward.give(&ward.admitted(&patient)).await.unwrap();
    assert!(found("CarePlan?status=active").await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_planned_where_the_organisation_does_not_want_it() {
    let ward = Ward::new().await;
    let patient = [("patient_id", Value::from("p1"))];
    ward.switch.turn(false);
    ward.give(&ward.admitted(&patient)).await.unwrap();
    ward.give(&ward.event("patient.discharged.v1", &patient))
        .await
        .unwrap();
    let caller = ward.test.caller(ward.tenant);
    assert!(
        ward.test
            .search(&caller, "CarePlan")
            .await
            .unwrap()
            .is_empty()
    );
}
