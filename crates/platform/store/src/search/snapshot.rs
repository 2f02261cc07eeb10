//! Searches that all see the records as they were at one moment: what a bulk export consists of.

use std::sync::Arc;

use mt_database::{Isolation, TenantTx, TxOptions};
use mt_fhir::ResourceType;
use mt_kernel::{Instant, TenantId};
use mt_search::Query;
use uuid::Uuid;

use super::compile::Scope;
use crate::cache::RowKey;
use crate::commit::type_column;
use crate::read::sealed_row;
use crate::source::Source;
use crate::tenants::Tenant;
use crate::{Caller, Grant, Page, Result, Store, Stored};

/// A tenant's records as they were when the snapshot was taken.
#[derive(Debug)]
pub struct Snapshot {
    tx: TenantTx,
    tenant: Arc<Tenant>,
    /// Everything acknowledged before this instant is in the snapshot.
    pub at: Instant,
}

const DELETED: &str = "select type, id, version, updated_at, deleted, body from records.res \
    where tenant = $1 and type = $2 and deleted and updated_at >= $3 and id > $4 \
    order by id limit $5";

impl Store {
    /// Takes a snapshot. It holds a connection for as long as it lives and writes nothing.
    ///
    /// # Errors
    /// When the tenant does not serve or the database does not answer.
    pub async fn snapshot(&self, tenant: TenantId) -> Result<Snapshot> {
        let tenant = self.tenants().get(tenant).await?;
        let at = self.clock().now();
        let options = TxOptions {
            isolation: Isolation::RepeatableRead,
            read_only: true,
            statement_timeout: None,
        };
        let tx = self.database().tenant_with(tenant.id, options).await?;
        Ok(Snapshot { tx, tenant, at })
    }

    /// As [`Store::search`], on the records of a snapshot. Pages of one search must come from one
    /// snapshot.
    ///
    /// # Errors
    /// As [`Store::search`].
    pub async fn search_at(
        &self,
        snapshot: &Snapshot,
        caller: &Caller,
        query: &Query,
        cursor: Option<&str>,
    ) -> Result<Page> {
        let scope = Scope {
            source: Source::Transaction(&snapshot.tx),
            caller,
            tenant: &snapshot.tenant,
            streaming: true,
        };
        let page = self.search_in(scope, query, cursor).await;
        self.note_search(caller, query, page)
    }

    /// Resources of a type that were deleted since an instant, in order of their keys, behind the key
    /// that an earlier call returned; and the key behind which to go on. Only a caller who may see
    /// every resource of the type sees them: what a deleted resource was about is no longer known.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn deleted_at(
        &self,
        snapshot: &Snapshot,
        caller: &Caller,
        resource_type: ResourceType,
        since: Instant,
        behind: Uuid,
    ) -> Result<(Vec<Stored>, Option<Uuid>)> {
        let access = &caller.access;
        let sees_all = matches!(access.grant(resource_type), Grant::Everything)
            && access.withheld(resource_type).is_empty();
        if !sees_all {
            return Ok((Vec::new(), None));
        }
        let (tenant, most) = (&snapshot.tenant, 1000_i64);
        let number = type_column(resource_type);
        let params: [&(dyn postgres_types::ToSql + Sync); 5] =
            [&tenant.id.0, &number, &since.0, &behind, &most];
        let rows = snapshot.tx.query(DELETED, &params).await?;
        let mut found = Vec::with_capacity(rows.len());
        let mut last = None;
        for row in &rows {
            let (resource_type, id, sealed) = sealed_row(row)?;
            let key = RowKey {
                tenant: tenant.id,
                resource_type,
                id,
            };
            found.push(self.open_row(tenant, &key, sealed).await?);
            last = Some(id);
        }
        let more = i64::try_from(rows.len()).is_ok_and(|read| read == most);
        Ok((found, last.filter(|_| more)))
    }
}
