//! What is ready to be written: rows that are checked, indexed, sealed and encoded.

use std::sync::Arc;

use bytes::Bytes;
use mt_fhir::ResourceType;
use mt_kernel::{Instant, TenantId};
use uuid::Uuid;

use super::bound::Bound;
use super::encode::{EncodedRow, RowEncoder};
use crate::cache::{RowCache, RowKey, SealedRow};
use crate::{Committed, Effect};

/// How a row gets into the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RowAction {
    /// Version 1.
    Insert,
    /// Supersedes the version before it; also creation after a deletion.
    Update,
    /// Supersedes the version before it with a deletion.
    Delete,
}

impl RowAction {
    const fn code(self) -> i16 {
        match self {
            Self::Insert => 1,
            Self::Update => 2,
            Self::Delete => 3,
        }
    }
}

/// One new version of one resource, ready to be written.
#[derive(Clone, Debug)]
pub(crate) struct PreparedRow {
    pub(crate) resource_type: ResourceType,
    pub(crate) id: Uuid,
    pub(crate) literal: Arc<str>,
    pub(crate) version: u32,
    pub(crate) at: Instant,
    pub(crate) action: RowAction,
    pub(crate) effect: Effect,
    /// The resource as it will be served.
    pub(crate) body: Bytes,
    pub(crate) sealed: Bytes,
    /// Of type `records.res_in`.
    pub(crate) row: EncodedRow,
    /// Of type `records.aux_in`.
    pub(crate) aux: Vec<EncodedRow>,
}

impl PreparedRow {
    pub(crate) fn committed(&self) -> Committed {
        Committed {
            resource_type: self.resource_type,
            id: Arc::clone(&self.literal),
            version: self.version,
            last_updated: self.at,
            effect: self.effect,
            body: match self.action {
                RowAction::Delete => Bytes::new(),
                RowAction::Insert | RowAction::Update => self.body.clone(),
            },
        }
    }
}

/// Changes that take effect together: one row of the transaction log, one audit row.
#[derive(Clone, Debug)]
pub(crate) struct Unit {
    pub(crate) at: Instant,
    pub(crate) correlation: Uuid,
    pub(crate) rows: Vec<PreparedRow>,
    /// What else must hold.
    pub(crate) bindings: Vec<Bound>,
    /// Domain events, sealed.
    pub(crate) events: Option<Vec<u8>>,
    /// Audit details, sealed.
    pub(crate) audit: Vec<u8>,
}

/// New rows of a unit up to which they are cached: what is loaded in bulk is rarely read next, and would
/// push out what is.
const BULK: usize = 64;

/// Kind of the audit rows that commits write.
pub(crate) const AUDIT_COMMIT: i16 = 1;

impl Unit {
    pub(crate) fn keys(&self) -> impl Iterator<Item = (ResourceType, Uuid)> {
        self.rows.iter().map(|row| (row.resource_type, row.id))
    }

    /// The row of type `records.tx_in`.
    pub(crate) fn log_row(&self) -> EncodedRow {
        let rows = &self.rows;
        RowEncoder::with_capacity(160 + rows.len() * 40)
            .int8(self.at.0)
            .uuid(self.correlation)
            .int2_array(rows.iter().map(|row| type_column(row.resource_type)))
            .int2_array(rows.iter().map(|row| row.action.code()))
            .int4_array(rows.iter().map(|row| version_column(row.version)))
            .uuid_array(rows.iter().map(|row| row.id))
            .optional_bytea(self.events.as_deref())
            .finish()
    }

    /// The row of type `records.audit_in`.
    pub(crate) fn audit_row(&self) -> EncodedRow {
        RowEncoder::with_capacity(80 + self.audit.len())
            .int8(self.at.0)
            .int2(AUDIT_COMMIT)
            .uuid(self.correlation)
            .bytea(&self.audit)
            .finish()
    }

    /// Tells the cache what was committed.
    pub(crate) fn remember(&self, tenant: TenantId, cache: &RowCache) {
        let is_bulk = self.rows.len() > BULK;
        for row in &self.rows {
            let key = RowKey {
                tenant,
                resource_type: row.resource_type,
                id: row.id,
            };
            cache.heard(key, row.version);
            let is_new = row.action == RowAction::Insert;
            if is_new && is_bulk {
                continue;
            }
            let sealed = SealedRow {
                version: row.version,
                updated_at: row.at,
                deleted: row.action == RowAction::Delete,
                body: row.sealed.clone(),
            };
            if is_new {
                // No earlier version can be known to anybody.
                cache.learn(key, sealed, cache.horizon());
            } else {
                cache.wrote(key, sealed);
            }
        }
    }
}

/// A resource type as the column `type` holds it.
pub(crate) fn type_column(resource_type: ResourceType) -> i16 {
    // 146 types: far below the limit of int2.
    resource_type.number().cast_signed()
}

/// A version as the column `version` holds it.
pub(crate) fn version_column(version: u32) -> i32 {
    i32::try_from(version).unwrap_or(i32::MAX)
}
