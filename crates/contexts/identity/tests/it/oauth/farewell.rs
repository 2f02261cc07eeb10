//! Clients learn of every session and account that ends, however it ends.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::routing::post;
use mt_access::Authenticator as _;
use mt_identity::oauth::client::Registered;
use mt_identity::people::sessions::{Limits, Proof, Whereabouts};
use mt_identity::people::{Account, Held, Profile};
use mt_kernel::{Actor, OpCtx, PurposeOfUse};
use serde_json::Value;
use uuid::Uuid;

use super::browser::{app, good};
use super::jwt::opened;
use super::world::{Answer, World};
use crate::said::subjects;

/// A client's back channel: the logout tokens that it got.
struct Ear {
    uri: String,
    heard: Arc<Mutex<Vec<String>>>,
    server: tokio::task::JoinHandle<()>,
}

impl Drop for Ear {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Ear {
    async fn new() -> Self {
        let heard: Arc<Mutex<Vec<String>>> = Arc::default();
        let kept = Arc::clone(&heard);
        let hear = async move |body: String| {
            kept.lock().unwrap().push(body);
        };
        let router = Router::new().route("/out", post(hear));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let uri = format!("http://{}/out", listener.local_addr().unwrap());
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { uri, heard, server }
    }

    /// The claims of the only logout token, as soon as it comes.
    async fn heard(&self) -> Value {
        let patience = std::time::Duration::from_secs(20);
        let come = async {
            loop {
                if let [one] = self.heard.lock().unwrap().as_slice() {
                    return one.clone();
                }
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        };
        let body = tokio::time::timeout(patience, come)
            .await
            .expect("no logout token came");
        opened(body.strip_prefix("logout_token=").unwrap()).1
    }
}

/// A doctor with an account and a session, and a client that holds tokens of it.
struct Scene {
    world: World,
    ear: Ear,
    client: Registered,
    account: Account,
    session: Uuid,
    tokens: Answer,
}

impl Scene {
    async fn new(scope: &str) -> Self {
        let world = World::new().await;
        let ear = Ear::new().await;
        let mut metadata = app();
        metadata["backchannel_logout_uri"] = ear.uri.clone().into();
        let client = world.client(metadata).await;
        let profile = Profile {
            username: "ann".to_owned(),
            fhir_user: Some("Patient/p1".to_owned()),
            roles: vec![Held::plain("patient")],
            ..Profile::default()
        };
        let ctx = ctx(&world);
        let account = world.residents.create(&ctx, profile, None).await.unwrap();
        let sessions = world.residents.sessions();
        let limits = Limits {
            idle_seconds: 900,
            lifetime_seconds: 43_200,
        };
        let place = (&Whereabouts::default(), limits);
        let proof = Proof::by("pwd");
        let begun = sessions.begin(world.north, account.id, &proof, place);
        let (session, _) = begun.await.unwrap();
        world.patient("ann", "p1");
        world.town.change("ann", |who| {
            who.session = session;
            who.person.account = account.id;
        });
        let mut params = good(&world, &client);
        params.insert("scope", scope.to_owned());
        let code = world.code("ann", &params).await;
        let tokens = world.redeem(&client, &code).await;
        assert_eq!(tokens.status, 200, "{}", tokens.body);
        Self {
            world,
            ear,
            client,
            account,
            session,
            tokens,
        }
    }

    async fn told(&self) -> usize {
        let (provider, sessions) = (&self.world.provider, self.world.residents.sessions());
        provider
            .tell_of_ends(sessions, self.world.north)
            .await
            .unwrap()
    }

    async fn works(&self) -> bool {
        let token = self.tokens.text("access_token");
        self.world.identity.authenticate(&token).await.is_ok()
    }

    /// The record of a patient is erased.
    async fn forget(&self, patient: &str) -> u64 {
        let (tenants, tenant) = (self.world.store.tenants(), self.world.north);
        let keys = tenants.keys(tenant).await.unwrap();
        let tx = self.world.store.database().tenant(tenant).await.unwrap();
        let now = mt_kernel::Clock::now(&self.world.clock);
        let gone = mt_identity::forget_patient(&tx, &keys, patient, now).await;
        tx.commit().await.unwrap();
        gone.unwrap()
    }

