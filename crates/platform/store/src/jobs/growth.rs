//! Dictionaries trained without being asked for, once a tenant has enough of a type.
//!
//! Nobody schedules a job for what the store can see itself. Counting is cheap and only a hint: the rows are
//! counted in the database before anything is trained, so that restarts and other processes do not matter.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use mt_fhir::ResourceType;
use mt_kernel::TenantId;
use tokio::sync::Semaphore;

use crate::commit::{Unit, type_column};
use crate::tenants::{Tenant, column};
use crate::{Result, Store};

/// Rows written by this process between two looks into the database.
const LOOK_EVERY: u32 = 1_000;

/// Resources of a type from which on a dictionary of its own pays.
const ENOUGH: i64 = 4_000;

const COUNT: &str = "select count(*) from (select 1 from records.res \
    where tenant = $1 and type = $2 limit $3) r";

/// What this process has written since it last looked.
#[derive(Debug)]
pub(crate) struct Growth {
    written: Mutex<HashMap<(TenantId, ResourceType), u32>>,
    /// One training at a time.
    training: Arc<Semaphore>,
}

impl Growth {
    pub(crate) fn new() -> Self {
        Self {
            written: Mutex::default(),
            training: Arc::new(Semaphore::new(1)),
        }
    }

    /// Counts the rows of a commit by their types; returns the types of which it is time to look.
    fn count(
        &self,
        tenant: TenantId,
        types: impl Iterator<Item = ResourceType>,
    ) -> Vec<ResourceType> {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let mut due = Vec::new();
        for resource_type in types {
            let count = written.entry((tenant, resource_type)).or_default();
            *count += 1;
            if *count == LOOK_EVERY {
                *count = 0;
                due.push(resource_type);
            }
        }
        due
    }
}

impl Store {
    /// Takes note of what was committed: for the cache, the search index, and the growth of its types.
    pub(crate) fn note_commit(&self, tenant: &Tenant, unit: &Unit) {
        self.merge_soon(unit.rows.len());
        unit.remember(tenant.id, self.cache());
        self.take_room(tenant.id, unit);
        let types = unit.rows.iter().map(|row| row.resource_type);
        let mut due = self.growth().count(tenant.id, types);
        due.retain(|one| !tenant.has_own_dictionary(*one));
        if due.is_empty() {
            return;
        }
        // Whoever comes while another training runs looks again a thousand rows later.
        let Ok(turn) = Arc::clone(&self.growth().training).try_acquire_owned() else {
            return;
        };
        let (store, tenant) = (self.clone(), tenant.id);
        tokio::spawn(async move {
            if let Err(error) = store.train_grown(tenant, &due).await {
                tracing::warn!(%error, "a dictionary could not be trained");
            }
            drop(turn);
        });
    }

    async fn train_grown(&self, tenant: TenantId, types: &[ResourceType]) -> Result<()> {
        let mut enough = Vec::new();
        for resource_type in types {
            let number = type_column(*resource_type);
            let rows = self
                .shared(tenant)
                .query(COUNT, &[&tenant.0, &number, &ENOUGH])
                .await?;
            let count: i64 = rows.first().map_or(Ok(0), |row| column(row, 0))?;
            if count == ENOUGH {
                enough.push(*resource_type);
            }
        }
        if !enough.is_empty() {
            self.train_dictionaries(tenant, &enough).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_is_due_every_thousand_rows_of_a_type_and_tenant() {
        let growth = Growth::new();
        let (patient, task) = (ResourceType::PATIENT, ResourceType::TASK);
        let many = |one, count| std::iter::repeat_n(one, count);
        assert_eq!(growth.count(TenantId(1), many(patient, 999)), []);
        assert_eq!(growth.count(TenantId(1), many(task, 1)), []);
        assert_eq!(growth.count(TenantId(2), many(patient, 1)), []);
        assert_eq!(growth.count(TenantId(1), many(patient, 2)), [patient]);
        assert_eq!(growth.count(TenantId(1), many(patient, 998)), []);
        assert_eq!(growth.count(TenantId(1), many(patient, 1)), [patient]);
    }
}
