//! A provider with two tenants behind a listener, and people who are signed in by a word.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};

use axum::http::HeaderMap;
use futures::future::BoxFuture;
use mt_audit::Audit;
use mt_crypto::{FileKeyring, KeyService, LogKeyUse};
use mt_database::testing::TestDatabase;
use mt_http::{Quota, RateLimits};
use mt_identity::administration::Administration;
use mt_identity::oauth::client::{ClientMetadata, Registered};
use mt_identity::oauth::people::{People, Person, SignedIn};
use mt_identity::oauth::{Provider, router};
use mt_identity::people;
use mt_identity::{Identity, IdentityError};
use mt_kernel::{Clock, FixedClock, SystemClock, TenantId, TenantName};
use mt_store::{Hooks, PolicyRegistry, Store, StoreOptions, StoreParts};
use mt_testkit::NoRules;
use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

/// The cheapest argon2id.
const CHEAP: people::Cost = people::Cost {
    memory_kib: 64,
    passes: 1,
};

/// Puts a form into a request.
pub(crate) trait Form {
    fn form<I, K, V>(self, pairs: I) -> Self
    where
        I: IntoIterator,
        I::Item: Borrow<(K, V)>,
        K: AsRef<str>,
        V: AsRef<str>;
}

impl Form for RequestBuilder {
    fn form<I, K, V>(self, pairs: I) -> Self
    where
        I: IntoIterator,
        I::Item: Borrow<(K, V)>,
        K: AsRef<str>,
        V: AsRef<str>,
    {
        let mut text = url::form_urlencoded::Serializer::new(String::new());
        text.extend_pairs(pairs);
        self.header("content-type", "application/x-www-form-urlencoded")
            .body(text.finish())
    }
}

/// Everything; it goes with this value.
pub(crate) struct World {
    pub(crate) provider: Arc<Provider>,
    pub(crate) identity: Arc<Identity>,
    pub(crate) store: Store,
    pub(crate) town: Arc<Town>,
    /// Accounts and sessions that are rows, for what is told of their ends.
    pub(crate) residents: people::People,
    pub(crate) clock: FixedClock,
    pub(crate) origin: String,
    pub(crate) north: TenantId,
    pub(crate) south: TenantId,
    /// Follows no redirects.
    pub(crate) http: reqwest::Client,
    server: tokio::task::JoinHandle<()>,
    _database: TestDatabase,
    _directory: TempDir,
}

impl Drop for World {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// People by the word that their browser sends as cookie.
#[derive(Default)]
pub(crate) struct Town(Mutex<HashMap<String, SignedIn>>);

impl Town {
    /// Signs somebody in.
    pub(crate) fn signs_in(&self, word: &str, who: SignedIn) {
        self.0.lock().unwrap().insert(word.to_owned(), who);
    }

    pub(crate) fn change(&self, word: &str, change: impl FnOnce(&mut SignedIn)) {
        change(self.0.lock().unwrap().get_mut(word).unwrap());
    }
}

impl People for Town {
    fn signed_in<'a>(
        &'a self,
        _: TenantId,
        headers: &'a HeaderMap,
    ) -> BoxFuture<'a, Result<Option<SignedIn>, IdentityError>> {
        let cookie = headers.get("cookie").and_then(|value| value.to_str().ok());
        let word = cookie.and_then(|text| text.strip_prefix("who="));
        let found = word.and_then(|word| self.0.lock().unwrap().get(word).cloned());
        Box::pin(async move { Ok(found) })
    }

    fn person(
        &self,
        _: TenantId,
        account: Uuid,
    ) -> BoxFuture<'_, Result<Option<Person>, IdentityError>> {
        let people = self.0.lock().unwrap();
        let found = people.values().find(|who| who.person.account == account);
        let person = found.map(|who| who.person.clone());
        Box::pin(async move { Ok(person) })
    }

    fn is_live(
        &self,
        _: TenantId,
        _: Uuid,
        session: Uuid,
    ) -> BoxFuture<'_, Result<bool, IdentityError>> {
        let people = self.0.lock().unwrap();
        let live = people.values().any(|who| who.session == session);
        Box::pin(async move { Ok(live) })
    }

    fn sign_out(
        &self,
        _: TenantId,
        _: Uuid,
        session: Uuid,
    ) -> BoxFuture<'_, Result<(), IdentityError>> {
        self.0
            .lock()
            .unwrap()
            .retain(|_, who| who.session != session);
        Box::pin(async { Ok(()) })
    }
}