    /// The tokens are dead and the client has heard so, once.
    async fn is_over(&self) {
        assert!(!self.works().await);
        let token = self.tokens.text("refresh_token");
        let refreshed = self.world.refresh(&self.client, &token);
        refreshed.await.refuses("invalid_grant");
        let claims = self.ear.heard().await;
        assert_eq!(claims["sid"], self.session.to_string());
        assert_eq!(claims["sub"], self.account.id.to_string());
        assert!(claims["events"]["http://schemas.openid.net/event/backchannel-logout"].is_object());
        assert!(claims.get("nonce").is_none());
        assert_eq!(self.told().await, 0, "told once");
        let (store, name) = (&self.world.store, "security.session.ended.v1");
        let session = ("Session".to_owned(), self.session.to_string());
        let said = subjects(store, self.world.north, name).await;
        let times = said.iter().filter(|one| **one == session).count();
        assert_eq!(times, 1, "said once: {said:?}");
    }
}

fn ctx(world: &World) -> OpCtx {
    OpCtx {
        tenant: world.north,
        actor: Actor::system("test"),
        purpose: PurposeOfUse::Operations,
        correlation_id: Uuid::now_v7(),
        now: mt_kernel::Clock::now(&world.clock),
    }
}

const ONLINE: &str = "openid launch/patient patient/*.rs online_access";
const OFFLINE: &str = "openid launch/patient patient/*.rs offline_access";

#[tokio::test]
async fn a_session_that_somebody_ends_is_told() {
    let scene = Scene::new(ONLINE).await;
    assert_eq!(scene.told().await, 0);
    assert!(scene.works().await);
    let sessions = scene.world.residents.sessions();
    let ended = sessions
        .end(scene.world.north, scene.account.id, scene.session)
        .await;
    assert!(ended.unwrap());
    assert_eq!(scene.told().await, 1);
    scene.is_over().await;
}

#[tokio::test]
async fn a_session_whose_time_is_over_is_told() {
    let scene = Scene::new(ONLINE).await;
    scene.world.clock.advance_seconds(899);
    assert_eq!(scene.told().await, 0);
    scene.world.clock.advance_seconds(2);
    assert_eq!(scene.told().await, 1);
    scene.is_over().await;
}

#[tokio::test]
async fn an_account_that_is_locked_ends_offline_access_too() {
    let scene = Scene::new(OFFLINE).await;
    let (world, account) = (&scene.world, &scene.account);
    let session = scene.session;
    world
        .residents
        .sessions()
        .end(world.north, account.id, session)
        .await
        .unwrap();
    assert_eq!(scene.told().await, 1);
    assert!(scene.works().await, "offline access outlives its session");
    let locked = Account {
        enabled: false,
        ..account.clone()
    };
    world.residents.update(&ctx(world), &locked).await.unwrap();
    assert_eq!(scene.told().await, 1);
    scene.is_over().await;
}

#[tokio::test]
async fn an_end_is_told_by_the_next_process_when_this_one_dies() {
    let scene = Scene::new(ONLINE).await;
    let world = &scene.world;
    world
        .residents
        .set_password(
            &ctx(world),
            &scene.account,
            "seven purple kettles sing",
            None,
        )
        .await
        .unwrap();
    // Another process, another tenant: nothing is told elsewhere.
    let sessions = world.residents.sessions();
    assert_eq!(
        world
            .provider
            .tell_of_ends(sessions, world.south)
            .await
            .unwrap(),
        0
    );
    assert_eq!(scene.told().await, 1);
    scene.is_over().await;
}

#[tokio::test]
async fn the_account_of_an_erased_patient_goes_and_its_clients_are_told() {
    let scene = Scene::new(OFFLINE).await;
    let (world, id) = (&scene.world, scene.account.id);
    let (chosen, ctx) = ("seven purple kettles sing", ctx(world));
    let set = world
        .residents
        .set_password(&ctx, &scene.account, chosen, Some(scene.session));
    set.await.unwrap();
    assert_eq!(scene.forget("p2").await, 0, "another's");
    assert!(scene.works().await);
    // The account, its password, its session, its tokens.
    assert!(scene.forget("p1").await >= 4);
    assert_eq!(scene.forget("p1").await, 0, "once");
    assert!(scene.told().await >= 2, "the session and the account");
    scene.is_over().await;
    let found = world.residents.account(world.north, id).await.unwrap();
    assert!(found.is_none());
    let named = world.residents.account_named(world.north, "ann").await;
    assert!(named.unwrap().is_none());
    let tx = world.store.database().tenant(world.north).await.unwrap();
    for table in ["password", "session", "pending", "device", "ended"] {
        let sql = format!("select from people.{table} where account = $1");
        assert!(tx.query(&sql, &[&id]).await.unwrap().is_empty(), "{table}");
    }
}

#[tokio::test]
async fn who_is_more_than_the_erased_patient_keeps_the_account_without_the_patient() {
    let scene = Scene::new(OFFLINE).await;
    let world = &scene.world;
    let mut more = scene.account.clone();
    more.profile.roles.push(Held::plain("caregiver"));
    world.residents.update(&ctx(world), &more).await.unwrap();
    scene.forget("p1").await;
    assert!(!scene.works().await, "what the patient allowed is over");
    let found = world.residents.account(world.north, more.id).await;
    let profile = found.unwrap().unwrap().profile;
    assert_eq!(profile.fhir_user, None);
    assert_eq!(profile.roles, [Held::plain("caregiver")]);
    assert_eq!(profile.username, "ann");
}
