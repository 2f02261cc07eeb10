//! When one last looked into a chart, so that what has changed since can be marked.
//!
//! A visit of the chart goes on while somebody comes back within [`VISIT_MINUTES`]: whoever reloads the page, or goes to
//! the calendar and back, still sees what changed since the visit before.

use mt_access::Interaction;
use mt_api::Caller;
use mt_fhir::ResourceType;
use mt_kernel::{Instant, TenantId};
use mt_store::StoreError;
use serde::Serialize;
use utoipa::ToSchema;

use crate::Charting;
use crate::error::{ChartingError, Result};

/// Since when whatever changed is new to who asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Looked {
    /// When they had last looked before this visit; nothing when they never had.
    pub before: Option<String>,
}

/// Minutes after which a look is another visit.
const VISIT_MINUTES: i64 = 30;

const LOOK: &str = "insert into charting.looked as known (tenant, reader, patient, latest) \
    values ($1, $2, $3, $4) \
    on conflict (tenant, reader, patient) do update set \
      before = case when known.latest < excluded.latest - $5 then known.latest else known.before end, \
      latest = greatest(known.latest, excluded.latest) \
    returning before";

impl Charting {
    /// Notes that the caller looks into the chart of a patient, and says when they last had.
    ///
    /// # Errors
    /// [`mt_kernel::ErrorKind::NotFound`] when the patient is out of the caller's reach.
    pub async fn look(&self, caller: &Caller, patient: &str) -> Result<Looked> {
        let records = self.records(caller, Interaction::Read).await?;
        let kind = ResourceType::PATIENT;
        self.store.read(&records, kind, patient).await?;
        let tenant = caller.tenant();
        let (reader, key) = self.marks(tenant, &caller.ctx.actor.id, patient).await?;
        let now = self.store.clock().now().0;
        let visit = VISIT_MINUTES * 60_000_000;
        let tx = self.store.database().tenant(tenant).await?;
        let row = tx
            .query_one(LOOK, &[&tenant.0, &reader, &key, &now, &visit])
            .await?;
        let before: Option<i64> = row.try_get(0).map_err(|_| ChartingError::Unreadable)?;
        tx.commit().await?;
        Ok(Looked {
            before: before.map(|at| Instant(at).to_fhir()),
        })
    }

    /// Keyed hashes of an account and of a patient.
    async fn marks(
        &self,
        tenant: TenantId,
        account: &str,
        patient: &str,
    ) -> Result<(i64, uuid::Uuid)> {
        let keys = self.store.tenants().keys(tenant).await?;
        let index = keys.blind_index().map_err(StoreError::from)?;
        let ids = keys.resource_ids().map_err(StoreError::from)?;
        let reader = index.scope(&["looked"]).token(&[account.as_bytes()]);
        let key = ids.key_of(ResourceType::PATIENT.number(), patient);
        Ok((reader, key))
    }
}
