//! An organisation with its records, its trail, its privacy office and the people in it.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use futures::FutureExt as _;
use mt_access::{
    Authenticated, Authentication, AuthenticationError, Authenticator, Grant, LaunchContext, Role,
};
use mt_api::{Gate, Idempotency};
use mt_audit::{Audit, Event, EventCode};
use mt_crypto::{FileKeyring, KeyService, LogKeyUse};
use mt_database::testing::TestDatabase;
use mt_fhir::json::Limits;
use mt_fhir::{Doc, ResourceType};
use mt_http::{Quota, RateLimits};
use mt_kernel::{
    Actor, ActorKind, Assurance, Clock, Fault, FixedClock, Instant, OpCtx, PurposeOfUse,
    SystemClock, TenantId, TenantName,
};
use mt_privacy::{
    Forgets, Incident, Kept, Privacy, Restrictions, RestrictionsAreTheOffices, Rule, Wanted, Watch,
    api,
};
use mt_store::{
    Action, AuditSink, Caller, Change, Committed, Content, Hooks, PolicyRegistry, Store,
    StoreOptions, StoreParts, Target,
};
use mt_testkit::NoRules;
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt as _;
use uuid::Uuid;

/// A Wednesday at noon, when exports are usual.
pub(crate) const NOON: i64 = 1_763_553_600_000_000;
/// The night after.
pub(crate) const NIGHT: i64 = NOON + 13 * 3_600_000_000;

pub(crate) struct Office {
    pub(crate) tenant: TenantId,
    pub(crate) store: Store,
    pub(crate) audit: Arc<Audit>,
    pub(crate) privacy: Privacy,
    watch: Watch,
    router: Router,
    pub(crate) forgotten: Arc<Forgotten>,
    place: (TestDatabase, TempDir),
}

/// A context that is told to forget patients.
#[derive(Default)]
pub(crate) struct Forgotten(pub(crate) std::sync::Mutex<Vec<String>>);

impl Forgets for Forgotten {
    fn forget<'a>(
        &'a self,
        _: TenantId,
        patient: &'a str,
    ) -> futures::future::BoxFuture<'a, Result<u64, Fault>> {
        self.0.lock().unwrap().push(patient.to_owned());
        async { Ok(1) }.boxed()
    }
}

/// The people of the tests: name, role, FHIR resource, strength of their sign-in.
const PEOPLE: [(&str, Role, &str, Assurance); 6] = [
    (
        "officer",
        Role::PrivacyOfficer,
        "Practitioner/officer",
        Assurance::StepUp,
    ),
    (
        "tired",
        Role::PrivacyOfficer,
        "Practitioner/tired",
        Assurance::Multi,
    ),
    (
        "auditor",
        Role::Auditor,
        "Practitioner/auditor",
        Assurance::StepUp,
    ),
    ("doctor", Role::Doctor, "Practitioner/d", Assurance::StepUp),
    ("patient", Role::Patient, "Patient/p", Assurance::Single),
    ("stranger", Role::Patient, "Patient/q", Assurance::Single),
];

