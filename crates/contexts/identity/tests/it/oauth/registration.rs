//! Dynamic registration, and what a client may do to its own.

use mt_identity::OperatorToken;
use serde_json::{Value, json};

use super::browser::app;
use super::world::{Answer, World};

async fn register(world: &World, token: Option<&str>, metadata: &Value) -> Answer {
    let request = world.http.post(world.url("register")).json(metadata);
    let request = match token {
        Some(token) => request.bearer_auth(token),
        None => request,
    };
    world.send(request).await
}

async fn token(world: &World, role: &str) -> String {
    let token = OperatorToken {
        user: "someone".to_owned(),
        roles: vec![role.to_owned()],
        scope: "user/*.cruds".to_owned(),
        patient: None,
        fhir_user: None,
        seconds: 600,
        step_up: false,
    };
    world
        .identity
        .operator_token(world.north, &token)
        .await
        .unwrap()
}

#[tokio::test]
async fn registration_is_for_administrators_unless_it_was_opened() {
    let world = World::new().await;
    register(&world, None, &app())
        .await
        .refuses("invalid_token");
    register(&world, Some(&token(&world, "doctor").await), &app())
        .await
        .refuses("access_denied");
    let service = json!({ "grant_types": ["client_credentials"], "response_types": [], "scope": "system/*.rs", "roles": ["auditor"] });
    let made = register(&world, Some(&token(&world, "org_admin").await), &service).await;
    assert_eq!(made.status, 201, "{}", made.body);
    assert_eq!(made.json()["roles"], json!(["auditor"]));
    assert_eq!(made.headers["cache-control"], "no-store");

    world
        .provider
        .set_open_registration(world.north, true)
        .await
        .unwrap();
    let made = register(&world, None, &app()).await;
    assert_eq!(made.status, 201, "{}", made.body);
    register(&world, None, &service)
        .await
        .refuses("invalid_client_metadata");
    let mut greedy = app();
    greedy["trusted"] = true.into();
    greedy["roles"] = json!(["doctor"]);
    let made = register(&world, None, &greedy).await.json();
    assert_eq!((&made["trusted"], made.get("roles")), (&json!(false), None));
    for (name, value, error) in [
        (
            "redirect_uris",
            json!(["http://app.example.org/cb"]),
            "invalid_redirect_uri",
        ),
        ("redirect_uris", json!([]), "invalid_redirect_uri"),
        (
            "jwks_uri",
            json!("http://10.0.0.1/jwks"),
            "invalid_client_metadata",
        ),
        (
            "response_types",
            json!(["token"]),
            "invalid_client_metadata",
        ),
        (
            "grant_types",
            json!(["implicit"]),
            "invalid_client_metadata",
        ),
        (
            "token_endpoint_auth_method",
            json!("client_secret_jwt"),
            "invalid_client_metadata",
        ),
    ] {
        let mut metadata = app();
        metadata[name] = value;
        register(&world, None, &metadata).await.refuses(error);
    }
}

#[tokio::test]
async fn a_client_manages_itself_with_its_own_token_and_gains_nothing() {
    let world = World::new().await;
    world
        .provider
        .set_open_registration(world.north, true)
        .await
        .unwrap();
    let made = register(&world, None, &app()).await;
    let (url, own) = (
        made.text("registration_client_uri"),
        made.text("registration_access_token"),
    );
    let other = register(&world, None, &app())
        .await
        .text("registration_access_token");
    let read = |token: &str| world.send(world.http.get(&url).bearer_auth(token));
    assert_eq!(read(&own).await.json()["client_id"], made.text("client_id"));
    read(&other).await.refuses("invalid_token");
    let mut metadata = app();
    metadata["client_name"] = "Renamed".into();
    metadata["scope"] = "openid system/*.cruds patient/*.cruds patient/Patient.rs".into();
    metadata["trusted"] = true.into();
    let changed = world
        .send(world.http.put(&url).bearer_auth(&own).json(&metadata))
        .await
        .json();
    assert_eq!(
        (
            &changed["client_name"],
            &changed["scope"],
            &changed["trusted"]
        ),
        (
            &json!("Renamed"),
            &json!("openid patient/Patient.rs"),
            &json!(false)
        )
    );
    assert_eq!(
        world
            .send(world.http.delete(&url).bearer_auth(&own))
            .await
            .status,
        204
    );
    read(&own).await.refuses("invalid_token");
}
