//! What clients learn before they start, and which pages may ask.

use serde_json::json;

use super::browser::app;
use super::world::World;

#[tokio::test]
async fn metadata_name_the_issuer_under_which_they_were_found() {
    let world = World::new().await;
    for path in [
        "/t/north/.well-known/openid-configuration",
        "/t/north/.well-known/oauth-authorization-server",
        "/.well-known/openid-configuration/t/north",
        "/.well-known/oauth-authorization-server/t/north",
        "/t/north/fhir/R4/.well-known/smart-configuration",
    ] {
        let request = world
            .http
            .get(format!("{}{path}", world.origin))
            .header("accept", "text/html");
        let answer = world.send(request).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(
            answer.header("content-type"),
            Some("application/json"),
            "{path}"
        );
        let metadata = answer.json();
        assert_eq!(metadata["issuer"], world.issuer(), "{path}");
        assert_eq!(
            metadata["code_challenge_methods_supported"],
            json!(["S256"])
        );
        for name in [
            "authorization_endpoint",
            "token_endpoint",
            "jwks_uri",
            "introspection_endpoint",
            "revocation_endpoint",
        ] {
            let url = metadata[name].as_str().unwrap();
            assert!(url.starts_with(&world.issuer()), "{name} {url}");
        }
    }
    let smart = world.http.get(format!(
        "{}/.well-known/smart-configuration",
        world.fhir_base()
    ));
    let smart = world.send(smart).await.json();
    for capability in [
        "launch-ehr",
        "launch-standalone",
        "client-public",
        "client-confidential-asymmetric",
        "permission-v1",
        "permission-v2",
        "authorize-post",
    ] {
        let all = smart["capabilities"].as_array().unwrap();
        assert!(all.contains(&json!(capability)), "{capability}");
    }
    for path in ["/t/nobody", "/t/North", ""] {
        let request = world.http.get(format!(
            "{}{path}/.well-known/openid-configuration",
            world.origin
        ));
        assert_eq!(
            world.send(request).await.status,
            404,
            "{path}: with two tenants the root is nobody's"
        );
    }
}

#[tokio::test]
async fn the_root_answers_for_the_only_active_tenant() {
    let world = World::new().await;
    world.store.tenants().suspend(world.south).await.unwrap();
    let request = world
        .http
        .get(format!("{}/.well-known/openid-configuration", world.origin));
    assert_eq!(world.send(request).await.json()["issuer"], world.issuer());
    let gone = world.http.get(format!(
        "{}/t/south/.well-known/openid-configuration",
        world.origin
    ));
    assert_eq!(world.send(gone).await.status, 404);
}

#[tokio::test]
async fn only_public_keys_are_published() {
    let world = World::new().await;
    let keys = world.send(world.http.get(world.url("jwks"))).await.json();
    let keys = keys["keys"].as_array().unwrap();
    let algorithms: Vec<_> = keys
        .iter()
        .map(|key| key["alg"].as_str().unwrap())
        .collect();
    assert!(
        algorithms.contains(&"ES256") && algorithms.contains(&"RS256"),
        "{algorithms:?}"
    );
    for key in keys {
        for private in ["d", "p", "q", "k"] {
            assert!(key.get(private).is_none(), "{key}");
        }
    }
}

#[tokio::test]
async fn any_page_reads_metadata_and_only_registered_ones_the_token_endpoint() {
    let world = World::new().await;
    world.client(app()).await;
    let ask = async |method: reqwest::Method, url: String, origin: &str| {
        let answer = world
            .send(world.http.request(method, url).header("origin", origin))
            .await;
        answer
            .header("access-control-allow-origin")
            .map(str::to_owned)
    };
    let (get, options, post) = (
        reqwest::Method::GET,
        reqwest::Method::OPTIONS,
        reqwest::Method::POST,
    );
    let metadata = format!("{}/.well-known/smart-configuration", world.fhir_base());
    assert_eq!(
        ask(get, metadata, "https://any.example").await.as_deref(),
        Some("*")
    );
    let ours = "https://app.example.org";
    for method in [options, post] {
        let token = || world.url("token");
        assert_eq!(
            ask(method.clone(), token(), ours).await.as_deref(),
            Some(ours)
        );
        assert_eq!(
            ask(method.clone(), token(), "https://any.example").await,
            None
        );
        assert_eq!(ask(method.clone(), token(), "null").await, None);
        let south = format!("{}/t/south/oauth2/token", world.origin);
        assert_eq!(ask(method, south, ours).await, None, "registered elsewhere");
    }
}