struct Badges(HashMap<&'static str, Arc<Authenticated>>);

impl Authenticator for Badges {
    fn authenticate<'a>(&'a self, token: &'a str) -> Authentication<'a> {
        let known = self.0.get(token).cloned();
        async move { known.ok_or(AuthenticationError::Invalid) }.boxed()
    }
}

impl Office {
    pub(crate) async fn open() -> Self {
        let mut sets = mt_store::MIGRATIONS.to_vec();
        sets.extend([
            mt_store::ERASURE,
            mt_audit::MIGRATIONS,
            mt_api::MIGRATIONS,
            mt_privacy::MIGRATIONS,
        ]);
        let test = TestDatabase::create(&sets).await;
        let database = test.open().await;
        let place = TempDir::new().unwrap();
        let audit = Audit::open(&place.path().join("audit"), database.clone()).await;
        let audit = Arc::new(audit.unwrap());
        let keyring = FileKeyring::open(place.path().join("keys")).unwrap();
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let mut policies = PolicyRegistry::new();
        policies.register(ResourceType::CONSENT, Arc::new(RestrictionsAreTheOffices));
        let parts = StoreParts {
            database: database.clone(),
            keys: KeyService::new(Arc::new(keyring), Arc::new(LogKeyUse)),
            hooks: Hooks {
                validator: Arc::new(NoRules),
                policies,
                audit: Arc::clone(&audit) as Arc<dyn AuditSink>,
                terminology: None,
                scanner: None,
            },
            clock: Arc::clone(&clock),
        };
        let store = Store::open(parts, StoreOptions::default()).await.unwrap();
        audit.announce_by(Arc::new(mt_privacy::TrailEvents));
        audit.follow(&store);
        store.restrict(Arc::new(Restrictions::new(store.clone())));
        let name = TenantName::parse("harbour").unwrap();
        let tenant = store.tenants().create(&name).await.unwrap();
        // It is the morning after the night.
        let morning = FixedClock::at(Instant(NIGHT + 3_600_000_000));
        let privacy = Privacy::new(
            database.clone(),
            Arc::clone(&audit),
            store.clone(),
            Arc::new(morning),
        );
        let forgotten = Arc::new(Forgotten::default());
        let privacy = privacy.with_forgetting(vec![Arc::clone(&forgotten) as Arc<dyn Forgets>]);
        let quota = Quota {
            per_second: NonZeroU32::MAX,
            burst: NonZeroU32::MAX,
        };
        let gate = Gate {
            authenticator: Arc::new(badges(tenant)),
            rates: RateLimits::new(quota, quota),
            idempotency: Idempotency::new(database, store.tenants().clone()),
            clock,
        };
        Self {
            tenant,
            watch: privacy.watch(),
            router: api::table().with_state(privacy.clone()).serve(gate),
            store,
            audit,
            privacy,
            forgotten,
            place: (test, place),
        }
    }

    /// A context of one of the [`PEOPLE`].
    pub(crate) fn ctx(&self, name: &str) -> OpCtx {
        self.ctx_at(name, SystemClock.now())
    }

    pub(crate) fn ctx_at(&self, name: &str, now: Instant) -> OpCtx {
        let person = PEOPLE.iter().find(|one| one.0 == name).unwrap();
        OpCtx {
            tenant: self.tenant,
            actor: actor(person),
            purpose: PurposeOfUse::Treatment,
            correlation_id: Uuid::now_v7(),
            now,
        }
    }

    /// A caller whom nothing but consents keeps from a record.
    pub(crate) async fn caller(&self, name: &str) -> Caller {
        let emergencies = [];
        self.caller_in_emergency(name, &emergencies).await
    }

    pub(crate) async fn caller_in_emergency(&self, name: &str, patients: &[Arc<str>]) -> Caller {
        let ctx = self.ctx(name);
        let withheld = self.store.withheld(&ctx, patients).await.unwrap();
        let registry = self.store.tenants().params(self.tenant).await.unwrap();
        Caller::unrestricted(ctx).without(&withheld, &registry)
    }

    /// MediTrack itself: what it reads is nobody's business.
    pub(crate) fn system(&self) -> Caller {
        Caller::unrestricted(OpCtx {
            actor: Actor::system("test"),
            ..self.ctx("officer")
        })
    }

    pub(crate) async fn put(&self, resource: &Value) -> Committed {
        let doc = Doc::parse(resource.to_string(), &Limits::default()).unwrap();
        let name = resource["resourceType"].as_str().unwrap();
        let change = Change {
            resource_type: ResourceType::from_name(name).unwrap(),
            full_url: None,
            action: Action::Update {
                target: Target::Id(resource["id"].as_str().unwrap().to_owned()),
                content: Content::Own(Box::new(doc)),
                if_match: None,
                upsert: true,
            },
        };
        self.store.commit_one(&self.system(), change).await.unwrap()
    }

    pub(crate) async fn patients(&self, ids: &[&str]) {
        for id in ids {
            self.put(&json!({"resourceType": "Patient", "id": id}))
                .await;
        }
    }

    /// Somebody looks at patients.
    pub(crate) async fn look(&self, name: &str, ids: &[&str]) {
        let caller = Caller::unrestricted(self.ctx(name));
        for id in ids {
            self.store
                .read(&caller, ResourceType::PATIENT, id)
                .await
                .unwrap();
        }
    }

    pub(crate) fn event(&self, ctx: &OpCtx, code: EventCode, refusal: Option<&Fault>) {
        let event = Event {
            refusal,
            ..Event::done(code)
        };
        self.audit.record(ctx, &event).unwrap();
    }

    /// Asked as the superuser.
    pub(crate) async fn ask_database(&self, sql: &str) -> Vec<tokio_postgres::Row> {
        let (client, _driver) = self.place.0.admin().connect().await.unwrap();
        client.query(sql, &[]).await.unwrap()
    }

    /// The files of tables and of what they keep aside, as they lie on disk after the tables were written anew.
    pub(crate) async fn rewritten_files(&self, tables: &[&str]) -> Vec<Vec<u8>> {
        let mut files = Vec::new();
        for table in tables {
            self.ask_database(&format!("vacuum (full) {table}")).await;
            self.ask_database("checkpoint").await;
            let sql = format!(
                "select pg_read_binary_file(pg_relation_filepath(c.oid)) from pg_class t \
                 join pg_class c on c.oid in (t.oid, t.reltoastrelid) where t.oid = '{table}'::regclass"
            );
            files.extend(self.ask_database(&sql).await.iter().map(|row| row.get(0)));
        }
        files
    }

    pub(crate) async fn run_rules(&self) -> u64 {
        self.watch.run(self.tenant).await.unwrap()
    }

    pub(crate) async fn incidents(&self, rule: Rule) -> Vec<Kept<Incident>> {
        let (ctx, wanted) = (self.ctx("officer"), Wanted::default());
        let mut all = self.privacy.incidents(&ctx, &wanted).await.unwrap();
        all.retain(|kept| kept.paper.rule == rule);
        all
    }

    /// The incident that a rule finds, which it must in time.
    pub(crate) async fn found(&self, rule: Rule) -> Kept<Incident> {
        for _ in 0..400 {
            self.run_rules().await;
            if let Some(found) = self.incidents(rule).await.pop() {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the rule {rule:?} finds nothing");
    }

    /// Judges everything that happened until now.
    pub(crate) async fn judged(&self) {
        let mark = self.ctx_at("auditor", Instant(NIGHT));
        self.event(&mark, EventCode::Export, None);
        self.found(Rule::OffHoursExport).await;
    }

    /// An answer of the API to the person who bears the badge.
    pub(crate) async fn ask(
        &self,
        badge: &str,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Answer {
        self.ask_with(badge, method, path, body, &[]).await
    }

    pub(crate) async fn ask_with(
        &self,
        badge: &str,
        method: &str,
        path: &str,
        body: Option<&Value>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("/api/v1/{path}"))
            .header(header::AUTHORIZATION, format!("Bearer {badge}"))
            .header(header::CONTENT_TYPE, "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let response = self.router.clone().oneshot(request.body(body).unwrap());
        let response = response.await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let body = axum::body::to_bytes(response.into_body(), 1 << 26).await;
        Answer {
            status,
            headers,
            body: String::from_utf8(body.unwrap().to_vec()).unwrap(),
        }
    }
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        self
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

fn actor((name, role, fhir_user, assurance): &(&str, Role, &str, Assurance)) -> Actor {
    Actor {
        id: Arc::from(*name),
        kind: ActorKind::User,
        roles: Arc::from([Arc::from(role.code())]),
        fhir_user: Some(Arc::from(*fhir_user)),
        client_id: None,
        assurance: *assurance,
    }
}

fn badges(tenant: TenantId) -> Badges {
    let badge = |person: &(&'static str, Role, &'static str, Assurance)| {
        let own = person.2.strip_prefix("Patient/").map(Arc::from);
        let who = Authenticated {
            tenant,
            actor: actor(person),
            grant: Grant::new(
                vec![person.1],
                None,
                own.into_iter().collect(),
                LaunchContext::default(),
            ),
            credential: mt_crypto::sha256(person.0.as_bytes()),
            client_key: 1,
        };
        (person.0, Arc::new(who))
    };
    Badges(PEOPLE.iter().map(badge).collect())
}
