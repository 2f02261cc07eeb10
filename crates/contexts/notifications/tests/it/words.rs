//! The words of an organisation, and what administrators see.

use axum::http::StatusCode;
use serde_json::json;

use crate::world::{ADMIN, ANA, RUIZ, World};

const PATH: &str = "/notification-templates/task-assigned/en";

#[tokio::test(flavor = "multi_thread")]
async fn an_organisation_says_it_in_its_own_words_and_takes_them_back() {
    let world = World::new().await;
    let own = json!({"subject": "Work at {organisation}", "short": "Work waits: {link}", "title": "Work", "body": "Please do {what}."});
    let (status, changed) = world.call_at(ADMIN, ("PUT", PATH), Some(0), &own).await;
    assert_eq!(status, StatusCode::OK, "{changed}");
    assert_eq!(
        (&changed["version"], &changed["shipped"]),
        (&json!(1), &json!(false))
    );
    world.assigns("Call back").await;
    assert_eq!(world.inbox(RUIZ).await[0]["body"], "Please do Call back.");
    let (status, _) = world.call_at(ADMIN, ("PUT", PATH), Some(0), &own).await;
    assert_eq!(status, StatusCode::PRECONDITION_FAILED);
    let (_, back) = world
        .call_at(ADMIN, ("DELETE", PATH), Some(1), &json!(null))
        .await;
    assert_eq!(
        (&back["version"], &back["shipped"]),
        (&json!(2), &json!(true))
    );
    world.assigns("Call again").await;
    let inbox = world.inbox(RUIZ).await;
    assert_eq!(inbox[0]["body"], "A task is assigned to you: Call again.");
    let (_, all) = world
        .call(ADMIN, ("GET", "/notification-templates"), &json!(null))
        .await;
    assert_eq!(all.as_array().unwrap().len(), 26);
}

#[tokio::test(flavor = "multi_thread")]
async fn words_that_leave_cannot_be_given_health_information() {
    let world = World::new().await;
    let good = json!({"subject": "s", "short": "s", "title": "t", "body": "b"});
    for (field, text) in [
        ("subject", "Your {what} result"),
        ("short", "Hello {patient}"),
        ("short", "{link"),
        ("subject", "one\r\nBcc: other@example.org"),
        ("body", "{password}"),
        ("title", ""),
    ] {
        let mut bad = good.clone();
        bad[field] = json!(text);
        let (status, said) = world.call_at(ADMIN, ("PUT", PATH), Some(0), &bad).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{text:?} {said}");
        let tried = json!({"language": "en", "wording": bad});
        let (status, _) = world
            .call(ADMIN, ("POST", "/notification-templates/preview"), &tried)
            .await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{text:?}");
    }
    let tried = json!({"language": "es", "wording": {"subject": "s", "short": "{count}", "title": "t", "body": "{who}"}});
    let (_, shown) = world
        .call(ADMIN, ("POST", "/notification-templates/preview"), &tried)
        .await;
    assert_eq!(
        (&shown["short"], &shown["body"]),
        (&json!("1"), &json!("⟨who⟩"))
    );
    for nowhere in [
        "/notification-templates/nonsense/en",
        "/notification-templates/task-assigned/tlh",
    ] {
        let (status, _) = world.call_at(ADMIN, ("PUT", nowhere), Some(0), &good).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{nowhere}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_those_who_manage_the_organisation_see_words_and_deliveries() {
    let world = World::new().await;
    for who in [ANA, RUIZ, "nurse|Practitioner/n", "auditor|Practitioner/a"] {
        for (method, path) in [
            ("GET", "/notification-templates"),
            ("GET", "/notification-deliveries"),
            ("POST", "/notification-deliveries/test"),
            ("POST", "/notification-templates/preview"),
            ("PUT", PATH),
            ("DELETE", PATH),
        ] {
            let (status, _) = world.call(who, (method, path), &json!({})).await;
            assert_eq!(status, StatusCode::FORBIDDEN, "{who} {method} {path}");
        }
    }
}
