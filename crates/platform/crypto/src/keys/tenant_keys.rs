//! A tenant's unwrapped keys in memory.
//!
//! Cheap to clone, wiped when the last clone goes, revocable at once for every clone.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use mt_kernel::TenantId;

use crate::aead::AeadKey;
use crate::{BlindIndex, CryptoError, DataKey, DateShift, KeyId, KeyState, Purpose, ResourceIds};

/// Unwrapped keys of one tenant, by purpose.
#[derive(Clone)]
pub struct TenantKeys(Arc<Inner>);

struct Inner {
    tenant: TenantId,
    slots: [Slot; Purpose::ALL.len()],
    revoked: AtomicBool,
}

/// The keys of one purpose, in order of id.
#[derive(Default)]
struct Slot {
    active: Option<usize>,
    keys: Vec<LoadedKey>,
}

pub(crate) struct LoadedKey {
    pub(crate) id: KeyId,
    /// `None` once destroyed.
    material: Option<Material>,
}

struct Material {
    secret: DataKey,
    aead: AeadKey,
}

impl TenantKeys {
    /// Builds the keys from unwrapped material; `None` stands for a destroyed key.
    pub(crate) fn new(
        tenant: TenantId,
        rows: impl IntoIterator<Item = (Purpose, KeyId, KeyState, Option<DataKey>)>,
    ) -> Result<Self, CryptoError> {
        let mut rows: Vec<_> = rows.into_iter().collect();
        rows.sort_by_key(|(purpose, id, ..)| (*purpose, *id));
        let mut slots: [Slot; Purpose::ALL.len()] = Default::default();
        for (purpose, id, state, secret) in rows {
            let slot = &mut slots[purpose.index()];
            let repeated = slot.keys.last().is_some_and(|last| last.id == id);
            if repeated || (state == KeyState::Active && slot.active.is_some()) {
                return Err(CryptoError::ContradictingKeys(purpose));
            }
            if state == KeyState::Active {
                slot.active = Some(slot.keys.len());
            }
            slot.keys.push(LoadedKey::new(id, secret)?);
        }
        Ok(Self(Arc::new(Inner {
            tenant,
            slots,
            revoked: AtomicBool::new(false),
        })))
    }

    /// Whose keys.
    #[must_use]
    pub fn tenant(&self) -> TenantId {
        self.0.tenant
    }

    /// The key that seals for `purpose` now, if there is one.
    #[must_use]
    pub fn active_id(&self, purpose: Purpose) -> Option<KeyId> {
        let slot = &self.0.slots[purpose.index()];
        slot.active
            .and_then(|position| slot.keys.get(position))
            .map(|key| key.id)
    }

    /// How many values the active key of `purpose` has sealed since it was loaded here. Rotation is
    /// due long before 2^40 over all processes (see the nonce argument in the crate documentation).
    #[must_use]
    pub fn sealed_count(&self, purpose: Purpose) -> u64 {
        self.active(purpose)
            .and_then(|key| key.aead(purpose))
            .map_or(0, AeadKey::sealed)
    }

    /// Makes every clone refuse from now on: for suspension and shredding. The key bytes are wiped
    /// when the last clone is dropped.
    pub fn revoke(&self) {
        self.0.revoked.store(true, Ordering::Release);
    }

    /// The active search-token key. Deriving it costs a microsecond: take it once per operation.
    ///
    /// # Errors
    /// [`CryptoError::NoActiveKey`], [`CryptoError::Revoked`].
    pub fn blind_index(&self) -> Result<BlindIndex, CryptoError> {
        let key = self.active(Purpose::BlindIndex)?;
        BlindIndex::new(key.id, key.secret(Purpose::BlindIndex)?)
    }

    /// The search-token key `id`: while a reindex runs, searches ask under the old key as well.
    ///
    /// # Errors
    /// [`CryptoError::UnknownKey`], [`CryptoError::KeyDestroyed`], [`CryptoError::Revoked`].
    pub fn blind_index_of(&self, id: KeyId) -> Result<BlindIndex, CryptoError> {
        BlindIndex::new(
            id,
            self.key(Purpose::BlindIndex, id)?
                .secret(Purpose::BlindIndex)?,
        )
    }

    /// The hash of client-chosen resource ids.
    ///
    /// # Errors
    /// [`CryptoError::NoActiveKey`], [`CryptoError::Revoked`].
    pub fn resource_ids(&self) -> Result<ResourceIds, CryptoError> {
        ResourceIds::new(
            self.active(Purpose::Identifier)?
                .secret(Purpose::Identifier)?,
        )
    }

    /// The shift of clinical dates in the index.
    ///
    /// # Errors
    /// [`CryptoError::NoActiveKey`], [`CryptoError::Revoked`].
    pub fn date_shift(&self) -> Result<DateShift, CryptoError> {
        DateShift::new(
            self.active(Purpose::DateShift)?
                .secret(Purpose::DateShift)?,
        )
    }

    /// The key that seals for `purpose`.
    pub(crate) fn active(&self, purpose: Purpose) -> Result<&LoadedKey, CryptoError> {
        self.check()?;
        let slot = &self.0.slots[purpose.index()];
        let position = slot.active.ok_or(CryptoError::NoActiveKey(purpose))?;
        slot.keys
            .get(position)
            .ok_or(CryptoError::NoActiveKey(purpose))
    }

    /// The key of `purpose` with this id.
    pub(crate) fn key(&self, purpose: Purpose, id: KeyId) -> Result<&LoadedKey, CryptoError> {
        self.check()?;
        let keys = &self.0.slots[purpose.index()].keys;
        let found = keys.binary_search_by_key(&id, |key| key.id).ok();
        found
            .and_then(|position| keys.get(position))
            .ok_or(CryptoError::UnknownKey { purpose, id })
    }

    fn check(&self) -> Result<(), CryptoError> {
        if self.0.revoked.load(Ordering::Acquire) {
            Err(CryptoError::Revoked(self.0.tenant))
        } else {
            Ok(())
        }
    }
}

impl LoadedKey {
    fn new(id: KeyId, secret: Option<DataKey>) -> Result<Self, CryptoError> {
        let material = match secret {
            Some(secret) => Some(Material {
                aead: AeadKey::new(&secret)?,
                secret,
            }),
            None => None,
        };
        Ok(Self { id, material })
    }

    /// The sealing key; `purpose` names it in errors.
    pub(crate) fn aead(&self, purpose: Purpose) -> Result<&AeadKey, CryptoError> {
        if !purpose.seals() {
            return Err(CryptoError::NotSealing(purpose));
        }
        self.material(purpose).map(|material| &material.aead)
    }

    fn secret(&self, purpose: Purpose) -> Result<&DataKey, CryptoError> {
        self.material(purpose).map(|material| &material.secret)
    }

    fn material(&self, purpose: Purpose) -> Result<&Material, CryptoError> {
        self.material.as_ref().ok_or(CryptoError::KeyDestroyed {
            purpose,
            id: self.id,
        })
    }
}

impl fmt::Debug for TenantKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TenantKeys")
            .field("tenant", &self.0.tenant)
            .finish_non_exhaustive()
    }
}
