//! Who hears what.

use mt_access::Role;
use mt_live::{HubLimits, Room};
use serde_json::json;

use crate::fixture::World;
use crate::plain::Client;

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_is_heard_in_every_process_by_id_and_version_alone() {
    let world = World::new().await;
    let tenant = world.test.tenant("north").await;
    world.people.add("doctor", tenant, &[Role::Doctor], &[]);
    let one = world.process(HubLimits::default()).await;
    let two = world.process(HubLimits::default()).await;
    let id = world.register(tenant).await;
    let mut clients = Vec::new();
    for process in [&one, &two] {
        let mut client = Client::by_token(process, "doctor").await;
        assert_eq!(
            client.subscribe(&format!("patient/{id}")).await,
            "subscribed"
        );
        clients.push(client);
    }
    world.touch(tenant, &id).await;
    for client in &mut clients {
        let mut event = client.event("patient.registered.v1").await;
        let fields: Vec<String> = event.as_object().unwrap().keys().cloned().collect();
        assert_eq!(fields, ["at", "id", "patient", "rooms", "subject", "type"]);
        event["subject"].take();
        assert_eq!(event["patient"], json!(id));
        assert!(!event.to_string().contains("secret"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_hear_which_records_a_transaction_changed() {
    let world = World::new().await;
    let tenant = world.test.tenant("north").await;
    world.people.add("desk", tenant, &[Role::Receptionist], &[]);
    let process = world.process(HubLimits::default()).await;
    let mut client = Client::by_token(&process, "desk").await;
    assert_eq!(client.subscribe("organisation").await, "subscribed");
    let id = world.register(tenant).await;
    let event = client.event("records.committed.v1").await;
    let change = json!({"type": "Patient", "id": id, "version": 1, "action": "create"});
    assert_eq!(event["changes"], json!([change]));
    assert!(event.get("subject").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn another_tenant_hears_nothing_in_a_room_of_the_same_name() {
    let world = World::new().await;
    let (north, south) = (
        world.test.tenant("north").await,
        world.test.tenant("south").await,
    );
    world.people.add("here", north, &[Role::Doctor], &[]);
    world.people.add("there", south, &[Role::Doctor], &[]);
    let process = world.process(HubLimits::default()).await;
    let mut here = Client::by_token(&process, "here").await;
    let mut there = Client::by_token(&process, "there").await;
    let (ours, theirs) = (world.register(north).await, world.register(south).await);
    for client in [&mut here, &mut there] {
        for room in [&ours, &theirs] {
            assert_eq!(
                client.subscribe(&format!("patient/{room}")).await,
                "subscribed"
            );
        }
        assert_eq!(client.subscribe("organisation").await, "subscribed");
    }
    // What is said first to the one is all that the other does not hear.
    world.touch(north, &ours).await;
    world.touch(south, &theirs).await;
    assert_eq!(
        here.event("patient.registered.v1").await["patient"],
        json!(ours)
    );
    assert_eq!(
        there.event("patient.registered.v1").await["patient"],
        json!(theirs)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_patient_is_let_into_rooms_of_the_own_record_alone() {
    let world = World::new().await;
    let tenant = world.test.tenant("north").await;
    let (own, other) = (world.register(tenant).await, world.register(tenant).await);
    world.people.add("ann", tenant, &[Role::Patient], &[&own]);
    let process = world.process(HubLimits::default()).await;
    let mut ann = Client::by_token(&process, "ann").await;
    for closed in [
        "organisation",
        "location/l1",
        "user/someone",
        "consultation/e1",
        &format!("patient/{other}"),
    ] {
        assert_eq!(ann.subscribe(closed).await, "refused", "{closed}");
    }
    assert_eq!(ann.subscribe(&format!("patient/{own}")).await, "subscribed");
    world.touch(tenant, &other).await;
    world.touch(tenant, &own).await;
    assert_eq!(
        ann.event("patient.registered.v1").await["patient"],
        json!(own)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_to_a_room_is_heard_there_until_it_is_left() {
    let world = World::new().await;
    let tenant = world.test.tenant("north").await;
    world.people.add("doctor", tenant, &[Role::Doctor], &[]);
    let process = world.process(HubLimits::default()).await;
    let mut client = Client::by_token(&process, "doctor").await;
    let room: Room = "consultation/e1".parse().unwrap();
    assert_eq!(client.subscribe("consultation/e1").await, "subscribed");
    process
        .hub
        .tell(tenant, &room, "AgentThinking", &json!({"iteration": 1}));
    let heard = client.next().await;
    assert_eq!(
        heard,
        json!({"type": "AgentThinking", "data": {"iteration": 1}})
    );
    client
        .send(r#"{"type":"unsubscribe","room":"consultation/e1"}"#)
        .await;
    assert_eq!(client.next().await["type"], "unsubscribed");
    process
        .hub
        .tell(tenant, &room, "AgentThinking", &json!({"iteration": 2}));
    let own: Room = "user/doctor".parse().unwrap();
    process.hub.tell(tenant, &own, "hello", &json!({}));
    assert_eq!(client.next().await["type"], "hello");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_video_visit_rings_in_every_process_for_those_in_its_consultation_alone() {
    let world = World::new().await;
    let (north, south) = (
        world.test.tenant("north").await,
        world.test.tenant("south").await,
    );
    world.people.add("doctor", north, &[Role::Doctor], &[]);
    world.people.add("stranger", south, &[Role::Doctor], &[]);
    let one = world.process(HubLimits::default()).await;
    let two = world.process(HubLimits::default()).await;
    let mut inside = Vec::new();
    for process in [&one, &two] {
        let mut client = Client::by_token(process, "doctor").await;
        assert_eq!(client.subscribe("consultation/e1").await, "subscribed");
        inside.push(client);
    }
    let mut outside = Client::by_token(&two, "doctor").await;
    assert_eq!(outside.subscribe("organisation").await, "subscribed");
    assert_eq!(outside.subscribe("consultation/e2").await, "subscribed");
    let mut stranger = Client::by_token(&two, "stranger").await;
    assert_eq!(stranger.subscribe("consultation/e1").await, "subscribed");

    world.rings(north, "e1", "a1").await;
    world.rings(north, "e2", "a2").await;
    world.rings(south, "e1", "a3").await;
    let ring =
        |appointment: &str| json!({"type": "telehealth", "data": {"appointment": appointment}});
    for client in &mut inside {
        assert_eq!(client.next().await, ring("a1"));
    }
    assert_eq!(outside.next().await, ring("a2"));
    assert_eq!(stranger.next().await, ring("a3"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_keep_up_is_told_so_and_nobody_waits_for_it() {
    let world = World::new().await;
    let tenant = world.test.tenant("north").await;
    world.people.add("slow", tenant, &[Role::Doctor], &[]);
    world.people.add("quick", tenant, &[Role::Doctor], &[]);
    let limits = HubLimits {
        queue: 8,
        ..HubLimits::default()
    };
    let process = world.process(limits).await;
    let mut slow = Client::by_token(&process, "slow").await;
    let mut quick = Client::by_token(&process, "quick").await;
    let room: Room = "consultation/e1".parse().unwrap();
    for client in [&mut slow, &mut quick] {
        assert_eq!(client.subscribe("consultation/e1").await, "subscribed");
    }
    let large = json!({"text": "x".repeat(1 << 20)});
    let mut said = 0;
    while process.hub.clients() == 2 {
        process
            .hub
            .tell(tenant, &room, "TranscriptLineAdded", &large);
        said += 1;
        assert_eq!(quick.next().await["type"], "TranscriptLineAdded");
        assert!(said < 1_000, "the slow client is never given up");
    }
    let last = loop {
        let message = slow.next().await;
        if message["type"] != "TranscriptLineAdded" {
            break message;
        }
    };
    // It is told why when it reads in time, and closed in any case.
    assert!(last.is_null() || last["data"]["reason"] == "slow", "{last}");
    process.hub.tell(tenant, &room, "still", &json!({}));
    assert_eq!(quick.next().await["type"], "still");
}
