//! What scheduling keeps besides records: calendars, settings, and whose time is taken.

mod calendars;
mod claims;
mod settings;

pub(crate) use calendars::Calendar;

use mt_crypto::TenantKeys;
use mt_fhir::ResourceType;
use mt_kernel::TenantId;
use uuid::Uuid;

use crate::Scheduling;
use crate::domain::split;
use crate::error::{Result, SchedulingError};

/// The row key of a record, as the record store makes it.
pub(crate) fn row_key(keys: &TenantKeys, kind: ResourceType, id: &str) -> Result<Uuid> {
    Ok(keys.resource_ids()?.key_of(kind.number(), id))
}

/// Type and id of a reference from a request.
pub(crate) fn named<'r>(reference: &'r str, place: &str) -> Result<(ResourceType, &'r str)> {
    split(reference)
        .ok_or_else(|| SchedulingError::invalid("a reference is written Practitioner/1", place))
}

impl Scheduling {
    pub(crate) async fn keys(&self, tenant: TenantId) -> Result<TenantKeys> {
        Ok(self.store.tenants().keys(tenant).await?)
    }
}

pub(crate) fn column<'r, T: tokio_postgres::types::FromSql<'r>>(
    row: &'r tokio_postgres::Row,
    at: usize,
) -> Result<T> {
    row.try_get(at).map_err(|_| SchedulingError::Unreadable)
}
