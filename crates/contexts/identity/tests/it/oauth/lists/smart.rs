//! SMART App Launch 2.2 and (g)(10): what the kits try at an authorization server.

use mt_access::Authenticator;
use serde_json::{Value, json};

use super::super::browser::{app, returned};
use super::super::jwt::{Key, opened};
use super::super::world::Form;
use super::Asking;

const CALLBACKS: [&str; 1] = ["https://app.example.org/cb"];

#[tokio::test]
async fn discovery_stu2_2() {
    let asking = Asking::new().await;
    let smart = asking.get("/fhir/R4/.well-known/smart-configuration").await;
    assert_eq!(smart.header("content-type"), Some("application/json"));
    let smart = smart.json();
    for required in [
        "grant_types_supported",
        "token_endpoint",
        "capabilities",
        "code_challenge_methods_supported",
        "issuer",
        "jwks_uri",
        "authorization_endpoint",
        "introspection_endpoint",
        "revocation_endpoint",
        "scopes_supported",
    ] {
        assert!(!smart[required].is_null(), "{required}");
    }
    assert_eq!(smart["code_challenge_methods_supported"], json!(["S256"]));
}

#[tokio::test]
async fn standalone_launch() {
    let asking = Asking::new().await;
    assert_eq!(asking.tokens(&[]).await.json()["patient"], "p1");
}

#[tokio::test]
async fn public_client_launch() {
    let asking = Asking::new().await;
    let code = asking.code(&[]).await;
    assert_eq!(asking.redeems(&code, &[]).await.status, 200);
}

#[tokio::test]
async fn symmetric_client_launch() {
    let asking = Asking::with(
        json!({ "redirect_uris": CALLBACKS, "scope": "openid launch/patient patient/*.rs" }),
    )
    .await;
    let tokens = asking
        .tokens(&[("scope", "launch/patient patient/*.rs")])
        .await;
    assert_eq!(tokens.json()["patient"], "p1");
}

#[tokio::test]
async fn asymmetric_client_launch() {
    use mt_kernel::Clock;
    let key = Key::rs384();
    let asking = Asking::with(
        json!({ "redirect_uris": CALLBACKS, "scope": "openid launch/patient patient/*.rs",
        "token_endpoint_auth_method": "private_key_jwt", "jwks": key.set() }),
    )
    .await;
    let code = asking
        .code(&[("scope", "launch/patient patient/*.rs")])
        .await;
    asking.redeems(&code, &[]).await.refuses("invalid_client");
    let id = asking.client.client.id.to_string();
    let now = asking.world.clock.now().unix_seconds();
    let claims = json!({ "iss": id, "sub": id, "aud": asking.world.url("token"), "exp": now + 200, "jti": "once" });
    let assertion = key.sign(
        &json!({ "alg": "RS384", "kid": "k1", "typ": "JWT" }),
        &claims,
    );
    let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    let proof = [
        ("client_assertion_type", kind),
        ("client_assertion", assertion.as_str()),
    ];
    let tokens = asking.redeems(&code, &proof).await;
    assert_eq!(tokens.status, 200, "{}", tokens.body);
}

#[tokio::test]
async fn token_response_body_and_headers() {
    let asking = Asking::new().await;
    let tokens = asking.tokens(&[]).await;
    let json = tokens.json();
    for name in [
        "access_token",
        "token_type",
        "scope",
        "refresh_token",
        "id_token",
    ] {
        assert!(json[name].is_string(), "{name}");
    }
    assert!(
        json["expires_in"]
            .as_i64()
            .is_some_and(|seconds| (1..=3_600).contains(&seconds))
    );
    assert_eq!(tokens.header("cache-control"), Some("no-store"));
    assert_eq!(tokens.header("pragma"), Some("no-cache"));
    assert!(
        tokens
            .header("content-type")
            .unwrap()
            .starts_with("application/json")
    );
}

