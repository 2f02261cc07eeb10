//! Erasure of one patient's record: every version of every record in it, for good.
//!
//! Rows go, with their search keys and history. What was copied elsewhere before (backups, WAL) stays sealed there
//! until it expires or its key is destroyed: see ADR 0013.

mod find;

use mt_crypto::Purpose;
use mt_database::{Migration, Migrations, TenantTx};
use mt_fhir::ResourceType;
use mt_kernel::{Instant, TenantId};
use uuid::Uuid;

use crate::cache::RowKey;
use crate::commit::{audit_place, type_column};
use crate::index::{NO_DATE, patient_token};
use crate::tenants::{Tenant, column};
use crate::usage::COUNT_AGAIN;
use crate::{Caller, Committed, DomainEvent, Effect, Result, Store, StoreError};
use find::Record;

/// The functions that may delete, in a schema of their own, which comes after those of the store.
pub const ERASURE: Migrations = Migrations {
    schema: "erasure",
    files: &[Migration::new(
        1,
        "erasure",
        include_str!("../../migrations/erasure/0001_erasure.sql"),
    )],
};

/// Records removed in one transaction.
const AT_ONCE: usize = 500;
/// Dates farther ahead than this are open ends and no appointments.
const OPEN_END: i64 = 100 * 366 * 86_400 * 1_000_000;

/// The latest main date of a patient's records, the begin of those without an end, and the last change.
const LAST: &str = "select max(case when dhi > $3 then dlo else dhi end) filter (where dlo > $4), max(updated_at) \
    from records.res where tenant = $1 and pat = $2 and not deleted and type <> $5";
const OF_PATIENT: &str =
    "select type, id, body, version from records.res where tenant = $1 and pat = $2";
const VERSIONS: &str = "select r.type, r.id, r.version from records.res r \
    join unnest($2::int2[], $3::uuid[]) as k (type, id) on r.type = k.type and r.id = k.id \
    where r.tenant = $1 order by r.type, r.id for update of r";
const LOG: &str = "insert into records.txlog (tenant, at, correlation, types, actions, versions, ids) \
    values ($1, $2, $3, $4, $5, $6, $7)";
const AUDIT: &str =
    "insert into records.audit (tenant, at, kind, correlation, detail) values ($1, $2, 1, $3, $4)";
/// What bulk exports have made holds copies.
const EXPORTS: [&str; 2] = [
    "delete from records.work_part p using records.work w \
     where p.tenant = $1 and w.tenant = $1 and w.id = p.job and w.kind = 1 and w.state >= 4",
    "delete from records.work where tenant = $1 and kind = 1 and state >= 4",
];
const DELETED: i16 = 3;

/// What an erasure removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Erased {
    /// Records with all their versions.
    pub records: u64,
    /// Versions, superseded ones of records that stay among them.
    pub versions: u64,
    /// Records that are others' as well, or name the patient; they stay.
    pub shared: u64,
}

