//! The registry of tenants and the tenants that this process has loaded.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use mt_crypto::{KeyService, ShippedDictionaries, TenantKeys};
use mt_database::Database;
use mt_fhir::ResourceType;
use mt_kernel::{Clock, ErrorKind, Instant, TenantId, TenantName};
use mt_search::ParamRegistry;

use super::loaded::{Tenant, column};
use crate::{Result, StoreError};

/// Where a tenant stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TenantState {
    /// Serves.
    Active,
    /// Keeps its data and serves nothing.
    Suspended,
    /// Its keys are destroyed; its rows are being removed.
    Deleting,
    /// Nothing is left but the name.
    Deleted,
}

impl TenantState {
    const fn code(self) -> i16 {
        match self {
            Self::Active => 1,
            Self::Suspended => 2,
            Self::Deleting => 3,
            Self::Deleted => 4,
        }
    }

    const fn from_code(code: i16) -> Option<Self> {
        match code {
            1 => Some(Self::Active),
            2 => Some(Self::Suspended),
            3 => Some(Self::Deleting),
            4 => Some(Self::Deleted),
            _ => None,
        }
    }

    /// The word for people and commands.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Deleting => "deleting",
            Self::Deleted => "deleted",
        }
    }
}

/// What the registry knows of a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantInfo {
    /// Surrogate key.
    pub id: TenantId,
    /// Name in URLs and commands.
    pub name: TenantName,
    /// Where it stands in its life.
    pub state: TenantState,
    /// When it was made.
    pub created_at: Instant,
}

/// The tenants of a database. Cloning shares them.
#[derive(Clone)]
pub struct Tenants {
    inner: Arc<Inner>,
}

struct Inner {
    database: Database,
    service: KeyService,
    shipped: Arc<ShippedDictionaries>,
    clock: Arc<dyn Clock>,
    known: RwLock<HashMap<TenantId, TenantInfo>>,
    loaded: RwLock<HashMap<TenantId, Arc<Tenant>>>,
}

impl Tenants {
    pub(crate) fn new(database: Database, service: KeyService, clock: Arc<dyn Clock>) -> Self {
        let number = |name: &str| ResourceType::from_name(name).map(ResourceType::number);
        Self {
            inner: Arc::new(Inner {
                database,
                service,
                shipped: ShippedDictionaries::new(number),
                clock,
                known: RwLock::default(),
                loaded: RwLock::default(),
            }),
        }
    }

