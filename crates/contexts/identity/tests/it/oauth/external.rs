//! An issuer of the organisation's own: a real other provider, npm's oidc-provider.

use std::process::Stdio;

use mt_access::{Authenticator, Role};
use mt_identity::oauth::external::ExternalIssuer;
use mt_kernel::Assurance;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use super::clients::{node, script};
use super::world::World;

/// The other provider; it ends with this value.
struct Other {
    said: Value,
    _child: Child,
}

impl Other {
    async fn start() -> Option<Self> {
        let folder = node().await?;
        let mut child = Command::new("node")
            .arg(script("oidc_provider.mjs"))
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        // It warns on standard output before it says what we wait for.
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        loop {
            let line = lines
                .next_line()
                .await
                .unwrap()
                .expect("the provider starts");
            if let Ok(said) = serde_json::from_str(&line) {
                return Some(Self {
                    said,
                    _child: child,
                });
            }
        }
    }

    fn text(&self, name: &str) -> &str {
        self.said[name].as_str().unwrap()
    }

    fn issuer(&self, audience: &str) -> ExternalIssuer {
        let json = json!({ "issuer": self.text("issuer"), "audience": audience, "roles": { "physician": "doctor" }, "mfa_acr": ["2"] });
        serde_json::from_value(json).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_of_the_organisation_s_own_issuer_pass_with_translated_roles() {
    let Some(other) = Other::start().await else {
        return;
    };
    let world = World::new().await;
    let good = other.text("good");
    assert!(
        world.identity.authenticate(good).await.is_err(),
        "nobody knows the issuer yet"
    );
    let issuer = other.issuer("urn:ehr");
    world
        .provider
        .set_external_issuer(world.north, Some(&issuer))
        .await
        .unwrap();
    let who = world.identity.authenticate(good).await.unwrap();
    assert_eq!(who.tenant, world.north);
    assert_eq!(who.grant.roles(), [Role::Doctor]);
    assert_eq!(who.actor.fhir_user.as_deref(), Some("Practitioner/7"));
    assert_eq!(who.actor.assurance, Assurance::Multi);
    assert!(
        world
            .identity
            .authenticate(other.text("other"))
            .await
            .is_err(),
        "wrong audience"
    );
    let mut forged = good.to_owned();
    let changed = if forged.pop() == Some('A') { 'B' } else { 'A' };
    forged.insert(forged.rfind('.').unwrap() + 1, changed);
    assert!(world.identity.authenticate(&forged).await.is_err());

    let metadata = world.http.get(format!(
        "{}/.well-known/openid-configuration",
        world.issuer()
    ));
    assert_eq!(
        world.send(metadata).await.json()["issuer"],
        other.text("issuer")
    );
    let authorize = world.http.get(world.url("authorize"));
    assert_eq!(world.send(authorize).await.status, 404);

    let ambiguous = world
        .provider
        .set_external_issuer(world.south, Some(&issuer))
        .await;
    ambiguous.unwrap();
    assert!(
        world.identity.authenticate(good).await.is_err(),
        "two tenants claim the token"
    );
    world
        .provider
        .set_external_issuer(world.north, None)
        .await
        .unwrap();
    let who = world.identity.authenticate(good).await.unwrap();
    assert_eq!(who.tenant, world.south);
}

#[tokio::test]
async fn an_issuer_cannot_give_out_the_installation() {
    let world = World::new().await;
    let mut issuer: ExternalIssuer = serde_json::from_value(
        json!({ "issuer": "https://kc.example.org", "audience": "ehr", "roles": { "root": "super_admin" } }),
    )
    .unwrap();
    assert!(
        world
            .provider
            .set_external_issuer(world.north, Some(&issuer))
            .await
            .is_err()
    );
    issuer.roles.clear();
    issuer.audience.clear();
    assert!(
        world
            .provider
            .set_external_issuer(world.north, Some(&issuer))
            .await
            .is_err()
    );
}
