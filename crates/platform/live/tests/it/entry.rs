//! Who is let in, and for how long.

use std::time::Duration;

use mt_access::Role;
use mt_live::HubLimits;
use serde_json::json;

use crate::fixture::World;
use crate::plain::Client;

const OWN: (&str, &str) = ("origin", "https://ehr.example.org");

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_opens_a_connection_for_our_own_pages_only() {
    let world = World::new().await;
    let tenant = world.test.tenant("north").await;
    world.people.add("ann", tenant, &[Role::Doctor], &[]);
    let process = world.process(HubLimits::default()).await;
    let cookie = ("cookie", "session=ann");
    let mut own = Client::with(&process, &[cookie, OWN]).await.unwrap();
    let ready = own.next().await;
    assert_eq!(ready["data"], json!({"user": "ann", "rooms": ["user/ann"]}));
    for bad in [
        vec![cookie],
        vec![cookie, ("origin", "https://evil.example.org")],
        vec![cookie, ("origin", "null")],
    ] {
        let refused = Client::with(&process, &bad).await.err();
        assert_eq!(refused, Some(403), "{bad:?}");
    }
    let unknown = Client::with(&process, &[("cookie", "session=eve"), OWN]).await;
    assert_eq!(unknown.err(), Some(401));
    assert_eq!(Client::with(&process, &[OWN]).await.err(), Some(401));
}

#[tokio::test(flavor = "multi_thread")]
async fn other_pages_cannot_open_a_socket_io_session_either() {
    let world = World::new().await;
    let process = world.process(HubLimits::default()).await;
    let url = format!(
        "http://{}/socket.io/?EIO=4&transport=polling",
        process.address
    );
    let http = reqwest::Client::new();
    for (headers, status) in [
        (vec![], 200),
        (vec![("cookie", "session=ann"), OWN], 200),
        (
            vec![("cookie", "session=ann"), ("sec-fetch-site", "same-origin")],
            200,
        ),
        (vec![("cookie", "session=ann")], 403),
        (
            vec![("cookie", "session=ann"), ("sec-fetch-site", "cross-site")],
            403,
        ),
        (
            vec![("cookie", "session=ann"), ("origin", "https://evil.org")],
            403,
        ),
    ] {
        let mut request = http.get(&url);
        for (name, value) in &headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{headers:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ends_ends_the_connection() {
    let world = World::new().await;
    let tenant = world.test.tenant("north").await;
    world.people.add("ann", tenant, &[Role::Doctor], &[]);
    let process = world.process(HubLimits::default()).await;
    let mut client = Client::by_token(&process, "ann").await;
    process.hub.recheck_all().await;
    assert_eq!(process.hub.clients(), 1);
    world.people.remove("ann");
    process.hub.recheck_all().await;
    let ended = client.next().await;
    assert_eq!(
        ended,
        json!({"type": "ended", "data": {"reason": "session-ended"}})
    );
    assert!(client.next().await.is_null());
    assert_eq!(process.hub.clients(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_loses_a_permission_leaves_the_rooms_it_opened_and_hears_no_more() {
    let world = World::new().await;
    let tenant = world.test.tenant("north").await;
    let (own, other) = (world.register(tenant).await, world.register(tenant).await);
    world
        .people
        .add("ann", tenant, &[Role::Doctor, Role::Patient], &[&own]);
    let process = world.process(HubLimits::default()).await;
    let mut client = Client::by_token(&process, "ann").await;
    for id in [&own, &other] {
        assert_eq!(
            client.subscribe(&format!("patient/{id}")).await,
            "subscribed"
        );
    }
    world.people.add("ann", tenant, &[Role::Patient], &[&own]);
    process.hub.recheck_users(tenant, Some("ann")).await;
    let left = client.next().await;
    let expected = json!({"room": format!("patient/{other}"), "reason": "forbidden"});
    assert_eq!(left, json!({"type": "left", "data": expected}));
    world.touch(tenant, &other).await;
    world.touch(tenant, &own).await;
    assert_eq!(
        client.event("patient.registered.v1").await["patient"],
        json!(own)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_rooms_and_messages_are_bounded() {
    let world = World::new().await;
    let tenant = world.test.tenant("north").await;
    world.people.add("ann", tenant, &[Role::Doctor], &[]);
    let limits = HubLimits {
        per_user: 1,
        rooms: 3,
        message_bytes: 256,
        ..HubLimits::default()
    };
    let process = world.process(limits).await;
    let mut first = Client::by_token(&process, "ann").await;
    let bearer = [("authorization", "Bearer ann")];
    let mut second = Client::with(&process, &bearer).await.unwrap();
    assert_eq!(second.next().await["data"]["code"], "too-many-connections");
    // One room is the user's own.
    assert_eq!(first.subscribe("patient/1").await, "subscribed");
    assert_eq!(first.subscribe("patient/2").await, "subscribed");
    assert_eq!(first.subscribe("patient/2").await, "subscribed");
    assert_eq!(first.subscribe("patient/3").await, "refused");
    assert_eq!(first.subscribe("nonsense").await, "refused");
    first.send("{").await;
    assert_eq!(first.next().await["data"]["code"], "malformed");
    first.send(&"x".repeat(300)).await;
    assert!(first.next().await.is_null());
    for _ in 0..1_000 {
        if process.hub.clients() == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("a connection that is closed is forgotten");
}
