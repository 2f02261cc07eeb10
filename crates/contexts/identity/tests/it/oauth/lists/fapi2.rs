//! FAPI 2.0 Security Profile: what its suite tries and what is asked for here: pushed requests, PKCE, assertions, DPoP.

use mt_kernel::Clock;
use serde_json::{Value, json};

use super::super::browser::{CALLBACK, app, returned};
use super::super::jwt::Key;
use super::super::world::{Answer, Form, World};
use super::Asking;

const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

impl Asking {
    /// Pushes a request with these changes.
    async fn pushes(&self, changes: &[(&'static str, &str)]) -> Answer {
        let params = self.params(changes);
        let request = self.world.http.post(self.world.url("par")).form(&params);
        self.world.send(request).await
    }

    /// Visits the authorization endpoint with a pushed request.
    async fn follows(&self, client: &str, request_uri: &str) -> Answer {
        let url = format!(
            "{}?client_id={client}&request_uri={request_uri}",
            self.world.url("authorize")
        );
        let request = self.world.http.get(url).header("cookie", "who=ann");
        self.world.send(request).await
    }

    fn id(&self) -> String {
        self.client.client.id.to_string()
    }
}

#[tokio::test]
async fn unsupported_response_type_fails() {
    let asking = Asking::new().await;
    for kind in ["token", "id_token", "code token", "code id_token token"] {
        let error = asking.refused(&[("response_type", kind)]).await;
        assert_eq!(error, "unsupported_response_type", "{kind}");
    }
}

#[tokio::test]
async fn attempt_reuse_of_request_uri() {
    let asking = Asking::new().await;
    let uri = asking.pushes(&[]).await.text("request_uri");
    let page = asking.follows(&asking.id(), &uri).await;
    assert!(returned(&asking.world.allow("ann", &page).await).contains_key("code"));
    assert_eq!(asking.follows(&asking.id(), &uri).await.status, 400);
}

#[tokio::test]
async fn attempt_to_use_expired_request_uri() {
    let asking = Asking::new().await;
    let uri = asking.pushes(&[]).await.text("request_uri");
    asking.world.clock.advance_seconds(61);
    assert_eq!(asking.follows(&asking.id(), &uri).await.status, 400);
}

#[tokio::test]
async fn attempt_to_use_request_uri_for_another_client() {
    let asking = Asking::new().await;
    let other = asking.world.client(app()).await.client.id.to_string();
    let uri = asking.pushes(&[]).await.text("request_uri");
    assert_eq!(asking.follows(&other, &uri).await.status, 400);
}

#[tokio::test]
async fn pushed_request_with_request_uri_fails() {
    let asking = Asking::new().await;
    let uri = "urn:ietf:params:oauth:request_uri:x";
    let refused = asking.pushes(&[("request_uri", uri)]).await;
    assert_eq!(refused.status, 400, "{}", refused.body);
}

#[tokio::test]
async fn pushed_request_with_unregistered_redirect_uri_fails() {
    let asking = Asking::new().await;
    let refused = asking
        .pushes(&[("redirect_uri", "https://attacker.example/cb")])
        .await;
    assert_eq!(refused.status, 400, "{}", refused.body);
}

#[tokio::test]
async fn plain_pkce_is_rejected() {
    let asking = Asking::new().await;
    let error = asking.refused(&[("code_challenge_method", "plain")]).await;
    assert_eq!(error, "invalid_request");
    asking
        .pushes(&[("code_challenge_method", "plain")])
        .await
        .refuses("invalid_request");
}

#[tokio::test]
async fn pkce_is_required() {
    let asking = Asking::new().await;
    let mut params = asking.params(&[]);
    params.remove("code_challenge");
    params.remove("code_challenge_method");
    let answer = returned(&asking.world.authorize("ann", &params).await);
    assert_eq!(answer["error"], "invalid_request");
}

#[tokio::test]
async fn pkce_code_verifier_is_required() {
    let asking = Asking::new().await;
    let code = asking.code(&[]).await;
    let refused = asking.redeems(&code, &[("code_verifier", "")]).await;
    assert_eq!(refused.status, 400, "{}", refused.body);
}

#[tokio::test]
async fn incorrect_pkce_code_verifier_is_rejected() {
    let asking = Asking::new().await;
    let code = asking.code(&[]).await;
    let wrong = "another-code-verifier-of-more-than-forty-three-chars";
    let refused = asking.redeems(&code, &[("code_verifier", wrong)]).await;
    refused.refuses("invalid_grant");
}

#[tokio::test]
async fn authorization_code_is_bound_to_its_client() {
    let asking = Asking::new().await;
    let other = asking.world.client(app()).await;
    let code = asking.code(&[]).await;
    let stolen = asking.world.redeem(&other, &code).await;
    stolen.refuses("invalid_grant");
}

#[tokio::test]
async fn authorization_code_expires() {
    let asking = Asking::new().await;
    let code = asking.code(&[]).await;
    asking.world.clock.advance_seconds(61);
    asking.redeems(&code, &[]).await.refuses("invalid_grant");
}

#[tokio::test]
async fn redirect_uri_of_the_token_request_is_the_same() {
    let asking = Asking::new().await;
    let code = asking.code(&[]).await;
    let other = format!("{CALLBACK}/other");
    let refused = asking.redeems(&code, &[("redirect_uri", &other)]).await;
    refused.refuses("invalid_grant");
}

#[tokio::test]
async fn mixed_up_issuers_are_told_apart() {
    let asking = Asking::new().await;
    let page = asking.asks(&[]).await;
    let answer = returned(&asking.world.allow("ann", &page).await);
    assert_eq!(answer["iss"], asking.world.issuer());
    let south = format!("{}/t/south/oauth2/token", asking.world.origin);
    let id = asking.id();
    let form = [
        ("grant_type", "authorization_code"),
        ("code", answer["code"].as_str()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", super::super::browser::VERIFIER),
        ("client_id", id.as_str()),
    ];
    let refused = asking
        .world
        .send(asking.world.http.post(south).form(&form))
        .await;
    refused.refuses("invalid_client");
}

/// A service with a key that asks with an assertion.
struct Signing {
    world: World,
    key: Key,
    id: String,
}

impl Signing {
    async fn new() -> Self {
        let (world, key) = (World::new().await, Key::es256());
        let metadata = json!({ "grant_types": ["client_credentials"], "response_types": [], "scope": "system/*.rs",
            "token_endpoint_auth_method": "private_key_jwt", "jwks": key.set() });
        let id = world.client(metadata).await.client.id.to_string();
        Self { world, key, id }
    }

    fn claims(&self) -> Value {
        let now = self.world.clock.now().unix_seconds();
        json!({ "iss": self.id, "sub": self.id, "aud": self.world.issuer(), "exp": now + 60, "iat": now, "jti": uuid::Uuid::now_v7() })
    }

    async fn asks(&self, header: &[(&str, Value)], claims: &[(&str, Value)]) -> Answer {
        let mut head = json!({ "alg": "ES256", "kid": "k1", "typ": "JWT" });
        let mut body = self.claims();
        header
            .iter()
            .for_each(|(name, value)| head[*name] = value.clone());
        claims
            .iter()
            .for_each(|(name, value)| body[*name] = value.clone());
        self.presents(&self.key.sign(&head, &body)).await
    }

    async fn presents(&self, assertion: &str) -> Answer {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_assertion_type", ASSERTION),
            ("client_assertion", assertion),
        ];
        let request = self.world.http.post(self.world.url("token")).form(&form);
        self.world.send(request).await
    }
}

#[tokio::test]
async fn client_assertion_with_rs256_fails() {
    let signing = Signing::new().await;
    let refused = signing.asks(&[("alg", json!("RS256"))], &[]).await;
    refused.refuses("invalid_client");
}

#[tokio::test]
async fn client_assertion_with_expired_exp_fails() {
    let signing = Signing::new().await;
    let past = signing.world.clock.now().unix_seconds() - 60;
    let refused = signing.asks(&[], &[("exp", json!(past))]).await;
    refused.refuses("invalid_client");
}

#[tokio::test]
async fn client_assertion_with_no_sub_fails() {
    let signing = Signing::new().await;
    let refused = signing.asks(&[], &[("sub", Value::Null)]).await;
    refused.refuses("invalid_client");
}

#[tokio::test]
async fn client_assertion_with_wrong_iss_aud_typ_kid_fails() {
    let signing = Signing::new().await;
    for (name, value) in [("iss", "another"), ("aud", "https://elsewhere.example")] {
        let refused = signing.asks(&[], &[(name, json!(value))]).await;
        refused.refuses("invalid_client");
    }
    for (name, value) in [("typ", "at+jwt"), ("kid", "k2"), ("alg", "none")] {
        let refused = signing.asks(&[(name, json!(value))], &[]).await;
        refused.refuses("invalid_client");
    }
}

#[tokio::test]
async fn client_assertion_with_replayed_jti_fails() {
    let signing = Signing::new().await;
    let head = json!({ "alg": "ES256", "kid": "k1", "typ": "JWT" });
    let assertion = signing.key.sign(&head, &signing.claims());
    assert_eq!(signing.presents(&assertion).await.status, 200);
    signing.presents(&assertion).await.refuses("invalid_client");
}

#[tokio::test]
async fn invalid_client_assertion_signature_fails() {
    let signing = Signing::new().await;
    let head = json!({ "alg": "ES256", "kid": "k1", "typ": "JWT" });
    let forged = Key::es256().sign(&head, &signing.claims());
    signing.presents(&forged).await.refuses("invalid_client");
}

#[tokio::test]
async fn refresh_token_of_another_client_fails() {
    let asking = Asking::new().await;
    let other = asking.world.client(app()).await;
    let token = asking.tokens(&[]).await.text("refresh_token");
    asking
        .world
        .refresh(&other, &token)
        .await
        .refuses("invalid_grant");
}
