//! The rules at the store, through every door.

use std::sync::Arc;

use mt_kernel::{Actor, ActorKind, ErrorKind};
use mt_store::Caller;
use serde_json::Value;

use crate::world::Practice;

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

fn temperature(fahrenheit: &str) -> String {
    format!(
        r#"{{"resourceType":"Observation","status":"final","code":{{"coding":[{{"system":"http://loinc.org","code":"8310-5"}}]}},
        "valueQuantity":{{"value":{fahrenheit},"system":"http://unitsofmeasure.org","code":"[degF]"}}}}"#
    )
}

fn numbers(body: &[u8]) -> Vec<(String, String)> {
    let patient: Value = serde_json::from_slice(body).unwrap();
    let all = patient["identifier"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    all.iter()
        .map(|one| (text(&one["system"]), text(&one["value"])))
        .collect()
}

#[tokio::test]
async fn a_person_cannot_enter_what_no_living_patient_has_and_an_import_is_believed() {
    let practice = Practice::new().await;
    let system = practice.test.caller(practice.tenant);
    let nurse = person(&system);
    let refused = practice
        .test
        .try_create(&nurse, &pressure(301))
        .await
        .unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Invalid);
    practice
        .test
        .try_create(&nurse, &pressure(300))
        .await
        .unwrap();
    practice
        .test
        .try_create(&system, &pressure(301))
        .await
        .unwrap();
    for (value, good) in [
        ("89", false),
        ("89.9", false),
        ("90", true),
        ("110.1", false),
    ] {
        let entered = practice.test.try_create(&nurse, &temperature(value)).await;
        assert_eq!(entered.is_ok(), good, "{value} °F");
    }
}

/// P002: at least a day, at most 150 years ago, by the clock of the server.
#[tokio::test]
async fn a_birth_date_is_between_yesterday_and_150_years_ago_through_every_door() {
    use mt_kernel::Clock as _;
    let practice = Practice::new().await;
    let nurse = person(&practice.test.caller(practice.tenant));
    let today = practice.test.clock.now().timestamp();
    let today = today.to_zoned(jiff::tz::TimeZone::UTC).date();
    let ago = |span: jiff::Span| today.checked_sub(span).unwrap().to_string();
    for (born, good) in [
        (ago(jiff::Span::new().days(1)), true),
        (ago(jiff::Span::new().days(-2)), false),
        (ago(jiff::Span::new().years(149)), true),
        (ago(jiff::Span::new().years(151)), false),
    ] {
        let text = format!(r#"{{"resourceType":"Patient","birthDate":"{born}"}}"#);
        let entered = practice.test.try_create(&nurse, &text).await;
        assert_eq!(entered.is_ok(), good, "{born}");
        let details =
            serde_json::json!({"family": "X", "given": [format!("Y{born}")], "birthDate": born});
        assert_eq!(practice.register(details).await.is_ok(), good, "{born}");
    }
}

/// P003, as far as it can be judged of what comes from elsewhere: `/api/v1` asks for ten digits, every door for a number.
#[tokio::test]
async fn a_telephone_number_is_no_sentence_through_every_door() {
    let practice = Practice::new().await;
    let system = practice.test.caller(practice.tenant);
    let nurse = person(&system);
    for (number, here, there) in [
        ("555-123-4567", true, true),
        ("555-4567", false, true),
        ("call me at 5551234567", false, false),
        ("unknown", false, false),
    ] {
        let details =
            serde_json::json!({"family": "X", "given": [format!("Of {number}")], "phone": number});
        assert_eq!(practice.register(details).await.is_ok(), here, "{number}");
        let text = format!(
            r#"{{"resourceType":"Patient","telecom":[{{"system":"phone","value":"{number}"}}]}}"#
        );
        let entered = practice.test.try_create(&nurse, &text).await;
        assert_eq!(entered.is_ok(), there, "{number}");
        practice.test.try_create(&system, &text).await.unwrap();
    }
}

#[tokio::test]
async fn a_person_cannot_register_a_patient_who_is_not_born_yet() {
    let practice = Practice::new().await;
    let nurse = person(&practice.test.caller(practice.tenant));
    let unborn = r#"{"resourceType":"Patient","birthDate":"2199-01-01"}"#;
    let refused = practice.test.try_create(&nurse, unborn).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Invalid);
}

