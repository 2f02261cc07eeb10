//! What may be asked for, and how a Subscription stands.

use mt_kernel::ErrorKind;
use serde_json::json;

use crate::world::{Receiver, World, patient, plain, topical};

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_served_is_refused_when_it_is_asked_for() {
    let world = World::new().await;
    let url = "https://hooks.example.org/in";
    let mut active = plain(url, "Patient", false);
    active["status"] = "active".into();
    let mut sms = plain(url, "Patient", false);
    sms["channel"]["type"] = "sms".into();
    let mut ended = plain(url, "Patient", false);
    ended["end"] = "2020-01-01T00:00:00Z".into();
    for refused in [
        active,
        sms,
        ended,
        plain("http://hooks.example.org/in", "Patient", false),
        plain("https://10.0.0.1/in", "Patient", false),
        plain(url, "Patient?nonsense=1", false),
        topical(url, "full-resource", "Slot?status=free"),
    ] {
        let caller = world.integration();
        let error = world
            .test
            .try_create(&caller, &refused.to_string())
            .await
            .unwrap_err();
        let kind = error.kind();
        assert!(
            matches!(kind, ErrorKind::Invalid | ErrorKind::Unsupported),
            "{refused}: {error}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_becomes_active_by_its_handshake_and_stops_when_it_is_switched_off() {
    let world = World::new().await;
    let receiver = Receiver::new().await;
    let asked = topical(&receiver.url(), "id-only", "Patient?active=true");
    let id = world.write(&asked).await;
    world.settle().await;
    let told = receiver.take();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].status("type"), "handshake");
    assert_eq!(told[0].status("eventsSinceSubscriptionStart"), "0");
    assert_eq!(told[0].headers["x-own"], "yes");
    assert_eq!(told[0].headers["content-type"], "application/fhir+json");
    let now = world.read(&id).await;
    assert_eq!(now["status"], "active");
    let mut off = now;
    off["status"] = "off".into();
    world
        .test
        .put(&world.integration(), &off.to_string(), None)
        .await
        .unwrap();
    world.settle().await;
    world.write(&patient("Chalmers")).await;
    world.settle().await;
    assert!(receiver.take().is_empty());
    assert_eq!(world.read(&id).await["status"], "off");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_takes_nothing_puts_its_subscription_into_error_until_it_is_asked_for_anew()
 {
    let world = World::new().await;
    let receiver = Receiver::new().await;
    receiver.answers(500);
    let asked = topical(&receiver.url(), "empty", "Patient?active=true");
    let id = world.write(&asked).await;
    world.settle().await;
    for _ in 0..8 {
        world.test.clock.advance_seconds(4_000);
        world.carry().await;
    }
    let mut now = world.read(&id).await;
    assert_eq!(now["status"], "error");
    assert_eq!(now["error"], "the endpoint does not take notifications");
    assert_eq!(receiver.take().len(), 7);
    receiver.answers(200);
    now["status"] = "requested".into();
    now.as_object_mut().unwrap().remove("error");
    world
        .test
        .put(&world.integration(), &now.to_string(), None)
        .await
        .unwrap();
    world.settle().await;
    let again = world.read(&id).await;
    assert_eq!(
        (&again["status"], again.get("error")),
        (&json!("active"), None)
    );
}
