//! An installation with one organisation, and browsers that visit it.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use mt_access::Authenticator;
use mt_api::{Gate, Idempotency};
use mt_audit::{Audit, Detail, Filter};
use mt_crypto::{FileKeyring, KeyService, LogKeyUse};
use mt_database::Database;
use mt_database::testing::TestDatabase;
use mt_http::{PeerAddress, Quota, RateLimits};
use mt_identity::Identity;
use mt_identity::administration::{Administration, Standing};
use mt_identity::people::{
    Account, Cost, Gatekeeper, Hashing, Held, People, PeopleParts, Profile, api, pages,
};
use mt_kernel::{Actor, Clock, FixedClock, OpCtx, PurposeOfUse, SystemClock, TenantId, TenantName};
use mt_mail::Smtp;
use mt_store::{Hooks, PolicyRegistry, Store, StoreOptions, StoreParts};
use mt_testkit::{NoAudit, NoRules};
use regex::Regex;
use tempfile::TempDir;
use tower::ServiceExt as _;
use uuid::Uuid;

pub(super) const PASSWORD: &str = "seven purple kettles sing";
pub(super) const ORIGIN: &str = "https://ehr.example.org";

/// The cheapest argon2id: what it costs is not what these tests are about.
pub(super) const CHEAP: Cost = Cost {
    memory_kib: 64,
    passes: 1,
};

pub(super) struct Clinic {
    pub(super) people: Arc<People>,
    pub(super) clock: FixedClock,
    pub(super) tenant: TenantId,
    pub(super) name: TenantName,
    pub(super) database: Database,
    pub(super) audit: Arc<Audit>,
    pub(super) store: Store,
    pub(super) administration: Administration,
    router: Router,
    _place: (TestDatabase, TempDir),
}

impl Clinic {
    pub(super) async fn new() -> Self {
        Self::with(Hashing::new(CHEAP, 4, 100), None).await
    }

    pub(super) async fn with(hashing: Hashing, smtp: Option<Smtp>) -> Self {
        let mut sets = mt_store::MIGRATIONS.to_vec();
        sets.extend([
            mt_audit::MIGRATIONS,
            mt_identity::MIGRATIONS,
            mt_identity::people::MIGRATIONS,
            mt_identity::administration::MIGRATIONS,
            mt_api::MIGRATIONS,
        ]);
        let test_database = TestDatabase::create(&sets).await;
        let database = test_database.open().await;
        let directory = TempDir::new().unwrap();
        let clock = FixedClock::at(SystemClock.now());
        let store = store(&database, &directory, &clock).await;
        let name = TenantName::parse("harbour").unwrap();
        let tenant = store.tenants().create(&name).await.unwrap();
        let audit = Audit::open(&directory.path().join("audit"), database.clone()).await;
        let audit = Arc::new(audit.unwrap());
        audit.follow(&store);
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let administration = Administration::new(store.clone(), Arc::clone(&audit));
        let people = Arc::new(People::new(PeopleParts {
            database: database.clone(),
            tenants: store.tenants().clone(),
            audit: Arc::clone(&audit),
            clock: Arc::clone(&shared),
            origin: ORIGIN.to_owned(),
            hashing,
            organisation: Arc::new(administration.clone()),
            smtp,
        }));
        let router = router(&people, &store, &administration);
        Self {
            people,
            clock,
            tenant,
            name,
            database,
            audit,
            store,
            administration,
            router,
            _place: (test_database, directory),
        }
    }

    pub(super) fn ctx(&self) -> OpCtx {
        OpCtx {
            tenant: self.tenant,
            actor: Actor::system("test"),
            purpose: PurposeOfUse::Operations,
            correlation_id: Uuid::now_v7(),
            now: self.clock.now(),
        }
    }

    /// Somebody with this user name, role and the password of all.
    pub(super) async fn person(&self, username: &str, role: &str) -> Account {
        let profile = Profile {
            username: username.to_owned(),
            email: Some(format!("{username}@clinic.example")),
            name: Some(format!("Canary {username}")),
            fhir_user: None,
            roles: vec![Held::plain(role)],
        };
        self.people
            .create(&self.ctx(), profile, Some(PASSWORD))
            .await
            .unwrap()
    }

    pub(super) fn browser(&self) -> Browser {
        self.browser_at("192.0.2.1")
    }

    pub(super) fn browser_at(&self, address: &str) -> Browser {
        Browser {
            router: self.router.clone(),
            cookies: BTreeMap::new(),
            address: address.parse().unwrap(),
        }
    }

    /// What the trail holds, oldest first.
    pub(super) async fn trail(&self) -> Vec<Detail> {
        self.audit.close().await;
        let page = self
            .audit
            .list(&self.ctx(), &Filter::default(), 500, None)
            .await;
        let entries = page.unwrap().entries.into_iter().rev();
        entries.map(|entry| entry.detail).collect()
    }

