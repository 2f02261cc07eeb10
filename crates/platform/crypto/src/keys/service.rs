//! The life of a tenant's keys: create, load, rotate, rewrap, destroy.
//!
//! Nothing is stored here: every step returns the rows to persist, so that the record store can
//! write them in its own transaction. Rows are written *before* the first value is sealed with them.

use std::fmt;
use std::sync::Arc;

use mt_kernel::TenantId;

use crate::{
    CryptoError, DataKey, KekError, KekProvider, KekStatus, KeyAction, KeyContext, KeyId,
    KeyObserver, KeyState, KeyUse, Purpose, TenantKeys, WrappedKey,
};

/// Makes, loads, rotates and destroys keys through a [`KekProvider`], and reports each use.
#[derive(Clone)]
pub struct KeyService {
    provider: Arc<dyn KekProvider>,
    observer: Arc<dyn KeyObserver>,
}

impl KeyService {
    /// Keys under `provider`, their use reported to `observer`.
    #[must_use]
    pub fn new(provider: Arc<dyn KekProvider>, observer: Arc<dyn KeyObserver>) -> Self {
        Self { provider, observer }
    }

    /// Makes the tenant's key-encryption key, if it has none, and an active data key for every
    /// purpose that lacks one in `rows`. Returns the new rows: all of them for a new tenant, the
    /// missing ones after an upgrade that brought a purpose.
    ///
    /// # Errors
    /// [`KekError::Destroyed`] for a shredded tenant; whatever the provider refuses.
    pub async fn complete(
        &self,
        tenant: TenantId,
        rows: &[WrappedKey],
    ) -> Result<Vec<WrappedKey>, CryptoError> {
        check_tenant(tenant, rows)?;
        if self.provider.status(tenant).await? == KekStatus::Absent {
            let created = self.provider.create(tenant).await;
            self.report(tenant, KeyAction::CreateKek, None, created.is_ok());
            created?;
        }
        let mut made = Vec::new();
        for purpose in Purpose::ALL {
            if active(rows, purpose).is_none() {
                made.push(
                    self.make(tenant, purpose, next_id(rows, purpose), KeyAction::Create)
                        .await?,
                );
            }
        }
        Ok(made)
    }

    /// Unwraps `rows` into memory. Destroyed rows are kept by id, so that what they sealed is
    /// refused as destroyed and not as unknown.
    ///
    /// # Errors
    /// [`CryptoError::ForeignKey`], [`CryptoError::ContradictingKeys`]; whatever the provider refuses.
    pub async fn load(
        &self,
        tenant: TenantId,
        rows: &[WrappedKey],
    ) -> Result<TenantKeys, CryptoError> {
        check_tenant(tenant, rows)?;
        let mut loaded = Vec::with_capacity(rows.len());
        for row in rows {
            let secret = match row.state {
                KeyState::Destroyed => None,
                KeyState::Active | KeyState::Retired => Some(self.unwrap(row).await?),
            };
            loaded.push((row.purpose, row.id, row.state, secret));
        }
        TenantKeys::new(tenant, loaded)
    }

    /// A new active key for `purpose`; the old one retires and still opens. Returns the rows that
    /// changed: the retired one and the new one, to be written together.
    ///
    /// # Errors
    /// [`CryptoError::NotRotatable`]; whatever the provider refuses.
    pub async fn rotate(
        &self,
        tenant: TenantId,
        purpose: Purpose,
        rows: &[WrappedKey],
    ) -> Result<Vec<WrappedKey>, CryptoError> {
        check_tenant(tenant, rows)?;
        if !purpose.rotates() {
            return Err(CryptoError::NotRotatable(purpose));
        }
        let made = self
            .make(tenant, purpose, next_id(rows, purpose), KeyAction::Rotate)
            .await?;
        let retired = active(rows, purpose)
            .cloned()
            .map(|row| row.in_state(KeyState::Retired));
        Ok(retired.into_iter().chain([made]).collect())
    }

    /// A new version of the tenant's key-encryption key, and `rows` wrapped again under it. Once
    /// they are stored, [`Self::drop_old_keks`] removes the older versions.
    ///
    /// # Errors
    /// Whatever the provider refuses.
    pub async fn rotate_kek(
        &self,
        tenant: TenantId,
        rows: &[WrappedKey],
    ) -> Result<Vec<WrappedKey>, CryptoError> {
        check_tenant(tenant, rows)?;
        let rotated = self.provider.rotate(tenant).await;
        self.report(tenant, KeyAction::RotateKek, None, rotated.is_ok());
        rotated?;
        let mut rewrapped = Vec::with_capacity(rows.len());
        for row in rows {
            if row.state == KeyState::Destroyed {
                continue;
            }
            let secret = self.unwrap(row).await?;
            let wrapped = self.provider.wrap(context(row), &secret).await;
            self.report(
                tenant,
                KeyAction::Rewrap,
                Some((row.purpose, row.id)),
                wrapped.is_ok(),
            );
            rewrapped.push(WrappedKey {
                wrapped: wrapped?,
                ..row.clone()
            });
        }
        Ok(rewrapped)
    }

