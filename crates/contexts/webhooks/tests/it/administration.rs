//! What administrators may do, and others not.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use mt_access::{
    Authenticated, Authentication, AuthenticationError, Authenticator, Grant, LaunchContext, Role,
};
use mt_api::{Gate, Idempotency};
use mt_kernel::{Actor, SystemClock, TenantId};
use mt_webhooks::api::table;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::world::{Receiver, World, said};

/// Tokens are names of roles, of the one tenant or another.
struct Roles(TenantId, TenantId);

impl Authenticator for Roles {
    fn authenticate<'a>(&'a self, token: &'a str) -> Authentication<'a> {
        Box::pin(async move {
            let (code, tenant) = match token.strip_prefix("other-") {
                Some(code) => (code, self.1),
                None => (token, self.0),
            };
            let role = Role::from_code(code).ok_or(AuthenticationError::Invalid)?;
            Ok(Arc::new(Authenticated {
                tenant,
                actor: Actor::system(code),
                grant: Grant::new(vec![role], None, Vec::new(), LaunchContext::default()),
                credential: [0; 32],
                client_key: 1,
            }))
        })
    }
}

async fn router(world: &World) -> Router {
    let other = world.test.tenant("south").await;
    let quota = mt_http::Quota {
        per_second: 1_000.try_into().unwrap(),
        burst: 1_000.try_into().unwrap(),
    };
    let tenants = world.test.store.tenants().clone();
    table().with_state(world.webhooks.clone()).serve(Gate {
        authenticator: Arc::new(Roles(world.tenant, other)),
        rates: mt_http::RateLimits::new(quota, quota),
        idempotency: Idempotency::new(world.database.clone(), tenants),
        clock: Arc::new(SystemClock),
    })
}

async fn call(
    router: &Router,
    who: &str,
    (method, path): (&str, &str),
    headers: &[(header::HeaderName, &str)],
    body: &Value,
) -> (StatusCode, Value) {
    let mut request = Request::builder()
        .method(method)
        .uri(format!("/api/v1{path}"))
        .header(header::AUTHORIZATION, format!("Bearer {who}"))
        .header(header::CONTENT_TYPE, "application/json");
    for (name, value) in headers {
        request = request.header(name, *value);
    }
    let request = request.body(Body::from(body.to_string())).unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let bytes = axum::body::to_bytes(response.into_body(), 1 << 20)
        .await
        .unwrap();
    (status, serde_json::from_slice(&bytes).unwrap_or_default())
}

#[tokio::test(flavor = "multi_thread")]
async fn only_those_who_manage_the_organisation_see_its_endpoints_and_no_secret_twice() {
    let world = World::new().await;
    let router = router(&world).await;
    let new = json!({"url": "https://hooks.example.org/in", "events": ["appointment.*"]});
    for who in ["doctor", "patient", "service", "super_admin"] {
        let (status, _) = call(&router, who, ("POST", "/webhooks"), &[], &new).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{who}");
    }
    let (status, made) = call(&router, "org_admin", ("POST", "/webhooks"), &[], &new).await;
    assert_eq!(status, StatusCode::CREATED, "{made}");
    let secret = made["secret"].as_str().unwrap();
    assert!(secret.starts_with("whsec_"));
    let (_, listed) = call(
        &router,
        "org_admin",
        ("GET", "/webhooks"),
        &[],
        &json!(null),
    )
    .await;
    assert_eq!(listed[0]["id"], made["id"]);
    assert!(!listed.to_string().contains(secret));
    let path = format!("/webhooks/{}", made["id"].as_str().unwrap());
    // Another organisation's administrator finds nothing there.
    let elsewhere = call(
        &router,
        "other-org_admin",
        ("GET", &path),
        &[],
        &json!(null),
    )
    .await;
    assert_eq!(elsewhere.0, StatusCode::NOT_FOUND);
    let deleted = call(
        &router,
        "other-org_admin",
        ("DELETE", &path),
        &[],
        &json!(null),
    )
    .await;
    assert_eq!(deleted.0, StatusCode::NOT_FOUND);
    let (status, _) = call(&router, "org_admin", ("PUT", &path), &[], &new).await;
    assert_eq!(status, StatusCode::PRECONDITION_REQUIRED);
    let stale = [(header::IF_MATCH, "\"7\"")];
    let (status, _) = call(&router, "org_admin", ("PUT", &path), &stale, &new).await;
    assert_eq!(status, StatusCode::PRECONDITION_FAILED);
    let seen = [(header::IF_MATCH, "\"1\"")];
    let (status, changed) = call(&router, "org_admin", ("PUT", &path), &seen, &new).await;
    assert_eq!(
        (status, &changed["state"]),
        (StatusCode::OK, &json!("active"))
    );
    let (status, _) = call(&router, "org_admin", ("DELETE", &path), &[], &json!(null)).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
}

#[tokio::test(flavor = "multi_thread")]
async fn urls_that_lead_inside_and_unknown_events_are_refused() {
    let world = World::new().await;
    for (url, events) in [
        ("http://hooks.example.org/in", ["*"]),
        ("https://10.0.0.7/in", ["*"]),
        ("https://169.254.169.254/latest/meta-data", ["*"]),
        ("https://user:word@hooks.example.org/", ["*"]),
        ("https://hooks.example.org/in", ["phi.patient.accessed.v1"]),
        ("https://hooks.example.org/in", ["nonsense"]),
    ] {
        let refused = world
            .webhooks
            .create(&world.ctx(), said(url, &events))
            .await;
        let kind = refused.unwrap_err().kind();
        assert_eq!(kind, mt_kernel::ErrorKind::Invalid, "{url} {events:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn both_secrets_sign_during_a_rotation_and_the_old_one_ends() {
    let world = World::new().await;
    let receiver = Receiver::new().await;
    let created = world.endpoint(&receiver.url(), &["*"]).await;
    let id = created.endpoint.id;
    let rotated = world.webhooks.rotate(&world.ctx(), id, 1).await.unwrap();
    assert_eq!(rotated.endpoint.secrets, 2);
    let signers = async || {
        world.webhooks.test(&world.ctx(), id).await.unwrap();
        world.desk.carry_due().await.unwrap();
        let told = receiver.take().remove(0);
        let timestamp = told.header("webhook-timestamp").parse().unwrap();
        [&created.secret, &rotated.secret].map(|secret| {
            let secret = mt_webhooks::Secret::parse(secret).unwrap();
            let signatures = told.header("webhook-signature");
            secret.signed(told.header("webhook-id"), timestamp, &told.body, signatures)
        })
    };
    assert_eq!(signers().await, [true, true]);
    world.test.clock.advance_seconds(3_601);
    assert_eq!(signers().await, [false, true]);
    let week = world.webhooks.rotate(&world.ctx(), id, 169).await;
    assert!(week.is_err());
}
