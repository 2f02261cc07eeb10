//! The lists of others, line by line: each test has the name of its line.
//!
//! What the conformance suites for OpenID providers and FAPI 2.0 and the SMART App Launch and (g)(10) kits try, as far as
//! it is about an authorization server; what is about records stands in the tests of the whole (`leaks`, `bulk`, `access`).
//! The wording of the lines is ours.

mod fapi2;
mod oidc;
mod smart;

use std::collections::{BTreeMap, HashMap};

use mt_identity::oauth::client::Registered;
use serde_json::Value;

use super::browser::{CALLBACK, VERIFIER, app, good, returned};
use super::world::{Answer, Form, World};

/// A patient, and a public app that asks well.
struct Asking {
    world: World,
    client: Registered,
}

impl Asking {
    async fn new() -> Self {
        Self::with(app()).await
    }

    async fn with(metadata: Value) -> Self {
        let world = World::new().await;
        world.patient("ann", "p1");
        let client = world.client(metadata).await;
        Self { world, client }
    }

    fn params(&self, changes: &[(&'static str, &str)]) -> HashMap<&'static str, String> {
        let mut params = good(&self.world, &self.client);
        for &(name, value) in changes {
            params.insert(name, value.to_owned());
        }
        params
    }

    /// What the authorization endpoint answers to a request with these changes; an absent value is left out.
    async fn asks(&self, changes: &[(&'static str, &str)]) -> Answer {
        let params = self.params(changes);
        self.world.authorize("ann", &params).await
    }

    /// The error that is sent back to the app.
    async fn refused(&self, changes: &[(&'static str, &str)]) -> String {
        let answer = returned(&self.asks(changes).await);
        assert!(!answer.contains_key("code"), "{answer:?}");
        assert_eq!(answer["state"], "state-1");
        assert_eq!(answer["iss"], self.world.issuer());
        answer["error"].clone()
    }

    /// A code for a request with these changes.
    async fn code(&self, changes: &[(&'static str, &str)]) -> String {
        let params = self.params(changes);
        self.world.code("ann", &params).await
    }

    /// Redeems a code with these changes to a good request; an empty value is left out.
    async fn redeems(&self, code: &str, changes: &[(&str, &str)]) -> Answer {
        let id = self.client.client.id.to_string();
        let mut form = BTreeMap::from([
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
            ("client_id", id.as_str()),
        ]);
        for &(name, value) in changes {
            form.insert(name, value);
        }
        form.retain(|_, value| !value.is_empty());
        let request = self.world.http.post(self.world.url("token")).form(&form);
        self.world.send(request).await
    }

    /// Tokens for a request with these changes.
    async fn tokens(&self, changes: &[(&'static str, &str)]) -> Answer {
        let code = self.code(changes).await;
        let tokens = self.world.redeem(&self.client, &code).await;
        assert_eq!(tokens.status, 200, "{}", tokens.body);
        tokens
    }

    async fn get(&self, path: &str) -> Answer {
        let url = format!("{}{path}", self.world.issuer());
        self.world.send(self.world.http.get(url)).await
    }
}
