//! A store of its own for one test.

use std::sync::Arc;

use mt_crypto::{FileKeyring, KeyService, LogKeyUse};
use mt_database::testing::TestDatabase;
use mt_database::{Database, Migrations};
use mt_fhir::json::Limits;
use mt_fhir::{Doc, ResourceType};
use mt_kernel::{
    Actor, Clock, FixedClock, Instant, OpCtx, PurposeOfUse, SystemClock, TenantId, TenantName,
};
use mt_search::{Handling, ParamRegistry, ParseOptions, Query, Scope, decode_pairs};
use mt_store::{
    Action, Caller, Change, Committed, Content, Hooks, MIGRATIONS, PolicyRegistry, Result, Store,
    StoreOptions, StoreParts, Target,
};
use tempfile::TempDir;
use uuid::Uuid;

use crate::{NoAudit, NoRules};

/// A store with its database, keys and clock; all of it goes with this value.
#[derive(Debug)]
pub struct TestStore {
    /// The store.
    pub store: Store,
    /// Its clock.
    pub clock: FixedClock,
    /// Its database.
    pub database: TestDatabase,
    keys: TempDir,
}

/// Hooks that agree to everything.
fn hooks() -> Hooks {
    Hooks {
        validator: Arc::new(NoRules),
        policies: PolicyRegistry::new(),
        audit: Arc::new(NoAudit),
        terminology: None,
        scanner: None,
    }
}

impl TestStore {
    /// A store whose hooks agree to everything.
    ///
    /// # Panics
    /// When PostgreSQL is not installed: the test cannot run then.
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// A store with other hooks.
    ///
    /// # Panics
    /// When PostgreSQL is not installed: the test cannot run then.
    pub async fn with(change: impl FnOnce(&mut Hooks)) -> Self {
        Self::with_schemas(&[], change).await
    }

    /// A store with other hooks whose database has more schemas.
    ///
    /// # Panics
    /// When PostgreSQL is not installed: the test cannot run then.
    pub async fn with_schemas(more: &[Migrations], change: impl FnOnce(&mut Hooks)) -> Self {
        let schemas: Vec<Migrations> = MIGRATIONS.iter().chain(more).cloned().collect();
        let database = TestDatabase::create(&schemas).await;
        let keys = TempDir::new().expect("a directory for keys");
        let clock = FixedClock::at(SystemClock.now());
        let mut hooks = hooks();
        change(&mut hooks);
        let place = (&database, keys.path());
        let store = open(place, &clock, hooks, StoreOptions::default()).await;
        Self {
            store,
            clock,
            database,
            keys,
        }
    }

    /// Another store on the same database and keys, as another process would open it.
    ///
    /// # Panics
    /// When the database does not answer.
    pub async fn second(&self) -> Store {
        self.second_with(StoreOptions::default()).await
    }

    /// Another store with other options.
    ///
    /// # Panics
    /// When the database does not answer.
    pub async fn second_with(&self, options: StoreOptions) -> Store {
        let place = (&self.database, self.keys.path());
        open(place, &self.clock, hooks(), options).await
    }

    /// A new tenant.
    ///
    /// # Panics
    /// When the name is taken or no name.
    pub async fn tenant(&self, name: &str) -> TenantId {
        let name = TenantName::parse(name).expect("a tenant name");
        self.store
            .tenants()
            .create(&name)
            .await
            .expect("the tenant is made")
    }

    /// A caller that sees every record of a tenant.
    #[must_use]
    pub fn caller(&self, tenant: TenantId) -> Caller {
        Caller::unrestricted(OpCtx {
            tenant,
            actor: Actor::system("test"),
            purpose: PurposeOfUse::Treatment,
            correlation_id: Uuid::now_v7(),
            now: self.clock.now(),
        })
    }