    /// A code of the app with the secret that the enrolment page shows.
    pub(super) fn code(&self, secret: &str) -> String {
        let bits: String = secret
            .chars()
            .filter_map(|c| "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".find(c))
            .map(|value| format!("{value:05b}"))
            .collect();
        let bytes: Vec<u8> = bits
            .as_bytes()
            .chunks_exact(8)
            .map(|byte| u8::from_str_radix(std::str::from_utf8(byte).unwrap(), 2).unwrap())
            .collect();
        let step = self.clock.now().unix_seconds() / 30;
        let tag = mt_crypto::hmac_sha1_for_totp(&bytes, &step.to_be_bytes());
        let at = usize::from(tag[19] & 15);
        let number = u32::from_be_bytes(tag[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
        format!("{:06}", number % 1_000_000)
    }

    /// Signs somebody in who must enrol; returns the app's secret and the recovery codes.
    pub(super) async fn enrol(&self, browser: &mut Browser, username: &str) -> Enrolled {
        let answer = browser.sign_in(username, PASSWORD).await;
        assert_eq!(answer.location(), "/t/harbour/sign-in/enrol");
        let page = browser.get("/t/harbour/sign-in/enrol").await;
        let secret = page.find(r#"class="secret">([A-Z2-7 ]+)<"#);
        let code = self.code(&secret);
        let page = browser
            .post("/t/harbour/sign-in/enrol", &[("code", &code)])
            .await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.body);
        let pattern = Regex::new("<li>([a-z0-9-]{11})</li>").unwrap();
        let codes = pattern.captures_iter(&page.body);
        Enrolled {
            codes: codes.map(|found| found[1].to_owned()).collect(),
            secret,
        }
    }
}

pub(super) struct Enrolled {
    pub(super) secret: String,
    pub(super) codes: Vec<String>,
}

async fn store(database: &Database, directory: &TempDir, clock: &FixedClock) -> Store {
    let keyring = FileKeyring::open(directory.path().join("keys")).unwrap();
    let hooks = Hooks {
        validator: Arc::new(NoRules),
        policies: PolicyRegistry::new(),
        audit: Arc::new(NoAudit),
        terminology: None,
        scanner: None,
    };
    let parts = StoreParts {
        database: database.clone(),
        keys: KeyService::new(Arc::new(keyring), Arc::new(LogKeyUse)),
        hooks,
        clock: Arc::new(clock.clone()),
    };
    Store::open(parts, StoreOptions::default()).await.unwrap()
}

fn router(people: &Arc<People>, store: &Store, administration: &Administration) -> Router {
    let (database, clock) = (store.database(), store.clock());
    let tenants = store.tenants().clone();
    let tokens = Identity::new(database.clone(), tenants.clone(), Arc::clone(clock), ORIGIN);
    let tokens: Arc<dyn Authenticator> = Arc::new(tokens);
    let sessions = people.sessions().clone();
    let quota = Quota {
        per_second: NonZeroU32::new(1_000).unwrap(),
        burst: NonZeroU32::new(1_000).unwrap(),
    };
    let gate = Gate {
        authenticator: Arc::new(Standing::new(
            Arc::new(Gatekeeper::new(tokens, sessions, Arc::clone(clock))),
            administration.clone(),
        )),
        rates: RateLimits::new(quota, quota),
        idempotency: Idempotency::new(database.clone(), tenants),
        clock: Arc::clone(clock),
    };
    let table = api::table().with_state(Arc::clone(people));
    pages::router(Arc::clone(people)).merge(table.serve(gate))
}

/// An answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

impl Answer {
    pub(super) fn location(&self) -> &str {
        let found = self.headers.get(header::LOCATION);
        found
            .unwrap_or_else(|| panic!("{} {}", self.status, self.body))
            .to_str()
            .unwrap()
    }

    pub(super) fn find(&self, pattern: &str) -> String {
        let found = Regex::new(pattern)
            .unwrap()
            .captures(&self.body)
            .map(|found| found[1].to_owned());
        found.unwrap_or_else(|| panic!("no {pattern} in {}", self.body))
    }

    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{} {}", self.status, self.body))
    }
}

/// A browser: it keeps cookies and comes from one address.
#[derive(Clone)]
pub(super) struct Browser {
    router: Router,
    pub(super) cookies: BTreeMap<String, String>,
    pub(super) address: IpAddr,
}

impl Browser {
    pub(super) async fn send(
        &mut self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> Answer {
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(n, v)| format!("{n}={v}"))
            .collect();
        let mut request = Request::builder().method(method).uri(path);
        request = request.header(header::HOST, "ehr.example.org");
        if !cookies.is_empty() {
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let peer = PeerAddress(SocketAddr::new(self.address, 50_000));
        let request = request.extension(peer).body(Body::from(body)).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        for cookie in parts.headers.get_all(header::SET_COOKIE) {
            let text = cookie.to_str().unwrap();
            let (pair, attributes) = text.split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if attributes.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    pub(super) async fn get(&mut self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], String::new()).await
    }

    /// Loads the page of the form, then sends it with its token.
    pub(super) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let page = self.get(path).await;
        let token = page.find(r#"name="csrf" value="([^"]+)""#);
        self.post_with(path, &token, fields).await
    }

    pub(super) async fn post_with(
        &mut self,
        path: &str,
        token: &str,
        fields: &[(&str, &str)],
    ) -> Answer {
        let body = form(token, fields);
        let kind = [("content-type", "application/x-www-form-urlencoded")];
        self.send(Method::POST, path, &kind, body).await
    }

    pub(super) async fn sign_in(&mut self, username: &str, password: &str) -> Answer {
        let fields = [("username", username), ("password", password)];
        self.post("/t/harbour/sign-in", &fields).await
    }

    /// Whether somebody is signed in.
    pub(super) async fn is_signed_in(&mut self) -> bool {
        self.get("/t/harbour/account").await.status == StatusCode::OK
    }

    pub(super) fn session(&self) -> Option<&String> {
        self.cookies.get("__Host-mt-session")
    }
}

fn form(token: &str, fields: &[(&str, &str)]) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("csrf", token)
        .extend_pairs(fields)
        .finish()
}
