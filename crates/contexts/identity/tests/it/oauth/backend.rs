//! Backend services: client credentials with a secret and with signed assertions.

use mt_access::Authenticator;
use mt_identity::oauth::client::Registered;
use serde_json::{Value, json};

use super::jwt::{Key, opened};
use super::world::{Answer, Form, World};
use crate::said::subjects;

const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

#[tokio::test]
async fn a_service_gets_a_short_token_for_system_scopes_only() {
    let world = World::new().await;
    let client = world.service().await;
    let form = [
        ("grant_type", "client_credentials"),
        ("scope", "system/Patient.rs system/*.cruds user/*.rs openid"),
    ];
    let answer = world.token(&client, &form).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.headers["cache-control"], "no-store");
    let json = answer.json();
    assert_eq!(json["scope"], "system/Patient.rs");
    assert_eq!(json["token_type"], "Bearer");
    assert_eq!(json["expires_in"], 300);
    assert!(json.get("refresh_token").is_none() && json.get("id_token").is_none());
    let token = answer.text("access_token");
    let (header, claims) = opened(&token);
    assert_eq!(
        (&header["typ"], &header["alg"]),
        (&json!("at+jwt"), &json!("ES256"))
    );
    assert_eq!(claims["iss"], world.issuer());
    assert_eq!(claims["roles"], json!(["service"]));
    let who = world.identity.authenticate(&token).await.unwrap();
    assert_eq!(who.tenant, world.north);
    world.clock.advance_seconds(301);
    assert!(world.identity.authenticate(&token).await.is_err());
}

#[tokio::test]
async fn requests_that_break_the_grammar_of_the_token_endpoint_are_refused() {
    let world = World::new().await;
    let client = world.service().await;
    let cases: [(&[(&str, &str)], &str); 6] = [
        (&[], "invalid_request"),
        (
            &[
                ("grant_type", "password"),
                ("username", "a"),
                ("password", "b"),
            ],
            "unsupported_grant_type",
        ),
        (&[("grant_type", "implicit")], "unsupported_grant_type"),
        (
            &[("grant_type", "authorization_code"), ("code", "x")],
            "unauthorized_client",
        ),
        (
            &[("grant_type", "client_credentials"), ("scope", "user/*.rs")],
            "invalid_scope",
        ),
        (
            &[
                ("grant_type", "client_credentials"),
                ("grant_type", "client_credentials"),
            ],
            "invalid_request",
        ),
    ];
    for (form, error) in cases {
        world.token(&client, form).await.refuses(error);
    }
    let json = world
        .http
        .post(world.url("token"))
        .json(&json!({ "grant_type": "client_credentials" }));
    world.send(json).await.refuses("invalid_request");
}

#[tokio::test]
async fn a_wrong_secret_an_unknown_client_and_two_methods_at_once_are_refused() {
    let world = World::new().await;
    let client = world.service().await;
    let (id, secret) = (
        client.client.id.to_string(),
        client.secret.as_ref().unwrap().expose().clone(),
    );
    let form = [("grant_type", "client_credentials")];
    let ask = |id: &str, secret: &str| {
        let request = world.http.post(world.url("token")).form(&form);
        request.basic_auth(id, Some(secret))
    };
    for (id, secret) in [
        (id.as_str(), "wrong"),
        ("nobody", secret.as_str()),
        (id.as_str(), ""),
    ] {
        let answer = world.send(ask(id, secret)).await;
        answer.refuses("invalid_client");
        assert!(
            answer
                .header("www-authenticate")
                .unwrap()
                .starts_with("Basic")
        );
    }
    let bare = [
        ("grant_type", "client_credentials"),
        ("client_id", id.as_str()),
    ];
    world
        .send(world.http.post(world.url("token")).form(&bare))
        .await
        .refuses("invalid_client");
    let both = [bare[0], bare[1], ("client_secret", secret.as_str())];
    let request = world
        .http
        .post(world.url("token"))
        .form(&both)
        .basic_auth(&id, Some(&secret));
    world.send(request).await.refuses("invalid_request");
    let posted = world
        .send(world.http.post(world.url("token")).form(&both))
        .await;
    assert_eq!(posted.status, 200, "{}", posted.body);
}

