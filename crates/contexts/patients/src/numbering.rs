//! How each organisation writes record numbers, where the rules of the record store can see it.
//!
//! Rules are decided without waiting for anything, so what they need is held in memory and read again now and then.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use mt_kernel::TenantId;

use crate::domain::number::Format;

/// The formats of all organisations. Cloning shares them.
#[derive(Clone, Debug, Default)]
pub struct Numbering(Arc<RwLock<HashMap<TenantId, Format>>>);

impl Numbering {
    /// How `tenant` decided to write its numbers.
    #[must_use]
    pub fn decided(&self, tenant: TenantId) -> Option<Format> {
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        all.get(&tenant).cloned()
    }

    /// How `tenant` writes its numbers.
    #[must_use]
    pub fn of(&self, tenant: TenantId) -> Format {
        self.decided(tenant).unwrap_or_default()
    }

    /// From now on `tenant` writes them so.
    pub(crate) fn set(&self, tenant: TenantId, format: Format) {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        all.insert(tenant, format);
    }
}
