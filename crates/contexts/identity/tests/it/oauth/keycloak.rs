//! Keycloak as the issuer of an organisation: its published programs, a realm of its own, people who sign in at its pages.
//!
//! `bin/test` fetches the programs with Maven; `MEDITRACK_KEYCLOAK` names another folder. Without them, or without a Java
//! runtime, the test says so and is skipped. It starts once for everything, with its database in memory.

#![expect(clippy::print_stdout, reason = "a test says when it is skipped")]

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use mt_access::{AuthenticationError, Authenticator, Role};
use mt_identity::oauth::external::ExternalIssuer;
use mt_kernel::{Assurance, TenantId};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use url::Url;

use super::browser::{VERIFIER, challenge};
use super::jwt::base64url;
use super::world::{Form, World};

/// On a busy machine it builds itself for a minute when it starts first.
const LONGEST: Duration = Duration::from_secs(400);
const ADMIN: &str = "admin-of-the-test";
const CALLBACK: &str = "http://127.0.0.1/callback";
const AUDIENCE: &str = "urn:meditrack:clinic";
const REALM: &str = include_str!("../../keycloak/realm.json");

/// Ends Keycloak when standard input ends: with the test, however that ends.
const KEEPER: &str = r#""$@" & child=$!; read -r _; kill $child 2>/dev/null; wait $child"#;

/// Keycloak; it ends with this value.
struct Keycloak {
    origin: String,
    http: reqwest::Client,
    _keeper: Child,
}

/// What a sign-in brings.
struct Tokens(Value);

impl Tokens {
    fn text(&self, name: &str) -> &str {
        self.0[name]
            .as_str()
            .unwrap_or_else(|| panic!("{}", self.0))
    }

    fn access(&self) -> &str {
        self.text("access_token")
    }
}

/// The program that starts it.
fn program() -> Option<PathBuf> {
    let cache = || {
        let base = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
        let home = std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache"));
        Some(base.or(home)?.join("meditrack/keycloak"))
    };
    let named = std::env::var_os("MEDITRACK_KEYCLOAK").map(PathBuf::from);
    let folder = named.or_else(cache)?;
    let inner = std::fs::read_dir(&folder).ok()?;
    let folders = inner.filter_map(|entry| Some(entry.ok()?.path()));
    let mut programs = folders.chain([folder]).map(|one| one.join("bin/kc.sh"));
    programs.find(|program| program.exists())
}

impl Keycloak {
    async fn start() -> Option<Self> {
        let java = Command::new("java").arg("-version").output().await;
        let Some(program) = program().filter(|_| java.is_ok()) else {
            println!("skipped: Keycloak is not there (bin/test fetches it), or no Java to run it");
            return None;
        };
        let mut keeper = Command::new("sh")
            .args(["-c", KEEPER, "keeper"])
            .arg(program)
            .args([
                "start-dev",
                "--db=dev-mem",
                "--http-host=127.0.0.1",
                "--http-port=0",
            ])
            .env("KC_BOOTSTRAP_ADMIN_USERNAME", ADMIN)
            .env("KC_BOOTSTRAP_ADMIN_PASSWORD", ADMIN)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(keeper.stdout.take().unwrap()).lines();
        let listening = async {
            let mut said = String::new();
            while let Some(line) = lines.next_line().await.unwrap() {
                if let Some((_, origin)) = line.split_once("Listening on: ") {
                    return origin.trim().to_owned();
                }
                said.push_str(&line);
                said.push('\n');
            }
            panic!("Keycloak ended: {said}");
        };
        let origin = tokio::time::timeout(LONGEST, listening).await;
        // Nobody reads what it says next; it must not wait for that.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let quiet = reqwest::redirect::Policy::none();
        Some(Self {
            origin: origin.expect("Keycloak starts"),
            http: reqwest::Client::builder().redirect(quiet).build().unwrap(),
            _keeper: keeper,
        })
    }

    fn issuer(&self, realm: &str) -> String {
        format!("{}/realms/{realm}", self.origin)
    }

    /// How an organisation understands a realm.
    fn understood(&self, realm: &str) -> ExternalIssuer {
        let json = json!({ "issuer": self.issuer(realm), "audience": AUDIENCE, "roles": { "physician": "doctor" },
            "mfa_acr": ["2"], "default_scope": "user/*.rs" });
        serde_json::from_value(json).unwrap()
    }

