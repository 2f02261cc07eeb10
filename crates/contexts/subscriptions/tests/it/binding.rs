//! Subscribers who come by WebSocket, with a real client.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::{SinkExt, StreamExt};
use mt_access::{
    Authenticated, Authentication, AuthenticationError, Authenticator, Grant, LaunchContext, Role,
};
use mt_api::{Gate, Idempotency};
use mt_http::{Quota, RateLimits};
use mt_kernel::{Actor, ActorKind, ErrorKind, SystemClock};
use mt_subscriptions::{SocketLimits, Sockets};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::world::{World, patient, plain, topical};

/// Nothing is waited for any longer.
const LONGEST: Duration = Duration::from_secs(20);

/// People by token.
#[derive(Clone, Default)]
struct People(Arc<Mutex<HashMap<String, Arc<Authenticated>>>>);

impl Authenticator for People {
    fn authenticate<'a>(&'a self, token: &'a str) -> Authentication<'a> {
        let found = self.0.lock().unwrap().get(token).cloned();
        Box::pin(async move { found.ok_or(AuthenticationError::Invalid) })
    }
}

/// A door to a world's subscriptions.
struct Entrance {
    people: People,
    address: SocketAddr,
}

impl Entrance {
    async fn open(world: &World) -> Self {
        let people = People::default();
        let limits = SocketLimits {
            recheck: Duration::from_millis(50),
            unbound: Duration::from_millis(500),
            ..SocketLimits::default()
        };
        let authenticator: Arc<dyn Authenticator> = Arc::new(people.clone());
        let sockets = Sockets::new(
            world.subscriptions.clone(),
            Arc::clone(&authenticator),
            limits,
        );
        let looking = world.subscriptions.clone();
        tokio::spawn(async move { looking.keep_board().await });
        let quota = Quota {
            per_second: 1_000.try_into().unwrap(),
            burst: 1_000.try_into().unwrap(),
        };
        let tenants = world.test.store.tenants().clone();
        let gate = Gate {
            authenticator,
            rates: RateLimits::new(quota, quota),
            idempotency: Idempotency::new(world.test.database.open().await, tenants),
            clock: Arc::new(SystemClock),
        };
        let router = mt_subscriptions::socket().with_state(sockets).serve(gate);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { people, address }
    }

    /// Somebody who signs in by a token that is their name.
    fn admit(&self, world: &World, name: &str, role: Role) -> Arc<Authenticated> {
        let who = Arc::new(Authenticated {
            tenant: world.tenant,
            actor: Actor {
                kind: ActorKind::Service,
                roles: Arc::from([Arc::from(role.code())]),
                ..Actor::system(name)
            },
            grant: Grant::new(vec![role], None, Vec::new(), LaunchContext::default()),
            credential: [0; 32],
            client_key: 0,
        });
        let mut people = self.people.0.lock().unwrap();
        people.insert(name.to_owned(), Arc::clone(&who));
        who
    }

    async fn connect(&self, token: Option<&str>) -> Client {
        let url = format!("ws://{}/api/v1/subscriptions/socket", self.address);
        let mut request = url.into_client_request().unwrap();
        if let Some(token) = token {
            let bearer = format!("Bearer {token}").parse().unwrap();
            request.headers_mut().insert("authorization", bearer);
        }
        Client(connect_async(request).await.unwrap().0)
    }
}

