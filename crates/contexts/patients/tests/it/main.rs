//! The rules at a store with a real database.

use std::sync::Arc;

use mt_kernel::{Actor, ActorKind, ErrorKind};
use mt_store::Caller;
use mt_testkit::TestStore;

async fn store() -> TestStore {
    TestStore::with(|hooks| mt_patients::register(&mut hooks.policies)).await
}

fn person(caller: &Caller) -> Caller {
    let mut caller = caller.clone();
    caller.ctx.actor = Actor {
        kind: ActorKind::User,
        id: Arc::from("nurse"),
        ..caller.ctx.actor
    };
    caller
}

fn pressure(value: u32) -> String {
    format!(
        r#"{{"resourceType":"Observation","status":"final","code":{{"coding":[{{"system":"http://loinc.org","code":"8480-6"}}]}},
        "valueQuantity":{{"value":{value},"system":"http://unitsofmeasure.org","code":"mm[Hg]"}}}}"#
    )
}

#[tokio::test]
async fn a_person_cannot_enter_what_no_living_patient_has_and_an_import_is_believed() {
    let test = store().await;
    let system = test.caller(test.tenant("clinic").await);
    let nurse = person(&system);
    let refused = test.try_create(&nurse, &pressure(301)).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Invalid);
    test.try_create(&nurse, &pressure(300)).await.unwrap();
    test.try_create(&system, &pressure(301)).await.unwrap();
}

#[tokio::test]
async fn a_person_cannot_register_a_patient_who_is_not_born_yet() {
    let test = store().await;
    let system = test.caller(test.tenant("clinic").await);
    let unborn = r#"{"resourceType":"Patient","birthDate":"2999-01-01"}"#;
    let refused = test.try_create(&person(&system), unborn).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Invalid);
    test.try_create(&system, unborn).await.unwrap();
}
