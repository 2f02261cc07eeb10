//! OpenID Connect Core: what the suite for the code flow of a provider tries.

use mt_access::Authenticator;
use serde_json::json;

use super::super::browser::returned;
use super::super::jwt::{Key, base64url, opened};
use super::super::world::Form;
use super::Asking;

#[tokio::test]
async fn response_type_missing() {
    let asking = Asking::new().await;
    let error = asking.refused(&[("response_type", "")]).await;
    assert!(
        ["invalid_request", "unsupported_response_type"].contains(&error.as_str()),
        "{error}"
    );
}

#[tokio::test]
async fn prompt_none_not_logged_in() {
    let asking = Asking::new().await;
    let params = asking.params(&[("prompt", "none")]);
    let answer = returned(&asking.world.authorize("nobody", &params).await);
    assert_eq!(answer["error"], "login_required");
}

#[tokio::test]
async fn prompt_none_logged_in_without_consent() {
    let asking = Asking::new().await;
    assert_eq!(
        asking.refused(&[("prompt", "none")]).await,
        "consent_required"
    );
}

#[tokio::test]
async fn prompt_login() {
    let asking = Asking::new().await;
    asking.world.clock.advance_seconds(60);
    let answer = asking.asks(&[("prompt", "login")]).await;
    let place = answer.header("location").unwrap_or_default().to_owned();
    assert!(place.starts_with("/t/north/"), "{} {place}", answer.status);
}

#[tokio::test]
async fn max_age_1() {
    let asking = Asking::new().await;
    asking.world.clock.advance_seconds(2);
    let answer = asking.asks(&[("max_age", "1")]).await;
    let place = answer.header("location").unwrap_or_default().to_owned();
    assert!(place.starts_with("/t/north/"), "{} {place}", answer.status);
}

#[tokio::test]
async fn max_age_10000() {
    let asking = Asking::new().await;
    let tokens = asking.tokens(&[("max_age", "10000")]).await;
    let (_, claims) = opened(&tokens.text("id_token"));
    assert!(claims["auth_time"].is_i64(), "{claims}");
}

#[tokio::test]
async fn redirect_uri_query_added() {
    let asking = Asking::new().await;
    let answer = asking
        .asks(&[("redirect_uri", "https://app.example.org/cb?added=1")])
        .await;
    assert_eq!((answer.status, answer.header("location")), (400, None));
}

#[tokio::test]
async fn redirect_uri_not_registered() {
    let asking = Asking::new().await;
    let answer = asking
        .asks(&[("redirect_uri", "https://app.example.org/another")])
        .await;
    assert_eq!((answer.status, answer.header("location")), (400, None));
}

#[tokio::test]
async fn code_reuse() {
    let asking = Asking::new().await;
    let code = asking.code(&[]).await;
    let first = asking.redeems(&code, &[]).await.text("access_token");
    asking.redeems(&code, &[]).await.refuses("invalid_grant");
    assert!(asking.world.identity.authenticate(&first).await.is_err());
}

#[tokio::test]
async fn code_reuse_after_30_seconds() {
    let asking = Asking::new().await;
    let code = asking.code(&[]).await;
    let first = asking.redeems(&code, &[]).await.text("access_token");
    asking.world.clock.advance_seconds(30);
    asking.redeems(&code, &[]).await.refuses("invalid_grant");
    assert!(asking.world.identity.authenticate(&first).await.is_err());
}

#[tokio::test]
async fn wrong_state_is_not_ours_to_change() {
    let asking = Asking::new().await;
    let odd = "a&b=c#d \"<";
    let page = asking.asks(&[("state", odd)]).await;
    let answer = returned(&asking.world.allow("ann", &page).await);
    assert_eq!(answer["state"], odd);
}

#[tokio::test]
async fn nonce_comes_back_unchanged() {
    let asking = Asking::new().await;
    let tokens = asking.tokens(&[("nonce", "another-nonce")]).await;
    assert_eq!(opened(&tokens.text("id_token")).1["nonce"], "another-nonce");
}

#[tokio::test]
async fn request_without_nonce_succeeds_for_code_flow() {
    let asking = Asking::new().await;
    let mut params = asking.params(&[]);
    params.remove("nonce");
    let code = asking.world.code("ann", &params).await;
    let tokens = asking.world.redeem(&asking.client, &code).await;
    assert!(opened(&tokens.text("id_token")).1.get("nonce").is_none());
}

#[tokio::test]
async fn other_scope_order_succeeds() {
    let asking = Asking::new().await;
    let scope = "patient/*.rs fhirUser launch/patient openid";
    assert!(asking.tokens(&[("scope", scope)]).await.json()["id_token"].is_string());
}

#[tokio::test]
async fn scope_without_openid_gives_no_id_token() {
    let asking = Asking::new().await;
    let tokens = asking
        .tokens(&[("scope", "launch/patient patient/*.rs")])
        .await;
    assert!(tokens.json().get("id_token").is_none());
}