struct Client(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Client {
    async fn say(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.unwrap();
    }

    /// The next message; the reason when the connection ends.
    async fn hear(&mut self) -> String {
        loop {
            let next = tokio::time::timeout(LONGEST, self.0.next()).await;
            match next.expect("a message comes in time") {
                Some(Ok(Message::Text(text))) => return text.to_string(),
                Some(Ok(Message::Close(Some(frame)))) => return format!("closed {}", frame.reason),
                Some(Ok(_)) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    async fn bundle(&mut self) -> Value {
        serde_json::from_str(&self.hear().await).unwrap()
    }
}

fn by_socket(mut asked: Value) -> Value {
    asked["channel"]["type"] = "websocket".into();
    let channel = asked["channel"].as_object_mut().unwrap();
    channel.remove("endpoint");
    channel.remove("header");
    asked
}

fn named<'a>(bundle: &'a Value, name: &str) -> &'a Value {
    let status = bundle["entry"][0]["resource"]["parameter"].as_array();
    status
        .unwrap()
        .iter()
        .find(|one| one["name"] == name)
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_binds_its_subscription_and_is_pinged_when_something_matches() {
    let world = World::new().await;
    let entrance = Entrance::open(&world).await;
    entrance.admit(&world, "integration", Role::Service);
    entrance.admit(&world, "somebody", Role::Service);
    let asked = by_socket(plain("", "Patient?family=Chalmers", false));
    let id = world.write(&asked).await;
    let mut client = entrance.connect(Some("integration")).await;
    // Bound before the subscription is known: it is waited for.
    client.say(&format!("bind {id}")).await;
    world.settle().await;
    assert_eq!(client.hear().await, format!("bound {id}"));
    assert_eq!(world.read(&id).await["status"], "active");
    for (token, why) in [
        (Some("somebody"), "there is no such Subscription of yours"),
        (None, "sign in, or bind with a token"),
    ] {
        let mut other = entrance.connect(token).await;
        other.say(&format!("bind {id}")).await;
        assert_eq!(other.hear().await, format!("refused {id} {why}"));
        assert_eq!(other.hear().await, "closed unbound");
    }
    world.write(&patient("Another")).await;
    world.write(&patient("Chalmers")).await;
    world.settle().await;
    assert_eq!(client.hear().await, format!("ping {id}"));
    world.write(&patient("Chalmers")).await;
    world.settle().await;
    assert_eq!(client.hear().await, format!("ping {id}"));
    client.say("nonsense").await;
    assert_eq!(client.hear().await, "closed malformed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_binding_token_brings_bundles_in_order_with_signs_of_life_until_it_expires() {
    let world = World::new().await;
    let entrance = Entrance::open(&world).await;
    let who = entrance.admit(&world, "integration", Role::Service);
    let asked = by_socket(topical("", "full-resource", "Patient?active=true"));
    let id = world.write(&asked).await;
    world.settle().await;
    let ids = [id.clone()];
    let token = world.subscriptions.binding_token(&who, &ids).await.unwrap();
    let text = |name: &str| {
        let all = token["parameter"].as_array().unwrap();
        let one = all.iter().find(|one| one["name"] == name).unwrap();
        let (_, value) = one.as_object().unwrap().iter().next_back().unwrap();
        value.as_str().unwrap().to_owned()
    };
    assert_eq!(
        text("websocket-url"),
        "wss://ehr.example.org/api/v1/subscriptions/socket"
    );
    let mut client = entrance.connect(None).await;
    let bind = format!("bind-with-token {}", text("token"));
    client.say(&bind).await;
    let handshake = client.bundle().await;
    assert_eq!(named(&handshake, "type")["valueCode"], "handshake");
    let mut written = Vec::new();
    for family in ["One", "Two", "Three"] {
        written.push(world.write(&patient(family)).await);
    }
    world.settle().await;
    for (number, id) in written.iter().enumerate() {
        let bundle = client.bundle().await;
        assert_eq!(named(&bundle, "type")["valueCode"], "event-notification");
        let event = &named(&bundle, "notificationEvent")["part"];
        assert_eq!(event[0]["valueString"], (number + 1).to_string());
        assert_eq!(bundle["entry"][1]["resource"]["id"], id.as_str());
    }
    world.test.clock.advance_seconds(61);
    let sign = client.bundle().await;
    assert_eq!(named(&sign, "type")["valueCode"], "heartbeat");
    world.test.clock.advance_seconds(1_800);
    assert_eq!(client.hear().await, "closed unbound");
    let mut late = entrance.connect(None).await;
    late.say(&bind).await;
    assert_eq!(late.hear().await, "refused token the token is not good");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_given_for_what_is_told_by_websocket_to_its_holder() {
    let world = World::new().await;
    let entrance = Entrance::open(&world).await;
    let owner = entrance.admit(&world, "integration", Role::Service);
    let other = entrance.admit(&world, "somebody", Role::Service);
    let hook = world
        .write(&plain("https://hooks.example.org/in", "Patient", false))
        .await;
    let socket = world.write(&by_socket(plain("", "Patient", false))).await;
    world.settle().await;
    for (who, ids, kind) in [
        (&owner, vec![], ErrorKind::Invalid),
        (&owner, vec![hook], ErrorKind::Invalid),
        (&owner, vec!["nothing".to_owned()], ErrorKind::Invalid),
        (&other, vec![socket], ErrorKind::Forbidden),
    ] {
        let refused = world.subscriptions.binding_token(who, &ids).await;
        let fault = mt_kernel::Fault::from(refused.unwrap_err());
        assert_eq!(fault.kind, kind, "{ids:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_subscriber_or_client_may_not_read_any_more_is_not_told() {
    let world = World::new().await;
    let entrance = Entrance::open(&world).await;
    entrance.admit(&world, "integration", Role::Service);
    let asked = by_socket(topical("", "full-resource", "Observation?status=final"));
    let id = world.write(&asked).await;
    world.settle().await;
    let mut client = entrance.connect(Some("integration")).await;
    client.say(&format!("bind {id}")).await;
    assert_eq!(client.hear().await, format!("bound {id}"));
    client.bundle().await;
    let observation = |text: &str| json!({"resourceType": "Observation", "status": "final", "code": {"text": text}});
    // Of what the client may not see, or the subscriber may not any more, the next message knows nothing.
    entrance.admit(&world, "integration", Role::OrgAdmin);
    tokio::time::sleep(Duration::from_millis(300)).await;
    world.write(&observation("kept from the client")).await;
    world.settle().await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    entrance.admit(&world, "integration", Role::Service);
    tokio::time::sleep(Duration::from_millis(300)).await;
    world.roles.set(Some(Role::OrgAdmin));
    world.write(&observation("kept from the subscriber")).await;
    world.settle().await;
    world.roles.set(Some(Role::Service));
    world.write(&observation("for both")).await;
    world.settle().await;
    let told = client.bundle().await;
    assert_eq!(told["entry"][1]["resource"]["code"]["text"], "for both");
    // The session's end is the connection's.
    entrance.people.0.lock().unwrap().clear();
    assert_eq!(client.hear().await, "closed session-ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_that_is_switched_off_is_told_no_more() {
    let world = World::new().await;
    let entrance = Entrance::open(&world).await;
    entrance.admit(&world, "integration", Role::Service);
    let id = world.write(&by_socket(plain("", "Patient", false))).await;
    world.settle().await;
    let mut client = entrance.connect(Some("integration")).await;
    client.say(&format!("bind {id}")).await;
    assert_eq!(client.hear().await, format!("bound {id}"));
    let mut off = world.read(&id).await;
    off["status"] = "off".into();
    let caller = world.integration();
    world
        .test
        .put(&caller, &off.to_string(), None)
        .await
        .unwrap();
    world.settle().await;
    assert_eq!(client.hear().await, "closed unbound");
}
