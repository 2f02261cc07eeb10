//! A browser that walks through sign-in and consent, and the client behind it.

use std::collections::HashMap;

use mt_identity::oauth::client::Registered;
use serde_json::{Value, json};
use url::Url;

use super::jwt::base64url;
use super::world::{Answer, Form, World};

pub(crate) const VERIFIER: &str = "a-code-verifier-of-more-than-forty-three-characters";
pub(crate) const CALLBACK: &str = "https://app.example.org/cb";

pub(crate) fn challenge() -> String {
    base64url(mt_crypto::sha256(VERIFIER.as_bytes()))
}

/// A public app for one patient.
pub(crate) fn app() -> Value {
    json!({
        "client_name": "Growth <b>chart</b>",
        "redirect_uris": [CALLBACK],
        "token_endpoint_auth_method": "none",
        "scope": "openid fhirUser profile launch launch/patient offline_access online_access patient/*.rs user/*.rs",
        "post_logout_redirect_uris": ["https://app.example.org/bye"],
    })
}

/// The parameters of a good request, which a test then spoils.
pub(crate) fn good(world: &World, client: &Registered) -> HashMap<&'static str, String> {
    let pairs = [
        ("response_type", "code".to_owned()),
        ("client_id", client.client.id.to_string()),
        ("redirect_uri", CALLBACK.to_owned()),
        (
            "scope",
            "openid fhirUser launch/patient patient/*.rs offline_access".to_owned(),
        ),
        ("state", "state-1".to_owned()),
        ("nonce", "nonce-1".to_owned()),
        ("code_challenge", challenge()),
        ("code_challenge_method", "S256".to_owned()),
        ("aud", world.fhir_base()),
    ];
    pairs.into_iter().collect()
}

impl World {
    /// Visits the authorization endpoint as the browser of `word`.
    pub(crate) async fn authorize(&self, word: &str, params: &HashMap<&str, String>) -> Answer {
        let mut url = Url::parse(&self.url("authorize")).unwrap();
        url.query_pairs_mut().extend_pairs(params);
        let request = self.http.get(url).header("cookie", format!("who={word}"));
        self.send(request).await
    }

    /// Sends the consent form of `page` with these fields besides.
    pub(crate) async fn consent(
        &self,
        word: &str,
        page: &Answer,
        fields: &[(&str, &str)],
    ) -> Answer {
        assert_eq!(page.status, 200, "{}", page.body);
        let (pending, token) = (hidden(&page.body, "pending"), hidden(&page.body, "token"));
        let mut form = vec![("pending", pending.as_str()), ("token", token.as_str())];
        form.extend(fields);
        let request = self.http.post(self.url("consent")).form(&form);
        self.send(request.header("cookie", format!("who={word}")))
            .await
    }

    /// Allows everything that the page asks for.
    pub(crate) async fn allow(&self, word: &str, page: &Answer) -> Answer {
        let names: Vec<String> = (0..10).map(|at| format!("grant_{at}")).collect();
        let mut fields = vec![("decision", "allow")];
        fields.extend(names.iter().map(|name| (name.as_str(), "1")));
        self.consent(word, page, &fields).await
    }

    /// A code for a good request.
    pub(crate) async fn code(&self, word: &str, params: &HashMap<&str, String>) -> String {
        let page = self.authorize(word, params).await;
        let answer = self.allow(word, &page).await;
        returned(&answer)["code"].clone()
    }

    pub(crate) async fn redeem(&self, client: &Registered, code: &str) -> Answer {
        let id = client.client.id.to_string();
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
            ("client_id", &id),
        ];
        self.token(client, &form).await
    }

    pub(crate) async fn refresh(&self, client: &Registered, token: &str) -> Answer {
        let id = client.client.id.to_string();
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", token),
            ("client_id", &id),
        ];
        self.token(client, &form).await
    }
}

/// The value of a hidden field.
pub(crate) fn hidden(html: &str, name: &str) -> String {
    let start = format!("name=\"{name}\" value=\"");
    let at = html
        .find(&start)
        .unwrap_or_else(|| panic!("no field {name} in {html}"));
    let rest = &html[at + start.len()..];
    rest[..rest.find('"').unwrap()].to_owned()
}

/// What a redirect brings back to the client.
#[track_caller]
pub(crate) fn returned(answer: &Answer) -> HashMap<String, String> {
    assert_eq!(answer.status, 303, "{}", answer.body);
    let url = Url::parse(answer.header("location").unwrap()).unwrap();
    assert!(url.as_str().starts_with(CALLBACK), "{url}");
    url.query_pairs().into_owned().collect()
}