#[tokio::test]
async fn whoever_a_person_registers_through_any_door_has_a_record_number_of_the_facility() {
    let practice = Practice::new().await;
    let system = practice.test.caller(practice.tenant);
    let nurse = person(&system);
    let at = r#"{"resourceType":"Patient","managingOrganization":{"reference":"Organization/f"}}"#;
    let undecided = practice.test.try_create(&nurse, at).await.unwrap();
    assert_eq!(numbers(&undecided.body), []);
    let settings = serde_json::from_str(r#"{"pattern":"MRN-{date}-{hex}"}"#).unwrap();
    let patients = &practice.patients;
    patients
        .change_number_settings(practice.tenant, 0, &settings)
        .await
        .unwrap();
    let one = numbers(&practice.test.try_create(&nurse, at).await.unwrap().body);
    let other = numbers(&practice.test.try_create(&nurse, at).await.unwrap().body);
    assert_eq!(one[0].0, "urn:meditrack:mrn:f");
    assert!(
        one[0].1.starts_with("MRN-") && one[0].1.len() == 21,
        "{one:?}"
    );
    assert_ne!(one, other);
    let put = r#"{"resourceType":"Patient","id":"own"}"#;
    let put = practice.test.put(&nurse, put, None).await.unwrap();
    assert_eq!(numbers(&put.body)[0].0, "urn:meditrack:mrn");
    let brought = r#"{"resourceType":"Patient","identifier":[{"type":{"coding":[{"code":"MR"}]},"system":"h","value":"7"}]}"#;
    let brought = practice.test.try_create(&nurse, brought).await.unwrap();
    assert_eq!(numbers(&brought.body), [("h".to_owned(), "7".to_owned())]);
    let imported = practice.test.try_create(&system, at).await.unwrap();
    assert_eq!(numbers(&imported.body), []);
}

#[tokio::test]
async fn nobody_gets_a_number_that_another_patient_of_the_facility_has() {
    let practice = Practice::new().await;
    let other_tenant = practice
        .test
        .caller(practice.test.tenant("elsewhere").await);
    let system = practice.test.caller(practice.tenant);
    let patient = |id: &str, system: &str, value: &str, r#use: &str| {
        format!(
            r#"{{"resourceType":"Patient","id":"{id}","identifier":[{{"use":"{use}","system":"{system}","value":"{value}"}}]}}"#
        )
    };
    let ours = "urn:meditrack:mrn:f";
    let put = async |caller: &Caller, text: String| {
        let stored = practice.test.put(caller, &text, None).await;
        stored.map(|_| ()).map_err(|error| error.kind())
    };
    assert_eq!(put(&system, patient("a", ours, "1", "usual")).await, Ok(()));
    let taken = Err(ErrorKind::Conflict);
    assert_eq!(put(&system, patient("b", ours, "1", "usual")).await, taken);
    for (id, system_of, value, r#use) in [
        ("c", ours, "2", "usual"),
        ("d", "urn:meditrack:mrn:g", "1", "usual"),
        ("e", "http://hospital", "1", "usual"),
        ("f", ours, "1", "old"),
    ] {
        assert_eq!(
            put(&system, patient(id, system_of, value, r#use)).await,
            Ok(()),
            "{id}"
        );
    }
    assert_eq!(
        put(&other_tenant, patient("b", ours, "1", "usual")).await,
        Ok(())
    );
    // Given up, it can be had.
    assert_eq!(put(&system, patient("a", ours, "9", "usual")).await, Ok(()));
    assert_eq!(put(&system, patient("b", ours, "1", "usual")).await, Ok(()));
}
