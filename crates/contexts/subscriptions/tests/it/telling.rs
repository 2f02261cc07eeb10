//! What is told, to whom it may be told.

use mt_access::Role;
use serde_json::{Value, json};

use crate::world::{Receiver, World, patient, plain, topical};

#[tokio::test(flavor = "multi_thread")]
async fn a_plain_subscription_is_told_as_r4_has_it() {
    let world = World::new().await;
    let (empty, full) = (Receiver::new().await, Receiver::new().await);
    world
        .write(&plain(&empty.url(), "Patient?family=chalmers", false))
        .await;
    world
        .write(&plain(&full.url(), "Patient?family=chalmers", true))
        .await;
    world.settle().await;
    world.write(&patient("Smith")).await;
    // An id that is no UUID is a hash in the log.
    let id = "chosen-by-the-client".to_owned();
    let mut chalmers = patient("Chalmers");
    chalmers["id"] = id.clone().into();
    let caller = world.integration();
    world
        .test
        .put(&caller, &chalmers.to_string(), None)
        .await
        .unwrap();
    world.settle().await;
    let got = empty.take();
    assert_eq!(got.len(), 1);
    let told = &got[0];
    assert_eq!((told.method.as_str(), told.body.len()), ("POST", 0));
    let got = full.take();
    assert_eq!(got.len(), 1);
    let told = &got[0];
    assert_eq!(
        (told.method.as_str(), told.path.clone()),
        ("PUT", format!("/hook/Patient/{id}"))
    );
    assert_eq!(told.json()["name"][0]["family"], "Chalmers");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_is_told_in_order_with_as_much_as_was_asked_for() {
    let world = World::new().await;
    let receivers = [
        Receiver::new().await,
        Receiver::new().await,
        Receiver::new().await,
    ];
    for (receiver, content) in receivers.iter().zip(["empty", "id-only", "full-resource"]) {
        world
            .write(&topical(&receiver.url(), content, "Patient?active=true"))
            .await;
    }
    world.settle().await;
    receivers.iter().for_each(|receiver| drop(receiver.take()));
    let mut ids = Vec::new();
    for family in ["One", "Two", "Three"] {
        ids.push(world.write(&patient(family)).await);
    }
    world.settle().await;
    for (receiver, (entries, records)) in receivers.iter().zip([(1, 0), (2, 0), (2, 1)]) {
        let told = receiver.take();
        assert_eq!(told.len(), 3);
        for (number, (one, id)) in told.iter().zip(&ids).enumerate() {
            assert_eq!(one.status("type"), "event-notification");
            assert_eq!(one.status("status"), "active");
            let bundle = one.json();
            let event = &bundle["entry"][0]["resource"]["parameter"][5]["part"];
            assert_eq!(event[0]["valueString"], (number + 1).to_string());
            let all = bundle["entry"].as_array().unwrap();
            let with_record = |entry: &&Value| entry["resource"]["resourceType"] == "Patient";
            assert_eq!(all.len(), entries);
            assert_eq!(all.iter().filter(with_record).count(), records);
            let named = format!("https://ehr.example.org/t/north/fhir/R4/Patient/{id}");
            assert_eq!(bundle.to_string().contains(&named), entries > 1);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_subscriber_may_not_read_is_never_told_not_even_if_they_could_before() {
    let world = World::new().await;
    let receiver = Receiver::new().await;
    world
        .write(&topical(
            &receiver.url(),
            "full-resource",
            "Observation?status=final",
        ))
        .await;
    world.settle().await;
    receiver.take();
    let observation = json!({
        "resourceType": "Observation", "status": "final", "code": {"text": "canary"},
    });
    // An administrator sees no chart.
    world.roles.set(Some(Role::OrgAdmin));
    world.write(&observation).await;
    world.settle().await;
    assert!(receiver.take().is_empty());
    // What matched while it could be read waits, and is not told when the role is gone.
    world.roles.set(Some(Role::Service));
    receiver.answers(503);
    world.write(&observation).await;
    world.settle().await;
    assert_eq!(receiver.take().len(), 1);
    world.roles.set(None);
    receiver.answers(200);
    world.test.clock.advance_seconds(600);
    assert_eq!(world.carry().await, 1);
    assert!(receiver.take().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quiet_subscription_hears_that_the_server_lives() {
    let world = World::new().await;
    let receiver = Receiver::new().await;
    world
        .write(&topical(&receiver.url(), "empty", "Patient?active=true"))
        .await;
    world.settle().await;
    receiver.take();
    assert_eq!(world.subscriptions.pulse().await.unwrap(), 0);
    world.test.clock.advance_seconds(61);
    assert_eq!(world.subscriptions.pulse().await.unwrap(), 1);
    // It is due again only when it was told.
    assert_eq!(world.subscriptions.pulse().await.unwrap(), 0);
    assert_eq!(world.carry().await, 1);
    let told = receiver.take();
    assert_eq!(told[0].status("type"), "heartbeat");
    world.test.clock.advance_seconds(61);
    assert_eq!(world.subscriptions.pulse().await.unwrap(), 1);
}