    /// Removes every version of the tenant's key-encryption key but the newest. `rows` are all rows of
    /// the tenant, read back from storage: one that an older version wrapped would be lost.
    ///
    /// # Errors
    /// [`CryptoError::NotRewrapped`]; whatever the provider refuses.
    pub async fn drop_old_keks(
        &self,
        tenant: TenantId,
        rows: &[WrappedKey],
    ) -> Result<(), CryptoError> {
        check_tenant(tenant, rows)?;
        for row in rows.iter().filter(|row| row.state != KeyState::Destroyed) {
            if !self.provider.is_current(tenant, &row.wrapped).await? {
                let (purpose, id) = (row.purpose, row.id);
                return Err(CryptoError::NotRewrapped { purpose, id });
            }
        }
        Ok(self.provider.drop_old_versions(tenant).await?)
    }

    /// The row of a destroyed key: what it sealed, and was not sealed again, is gone for good.
    #[must_use]
    pub fn destroy(&self, row: &WrappedKey) -> WrappedKey {
        self.report(
            row.tenant,
            KeyAction::Destroy,
            Some((row.purpose, row.id)),
            true,
        );
        row.clone().in_state(KeyState::Destroyed)
    }

    /// Crypto-shredding: destroys the tenant's key-encryption key, and with it every copy of its
    /// data in tables, logs and backups. The caller also revokes the [`TenantKeys`] in memory.
    ///
    /// # Errors
    /// Whatever the provider refuses; calling it again finishes what was begun.
    pub async fn destroy_tenant(&self, tenant: TenantId) -> Result<(), CryptoError> {
        let destroyed = self.provider.destroy(tenant).await;
        self.report(tenant, KeyAction::DestroyKek, None, destroyed.is_ok());
        Ok(destroyed?)
    }

    /// Where the tenant's key-encryption key stands.
    ///
    /// # Errors
    /// Whatever the provider refuses.
    pub async fn kek_status(&self, tenant: TenantId) -> Result<KekStatus, CryptoError> {
        Ok(self.provider.status(tenant).await?)
    }

    async fn make(
        &self,
        tenant: TenantId,
        purpose: Purpose,
        id: KeyId,
        action: KeyAction,
    ) -> Result<WrappedKey, CryptoError> {
        let secret = DataKey::generate()?;
        let wrapped = self
            .provider
            .wrap(
                KeyContext {
                    tenant,
                    purpose,
                    id,
                },
                &secret,
            )
            .await;
        self.report(tenant, action, Some((purpose, id)), wrapped.is_ok());
        Ok(WrappedKey {
            tenant,
            purpose,
            id,
            state: KeyState::Active,
            wrapped: wrapped?,
        })
    }

    async fn unwrap(&self, row: &WrappedKey) -> Result<DataKey, KekError> {
        let secret = self.provider.unwrap(context(row), &row.wrapped).await;
        self.report(
            row.tenant,
            KeyAction::Unwrap,
            Some((row.purpose, row.id)),
            secret.is_ok(),
        );
        secret
    }

    fn report(
        &self,
        tenant: TenantId,
        action: KeyAction,
        key: Option<(Purpose, KeyId)>,
        succeeded: bool,
    ) {
        self.observer.observe(KeyUse {
            tenant,
            action,
            key,
            succeeded,
        });
    }
}

impl fmt::Debug for KeyService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyService").finish_non_exhaustive()
    }
}

fn context(row: &WrappedKey) -> KeyContext {
    KeyContext {
        tenant: row.tenant,
        purpose: row.purpose,
        id: row.id,
    }
}

fn check_tenant(tenant: TenantId, rows: &[WrappedKey]) -> Result<(), CryptoError> {
    if rows.iter().all(|row| row.tenant == tenant) {
        Ok(())
    } else {
        Err(CryptoError::ForeignKey)
    }
}

fn active(rows: &[WrappedKey], purpose: Purpose) -> Option<&WrappedKey> {
    rows.iter()
        .find(|row| row.purpose == purpose && row.state == KeyState::Active)
}

/// One above the highest id that the purpose ever had, destroyed keys included.
fn next_id(rows: &[WrappedKey], purpose: Purpose) -> KeyId {
    let highest = rows
        .iter()
        .filter(|row| row.purpose == purpose)
        .map(|row| row.id.0)
        .max();
    KeyId(highest.map_or(1, |id| id.saturating_add(1)))
}