fn rates() -> RateLimits {
    let many = NonZeroU32::new(1_000_000).unwrap();
    let quota = Quota {
        per_second: many,
        burst: many,
    };
    RateLimits::new(quota, quota)
}

impl World {
    pub(crate) async fn new() -> Self {
        let [tenancy, records] = mt_store::MIGRATIONS;
        let schemas = [
            tenancy,
            records,
            mt_audit::MIGRATIONS,
            mt_identity::MIGRATIONS,
            mt_identity::people::MIGRATIONS,
            mt_identity::administration::MIGRATIONS,
            mt_identity::oauth::MIGRATIONS,
        ];
        let test = TestDatabase::create(&schemas).await;
        let directory = tempfile::tempdir().unwrap();
        let clock = FixedClock::at(SystemClock.now());
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let database = test.open().await;
        let audit = Audit::open(&directory.path().join("audit"), database.clone()).await;
        let audit = Arc::new(audit.unwrap());
        let keyring = FileKeyring::open(directory.path().join("keys")).unwrap();
        let parts = StoreParts {
            database: database.clone(),
            keys: KeyService::new(Arc::new(keyring), Arc::new(LogKeyUse)),
            hooks: Hooks {
                validator: Arc::new(NoRules),
                policies: PolicyRegistry::new(),
                audit: Arc::clone(&audit) as Arc<dyn mt_store::AuditSink>,
                terminology: None,
                scanner: None,
            },
            clock: Arc::clone(&shared),
        };
        let store = Store::open(parts, StoreOptions::default()).await.unwrap();
        audit.follow(&store);
        let make = async |name: &str| {
            let name = TenantName::parse(name).unwrap();
            store.tenants().create(&name).await.unwrap()
        };
        let (north, south) = (make("north").await, make("south").await);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let tenants = store.tenants().clone();
        let identity = Arc::new(Identity::new(database, tenants, shared, &origin));
        let residents = people::People::new(people::PeopleParts {
            database: store.database().clone(),
            tenants: store.tenants().clone(),
            audit: Arc::clone(&audit),
            clock: Arc::clone(store.clock()),
            origin: origin.clone(),
            hashing: people::Hashing::new(CHEAP, 1, 10),
            organisation: Arc::new(Administration::new(store.clone(), Arc::clone(&audit))),
            smtp: None,
        });
        let town = Arc::new(Town::default());
        let people = Arc::clone(&town) as Arc<dyn People>;
        let provider = Provider::new(Arc::clone(&identity), store.clone(), audit, people, rates());
        let provider = Arc::new(provider);
        let app = router(Arc::clone(&provider));
        let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        let quiet = reqwest::redirect::Policy::none();
        Self {
            http: reqwest::Client::builder().redirect(quiet).build().unwrap(),
            provider,
            identity,
            store,
            town,
            residents,
            clock,
            origin,
            north,
            south,
            server,
            _database: test,
            _directory: directory,
        }
    }

    /// Issuer of the tenant `north`.
    pub(crate) fn issuer(&self) -> String {
        format!("{}/t/north", self.origin)
    }

    /// An endpoint of the tenant `north`.
    pub(crate) fn url(&self, endpoint: &str) -> String {
        format!("{}/oauth2/{endpoint}", self.issuer())
    }

    pub(crate) fn fhir_base(&self) -> String {
        format!("{}/fhir/R4", self.issuer())
    }