impl Store {
    /// When something last happened according to a patient's record: the latest main date in it, or where nothing
    /// has a date the last change. `None` when the record holds nothing but the Patient, if that.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn last_entry(&self, tenant: TenantId, patient: &str) -> Result<Option<Instant>> {
        let tenant = self.tenants().get(tenant).await?;
        let token = token_of(&tenant, patient);
        let far = tenant
            .shift
            .apply(self.clock().now().0.saturating_add(OPEN_END));
        let own = type_column(ResourceType::PATIENT);
        let rows = self
            .shared(tenant.id)
            .query(LAST, &[&tenant.id.0, &token, &far, &NO_DATE, &own])
            .await?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        let (dated, changed): (Option<i64>, Option<i64>) = (column(row, 0)?, column(row, 1)?);
        let dated = dated.map(|shifted| tenant.shift.undo(shifted));
        Ok(dated.or(changed).map(Instant))
    }

    /// Removes a patient's record: what lies in the compartment, attachments that nothing else uses, what was deleted
    /// before, and old versions of other records that name the patient. Rules of contexts do not apply, because
    /// nothing of what they protect remains. Calling it again goes on where it stopped; the Patient goes last,
    /// and `events` are said with it. Whether it may be erased is the caller's to know.
    ///
    /// Every stored version of the organisation is opened and looked at: this is work for the background.
    ///
    /// # Errors
    /// When the database does not answer; what is removed by then stays removed.
    pub async fn erase_patient(
        &self,
        caller: &Caller,
        patient: &str,
        events: &[DomainEvent],
    ) -> Result<Erased> {
        let tenant = self.tenants().get(caller.ctx.tenant).await?;
        let found = self.find(&tenant, patient).await?;
        let mut erased = Erased {
            shared: found.shared.len() as u64,
            ..Erased::default()
        };
        for stale in found.stale.chunks(AT_ONCE) {
            erased.versions += self.remove_versions(&tenant, stale).await?;
        }
        let last = (
            ResourceType::PATIENT,
            tenant.key_of(ResourceType::PATIENT, patient),
        );
        let (own, others): (Vec<Record>, Vec<Record>) = found
            .records
            .into_iter()
            .partition(|record| (record.resource_type, record.id) == last);
        for records in others.chunks(AT_ONCE) {
            self.remove(caller, &tenant, records, &mut erased).await?;
        }
        // What was written meanwhile.
        loop {
            let mut late = self.in_compartment(&tenant, patient, last).await?;
            late.retain(|one| {
                !found
                    .shared
                    .contains(&(type_column(one.resource_type), one.id))
            });
            if late.is_empty() {
                break;
            }
            self.remove(caller, &tenant, &late, &mut erased).await?;
        }
        let tx = self.database().tenant(tenant.id).await?;
        for sql in EXPORTS {
            tx.execute(sql, &[&tenant.id.0]).await?;
        }
        tx.execute(COUNT_AGAIN, &[&tenant.id.0]).await?;
        let removed = self.remove_in(&tx, caller, &tenant, &own).await?;
        self.say(&tx, Uuid::now_v7(), caller.ctx.now, events)
            .await?;
        tx.commit().await?;
        self.forget(&tenant, &removed, &mut erased);
        Ok(erased)
    }

    async fn remove(
        &self,
        caller: &Caller,
        tenant: &Tenant,
        records: &[Record],
        erased: &mut Erased,
    ) -> Result<()> {
        let tx = self.database().tenant(tenant.id).await?;
        let removed = self.remove_in(&tx, caller, tenant, records).await?;
        tx.commit().await?;
        self.forget(tenant, &removed, erased);
        Ok(())
    }

    /// Removes records in a transaction, with the row of the log and the audit row that say so.
    async fn remove_in(
        &self,
        tx: &TenantTx,
        caller: &Caller,
        tenant: &Tenant,
        records: &[Record],
    ) -> Result<Removed> {
        let types: Vec<i16> = records
            .iter()
            .map(|one| type_column(one.resource_type))
            .collect();
        let ids: Vec<Uuid> = records.iter().map(|one| one.id).collect();
        let mut keys = Vec::with_capacity(records.len());
        for row in tx.query(VERSIONS, &[&tenant.id.0, &types, &ids]).await? {
            let (number, id, version): (i16, Uuid, i32) =
                (column(&row, 0)?, column(&row, 1)?, column(&row, 2)?);
            keys.push((number, id, version.saturating_add(1)));
        }
        if keys.is_empty() {
            return Ok(Removed::default());
        }
        let row = tx
            .query_one(
                "select erasure.erase($1, $2, $3)",
                &[&tenant.id.0, &types, &ids],
            )
            .await?;
        let versions: i64 = column(&row, 0)?;
        let at = Instant(caller.ctx.now.0 - caller.ctx.now.0.rem_euclid(1_000));
        // Each transaction of an erasure has a correlation of its own: details are sealed to it.
        let correlation = Uuid::now_v7();
        let (types, ids, next): (Vec<i16>, Vec<Uuid>, Vec<i32>) = (
            keys.iter().map(|key| key.0).collect(),
            keys.iter().map(|key| key.1).collect(),
            keys.iter().map(|key| key.2).collect(),
        );
        let actions = vec![DELETED; keys.len()];
        tx.execute(
            LOG,
            &[
                &tenant.id.0,
                &at.0,
                &correlation,
                &types,
                &actions,
                &next,
                &ids,
            ],
        )
        .await?;
        let detail = self.describe(caller, records, at);
        let place = audit_place(at, correlation);
        let sealed = mt_crypto::seal(&tenant.keys, Purpose::Audit, &place, &detail)?;
        tx.execute(AUDIT, &[&tenant.id.0, &at.0, &correlation, &sealed])
            .await?;
        Ok(Removed {
            keys,
            versions: versions.unsigned_abs(),
        })
    }

    fn describe(&self, caller: &Caller, records: &[Record], at: Instant) -> Vec<u8> {
        let committed = |record: &Record| Committed {
            resource_type: record.resource_type,
            id: record.literal.clone(),
            version: 0,
            last_updated: at,
            effect: Effect::Deleted,
            body: bytes::Bytes::new(),
        };
        let committed: Vec<Committed> = records.iter().map(committed).collect();
        self.hooks().audit.describe_commit(caller, &committed)
    }

    /// The records in the compartment now, without the Patient.
    async fn in_compartment(
        &self,
        tenant: &Tenant,
        patient: &str,
        own: (ResourceType, Uuid),
    ) -> Result<Vec<Record>> {
        let token = token_of(tenant, patient);
        let rows = self
            .shared(tenant.id)
            .query(OF_PATIENT, &[&tenant.id.0, &token])
            .await?;
        let mut records = Vec::with_capacity(rows.len());
        for row in &rows {
            let record = Record::read(tenant, row)?;
            if (record.resource_type, record.id) != own {
                records.push(record);
            }
        }
        Ok(records)
    }

    async fn remove_versions(&self, tenant: &Tenant, stale: &[(i16, Uuid, i32)]) -> Result<u64> {
        let types: Vec<i16> = stale.iter().map(|one| one.0).collect();
        let ids: Vec<Uuid> = stale.iter().map(|one| one.1).collect();
        let versions: Vec<i32> = stale.iter().map(|one| one.2).collect();
        let tx = self.database().tenant(tenant.id).await?;
        let sql = "select erasure.erase_versions($1, $2, $3, $4)";
        let row = tx
            .query_one(sql, &[&tenant.id.0, &types, &ids, &versions])
            .await?;
        let removed: i64 = column(&row, 0)?;
        tx.commit().await?;
        Ok(removed.unsigned_abs())
    }

    /// Tells the cache, and counts.
    fn forget(&self, tenant: &Tenant, removed: &Removed, erased: &mut Erased) {
        erased.records += removed.keys.len() as u64;
        erased.versions += removed.versions;
        for (number, id, version) in &removed.keys {
            let Some(resource_type) = ResourceType::from_number(number.cast_unsigned()) else {
                continue;
            };
            let key = RowKey {
                tenant: tenant.id,
                resource_type,
                id: *id,
            };
            self.cache().heard(key, version.unsigned_abs());
            self.cache().raise(key, version.unsigned_abs());
        }
    }
}

/// What one transaction removed: types, keys and the versions after the last.
#[derive(Default)]
struct Removed {
    keys: Vec<(i16, Uuid, i32)>,
    versions: u64,
}

fn token_of(tenant: &Tenant, patient: &str) -> i64 {
    patient_token(&tenant.blind, tenant.key_of(ResourceType::PATIENT, patient))
}

fn known_type(number: i16) -> Result<ResourceType> {
    ResourceType::from_number(number.cast_unsigned()).ok_or(StoreError::Damaged("resource type"))
}
