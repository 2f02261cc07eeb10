//! One resource by its id.

use std::sync::Arc;

use mt_fhir::ResourceType;
use mt_kernel::{ErrorKind, Fault, Instant, TenantId};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::body::literal_id;
use crate::cache::{RowKey, SealedRow};
use crate::commit::type_column;
use crate::source::Source;
use crate::tenants::{Tenant, column, needs_reload};
use crate::{Caller, Interaction, ReadAccess, Result, Store, StoreError, Stored};

/// Current rows of the keys in two parallel arrays.
pub(crate) const ROWS_BY_KEY: &str = "select r.type, r.id, r.version, r.updated_at, r.deleted, r.body \
    from unnest($2::int2[], $3::uuid[]) as k (type, id) \
    join records.res r on r.tenant = $1 and r.type = k.type and r.id = k.id";

const ROW: &str = "select type, id, version, updated_at, deleted, body from records.res \
    where tenant = $1 and type = $2 and id = $3";

const OLD_ROW: &str = "select type, id, version, updated_at, deleted, body from records.res_h \
    where tenant = $1 and type = $2 and id = $3 and version = $4 \
    union all select type, id, version, updated_at, deleted, body from records.res \
    where tenant = $1 and type = $2 and id = $3 and version = $4";

impl Store {
    /// The current version of a resource.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is none or the caller may not see it,
    /// [`StoreError::Gone`] when it has been deleted.
    pub async fn read(
        &self,
        caller: &Caller,
        resource_type: ResourceType,
        id: &str,
    ) -> Result<Stored> {
        let found = self.read_unaudited(caller, resource_type, id).await;
        self.note_read(caller, Interaction::Read, resource_type, found)
    }

    async fn read_unaudited(
        &self,
        caller: &Caller,
        resource_type: ResourceType,
        id: &str,
    ) -> Result<Stored> {
        if !caller.access.allows_some(resource_type) {
            return Err(StoreError::NotFound);
        }
        let tenant = self.tenants().get(caller.ctx.tenant).await?;
        let key = RowKey {
            tenant: tenant.id,
            resource_type,
            id: tenant.key_of(resource_type, id),
        };
        let row = self.current_row(&tenant, &key).await?;
        let row = row.ok_or(StoreError::NotFound)?;
        let stored = self.open_row(&tenant, &key, row).await?;
        if *stored.id != *id {
            return Err(StoreError::NotFound);
        }
        self.check_visible(caller, &tenant, &stored).await?;
        if stored.deleted {
            let (version, last_updated) = (stored.version, stored.last_updated);
            return Err(StoreError::Gone {
                version,
                last_updated,
            });
        }
        Ok(stored)
    }

    /// The id of the resource that a row key names (as `records.committed.v1` does); `None` when there is no such
    /// row. Nothing of the record is shown, so nobody is asked for permission.
    ///
    /// # Errors
    /// When the tenant does not serve or the database does not answer.
    pub async fn literal_id(
        &self,
        tenant: TenantId,
        resource_type: ResourceType,
        key: Uuid,
    ) -> Result<Option<String>> {
        if !mt_crypto::ResourceIds::is_hashed(key) {
            return Ok(Some(key.hyphenated().to_string()));
        }
        let tenant = self.tenants().get(tenant).await?;
        let place = RowKey {
            tenant: tenant.id,
            resource_type,
            id: key,
        };
        let Some(row) = self.current_row(&tenant, &place).await? else {
            return Ok(None);
        };
        let body = tenant.open(resource_type, key, &row)?;
        Ok(literal_id(&body).map(str::to_owned))
    }

    /// One version of a resource.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when there is none or the caller may not see it,
    /// [`StoreError::Gone`] when that version deleted the resource.
    pub async fn vread(
        &self,
        caller: &Caller,
        resource_type: ResourceType,
        id: &str,
        version: u32,
    ) -> Result<Stored> {
        let found = self
            .vread_unaudited(caller, resource_type, id, version)
            .await;
        self.note_read(caller, Interaction::Read, resource_type, found)
    }