#[tokio::test]
async fn a_client_and_a_token_of_one_tenant_are_nothing_at_another() {
    let world = World::new().await;
    let client = world.service().await;
    let metadata = json!({ "grant_types": ["client_credentials"], "response_types": [], "scope": "system/*.rs" });
    let stranger = world.client_of(world.south, metadata).await;
    let form = [("grant_type", "client_credentials")];
    world
        .token(&stranger, &form)
        .await
        .refuses("invalid_client");
    let token = world.token(&client, &form).await.text("access_token");
    assert!(world.is_active(&client, &token).await);
    let secret = stranger.secret.as_ref().unwrap().expose();
    let south = format!("{}/t/south/oauth2/introspect", world.origin);
    let request = world.http.post(south).form(&[("token", &token)]);
    let answer = world
        .send(request.basic_auth(stranger.client.id, Some(secret)))
        .await;
    assert_eq!(answer.body, r#"{"active":false}"#);
    let userinfo = format!("{}/t/south/oauth2/userinfo", world.origin);
    let answer = world
        .send(world.http.get(userinfo).bearer_auth(&token))
        .await;
    answer.refuses("invalid_token");
}

#[tokio::test]
async fn forged_headers_do_nothing() {
    let world = World::new().await;
    let client = world.service().await;
    let form = [("grant_type", "client_credentials")];
    let request = world.http.post(world.url("token")).form(&form);
    let request = request
        .header("x-user-id", client.client.id.to_string())
        .header("x-client-id", client.client.id.to_string())
        .header("x-forwarded-user", "admin")
        .header("x-tenant", "north");
    world.send(request).await.refuses("invalid_client");
    let userinfo = world
        .http
        .get(world.url("userinfo"))
        .header("x-user-id", "admin");
    assert_eq!(world.send(userinfo).await.status, 401);
}

struct Service<'a> {
    world: &'a World,
    key: Key,
    client: Registered,
}

impl<'a> Service<'a> {
    async fn new(world: &'a World, key: Key) -> Self {
        let metadata = json!({ "grant_types": ["client_credentials"], "response_types": [], "scope": "system/*.rs",
            "token_endpoint_auth_method": "private_key_jwt", "jwks": key.set() });
        let client = world.client(metadata).await;
        Self { world, key, client }
    }

    fn header(&self) -> Value {
        json!({ "alg": self.key.algorithm(), "kid": "k1", "typ": "JWT" })
    }

    fn claims(&self) -> Value {
        use mt_kernel::Clock;
        let id = self.client.client.id.to_string();
        let now = self.world.clock.now().unix_seconds();
        json!({ "iss": id, "sub": id, "aud": self.world.url("token"), "exp": now + 240, "jti": uuid::Uuid::now_v7() })
    }

    async fn asks(&self, assertion: &str) -> Answer {
        let form = [
            ("grant_type", "client_credentials"),
            ("scope", "system/*.rs"),
            ("client_assertion_type", ASSERTION),
            ("client_assertion", assertion),
        ];
        self.world
            .send(self.world.http.post(self.world.url("token")).form(&form))
            .await
    }
}

fn with(mut json: Value, name: &str, value: Value) -> Value {
    json[name] = value;
    json
}

#[tokio::test]
async fn assertions_signed_with_es384_and_rs384_are_good_once() {
    let world = World::new().await;
    for key in [Key::es384(), Key::rs384(), Key::es256()] {
        let service = Service::new(&world, key).await;
        let assertion = service.key.sign(&service.header(), &service.claims());
        let answer = service.asks(&assertion).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        service.asks(&assertion).await.refuses("invalid_client");
        let by_issuer = with(service.claims(), "aud", json!([world.issuer()]));
        let assertion = service.key.sign(&service.header(), &by_issuer);
        assert_eq!(service.asks(&assertion).await.status, 200);
    }
}

#[tokio::test]
async fn assertions_with_wrong_aud_iss_typ_alg_kid_or_time_are_refused() {
    use mt_kernel::Clock;
    let world = World::new().await;
    let service = Service::new(&world, Key::es384()).await;
    let (header, claims) = (service.header(), service.claims());
    let now = world.clock.now().unix_seconds();
    let south = format!("{}/t/south/oauth2/token", world.origin);
    let cases = [
        (
            header.clone(),
            with(claims.clone(), "aud", json!("https://elsewhere.example")),
        ),
        (header.clone(), with(claims.clone(), "aud", json!(south))),
        (header.clone(), with(claims.clone(), "aud", json!([]))),
        (
            header.clone(),
            with(claims.clone(), "iss", json!(uuid::Uuid::now_v7())),
        ),
        (
            header.clone(),
            with(claims.clone(), "sub", json!("another")),
        ),
        (header.clone(), with(claims.clone(), "exp", json!(now - 1))),
        (
            header.clone(),
            with(claims.clone(), "exp", json!(now + 3_600)),
        ),
        (
            header.clone(),
            with(claims.clone(), "nbf", json!(now + 120)),
        ),
        (header.clone(), with(claims.clone(), "jti", json!(""))),
        (header.clone(), with(claims.clone(), "jti", Value::Null)),
        (with(header.clone(), "typ", json!("at+jwt")), claims.clone()),
        (with(header.clone(), "kid", json!("k2")), claims.clone()),
        (with(header.clone(), "kid", Value::Null), claims.clone()),
        (with(header.clone(), "alg", json!("RS384")), claims.clone()),
        (with(header.clone(), "alg", json!("none")), claims.clone()),
        (with(header.clone(), "alg", json!("HS256")), claims.clone()),
        (
            with(
                header.clone(),
                "jku",
                json!("https://attacker.example/jwks"),
            ),
            claims.clone(),
        ),
        (with(header.clone(), "crit", json!(["exp"])), claims.clone()),
    ];
    for (header, claims) in cases {
        let assertion = service.key.sign(&header, &claims);
        service.asks(&assertion).await.refuses("invalid_client");
    }
    let forged = Key::es384().sign(&header, &service.claims());
    service.asks(&forged).await.refuses("invalid_client");
    let good = service.key.sign(&header, &service.claims());
    assert_eq!(service.asks(&good).await.status, 200);
}