#[tokio::test]
async fn unsigned_request_object() {
    let asking = Asking::new().await;
    let object = format!("{}.{}.", base64url(r#"{"alg":"none"}"#), base64url("{}"));
    let error = asking.refused(&[("request", &object)]).await;
    assert_eq!(error, "request_not_supported");
}

#[tokio::test]
async fn request_uri_that_is_fetched() {
    let asking = Asking::new().await;
    let answer = asking
        .asks(&[("request_uri", "https://attacker.example/request.jwt")])
        .await;
    assert!(
        answer.status == 400 || answer.status == 303,
        "{}",
        answer.body
    );
    assert!(
        !answer
            .header("location")
            .unwrap_or_default()
            .contains("code=")
    );
}

#[tokio::test]
async fn refresh_token() {
    let asking = Asking::new().await;
    let tokens = asking.tokens(&[]).await;
    let (_, before) = opened(&tokens.text("id_token"));
    let refreshed = asking
        .world
        .refresh(&asking.client, &tokens.text("refresh_token"))
        .await;
    let (_, after) = opened(&refreshed.text("id_token"));
    for name in ["iss", "sub", "aud", "auth_time"] {
        assert_eq!(before[name], after[name], "{name}");
    }
}

#[tokio::test]
async fn userinfo_get_post_header_and_no_token_in_the_query() {
    let asking = Asking::new().await;
    let token = asking.tokens(&[]).await.text("access_token");
    let (http, url) = (&asking.world.http, asking.world.url("userinfo"));
    let get = asking.world.send(http.get(&url).bearer_auth(&token)).await;
    let post = asking.world.send(http.post(&url).bearer_auth(&token)).await;
    assert_eq!((get.status, post.status), (200, 200));
    assert_eq!(get.json()["sub"], post.json()["sub"]);
    let query = format!("{url}?access_token={token}");
    assert_eq!(asking.world.send(http.get(query)).await.status, 401);
}

#[tokio::test]
async fn id_token_signature_alg_and_kid() {
    let asking = Asking::new().await;
    let (header, claims) = opened(&asking.tokens(&[]).await.text("id_token"));
    assert_eq!(header["alg"], "RS256");
    let keys = asking.get("/oauth2/jwks").await.json();
    let keys = keys["keys"].as_array().unwrap();
    assert!(
        keys.iter().any(|key| key["kid"] == header["kid"]),
        "{header}"
    );
    assert_eq!(claims["iss"], asking.world.issuer());
    assert_eq!(claims["aud"], asking.client.client.id.to_string());
}

#[tokio::test]
async fn id_token_is_no_access_token() {
    let asking = Asking::new().await;
    let token = asking.tokens(&[]).await.text("id_token");
    assert!(asking.world.identity.authenticate(&token).await.is_err());
}

#[tokio::test]
async fn wrong_alg_typ_kid_and_iss_of_an_access_token() {
    let asking = Asking::new().await;
    let good = asking.tokens(&[]).await.text("access_token");
    let (header, claims) = opened(&good);
    let key = Key::es256();
    let with = |name: &str, value: &str| {
        let mut header = header.clone();
        header[name] = json!(value);
        header
    };
    let mut tokens = vec![key.sign(&header, &claims)];
    for (name, value) in [
        ("alg", "none"),
        ("alg", "HS256"),
        ("alg", "RS256"),
        ("typ", "JWT"),
        ("typ", "logout+jwt"),
        ("kid", "../../etc/passwd"),
        ("kid", "' or 1=1 --"),
    ] {
        let (head, rest) = good.split_once('.').unwrap();
        assert!(!head.is_empty());
        tokens.push(format!(
            "{}.{rest}",
            base64url(with(name, value).to_string())
        ));
        tokens.push(key.sign(&with(name, value), &claims));
    }
    let mut foreign = claims.clone();
    foreign["iss"] = json!(format!("{}/t/south", asking.world.origin));
    tokens.push(key.sign(&header, &foreign));
    for token in tokens {
        assert!(
            asking.world.identity.authenticate(&token).await.is_err(),
            "{token}"
        );
    }
    assert!(asking.world.identity.authenticate(&good).await.is_ok());
}

#[tokio::test]
async fn client_secret_basic_and_post() {
    let asking = Asking::with(json!({ "redirect_uris": ["https://app.example.org/cb"], "scope": "openid launch/patient patient/*.rs",
        "token_endpoint_auth_method": "client_secret_basic" }))
    .await;
    let scope = [("scope", "openid launch/patient patient/*.rs")];
    let code = asking.code(&scope).await;
    // Without its secret, and with another one, it is nobody.
    asking.redeems(&code, &[]).await.refuses("invalid_client");
    let wrong = [("client_secret", "wrong")];
    asking
        .redeems(&code, &wrong)
        .await
        .refuses("invalid_client");
    let tokens = asking.world.redeem(&asking.client, &code).await;
    assert_eq!(tokens.status, 200, "{}", tokens.body);
}

#[tokio::test]
async fn open_redirect_after_logout() {
    let asking = Asking::new().await;
    let hint = asking.tokens(&[]).await.text("id_token");
    let form = [
        ("id_token_hint", hint.as_str()),
        ("post_logout_redirect_uri", "https://attacker.example/"),
    ];
    let request = asking
        .world
        .http
        .post(asking.world.url("logout"))
        .form(&form);
    let answer = asking.world.send(request.header("cookie", "who=ann")).await;
    let place = answer.header("location").unwrap_or_default();
    assert!(!place.contains("attacker"), "{place}");
}
