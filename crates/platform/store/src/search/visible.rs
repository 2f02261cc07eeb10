//! Whether a caller may see a resource that was found by its id.

use std::sync::Arc;

use uuid::Uuid;

use super::compile::Scope;
use super::memory::Candidate;
use crate::cache::RowKey;
use crate::commit::{parse_stored, type_column};
use crate::index::index;
use crate::read::sealed_row;
use crate::tenants::Tenant;
use crate::{Caller, Grant, Result, Store, StoreError, Stored};

const BEFORE: &str = "select type, id, version, updated_at, deleted, body from records.res_h \
    where tenant = $1 and type = $2 and id = $3 and version < $4 and not deleted \
    order by version desc limit 1";

impl Store {
    /// Refuses with [`StoreError::NotFound`] what the caller may not see. A deleted resource is seen by
    /// those who could see it before.
    pub(crate) async fn check_visible(
        &self,
        caller: &Caller,
        tenant: &Arc<Tenant>,
        stored: &Stored,
    ) -> Result<()> {
        let withheld = caller.access.withheld(stored.resource_type);
        match caller.access.grant(stored.resource_type) {
            Grant::Everything if withheld.is_empty() => return Ok(()),
            Grant::Nothing => return Err(StoreError::NotFound),
            Grant::Everything | Grant::Matching(_) => {}
        }
        let id = tenant.key_of(stored.resource_type, &stored.id);
        let before;
        let content = if stored.deleted {
            before = self
                .content_before(tenant, stored, id)
                .await?
                .ok_or(StoreError::NotFound)?;
            &before
        } else {
            stored
        };
        let source = self.shared(tenant.id);
        let scope = Scope {
            source,
            caller,
            tenant,
            streaming: false,
        };
        let everything = super::everything(stored.resource_type);
        let plan = self
            .plan_search(scope, stored.resource_type, &everything)
            .await?;
        let doc = parse_stored(&content.body)?;
        let row = index(tenant, stored.resource_type, id, doc.root())?;
        let updated_at = content.last_updated;
        let candidate = Candidate {
            id,
            updated_at,
            row: &row,
        };
        let terminology = self.hooks().terminology.as_deref();
        let visible = plan.compiled.cond.holds(&candidate)
            && plan
                .checks
                .pass(&tenant.params, terminology, row.recheck, &doc)?;
        if visible {
            Ok(())
        } else {
            Err(StoreError::NotFound)
        }
    }

    /// The last version before a deletion.
    async fn content_before(
        &self,
        tenant: &Arc<Tenant>,
        stored: &Stored,
        id: Uuid,
    ) -> Result<Option<Stored>> {
        let version = stored.version.cast_signed();
        let resource_type = type_column(stored.resource_type);
        let rows = self
            .shared(tenant.id)
            .query(BEFORE, &[&tenant.id.0, &resource_type, &id, &version])
            .await?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        let (resource_type, id, sealed) = sealed_row(row)?;
        let key = RowKey {
            tenant: tenant.id,
            resource_type,
            id,
        };
        self.open_row(tenant, &key, sealed).await.map(Some)
    }
}