#[tokio::test]
async fn a_revoked_token_is_refused_at_once_and_after_a_restart() {
    let world = World::new().await;
    let (client, other) = (world.service().await, world.service().await);
    let form = [("grant_type", "client_credentials")];
    let token = world.token(&client, &form).await.text("access_token");
    let kept = world.token(&client, &form).await.text("access_token");
    let stolen = world.post("revoke", &other, &[("token", &token)]).await;
    stolen.refuses("unauthorized_client");
    assert!(world.identity.authenticate(&token).await.is_ok());
    let answer = world.post("revoke", &client, &[("token", &token)]).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, ""));
    assert!(world.identity.authenticate(&token).await.is_err());
    assert!(!world.is_active(&client, &token).await);
    assert!(world.is_active(&client, &kept).await);
    let store = world.store.clone();
    let restarted = mt_identity::Identity::new(
        store.database().clone(),
        store.tenants().clone(),
        std::sync::Arc::new(world.clock.clone()),
        &world.origin,
    );
    assert!(restarted.authenticate(&token).await.is_err());
    assert!(restarted.authenticate(&kept).await.is_ok());
    for unknown in ["x", "a.b.c"] {
        let answer = world.post("revoke", &client, &[("token", unknown)]).await;
        assert_eq!(answer.status, 200);
    }
}

#[tokio::test]
async fn introspection_tells_confidential_clients_and_nobody_else() {
    let world = World::new().await;
    let client = world.service().await;
    let token = world
        .token(&client, &[("grant_type", "client_credentials")])
        .await;
    let token = token.text("access_token");
    let answer = world
        .post("introspect", &client, &[("token", &token)])
        .await
        .json();
    for name in [
        "active",
        "scope",
        "client_id",
        "exp",
        "iss",
        "sub",
        "aud",
        "jti",
    ] {
        assert!(answer.get(name).is_some(), "{name} in {answer}");
    }
    assert_eq!(answer["client_id"], client.client.id.to_string());
    assert!(!world.is_active(&client, "rubbish").await);
    let nobody = world
        .http
        .post(world.url("introspect"))
        .form(&[("token", &token)]);
    world.send(nobody).await.refuses("invalid_client");
    let public = world
        .client(json!({ "redirect_uris": ["https://app.example/cb"], "token_endpoint_auth_method": "none", "scope": "openid" }))
        .await;
    let id = public.client.id.to_string();
    let form = [("token", token.as_str()), ("client_id", id.as_str())];
    let request = world.http.post(world.url("introspect")).form(&form);
    world.send(request).await.refuses("invalid_client");
}

#[tokio::test]
async fn keys_are_replaced_without_an_outage() {
    let world = World::new().await;
    let client = world.service().await;
    let form = [("grant_type", "client_credentials")];
    let kids = async || {
        let keys = world.send(world.http.get(world.url("jwks"))).await.json();
        let keys = keys["keys"].as_array().unwrap().clone();
        keys.iter()
            .map(|key| key["kid"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let before = world.token(&client, &form).await.text("access_token");
    assert_eq!(kids().await.len(), 2);
    let name = "security.key.rotated.v1";
    let first = subjects(&world.store, world.north, name).await;
    assert!(first.is_empty(), "the first keys follow none: {first:?}");
    world.identity.rotate_keys(world.north).await.unwrap();
    assert_eq!(subjects(&world.store, world.north, name).await.len(), 2);
    let published = kids().await;
    assert_eq!(published.len(), 4);
    let (header, _) = opened(&world.token(&client, &form).await.text("access_token"));
    assert_eq!(header, opened(&before).0);
    assert!(world.identity.authenticate(&before).await.is_ok());
}
