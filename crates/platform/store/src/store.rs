//! The store: its parts, how it opens, what it checks before it serves.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use moka::sync::Cache;
use mt_crypto::KeyService;
use mt_database::{Database, Endpoint};
use mt_kernel::{Clock, ErrorKind, Fault, OpCtx, TenantId};

use crate::cache::{RowCache, Shared};
use crate::commit::GroupCommit;
use crate::jobs::{Growth, Merging};
use crate::search::SearchLimits;
use crate::source::Source;
use crate::tenants::Tenants;
use crate::usage::Rooms;
use crate::{Hooks, Restrictions, Result, SharedCache, Withheld, schema, tail};

/// How a store is set up.
#[derive(Clone, Debug)]
pub struct StoreOptions {
    /// Bytes of sealed bodies kept in memory.
    pub cache_bytes: u64,
    /// Shortest and longest pause between two looks into the transaction log.
    pub poll: (Duration, Duration),
    /// What one search may cost.
    pub search: SearchLimits,
    /// A cache that other processes share.
    pub shared: Option<Arc<dyn SharedCache>>,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            cache_bytes: 64 << 20,
            poll: (Duration::from_millis(20), Duration::from_millis(200)),
            search: SearchLimits::default(),
            shared: None,
        }
    }
}

/// What a store is made of.
#[derive(Clone)]
pub struct StoreParts {
    /// The database as the application role.
    pub database: Database,
    /// Keys of the tenants.
    pub keys: KeyService,
    /// Authorisation, validation, policies, audit.
    pub hooks: Hooks,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// The record store. Cloning shares it.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    database: Database,
    tenants: Tenants,
    hooks: Hooks,
    clock: Arc<dyn Clock>,
    cache: Arc<RowCache>,
    shared: Option<Arc<Shared>>,
    group: GroupCommit,
    options: StoreOptions,
    tail: tail::Tail,
    common: Cache<u64, ()>,
    growth: Growth,
    merging: Arc<Merging>,
    rooms: Rooms,
    restrictions: RwLock<Option<Arc<dyn Restrictions>>>,
}

/// How long keys are remembered to find too many rows.
const COMMON_FOR: Duration = Duration::from_secs(600);

impl Store {
    /// Opens the store: checks that the schema is isolated and that keyed search uses its index,
    /// reads the tenants and begins to follow the transaction log.
    ///
    /// # Errors
    /// When a check fails: the store refuses to serve.
    pub async fn open(parts: StoreParts, options: StoreOptions) -> Result<Self> {
        let StoreParts {
            database,
            keys,
            hooks,
            clock,
        } = parts;
        schema::check(&database).await?;
        let tenants = Tenants::new(database.clone(), keys, Arc::clone(&clock));
        tenants.refresh().await?;
        let cache = Arc::new(RowCache::new(options.cache_bytes));
        let shared = options
            .shared
            .clone()
            .map(|port| Arc::new(Shared::new(port)));
        let caches = (&cache, shared.as_ref());
        let tail = tail::Tail::follow(&database, &tenants, caches, options.poll).await?;
        Ok(Self(Arc::new(Inner {
            group: GroupCommit::new(database.clone()),
            database,
            tenants,
            hooks,
            clock,
            cache,
            shared,
            options,
            tail,
            common: Cache::builder()
                .max_capacity(10_000)
                .time_to_live(COMMON_FOR)
                .build(),
            growth: Growth::new(),
            merging: Arc::default(),
            rooms: Rooms::default(),
            restrictions: RwLock::default(),
        })))
    }

    /// Applies the store's migrations to the database of `owner`.
    ///
    /// # Errors
    /// A [`Fault`] when a migration fails.
    pub async fn migrate(owner: &Endpoint) -> Result<(), Fault> {
        mt_database::migrate::migrate(owner, &schema::MIGRATIONS)
            .await
            .map(drop)
            .map_err(|error| Fault::new(ErrorKind::Unavailable, error.to_string()))
    }

    /// The tenants.
    #[must_use]
    pub fn tenants(&self) -> &Tenants {
        &self.0.tenants
    }

    /// The clock that operations without a caller use.
    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.0.clock
    }

    /// The database behind the store.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.0.database
    }

    /// Microseconds since the transaction log was last read to its end: the longest time for which
    /// this process may not know what another one wrote.
    #[must_use]
    pub fn tail_age(&self) -> Duration {
        self.0.tail.age()
    }

    /// From now on every door asks `restrictions` what is kept from its callers. They are given after the
    /// store is open, because they read it.
    pub fn restrict(&self, restrictions: Arc<dyn Restrictions>) {
        self.set_restrictions(Some(restrictions));
    }

    /// What is kept from the actor of `ctx`, who broke the glass over the records of `emergencies`.
    ///
    /// # Errors
    /// When it cannot be worked out: then nothing may be shown.
    pub async fn withheld(
        &self,
        ctx: &OpCtx,
        emergencies: &[Arc<str>],
    ) -> Result<Arc<Withheld>, Fault> {
        match self.restrictions() {
            Some(restrictions) => restrictions.withheld(ctx, emergencies).await,
            None => Ok(Arc::default()),
        }
    }

    fn restrictions(&self) -> Option<Arc<dyn Restrictions>> {
        let lock = &self.0.restrictions;
        lock.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_restrictions(&self, restrictions: Option<Arc<dyn Restrictions>>) {
        let lock = &self.0.restrictions;
        *lock.write().unwrap_or_else(PoisonError::into_inner) = restrictions;
    }

    /// Ends background work and gives the connections up, before a private cluster is left.
    pub fn close(&self) {
        self.set_restrictions(None);
        self.0.tail.stop();
        self.0.database.close();
    }

    /// Tenants whose `SearchParameter` resources change from now on.
    pub(crate) fn definition_changes(&self) -> tokio::sync::broadcast::Receiver<TenantId> {
        self.0.tail.definitions()
    }

    pub(crate) fn hooks(&self) -> &Hooks {
        &self.0.hooks
    }

    pub(crate) fn cache(&self) -> &RowCache {
        &self.0.cache
    }

    /// The layer below [`Self::cache`], when there is one.
    pub(crate) fn shared_cache(&self) -> Option<&Shared> {
        self.0.shared.as_deref()
    }

    pub(crate) fn group(&self) -> &GroupCommit {
        &self.0.group
    }

    /// What was written since the types were last looked at.
    pub(crate) fn growth(&self) -> &Growth {
        &self.0.growth
    }

    /// What waits to be merged into the index of search keys.
    pub(crate) fn merging(&self) -> &Arc<Merging> {
        &self.0.merging
    }

    /// Who may not grow without end.
    pub(crate) fn rooms(&self) -> &Rooms {
        &self.0.rooms
    }

    pub(crate) fn limits(&self) -> &SearchLimits {
        &self.0.options.search
    }

    /// Sets of keys that find too many rows.
    pub(crate) fn common_keys(&self) -> &Cache<u64, ()> {
        &self.0.common
    }

    pub(crate) fn shared(&self, tenant: TenantId) -> Source<'_> {
        Source::Shared(self.0.database.readers(), tenant)
    }
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store")
            .field("hooks", &self.0.hooks)
            .field("cache", &self.0.cache)
            .finish_non_exhaustive()
    }
}
