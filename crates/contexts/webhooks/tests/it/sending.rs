//! From an event to an endpoint.

use mt_webhooks::{EndpointState, Secret};
use serde_json::{Value, json};

use crate::world::{Receiver, World};

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_told_once_to_each_endpoint_that_chose_it_and_names_no_patient() {
    let world = World::new().await;
    let (one, two) = (Receiver::new().await, Receiver::new().await);
    let chosen = world.endpoint(&one.url(), &["appointment.*"]).await;
    world
        .endpoint(&two.url(), &["lab.results.available.v1"])
        .await;
    let event = world.checked_in();
    world.happens(&event).await;
    // The same event again, as after a crash between its effect and the group's progress.
    world.happens(&event).await;
    assert_eq!(world.desk.carry_due().await.unwrap(), 1);
    assert!(two.take().is_empty());
    let got = one.take();
    assert_eq!(got.len(), 1);
    let told = &got[0];
    let body: Value = serde_json::from_slice(&told.body).unwrap();
    let expected = json!({
        "type": "appointment.checked_in.v1",
        "timestamp": event.at.to_fhir(),
        "data": {
            "event": event.id,
            "resource": {"type": "Appointment", "id": "a1", "version": 3},
            "url": "https://ehr.example.org/t/north/fhir/R4/Appointment/a1",
        },
    });
    assert_eq!(body, expected);
    let id = told.header("webhook-id");
    assert!(!id.contains('.'));
    let timestamp = told.header("webhook-timestamp").parse().unwrap();
    let secret = Secret::parse(&chosen.secret).unwrap();
    assert!(secret.signed(id, timestamp, &told.body, told.header("webhook-signature")));
    let health = world
        .webhooks
        .endpoint(world.tenant, chosen.endpoint.id)
        .await
        .unwrap()
        .health;
    assert!(health.last_success.is_some() && health.failing_since.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_message_is_tried_again_with_its_id_and_a_new_time() {
    let world = World::new().await;
    let receiver = Receiver::new().await;
    let endpoint = world.endpoint(&receiver.url(), &["*"]).await.endpoint;
    receiver.answers(500);
    world.happens(&world.checked_in()).await;
    world.desk.carry_due().await.unwrap();
    world.test.clock.advance_seconds(10);
    receiver.answers(200);
    world.desk.carry_due().await.unwrap();
    let got = receiver.take();
    assert_eq!(got.len(), 2);
    assert_eq!(got[0].header("webhook-id"), got[1].header("webhook-id"));
    assert_ne!(
        got[0].header("webhook-timestamp"),
        got[1].header("webhook-timestamp")
    );
    let listed = world
        .webhooks
        .deliveries(world.tenant, endpoint.id, None, 10)
        .await
        .unwrap();
    let (_, delivery) = &listed[0];
    assert_eq!((delivery.state, delivery.attempts), ("delivered", 2));
    assert!(!serde_json::to_string(&listed).unwrap().contains("inside"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_is_gone_or_fails_for_days_is_switched_off_and_can_be_replayed() {
    let world = World::new().await;
    let receiver = Receiver::new().await;
    let created = world.endpoint(&receiver.url(), &["*"]).await.endpoint;
    let state = async || {
        let endpoint = world
            .webhooks
            .endpoint(world.tenant, created.id)
            .await
            .unwrap();
        (endpoint.state, endpoint.version)
    };
    receiver.answers(410);
    world.happens(&world.checked_in()).await;
    world.desk.carry_due().await.unwrap();
    let (off, version) = state().await;
    assert_eq!(off, EndpointState::Disabled);
    // What happens now is not told.
    world.happens(&world.checked_in()).await;
    assert_eq!(world.desk.carry_due().await.unwrap(), 0);
    receiver.answers(200);
    let again = crate::world::said(&receiver.url(), &["*"]);
    world
        .webhooks
        .change(&world.ctx(), created.id, version, again)
        .await
        .unwrap();
    assert_eq!(state().await.0, EndpointState::Active);
    let since = world.test.store.clock().now().plus_seconds(-3_600);
    let replayed = world
        .webhooks
        .replay(&world.ctx(), created.id, since)
        .await
        .unwrap();
    assert_eq!(replayed, 1);
    let before = receiver.take();
    world.desk.carry_due().await.unwrap();
    let after = receiver.take();
    assert_eq!(
        before[0].header("webhook-id"),
        after[0].header("webhook-id")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirection_is_a_failure_and_is_not_followed() {
    let world = World::new().await;
    let receiver = Receiver::new().await;
    let endpoint = world.endpoint(&receiver.url(), &["*"]).await.endpoint;
    receiver.answers(307);
    world.happens(&world.checked_in()).await;
    world.desk.carry_due().await.unwrap();
    let listed = world
        .webhooks
        .deliveries(world.tenant, endpoint.id, None, 10)
        .await
        .unwrap();
    assert_eq!(listed[0].1.reason.as_deref(), Some("redirected"));
    assert_eq!(receiver.take().len(), 1);
}