    async fn vread_unaudited(
        &self,
        caller: &Caller,
        resource_type: ResourceType,
        id: &str,
        version: u32,
    ) -> Result<Stored> {
        if !caller.access.allows_some(resource_type) {
            return Err(StoreError::NotFound);
        }
        let tenant = self.tenants().get(caller.ctx.tenant).await?;
        let key = RowKey {
            tenant: tenant.id,
            resource_type,
            id: tenant.key_of(resource_type, id),
        };
        let number = i32::try_from(version).map_err(|_| StoreError::NotFound)?;
        let rows = self
            .shared(tenant.id)
            .query(
                OLD_ROW,
                &[&tenant.id.0, &type_column(resource_type), &key.id, &number],
            )
            .await?;
        let row = rows.first().ok_or(StoreError::NotFound)?;
        let (_, _, sealed) = sealed_row(row)?;
        let stored = self.open_row(&tenant, &key, sealed).await?;
        if *stored.id != *id {
            return Err(StoreError::NotFound);
        }
        self.check_visible(caller, &tenant, &stored).await?;
        if stored.deleted {
            let (version, last_updated) = (stored.version, stored.last_updated);
            return Err(StoreError::Gone {
                version,
                last_updated,
            });
        }
        Ok(stored)
    }

    /// The current row, from a cache or the database.
    pub(crate) async fn current_row(
        &self,
        tenant: &Tenant,
        key: &RowKey,
    ) -> Result<Option<SealedRow>> {
        if let Some(row) = self.cache().get(key) {
            return Ok(Some(row));
        }
        if let Some(shared) = self.shared_cache()
            && let Some(row) = shared.get(self.cache(), tenant, key).await
        {
            return Ok(Some(row));
        }
        // Before the row is read: what it does not show is a transaction from here on.
        let seen = self.cache().horizon();
        let source: Source<'_> = self.shared(key.tenant);
        let resource_type = type_column(key.resource_type);
        let rows = source
            .query(ROW, &[&key.tenant.0, &resource_type, &key.id])
            .await?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        let (_, _, sealed) = sealed_row(row)?;
        if let Some(shared) = self.shared_cache() {
            shared.put(tenant, key, &sealed, seen);
        }
        self.cache().learn(*key, sealed.clone(), seen);
        Ok(Some(sealed))
    }

    /// Opens a row; loads the tenant again when it was sealed with what this process does not know.
    pub(crate) async fn open_row(
        &self,
        tenant: &Arc<Tenant>,
        key: &RowKey,
        row: SealedRow,
    ) -> Result<Stored> {
        match stored(tenant, key, &row) {
            Err(error) if needs_reload(&error) => {
                let tenant = self.tenants().load(tenant.id).await?;
                stored(&tenant, key, &row)
            }
            settled => settled,
        }
    }

    /// Writes the audit note of a read and hands its outcome on; without the note nothing is read.
    fn note_read(
        &self,
        caller: &Caller,
        interaction: Interaction,
        resource_type: ResourceType,
        found: Result<Stored>,
    ) -> Result<Stored> {
        let refusal = found.as_ref().err().map(|error| Fault::from(error.clone()));
        if refusal
            .as_ref()
            .is_some_and(|fault| fault.kind == ErrorKind::Internal)
        {
            return found;
        }
        let named: Vec<_> = found
            .iter()
            .map(|stored| (stored.resource_type, Arc::clone(&stored.id), stored.version))
            .collect();
        let access = ReadAccess {
            interaction,
            resource_type: Some(resource_type),
            resources: &named,
            query: None,
            refusal: refusal.as_ref(),
        };
        self.hooks().audit.note(caller, &access)?;
        found
    }
}

/// A sealed row from the columns `type, id, version, updated_at, deleted, body`.
pub(crate) fn sealed_row(row: &Row) -> Result<(ResourceType, Uuid, SealedRow)> {
    let number: i16 = column(row, 0)?;
    let resource_type = ResourceType::from_number(number.cast_unsigned())
        .ok_or(StoreError::Damaged("resource type"))?;
    let version: i32 = column(row, 2)?;
    let body: &[u8] = column(row, 5)?;
    let sealed = SealedRow {
        version: u32::try_from(version).map_err(|_| StoreError::Damaged("version"))?,
        updated_at: Instant(column(row, 3)?),
        deleted: column(row, 4)?,
        body: bytes::Bytes::copy_from_slice(body),
    };
    Ok((resource_type, column(row, 1)?, sealed))
}

/// Opens a row with the keys at hand.
pub(crate) fn stored(tenant: &Tenant, key: &RowKey, row: &SealedRow) -> Result<Stored> {
    let body = tenant.open(key.resource_type, key.id, row)?;
    let id = literal_id(&body).ok_or(StoreError::Damaged("a body without id"))?;
    Ok(Stored {
        resource_type: key.resource_type,
        id: Arc::from(id),
        version: row.version,
        last_updated: row.updated_at,
        deleted: row.deleted,
        body: body.into(),
    })
}