#[tokio::test]
async fn refresh_with_and_without_scopes() {
    let asking = Asking::new().await;
    let first = asking.tokens(&[]).await;
    let id = asking.client.client.id.to_string();
    let refresh = async |token: &str, scope: Option<&str>| {
        let mut form = vec![
            ("grant_type", "refresh_token"),
            ("refresh_token", token),
            ("client_id", id.as_str()),
        ];
        form.extend(scope.map(|scope| ("scope", scope)));
        asking
            .world
            .send(
                asking
                    .world
                    .http
                    .post(asking.world.url("token"))
                    .form(&form),
            )
            .await
    };
    let without = refresh(&first.text("refresh_token"), None).await;
    assert_eq!(without.json()["scope"], first.json()["scope"]);
    assert_eq!(without.json()["patient"], "p1", "launch context is kept");
    let with = refresh(&without.text("refresh_token"), Some("patient/*.rs")).await;
    assert_eq!(with.json()["scope"], "patient/*.rs");
}

#[tokio::test]
async fn invalid_refresh_token() {
    let asking = Asking::new().await;
    asking
        .world
        .refresh(&asking.client, "made-up")
        .await
        .refuses("invalid_grant");
}

#[tokio::test]
async fn fhir_user_claim() {
    let asking = Asking::new().await;
    let (_, claims) = opened(&asking.tokens(&[]).await.text("id_token"));
    let user = claims["fhirUser"].as_str().unwrap();
    assert!(
        user.starts_with("http") && user.ends_with("/Patient/p1"),
        "{user}"
    );
}

#[tokio::test]
async fn cors_of_token_and_discovery() {
    let asking = Asking::new().await;
    let origin = "https://app.example.org";
    let allowed = async |url: String| {
        let request = asking.world.http.get(url).header("origin", origin);
        let answer = asking.world.send(request).await;
        answer
            .header("access-control-allow-origin")
            .map(str::to_owned)
    };
    let discovery = format!(
        "{}/.well-known/smart-configuration",
        asking.world.fhir_base()
    );
    assert_eq!(allowed(discovery).await.as_deref(), Some("*"));
    let request = asking
        .world
        .http
        .post(asking.world.url("token"))
        .header("origin", origin);
    let answer = asking.world.send(request).await;
    assert_eq!(answer.header("access-control-allow-origin"), Some(origin));
}

#[tokio::test]
async fn backend_services_invalid_grant_type() {
    let asking = Asking::new().await;
    let service = asking.world.service().await;
    let form = [("grant_type", "not_a_grant_type"), ("scope", "system/*.rs")];
    asking
        .world
        .token(&service, &form)
        .await
        .refuses("unsupported_grant_type");
}

#[tokio::test]
async fn backend_services_invalid_assertion_type_and_jwt() {
    let asking = Asking::new().await;
    let key = Key::es384();
    let metadata = json!({ "grant_types": ["client_credentials"], "response_types": [], "scope": "system/*.rs",
        "token_endpoint_auth_method": "private_key_jwt", "jwks": key.set() });
    let id = asking.world.client(metadata).await.client.id.to_string();
    let jwt = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    for (kind, assertion) in [
        ("not_an_assertion_type", "a.b.c"),
        (jwt, "not_a_jwt"),
        (jwt, "a.b.c"),
        (jwt, ""),
    ] {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", id.as_str()),
            ("client_assertion_type", kind),
            ("client_assertion", assertion),
        ];
        let refused = asking
            .world
            .send(
                asking
                    .world
                    .http
                    .post(asking.world.url("token"))
                    .form(&form),
            )
            .await;
        assert!(
            matches!(refused.status, 400 | 401),
            "{kind} {assertion}: {}",
            refused.body
        );
        assert!(refused.json().get("access_token").is_none());
    }
}

#[tokio::test]
async fn token_introspection() {
    let asking = Asking::new().await;
    let service = asking.world.service().await;
    let token = asking.tokens(&[]).await.text("access_token");
    let active = asking
        .world
        .post("introspect", &service, &[("token", &token)])
        .await
        .json();
    assert_eq!(active["active"], true);
    for name in [
        "scope",
        "client_id",
        "exp",
        "iss",
        "sub",
        "patient",
        "fhirUser",
    ] {
        assert!(!active[name].is_null(), "{name} in {active}");
    }
    let inactive = asking
        .world
        .post("introspect", &service, &[("token", "invalid")])
        .await;
    assert_eq!(inactive.json(), json!({ "active": false }));
}

