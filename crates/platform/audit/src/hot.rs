//! Which tenants may have rows that are not yet in their log.
//!
//! A tenant stays hot for a while after its last row was announced, because a commit announces its
//! row before the row is there.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use mt_kernel::TenantId;

/// Longer than a commit takes; later ones are found by the regular look at every tenant.
const COOLING: Duration = Duration::from_secs(5);

/// Tenants with recent rows.
#[derive(Debug, Default)]
pub(crate) struct Hot {
    touched: Mutex<HashMap<TenantId, Instant>>,
}

impl Hot {
    /// Announces a row.
    pub(crate) fn touch(&self, tenant: TenantId) {
        self.touched().insert(tenant, Instant::now());
    }

    /// The tenants to look at now.
    pub(crate) fn tenants(&self) -> Vec<TenantId> {
        let mut touched = self.touched();
        let hot: Vec<TenantId> = touched.keys().copied().collect();
        touched.retain(|_, at| at.elapsed() < COOLING);
        hot
    }

    fn touched(&self) -> MutexGuard<'_, HashMap<TenantId, Instant>> {
        self.touched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