    /// Makes a tenant with all its keys.
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`] when the name is taken, also by a deleted tenant.
    pub async fn create(&self, name: &TenantName) -> Result<TenantId> {
        let now = self.inner.clock.now();
        let tx = self.inner.database.admin().await?;
        let sql = "insert into tenancy.tenants (name, created_at) values ($1, $2) returning id";
        let row = match tx.query_one(sql, &[&name.as_str(), &now.0]).await {
            Err(mt_database::Error::Unique { .. }) => {
                return Err(StoreError::refused(
                    ErrorKind::Conflict,
                    "the name is taken",
                ));
            }
            other => other?,
        };
        let id = TenantId(column(&row, 0)?);
        tx.commit().await?;
        self.refresh().await?;
        self.get(id).await?;
        Ok(id)
    }

    /// Every tenant, in order of creation.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn list(&self) -> Result<Vec<TenantInfo>> {
        let tx = self.inner.database.admin().await?;
        let sql = "select id, name, state, created_at from tenancy.tenants order by id";
        let rows = tx.query(sql, &[]).await?;
        tx.rollback().await;
        rows.iter()
            .map(|row| {
                let name: &str = column(row, 1)?;
                Ok(TenantInfo {
                    id: TenantId(column(row, 0)?),
                    name: TenantName::parse(name)
                        .map_err(|_| StoreError::Damaged("tenant name"))?,
                    state: TenantState::from_code(column(row, 2)?)
                        .ok_or(StoreError::Damaged("tenant state"))?,
                    created_at: Instant(column(row, 3)?),
                })
            })
            .collect()
    }

    /// The tenant of this name.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn find(&self, name: &TenantName) -> Result<Option<TenantInfo>> {
        let known = self
            .known()
            .values()
            .find(|info| info.name == *name)
            .cloned();
        if known.is_some() {
            return Ok(known);
        }
        self.refresh().await?;
        Ok(self
            .known()
            .values()
            .find(|info| info.name == *name)
            .cloned())
    }

    /// Whether the tenant serves, by what this process knows of the registry.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn is_active(&self, id: TenantId) -> Result<bool> {
        let known = self.known().get(&id).map(|info| info.state);
        let state = match known {
            Some(state) => Some(state),
            None => {
                self.refresh().await?;
                self.known().get(&id).map(|info| info.state)
            }
        };
        Ok(state == Some(TenantState::Active))
    }

    /// The name of a tenant.
    ///
    /// # Errors
    /// [`StoreError::TenantInactive`] when there is no such tenant; when the database does not answer.
    pub async fn name(&self, id: TenantId) -> Result<TenantName> {
        let known = self.known().get(&id).map(|info| info.name.clone());
        match known {
            Some(name) => Ok(name),
            None => Ok(self.info(id).await?.name),
        }
    }

    /// Stops serving a tenant: its keys leave the memory of every process.
    ///
    /// # Errors
    /// [`StoreError::TenantInactive`] unless it is active.
    pub async fn suspend(&self, id: TenantId) -> Result<()> {
        self.change(id, TenantState::Active, TenantState::Suspended)
            .await
    }

    /// Serves a suspended tenant again.
    ///
    /// # Errors
    /// [`StoreError::TenantInactive`] unless it is suspended.
    pub async fn resume(&self, id: TenantId) -> Result<()> {
        self.change(id, TenantState::Suspended, TenantState::Active)
            .await
    }

    /// Begins the deletion of a suspended tenant by destroying its keys: from here on nothing of it
    /// can be read, in tables, logs and backups alike. [`crate::jobs`] removes the rows.
    ///
    /// # Errors
    /// [`StoreError::TenantInactive`] unless it is suspended or being deleted.
    pub async fn shred(&self, id: TenantId) -> Result<()> {
        let state = self.info(id).await?.state;
        if state == TenantState::Suspended {
            self.change(id, TenantState::Suspended, TenantState::Deleting)
                .await?;
        } else if state != TenantState::Deleting {
            return Err(StoreError::TenantInactive);
        }
        Ok(self.inner.service.destroy_tenant(id).await?)
    }

    pub(crate) async fn finish_deletion(&self, id: TenantId) -> Result<()> {
        self.change(id, TenantState::Deleting, TenantState::Deleted)
            .await
    }

    async fn change(&self, id: TenantId, from: TenantState, to: TenantState) -> Result<()> {
        let tx = self.inner.database.admin().await?;
        let sql = "update tenancy.tenants set state = $3 where id = $1 and state = $2";
        let changed = tx.execute(sql, &[&id.0, &from.code(), &to.code()]).await?;
        if changed == 0 {
            return Err(StoreError::TenantInactive);
        }
        tx.commit().await?;
        self.refresh().await
    }

    async fn info(&self, id: TenantId) -> Result<TenantInfo> {
        self.refresh().await?;
        self.known()
            .get(&id)
            .cloned()
            .ok_or(StoreError::TenantInactive)
    }

    /// Reads the registry again and drops the keys of tenants that no longer serve.
    pub(crate) async fn refresh(&self) -> Result<()> {
        let known: HashMap<_, _> = self
            .list()
            .await?
            .into_iter()
            .map(|info| (info.id, info))
            .collect();
        let active = |id: &TenantId| {
            known
                .get(id)
                .is_some_and(|info| info.state == TenantState::Active)
        };
        let mut loaded = self.loaded_mut();
        loaded.retain(|id, tenant| {
            let keep = active(id);
            if !keep {
                tenant.keys.revoke();
            }
            keep
        });
        drop(loaded);
        *self
            .inner
            .known
            .write()
            .unwrap_or_else(PoisonError::into_inner) = known;
        Ok(())
    }

    /// An active tenant with its keys.
    pub(crate) async fn get(&self, id: TenantId) -> Result<Arc<Tenant>> {
        let loaded = self
            .inner
            .loaded
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&id)
            .cloned();
        match loaded {
            Some(tenant) => Ok(tenant),
            None => self.load(id).await,
        }
    }

    /// The keys of an active tenant, for what is sealed outside the record tables. A tenant that is in
    /// memory answers at the first poll.
    ///
    /// # Errors
    /// [`StoreError::TenantInactive`]; when the keys cannot be loaded.
    pub async fn keys(&self, id: TenantId) -> Result<TenantKeys> {
        Ok(self.get(id).await?.keys.clone())
    }

    /// Loads a tenant (again): after its keys, dictionaries or parameters have changed.
    pub(crate) async fn load(&self, id: TenantId) -> Result<Arc<Tenant>> {
        if self.info(id).await?.state != TenantState::Active {
            return Err(StoreError::TenantInactive);
        }
        let Inner {
            database,
            service,
            shipped,
            clock,
            ..
        } = &*self.inner;
        let tenant = Tenant::load(database, service, shipped, id, clock.now()).await?;
        let tenant = Arc::new(tenant);
        self.loaded_mut().insert(id, Arc::clone(&tenant));
        Ok(tenant)
    }

    /// The search parameters that the tenant's records may be searched by.
    ///
    /// # Errors
    /// [`StoreError::TenantInactive`]; when the tenant cannot be loaded.
    pub async fn params(&self, id: TenantId) -> Result<ParamRegistry> {
        Ok(self.get(id).await?.searching.clone())
    }

    pub(crate) fn service(&self) -> &KeyService {
        &self.inner.service
    }

    fn known(&self) -> std::sync::RwLockReadGuard<'_, HashMap<TenantId, TenantInfo>> {
        self.inner
            .known
            .read()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn loaded_mut(&self) -> std::sync::RwLockWriteGuard<'_, HashMap<TenantId, Arc<Tenant>>> {
        self.inner
            .loaded
            .write()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Tenants {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tenants")
            .field("known", &self.known().len())
            .finish_non_exhaustive()
    }
}
