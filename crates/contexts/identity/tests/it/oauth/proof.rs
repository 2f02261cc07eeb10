//! DPoP: tokens that are worth nothing without their key.

use axum::http::{HeaderMap, Method, Uri};
use mt_access::{AuthenticationError, Authenticator, RequestHead};
use mt_kernel::Clock;
use serde_json::{Value, json};
use uuid::Uuid;

use super::jwt::{Key, base64url, opened};
use super::world::{Answer, Form, World};

fn header(key: &Key) -> Value {
    json!({ "typ": "dpop+jwt", "alg": key.algorithm(), "jwk": key.jwk() })
}

fn claims(world: &World, method: &str, url: &str, nonce: Option<&str>) -> Value {
    let now = world.clock.now().unix_seconds();
    json!({ "jti": Uuid::now_v7(), "htm": method, "htu": url, "iat": now, "nonce": nonce })
}

async fn ask(
    world: &World,
    client: &mt_identity::oauth::client::Registered,
    proof: &str,
) -> Answer {
    let request = world
        .http
        .post(world.url("token"))
        .form(&[("grant_type", "client_credentials")]);
    let secret = client.secret.as_ref().unwrap().expose();
    let request = request
        .basic_auth(client.client.id, Some(secret))
        .header("dpop", proof);
    world.send(request).await
}

#[tokio::test]
async fn a_bound_token_needs_a_fresh_proof_of_its_key_for_each_request() {
    let world = World::new().await;
    let client = world.service().await;
    let (key, url) = (Key::es256(), world.url("token"));
    let first = ask(
        &world,
        &client,
        &key.sign(&header(&key), &claims(&world, "POST", &url, None)),
    )
    .await;
    first.refuses("use_dpop_nonce");
    let nonce = first.header("dpop-nonce").unwrap().to_owned();
    let proof = key.sign(&header(&key), &claims(&world, "POST", &url, Some(&nonce)));
    let answer = ask(&world, &client, &proof).await;
    assert_eq!(answer.json()["token_type"], "DPoP", "{}", answer.body);
    ask(&world, &client, &proof)
        .await
        .refuses("invalid_dpop_proof");
    let token = answer.text("access_token");
    assert!(opened(&token).1["cnf"]["jkt"].is_string());
    assert_eq!(
        world.identity.authenticate(&token).await.unwrap_err(),
        AuthenticationError::BadProof
    );

    let here = format!("{}/fhir/R4/Patient", world.origin);
    let with_hash = |mut claims: Value| {
        claims["ath"] = base64url(mt_crypto::sha256(token.as_bytes())).into();
        claims
    };
    let read = async |key: &Key, claims: Value| {
        let mut headers = HeaderMap::new();
        headers.insert("authorization", format!("DPoP {token}").parse().unwrap());
        headers.insert("dpop", key.sign(&header(key), &claims).parse().unwrap());
        let head = RequestHead {
            method: &Method::GET,
            uri: &Uri::from_static("/fhir/R4/Patient"),
            headers: &headers,
        };
        world.identity.authenticate_head(head).await
    };
    let good = || with_hash(claims(&world, "GET", &here, Some(&nonce)));
    assert!(read(&key, good()).await.is_ok());
    let thief = read(&Key::es256(), good()).await;
    assert_eq!(thief.unwrap_err(), AuthenticationError::BadProof);
    let elsewhere = format!("{}/fhir/R4/Observation", world.origin);
    for bad in [
        claims(&world, "GET", &here, Some(&nonce)),
        with_hash(claims(&world, "POST", &here, Some(&nonce))),
        with_hash(claims(&world, "GET", &elsewhere, Some(&nonce))),
    ] {
        assert_eq!(
            read(&key, bad).await.unwrap_err(),
            AuthenticationError::BadProof
        );
    }
    let without = read(&key, with_hash(claims(&world, "GET", &here, None))).await;
    assert!(matches!(without, Err(AuthenticationError::NonceNeeded(_))));
    let again = good();
    assert!(read(&key, again.clone()).await.is_ok());
    assert_eq!(
        read(&key, again).await.unwrap_err(),
        AuthenticationError::BadProof
    );
}

#[tokio::test]
async fn stale_and_malformed_proofs_are_refused() {
    let world = World::new().await;
    let client = world.service().await;
    let (key, url) = (Key::es256(), world.url("token"));
    let first = ask(
        &world,
        &client,
        &key.sign(&header(&key), &claims(&world, "POST", &url, None)),
    )
    .await;
    let nonce = first.header("dpop-nonce").unwrap().to_owned();
    let good = || claims(&world, "POST", &url, Some(&nonce));
    let with = |mut json: Value, name: &str, value: Value| {
        json[name] = value;
        json
    };
    let now = world.clock.now().unix_seconds();
    let mut private = key.jwk();
    private["d"] = "AAAA".into();
    let cases = [
        (header(&key), with(good(), "iat", json!(now - 61))),
        (header(&key), with(good(), "iat", json!(now + 60))),
        (header(&key), with(good(), "htm", json!("GET"))),
        (
            header(&key),
            with(good(), "htu", json!("https://elsewhere.example/token")),
        ),
        (header(&key), with(good(), "jti", json!(""))),
        (with(header(&key), "typ", json!("JWT")), good()),
        (with(header(&key), "alg", json!("none")), good()),
        (with(header(&key), "alg", json!("HS256")), good()),
        (with(header(&key), "jwk", private), good()),
        (with(header(&key), "jwk", Key::es256().jwk()), good()),
    ];
    for (header, claims) in cases {
        let answer = ask(&world, &client, &key.sign(&header, &claims)).await;
        answer.refuses("invalid_dpop_proof");
    }
    ask(&world, &client, "rubbish")
        .await
        .refuses("invalid_dpop_proof");
    let forged = with(good(), "nonce", json!("AAAA"));
    ask(&world, &client, &key.sign(&header(&key), &forged))
        .await
        .refuses("use_dpop_nonce");
    world.clock.advance_seconds(301);
    ask(
        &world,
        &client,
        &key.sign(&header(&key), &good_at(&world, &url, &nonce)),
    )
    .await
    .refuses("use_dpop_nonce");
}

fn good_at(world: &World, url: &str, nonce: &str) -> Value {
    claims(world, "POST", url, Some(nonce))
}
