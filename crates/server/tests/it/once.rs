//! What may be used once is used once, whichever of two servers on one database it is shown to.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mt_crypto::{PublicKey, SigningKey};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::running::{Answer, Caller, Place, Server};

const TENANT: &str = "once";
const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A service that signs its assertions and proofs.
struct Service {
    key: SigningKey,
    id: String,
}

impl Service {
    fn new(place: &Place) -> Self {
        let key = SigningKey::generate().unwrap();
        let mut jwk = jwk(&key);
        jwk["kid"] = "k1".into();
        let metadata = json!({ "client_name": "Service", "grant_types": ["client_credentials"], "response_types": [],
            "scope": "system/*.rs", "token_endpoint_auth_method": "private_key_jwt", "jwks": { "keys": [jwk] } });
        let file = place.path("client.json");
        std::fs::write(&file, metadata.to_string()).unwrap();
        let told = place.run(&[
            "provider",
            "--tenant",
            TENANT,
            "client",
            file.to_str().unwrap(),
        ]);
        let told = String::from_utf8(told.stdout).unwrap();
        let id = told.lines().find_map(|line| line.strip_prefix("client_id"));
        Self {
            key,
            id: id.unwrap().trim().to_owned(),
        }
    }

    fn assertion(&self, audience: &str) -> String {
        let claims = json!({ "iss": self.id, "sub": self.id, "aud": audience, "exp": now() + 200, "jti": Uuid::now_v7() });
        let header = json!({ "alg": "ES256", "kid": "k1", "typ": "JWT" });
        signed(&self.key, &header, &claims)
    }

    fn proof(&self, url: &str, nonce: Option<&str>) -> String {
        let claims = json!({ "jti": Uuid::now_v7(), "htm": "POST", "htu": url, "iat": now(), "nonce": nonce });
        let header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": jwk(&self.key) });
        signed(&self.key, &header, &claims)
    }
}

fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

fn jwk(key: &SigningKey) -> Value {
    let PublicKey::P256 { x, y } = key.public_key().unwrap() else {
        panic!("another algorithm");
    };
    json!({ "kty": "EC", "crv": "P-256", "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y) })
}

fn signed(key: &SigningKey, header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let signature = key.sign(message.as_bytes()).unwrap();
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn token(server: &Server, assertion: &str, proof: Option<&str>) -> Answer {
    let form = format!(
        "grant_type=client_credentials&scope=system/*.rs&client_assertion_type={ASSERTION}&client_assertion={assertion}"
    );
    let nobody: Caller = server.bearer("");
    let path = format!("{}/t/{TENANT}/oauth2/token", server.origin());
    let request = nobody
        .request("POST", &path)
        .body("application/x-www-form-urlencoded", form);
    match proof {
        Some(proof) => request.header("dpop", proof),
        None => request,
    }
    .send()
}

#[test]
fn what_one_server_has_seen_or_revoked_is_refused_by_the_other() {
    let place = Place::new();
    let first = Server::start(&place);
    let second = Server::start(&place);
    first.clinic(TENANT);
    let service = Service::new(&place);
    // Both are known under one public URL, whatever address they listen at.
    let issuer = first.bearer("").get(&format!(
        "{}/t/{TENANT}/.well-known/openid-configuration",
        first.origin()
    ));
    let audience = issuer.expect(200).json()["token_endpoint"].clone();
    let audience = audience.as_str().unwrap();
    a_replayed_jti(&service, audience, (&first, &second));
    a_revoked_token(&service, audience, (&first, &second));
    first.stop();
    second.stop();
}

fn a_replayed_jti(service: &Service, audience: &str, (first, second): (&Server, &Server)) {
    for (one, other) in [(first, second), (second, first)] {
        let assertion = service.assertion(audience);
        token(one, &assertion, None).expect(200);
        for server in [other, one] {
            let refused = token(server, &assertion, None).expect(401).json();
            assert_eq!(refused["error"], "invalid_client");
        }
        // A proof of possession, with a nonce that either has given.
        let asked = token(
            one,
            &service.assertion(audience),
            Some(&service.proof(audience, None)),
        );
        let nonce = asked.header("dpop-nonce").to_owned();
        asked.expect(400);
        let proof = service.proof(audience, Some(&nonce));
        token(one, &service.assertion(audience), Some(&proof)).expect(200);
        let refused = token(other, &service.assertion(audience), Some(&proof));
        assert_eq!(refused.expect(400).json()["error"], "invalid_dpop_proof");
    }
}

fn a_revoked_token(service: &Service, audience: &str, (first, second): (&Server, &Server)) {
    let given = token(first, &service.assertion(audience), None)
        .expect(200)
        .json();
    let access = given["access_token"].as_str().unwrap();
    let there = second.bearer(access);
    there.get("Patient").expect(200);
    let form = format!(
        "token={access}&client_assertion_type={ASSERTION}&client_assertion={}",
        service.assertion(audience)
    );
    let path = format!("{}/t/{TENANT}/oauth2/revoke", first.origin());
    let revoke = first.bearer("").request("POST", &path);
    revoke
        .body("application/x-www-form-urlencoded", form)
        .send()
        .expect(200);
    first.bearer(access).get("Patient").refused(401);
    let end = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while there.get("Patient").status != 401 {
        assert!(std::time::Instant::now() < end, "it is still good there");
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
}