#[tokio::test]
async fn access_brands() {
    let asking = Asking::new().await;
    let smart = asking
        .get("/fhir/R4/.well-known/smart-configuration")
        .await
        .json();
    let url = smart["user_access_brand_bundle"].as_str().unwrap();
    let request = asking
        .world
        .http
        .get(url)
        .header("origin", "https://any.example");
    let answer = asking.world.send(request).await;
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    let bundle = answer.json();
    assert_eq!(
        (&bundle["resourceType"], &bundle["type"]),
        (&json!("Bundle"), &json!("collection"))
    );
    assert!(bundle["timestamp"].is_string());
    let (brand, endpoint) = (
        &bundle["entry"][0]["resource"],
        &bundle["entry"][1]["resource"],
    );
    assert!(brand["name"].is_string(), "{brand}");
    assert_eq!(
        brand["identifier"][0],
        smart["user_access_brand_identifier"]
    );
    assert_eq!(endpoint["address"], asking.world.fhir_base());
}

#[tokio::test]
async fn invalid_aud() {
    let asking = Asking::new().await;
    let answer = asking
        .asks(&[("aud", "https://elsewhere.example/fhir")])
        .await;
    assert_eq!(returned(&answer)["error"], "invalid_target");
}

#[tokio::test]
async fn invalid_launch() {
    let asking = Asking::new().await;
    let scope = "openid launch patient/*.rs";
    let error = asking
        .refused(&[("scope", scope), ("launch", "made-up")])
        .await;
    assert_eq!(error, "invalid_request");
}

#[tokio::test]
async fn token_revocation() {
    let asking = Asking::new().await;
    let tokens = asking.tokens(&[]).await;
    let (access, refresh) = (tokens.text("access_token"), tokens.text("refresh_token"));
    let id = asking.client.client.id.to_string();
    let form = [("token", refresh.as_str()), ("client_id", id.as_str())];
    let request = asking
        .world
        .http
        .post(asking.world.url("revoke"))
        .form(&form);
    assert_eq!(asking.world.send(request).await.status, 200);
    assert!(asking.world.identity.authenticate(&access).await.is_err());
    asking
        .world
        .refresh(&asking.client, &refresh)
        .await
        .refuses("invalid_grant");
}

async fn granted(scope: &str) -> Value {
    let mut metadata = app();
    metadata["scope"] =
        "openid launch/patient offline_access patient/*.cruds patient/*.read patient/*.*".into();
    let asking = Asking::with(metadata).await;
    asking.tokens(&[("scope", scope)]).await.json()["scope"].clone()
}

#[tokio::test]
async fn v1_scopes() {
    let scope = "launch/patient patient/Observation.read patient/Condition.read";
    assert_eq!(granted(scope).await, scope);
}

#[tokio::test]
async fn limited_app_scopes_and_restricted_resource_access() {
    let asking = Asking::new().await;
    let page = asking
        .asks(&[(
            "scope",
            "launch/patient patient/Patient.rs patient/Condition.rs patient/Observation.rs",
        )])
        .await;
    // Of four things the person allows two.
    let some = [("decision", "allow"), ("grant_0", "1"), ("grant_1", "1")];
    let answer = asking.world.consent("ann", &page, &some).await;
    let tokens = asking
        .world
        .redeem(&asking.client, &returned(&answer)["code"])
        .await
        .json();
    let scope = tokens["scope"].as_str().unwrap();
    assert!(
        !scope.contains("Observation") && !scope.contains("patient/*"),
        "{scope}"
    );
}

#[tokio::test]
async fn granular_scopes_of_conditions_and_observations() {
    let condition = "patient/Condition.rs?category=http://terminology.hl7.org/CodeSystem/condition-category|problem-list-item";
    let observation = "patient/Observation.rs?category=http://terminology.hl7.org/CodeSystem/observation-category|laboratory";
    let scope = format!("launch/patient {condition} {observation}");
    assert_eq!(granted(&scope).await, scope);
}

#[tokio::test]
async fn scope_letters_out_of_order_are_not_guessed() {
    let asking = Asking::new().await;
    let error = asking
        .refused(&[("scope", "launch/patient patient/Observation.sr")])
        .await;
    assert_eq!(error, "invalid_scope");
}