    /// Registers a client of the tenant `north`.
    pub(crate) async fn client(&self, metadata: Value) -> Registered {
        self.client_of(self.north, metadata).await
    }

    pub(crate) async fn client_of(&self, tenant: TenantId, metadata: Value) -> Registered {
        let metadata: ClientMetadata = serde_json::from_value(metadata).unwrap();
        self.provider.register(tenant, metadata).await.unwrap()
    }

    /// A service with a secret that may read everything.
    pub(crate) async fn service(&self) -> Registered {
        let metadata = json!({ "grant_types": ["client_credentials"], "response_types": [], "scope": "system/*.rs" });
        self.client(metadata).await
    }

    /// Signs in a doctor of the tenant `north`.
    pub(crate) fn doctor(&self, word: &str) -> Uuid {
        self.person(word, &["doctor"], "Practitioner/d1", &[])
    }

    /// Signs in a patient of the tenant `north`.
    pub(crate) fn patient(&self, word: &str, id: &str) -> Uuid {
        self.person(word, &["patient"], &format!("Patient/{id}"), &[id])
    }

    fn person(&self, word: &str, roles: &[&str], fhir_user: &str, own: &[&str]) -> Uuid {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let account = Uuid::now_v7();
        let who = SignedIn {
            session: Uuid::now_v7(),
            person: Person {
                account,
                roles: owned(roles),
                fhir_user: Some(fhir_user.to_owned()),
                own_patients: owned(own),
                name: Some(word.to_owned()),
                email: Some(format!("{word}@example.org")),
            },
            auth_time: self.clock.now().unix_seconds(),
            acr: "mfa".to_owned(),
            amr: vec!["pwd".to_owned(), "otp".to_owned(), "mfa".to_owned()],
        };
        self.town.signs_in(word, who);
        account
    }

    /// Asks the token endpoint as a client with a secret.
    pub(crate) async fn token(&self, client: &Registered, form: &[(&str, &str)]) -> Answer {
        let request = self.http.post(self.url("token")).form(form);
        self.send(authorized(request, client)).await
    }

    /// Sends a form as a client with a secret.
    pub(crate) async fn post(
        &self,
        endpoint: &str,
        client: &Registered,
        form: &[(&str, &str)],
    ) -> Answer {
        let request = self.http.post(self.url(endpoint)).form(form);
        self.send(authorized(request, client)).await
    }

    pub(crate) async fn send(&self, request: RequestBuilder) -> Answer {
        Answer::read(request.send().await.unwrap()).await
    }

    /// Whether the tenant's introspection calls a token active.
    pub(crate) async fn is_active(&self, asker: &Registered, token: &str) -> bool {
        let answer = self.post("introspect", asker, &[("token", token)]).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()["active"] == true
    }
}

/// Adds the credentials of a client: its secret, or only its id.
fn authorized(request: RequestBuilder, client: &Registered) -> RequestBuilder {
    let secret = client.secret.as_ref().map(|secret| secret.expose().clone());
    match secret {
        Some(secret) => request.basic_auth(client.client.id, Some(secret)),
        None => request,
    }
}

/// An answer, read.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    async fn read(response: Response) -> Self {
        Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.text().await.unwrap(),
        }
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.body))
    }

    #[track_caller]
    pub(crate) fn text(&self, name: &str) -> String {
        let json = self.json();
        let value = json[name].as_str();
        value
            .unwrap_or_else(|| panic!("no {name} in {json}"))
            .to_owned()
    }

    /// Checks that the answer is this OAuth error.
    #[track_caller]
    pub(crate) fn refuses(&self, error: &str) {
        assert_eq!(self.json()["error"], error, "{}", self.body);
        let expected: &[u16] = match error {
            "invalid_client" | "invalid_token" => &[401],
            "access_denied" => &[403],
            _ => &[400],
        };
        assert!(
            expected.contains(&self.status),
            "{} {}",
            self.status,
            self.body
        );
        assert_eq!(self.headers["cache-control"], "no-store");
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}
