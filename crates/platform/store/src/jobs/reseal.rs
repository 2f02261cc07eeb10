//! Rotation of the key that seals bodies.
//!
//! New bodies take the new key at once; the job seals the old ones again. The old key is kept until
//! nothing needs it.

use std::sync::Arc;

use mt_crypto::{Purpose, sealed_body_header};
use mt_database::Step;
use mt_fhir::ResourceType;
use mt_kernel::TenantId;
use uuid::Uuid;

use super::CHUNK;
use crate::tenants::{Tenant, column, read_keys, write_keys};
use crate::{Result, Store, StoreError};

/// One of the two tables with bodies.
struct Table {
    name: &'static str,
    job: &'static str,
    read: &'static str,
    write: &'static str,
}

const TABLES: [Table; 2] = [
    Table {
        name: "records.res",
        job: "reseal current versions",
        read: "select type, id, version, body from records.res where tenant = $1 \
               and (type, id, version) > ($2, $3, $4) order by type, id, version limit $5",
        write: "update records.res r set body = n.new \
                from unnest($2::int2[], $3::uuid[], $4::int4[], $5::bytea[], $6::bytea[]) \
                  as n (type, id, version, old, new) \
                where r.tenant = $1 and r.type = n.type and r.id = n.id and r.version = n.version \
                and r.body = n.old",
    },
    Table {
        name: "records.res_h",
        job: "reseal history",
        read: "select type, id, version, body from records.res_h where tenant = $1 \
               and (type, id, version) > ($2, $3, $4) order by type, id, version limit $5",
        write: "update records.res_h r set body = n.new \
                from unnest($2::int2[], $3::uuid[], $4::int4[], $5::bytea[], $6::bytea[]) \
                  as n (type, id, version, old, new) \
                where r.tenant = $1 and r.type = n.type and r.id = n.id and r.version = n.version \
                and r.body = n.old",
    },
];

/// Where a job is: the last row it has seen.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) resource_type: i16,
    pub(super) id: Uuid,
    pub(super) version: i32,
}

impl Place {
    pub(super) const START: Self = Self {
        resource_type: -1,
        id: Uuid::nil(),
        version: 0,
    };

    pub(super) fn to_bytes(self) -> [u8; 22] {
        let mut bytes = [0; 22];
        bytes[..2].copy_from_slice(&self.resource_type.to_be_bytes());
        bytes[2..18].copy_from_slice(self.id.as_bytes());
        bytes[18..].copy_from_slice(&self.version.to_be_bytes());
        bytes
    }

    pub(super) fn from_bytes(bytes: Option<Vec<u8>>) -> Self {
        let read = |bytes: &[u8]| {
            Some(Self {
                resource_type: i16::from_be_bytes(bytes.get(..2)?.try_into().ok()?),
                id: Uuid::from_slice(bytes.get(2..18)?).ok()?,
                version: i32::from_be_bytes(bytes.get(18..)?.try_into().ok()?),
            })
        };
        bytes.as_deref().and_then(read).unwrap_or(Self::START)
    }
}

/// Rows sealed again, as columns of the writing statement.
#[derive(Default)]
struct Resealed {
    types: Vec<i16>,
    ids: Vec<Uuid>,
    versions: Vec<i32>,
    old: Vec<Vec<u8>>,
    new: Vec<Vec<u8>>,
}

impl Store {
    /// The tenant's data keys, one line each: purpose, number, state.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn key_status(&self, tenant: TenantId) -> Result<Vec<String>> {
        let tx = self.database().tenant(tenant).await?;
        let keys = read_keys(&tx).await?;
        tx.rollback().await;
        let line = |key: &mt_crypto::WrappedKey| {
            format!(
                "{} {} {}",
                key.purpose,
                key.id,
                format!("{:?}", key.state).to_lowercase()
            )
        };
        Ok(keys.iter().map(line).collect())
    }

    /// Makes a new key for bodies and seals every body with it; returns how many. When a rotation was
    /// interrupted, it is finished first, with the key that it made.
    ///
    /// # Errors
    /// When the database or the key provider does not answer; calling it again goes on.
    pub async fn rotate_body_key(&self, tenant: TenantId) -> Result<u64> {
        if !self
            .jobs(tenant)
            .await?
            .iter()
            .any(|job| !job.finished && job.name.starts_with("reseal"))
        {
            let tx = self.database().tenant(tenant).await?;
            let keys = read_keys(&tx).await?;
            let service = self.tenants().service();
            let mut changed = service.rotate(tenant, Purpose::Body, &keys).await?;
            // The old key retires before the new one becomes active: one is active at any time.
            changed.sort_by_key(|key| std::cmp::Reverse(key.state.code()));
            write_keys(&tx, &changed, self.clock().now()).await?;
            tx.commit().await?;
        }
        let tenant = self.tenants().load(tenant).await?;
        let mut count = 0;
        for table in &TABLES {
            count += self.reseal(&tenant, table).await?;
        }
        Ok(count)
    }

    async fn reseal(&self, tenant: &Arc<Tenant>, table: &Table) -> Result<u64> {
        let total = self.rows_of(tenant.id, table.name).await?;
        let mut place = Place::from_bytes(self.begin_job(tenant.id, table.job, total).await?);
        let active = tenant.keys.active_id(Purpose::Body);
        let mut count = 0;
        loop {
            let Place {
                resource_type,
                id,
                version,
            } = place;
            let params: [&(dyn postgres_types::ToSql + Sync); 5] =
                [&tenant.id.0, &resource_type, &id, &version, &CHUNK];
            let rows = self.shared(tenant.id).query(table.read, &params).await?;
            let mut again = Resealed::default();
            for row in &rows {
                place = Place {
                    resource_type: column(row, 0)?,
                    id: column(row, 1)?,
                    version: column(row, 2)?,
                };
                let body: Vec<u8> = column(row, 3)?;
                if Some(sealed_body_header(&body)?.key) != active {
                    again.push(tenant, place, body)?;
                }
            }
            count += self.write_resealed(tenant, table, &again).await?;
            let finished = i64::try_from(rows.len()).is_ok_and(|read| read < CHUNK);
            let bytes = place.to_bytes();
            let next = (!finished).then_some(&bytes[..]);
            self.note_job(tenant.id, table.job, rows.len(), next)
                .await?;
            if finished {
                return Ok(count);
            }
        }
    }

    async fn write_resealed(&self, tenant: &Tenant, table: &Table, rows: &Resealed) -> Result<u64> {
        if rows.ids.is_empty() {
            return Ok(0);
        }
        let params: [&(dyn postgres_types::ToSql + Sync); 6] = [
            &tenant.id.0,
            &rows.types,
            &rows.ids,
            &rows.versions,
            &rows.old,
            &rows.new,
        ];
        let step = Step {
            sql: table.write,
            params: &params,
        };
        let outcome = self.database().writers().commit(tenant.id, &[step]).await?;
        self.merge_soon(rows.ids.len());
        Ok(outcome.first().map_or(0, |outcome| outcome.affected))
    }
}

impl Resealed {
    fn push(&mut self, tenant: &Tenant, place: Place, old: Vec<u8>) -> Result<()> {
        let resource_type = ResourceType::from_number(place.resource_type.cast_unsigned())
            .ok_or(StoreError::Damaged("resource type"))?;
        let version = place.version.cast_unsigned();
        let body = tenant.open_version(resource_type, place.id, version, &old)?;
        self.new
            .push(tenant.seal(resource_type, place.id, version, &body)?);
        self.types.push(place.resource_type);
        self.ids.push(place.id);
        self.versions.push(place.version);
        self.old.push(old);
        Ok(())
    }
}