    /// Creates a resource; the clock moves on by a second.
    ///
    /// # Panics
    /// When the store refuses.
    pub async fn create(&self, caller: &Caller, json: &str) -> Committed {
        self.clock.advance_seconds(1);
        let caller = Caller {
            ctx: OpCtx {
                now: self.clock.now(),
                ..caller.ctx.clone()
            },
            ..caller.clone()
        };
        self.try_create(&caller, json)
            .await
            .expect("the resource is created")
    }

    /// Creates a resource.
    ///
    /// # Errors
    /// What the store says.
    pub async fn try_create(&self, caller: &Caller, json: &str) -> Result<Committed> {
        let (resource_type, doc) = parse(json);
        let action = Action::Create {
            content: Content::Own(Box::new(doc)),
            if_none_exist: None,
        };
        self.store
            .commit_one(
                caller,
                Change {
                    resource_type,
                    full_url: None,
                    action,
                },
            )
            .await
    }

    /// Puts a resource under the id in it.
    ///
    /// # Errors
    /// What the store says.
    pub async fn put(
        &self,
        caller: &Caller,
        json: &str,
        if_match: Option<u32>,
    ) -> Result<Committed> {
        let (resource_type, doc) = parse(json);
        let id = doc.root().str("id").unwrap_or_default().to_owned();
        let action = Action::Update {
            target: Target::Id(id),
            content: Content::Own(Box::new(doc)),
            if_match,
            upsert: true,
        };
        self.store
            .commit_one(
                caller,
                Change {
                    resource_type,
                    full_url: None,
                    action,
                },
            )
            .await
    }

    /// Deletes a resource.
    ///
    /// # Errors
    /// What the store says.
    pub async fn delete(
        &self,
        caller: &Caller,
        resource_type: ResourceType,
        id: &str,
    ) -> Result<Committed> {
        let action = Action::Delete {
            target: Target::Id(id.to_owned()),
            if_match: None,
        };
        self.store
            .commit_one(
                caller,
                Change {
                    resource_type,
                    full_url: None,
                    action,
                },
            )
            .await
    }

    /// The ids of all that a search finds, page by page.
    ///
    /// # Errors
    /// What the store says.
    pub async fn search(&self, caller: &Caller, text: &str) -> Result<Vec<String>> {
        let query = query(text);
        let (mut ids, mut cursor) = (Vec::new(), None::<String>);
        loop {
            let page = self.store.search(caller, &query, cursor.as_deref()).await?;
            ids.extend(
                page.entries
                    .iter()
                    .map(|entry| entry.resource.id.to_string()),
            );
            cursor = page.next;
            if cursor.is_none() {
                return Ok(ids);
            }
        }
    }
}

async fn open(
    (database, keys): (&TestDatabase, &std::path::Path),
    clock: &FixedClock,
    hooks: Hooks,
    options: StoreOptions,
) -> Store {
    let keyring = FileKeyring::open(keys.join("keyring")).expect("a keyring");
    let opened: Database = database.open().await;
    let parts = StoreParts {
        database: opened,
        keys: KeyService::new(Arc::new(keyring), Arc::new(LogKeyUse)),
        hooks,
        clock: Arc::new(clock.clone()),
    };
    Store::open(parts, options).await.expect("the store opens")
}

fn parse(json: &str) -> (ResourceType, Doc) {
    let doc = Doc::parse(json, &Limits::default()).expect("the resource is JSON");
    let name = doc.root().resource_type().and_then(ResourceType::from_name);
    (name.expect("the resource names its type"), doc)
}

/// A search written as `Patient?name=a&_count=2`, read strictly.
///
/// # Panics
/// When it is no search.
#[must_use]
pub fn query(text: &str) -> Query {
    let (name, pairs) = text.split_once('?').unwrap_or((text, ""));
    let scope = ResourceType::from_name(name).map_or_else(Scope::system, Scope::resource);
    let pairs = decode_pairs(pairs).expect("a query string");
    let options = ParseOptions {
        handling: Handling::Strict,
        ..ParseOptions::at(Instant(0))
    };
    Query::parse(&ParamRegistry::official(), scope, &pairs, &options).expect("a search")
}