    /// Asks the administration; what it answers.
    async fn administer(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let form = [
            ("grant_type", "password"),
            ("client_id", "admin-cli"),
            ("username", ADMIN),
            ("password", ADMIN),
        ];
        let asked = self.endpoint("master", "token").form(form).send().await;
        let token: Value = serde_json::from_str(&asked.unwrap().text().await.unwrap()).unwrap();
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let request = self
            .http
            .request(method, format!("{}/admin/realms{path}", self.origin))
            .bearer_auth(token["access_token"].as_str().unwrap());
        let request = match body {
            Some(body) => request
                .header("content-type", "application/json")
                .body(body.to_string()),
            None => request,
        };
        let answer = request.send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// Makes a realm of the file in the repository.
    async fn import(&self, name: &str) {
        let mut realm: Value = serde_json::from_str(REALM).unwrap();
        realm["realm"] = name.into();
        self.administer("POST", "", Some(&realm)).await;
    }

    fn endpoint(&self, realm: &str, name: &str) -> reqwest::RequestBuilder {
        let issuer = self.issuer(realm);
        self.http
            .post(format!("{issuer}/protocol/openid-connect/{name}"))
    }

    /// Signs somebody in at Keycloak's pages, for a client with code and PKCE.
    async fn sign_in(&self, realm: &str, client: &str, user: &str) -> Tokens {
        let asked = [
            ("client_id", client),
            ("redirect_uri", CALLBACK),
            ("response_type", "code"),
            ("scope", "openid"),
            ("state", "state-1"),
            ("nonce", "nonce-1"),
            ("code_challenge", &challenge()),
            ("code_challenge_method", "S256"),
        ];
        let page = format!("{}/protocol/openid-connect/auth", self.issuer(realm));
        let page = Url::parse_with_params(&page, asked).unwrap();
        let page = self.http.get(page).send().await.unwrap();
        let cookies = page.headers().get_all("set-cookie").into_iter();
        let cookies = cookies.filter_map(|cookie| cookie.to_str().ok()?.split(';').next());
        let cookies = cookies.collect::<Vec<_>>().join("; ");
        let text = page.text().await.unwrap();
        let (_, form) = text.split_once("id=\"kc-form-login\"").expect("a form");
        let (_, action) = form.split_once("action=\"").expect("an action");
        let (action, _) = action.split_once('"').unwrap();
        let fields = [("username", user), ("password", "a password of the test")];
        let signed = self
            .http
            .post(action.replace("&amp;", "&"))
            .header("cookie", cookies)
            .form(fields);
        let signed = signed.send().await.unwrap();
        let location = signed.headers()["location"].to_str().unwrap();
        let back = Url::parse(location).unwrap();
        let said = |name: &str| back.query_pairs().find(|(key, _)| key == name);
        let (_, code) = said("code").unwrap_or_else(|| panic!("{back}"));
        assert_eq!(said("state").unwrap().1, "state-1");
        assert_eq!(said("iss").unwrap().1, self.issuer(realm).as_str());
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", client),
            ("code", &code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        let answer = self.endpoint(realm, "token").form(form).send().await;
        Tokens(serde_json::from_str(&answer.unwrap().text().await.unwrap()).unwrap())
    }

    /// Gives a realm another signing key; the one before still verifies until it is removed.
    async fn rotate(&self, realm: &str) -> Value {
        let of = format!("/{realm}/components?type=org.keycloak.keys.KeyProvider");
        let before = self.administer("GET", &of, None).await;
        let mut keys = before.as_array().unwrap().iter();
        let old = keys.find(|one| one["providerId"] == "rsa-generated");
        let old = old.unwrap().clone();
        let new = json!({ "name": "next", "providerId": "rsa-generated", "providerType": "org.keycloak.keys.KeyProvider",
            "parentId": old["parentId"], "config": { "priority": ["200"] } });
        self.administer("POST", &format!("/{realm}/components"), Some(&new))
            .await;
        old
    }
}

impl World {
    async fn trusts(&self, tenant: TenantId, issuer: &ExternalIssuer) {
        let set = self.provider.set_external_issuer(tenant, Some(issuer));
        set.await.unwrap();
    }

    async fn refuses(&self, token: &str) -> AuthenticationError {
        let outcome = self.identity.authenticate(token).await;
        outcome.map(drop).expect_err("the token is refused")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn people_of_keycloak_come_in_with_translated_roles_and_nobody_else() {
    let Some(keycloak) = Keycloak::start().await else {
        return;
    };
    keycloak.import("clinic").await;
    keycloak.import("annex").await;
    let world = World::new().await;
    // The clock of the world stands still; Keycloak's does not.
    world.clock.advance_seconds(120);
    let clinic = keycloak.understood("clinic");
    let vera = keycloak.sign_in("clinic", "workspace", "vera").await;
    assert_eq!(
        world.refuses(vera.access()).await,
        AuthenticationError::Invalid,
        "nobody knows the issuer yet"
    );
    world.trusts(world.north, &clinic).await;

    discovery(&world, &keycloak).await;
    roles(&world, &keycloak, &vera).await;
    others_are_refused(&world, &keycloak, &vera).await;
    assurance(&world, &keycloak, &vera).await;
    rotation(&world, &keycloak, &vera).await;
    world.clock.advance_seconds(400);
    assert_eq!(
        world.refuses(vera.access()).await,
        AuthenticationError::Expired
    );
}

/// Clients of the organisation are sent to Keycloak, and find no door of ours.
async fn discovery(world: &World, keycloak: &Keycloak) {
    let url = format!("{}/.well-known/openid-configuration", world.issuer());
    let found = world.send(world.http.get(url)).await.json();
    assert_eq!(found["issuer"], keycloak.issuer("clinic"));
    let endpoint = found["authorization_endpoint"].as_str().unwrap();
    assert!(endpoint.starts_with(&keycloak.origin), "{endpoint}");
    for door in ["authorize", "token"] {
        let refused = world.send(world.http.get(world.url(door))).await;
        assert!(matches!(refused.status, 404 | 405), "{door}");
    }
}

async fn roles(world: &World, keycloak: &Keycloak, vera: &Tokens) {
    let who = world.identity.authenticate(vera.access()).await.unwrap();
    assert_eq!(who.tenant, world.north);
    assert_eq!(who.grant.roles(), [Role::Doctor]);
    assert_eq!(who.actor.fhir_user.as_deref(), Some("Practitioner/7"));
    assert!(who.actor.id.starts_with(&keycloak.issuer("clinic")));
    // A role that the table of the organisation does not name means nothing.
    let karl = keycloak.sign_in("clinic", "workspace", "karl").await;
    let who = world.identity.authenticate(karl.access()).await.unwrap();
    assert!(who.grant.roles().is_empty() && who.actor.roles.is_empty());
}

async fn others_are_refused(world: &World, keycloak: &Keycloak, vera: &Tokens) {
    let invalid = AuthenticationError::Invalid;
    // For another audience; the same person, from another realm; what is no access token.
    let canteen = keycloak.sign_in("clinic", "canteen", "vera").await;
    assert_eq!(world.refuses(canteen.access()).await, invalid);
    let annex = keycloak.sign_in("annex", "workspace", "vera").await;
    assert_eq!(world.refuses(annex.access()).await, invalid);
    for name in ["id_token", "refresh_token"] {
        assert_eq!(world.refuses(vera.text(name)).await, invalid, "{name}");
    }
    let (claims, signature) = vera.access().rsplit_once('.').unwrap();
    let (_, foreign) = annex.access().rsplit_once('.').unwrap();
    let (own, payload) = claims.split_once('.').unwrap();
    for forged in [
        format!("{claims}.{foreign}"),
        format!("{own}.{payload}."),
        format!("eyJhbGciOiJub25lIn0.{payload}."),
        format!("eyJhbGciOiJIUzI1NiJ9.{payload}.{signature}"),
    ] {
        assert_eq!(world.refuses(&forged).await, invalid, "{forged}");
    }
    // A realm belongs to whoever named it.
    world
        .trusts(world.south, &keycloak.understood("annex"))
        .await;
    let who = world.identity.authenticate(annex.access()).await.unwrap();
    assert_eq!(who.tenant, world.south);
    let who = world.identity.authenticate(vera.access()).await.unwrap();
    assert_eq!(who.tenant, world.north);
}

/// Two factors are what the organisation calls so, and a step-up what was proved moments ago.
async fn assurance(world: &World, keycloak: &Keycloak, vera: &Tokens) {
    let of = async |mfa: &str| {
        let mut issuer = keycloak.understood("clinic");
        issuer.mfa_acr = vec![mfa.to_owned()];
        world.trusts(world.north, &issuer).await;
        let who = world.identity.authenticate(vera.access()).await.unwrap();
        who.actor.assurance
    };
    assert_eq!(of("2").await, Assurance::Single);
    assert_eq!(of("1").await, Assurance::StepUp);
    let _ = of("2").await;
}

async fn rotation(world: &World, keycloak: &Keycloak, vera: &Tokens) {
    let old = keycloak.rotate("clinic").await;
    let next = keycloak.sign_in("clinic", "workspace", "vera").await;
    let key = |tokens: &Tokens| tokens.access().split('.').next().unwrap().to_owned();
    assert_ne!(key(&next), key(vera), "another key signs");
    assert!(world.identity.authenticate(next.access()).await.is_ok());
    assert!(world.identity.authenticate(vera.access()).await.is_ok());
    // A key that was never published is looked for, and not found.
    let (_, rest) = next.access().split_once('.').unwrap();
    let strange = base64url(br#"{"alg":"RS256","typ":"JWT","kid":"strange"}"#);
    let refused = world.refuses(&format!("{strange}.{rest}")).await;
    assert_eq!(refused, AuthenticationError::Invalid);
    let path = format!("/clinic/components/{}", old["id"].as_str().unwrap());
    keycloak.administer("DELETE", &path, None).await;
    // A process that has not seen the key before does not find it any more.
    let later = World::new().await;
    later.clock.advance_seconds(120);
    later
        .trusts(later.north, &keycloak.understood("clinic"))
        .await;
    assert!(later.identity.authenticate(next.access()).await.is_ok());
    assert_eq!(
        later.refuses(vera.access()).await,
        AuthenticationError::Invalid
    );
}
