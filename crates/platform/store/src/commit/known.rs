//! Commits of changes whose resources are known: optimistic, in one flush.

use std::sync::Arc;

use uuid::Uuid;

use super::decide::{Decided, Work};
use super::persist::{PersistError, persist};
use super::plan::{apply_renames, criteria_of, plan_known, refuse_overlap};
use super::prepare::Planned;
use super::references::Renames;
use super::{Current, Currents, type_column};
use crate::cache::{RowKey, SealedRow};
use crate::read::ROWS_BY_KEY;
use crate::source::Source;
use crate::tenants::Tenant;
use crate::{Batch, Caller, Committed, Result, Store, StoreError};

/// How often a change is decided again because others came first.
const ATTEMPTS: u32 = 12;

impl Store {
    pub(super) async fn commit_known(
        &self,
        caller: &Caller,
        tenant: &Arc<Tenant>,
        mut batch: Batch,
    ) -> Result<Vec<Committed>> {
        let planned = plan_known(tenant, &batch.changes)?;
        refuse_overlap(&planned)?;
        let source = self.shared(tenant.id);
        self.rename(source, caller, tenant, &mut batch, &planned)
            .await?;
        let mut work = Work { batch, planned };
        // The first attempt may decide on cached versions; a refusal never rests on them.
        let mut cached = true;
        for _ in 0..ATTEMPTS {
            let currents = self.currents(source, tenant, &work.planned, cached).await?;
            let outcome;
            (work, outcome) = self.decide(caller, tenant, work, currents).await?;
            let doubtful = cached && work.planned.iter().any(|plan| !plan.fresh);
            let decided = match outcome {
                Err(_) if doubtful => {
                    cached = false;
                    continue;
                }
                Ok(decided) if doubtful && decided.rests_on_current() => {
                    cached = false;
                    continue;
                }
                settled => settled?,
            };
            match self.write(tenant, decided).await {
                Err(StoreError::Contended) => cached = false,
                settled => return settled,
            }
        }
        Err(StoreError::Contended)
    }

    /// Puts the ids that are now known into the references of the batch.
    pub(super) async fn rename(
        &self,
        source: Source<'_>,
        caller: &Caller,
        tenant: &Arc<Tenant>,
        batch: &mut Batch,
        planned: &[Planned],
    ) -> Result<()> {
        let mut renames = Renames::of(&batch.changes, planned);
        let criteria = criteria_of(batch)?;
        self.resolve_references(source, caller, tenant, criteria, &mut renames)
            .await?;
        apply_renames(batch, &renames);
        Ok(())
    }

    async fn write(&self, tenant: &Tenant, decided: Decided) -> Result<Vec<Committed>> {
        let Decided { outcomes, unit } = decided;
        let Some(unit) = unit else {
            return Ok(outcomes);
        };
        let written = if outcomes.len() == 1 {
            self.group().commit(tenant.id, unit).await
        } else {
            let units = [unit];
            persist(self.database(), tenant.id, &units, false)
                .await
                .map(|()| {
                    let [unit] = units;
                    unit
                })
        };
        let unit = written.map_err(StoreError::from)?;
        self.note_commit(tenant, &unit);
        Ok(outcomes)
    }

    /// The current versions of the resources that a batch changes.
    pub(super) async fn currents(
        &self,
        source: Source<'_>,
        tenant: &Tenant,
        planned: &[Planned],
        cached: bool,
    ) -> Result<Currents> {
        let mut currents = Currents::new();
        let (mut types, mut ids) = (Vec::new(), Vec::new());
        for plan in planned
            .iter()
            .filter(|plan| !plan.fresh && plan.settled.is_none())
        {
            let key = RowKey {
                tenant: tenant.id,
                resource_type: plan.resource_type,
                id: plan.id,
            };
            match self.cache().get(&key).filter(|_| cached) {
                Some(row) => {
                    currents.insert((plan.resource_type, plan.id), open(tenant, &key, &row)?);
                }
                None => {
                    types.push(type_column(plan.resource_type));
                    ids.push(plan.id);
                }
            }
        }
        if ids.is_empty() {
            return Ok(currents);
        }
        let rows = source
            .query(ROWS_BY_KEY, &[&tenant.id.0, &types, &ids])
            .await?;
        for row in &rows {
            let (resource_type, id, sealed) = crate::read::sealed_row(row)?;
            let key = RowKey {
                tenant: tenant.id,
                resource_type,
                id,
            };
            currents.insert((resource_type, id), open(tenant, &key, &sealed)?);
        }
        Ok(currents)
    }
}

fn open(tenant: &Tenant, key: &RowKey, row: &SealedRow) -> Result<Current> {
    let id: Uuid = key.id;
    Ok(Current {
        version: row.version,
        updated_at: row.updated_at,
        deleted: row.deleted,
        body: tenant.open(key.resource_type, id, row)?.into(),
    })
}

impl From<PersistError> for StoreError {
    fn from(error: PersistError) -> Self {
        match error {
            PersistError::Conflict => Self::Contended,
            PersistError::Interrupted => {
                Self::refused(mt_kernel::ErrorKind::Unavailable, "the server is stopping")
            }
            PersistError::Bound(refusal) => Self::refused(refusal.kind, refusal.message),
            PersistError::Database(error) => Self::Database(error),
        }
    }
}
