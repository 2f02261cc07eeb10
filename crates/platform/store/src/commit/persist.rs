//! Writing prepared rows: everything of a transaction in one flush.
//!
//! `begin`, the tenant, rows, side rows, log, audit and `commit` leave together. Versions are
//! checked in SQL, so that no answer has to be waited for. A commit whose answer was lost is
//! written again: the same rows cannot be written twice, and a refusal then shows whether the first
//! attempt had succeeded.

use std::time::Duration;

use mt_database::{Database, Error, Step, TenantTx};
use mt_kernel::TenantId;
use postgres_types::ToSql;
use tracing::Instrument;
use uuid::Uuid;

use super::bound::Bound;
use super::encode::{EncodedRow, RowArray};
use super::unit::{PreparedRow, RowAction, Unit, type_column, version_column};
use crate::Refusal;

/// Why rows were not written.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub(crate) enum PersistError {
    /// A row is not at the version that the change builds on, or exists already.
    #[error("another change came first")]
    Conflict,
    /// What the commit is bound to does not hold.
    #[error("{}", .0.message)]
    Bound(&'static Refusal),
    /// The process is stopping.
    #[error("the server is stopping")]
    Interrupted,
    /// The database refused.
    #[error(transparent)]
    Database(#[from] Error),
}

impl PersistError {
    /// Whether the transaction was refused for what it contains, so that a part of it may pass.
    pub(crate) fn is_refusal(&self) -> bool {
        match self {
            Self::Conflict | Self::Bound(_) => true,
            Self::Interrupted => false,
            Self::Database(error) => !error.is_disconnect() && *error != Error::Timeout,
        }
    }

    fn read(error: Error, units: &[Unit]) -> Self {
        let told = |constraint: &str| {
            let mut bindings = units.iter().flat_map(|unit| &unit.bindings);
            bindings.find_map(|binding| binding.refusal(constraint))
        };
        match error {
            Error::Unique { ref constraint } if constraint == "res_pkey" => Self::Conflict,
            Error::Unique { ref constraint } if told(constraint).is_some() => {
                told(constraint).map_or(Self::Conflict, Self::Bound)
            }
            Error::Refused { .. } => Self::Conflict,
            other => Self::Database(other),
        }
    }
}

/// How often a transaction is tried again when the connection breaks or rivals win.
const ATTEMPTS: u32 = 8;

const INSERT: &str = "insert into records.res \
    (tenant, dlo, dhi, updated_at, pat, k1, version, type, deleted, recheck, id, keys, body) \
    select $1, r.* from unnest($2::records.res_in[]) r";

/// Locks in order, copies the superseded versions, then updates in place: version, time and body are
/// in no index, and keys that stay equal keep the update on its page.
const UPDATE: &str = "with n as materialized (select * from unnest($2::records.res_in[])), \
    c as materialized (select r.updated_at, r.version, r.type, r.deleted, r.id, r.body \
      from records.res r join n on r.type = n.type and r.id = n.id and r.version = n.version - 1 \
      where r.tenant = $1 order by r.type, r.id for update of r), \
    h as (insert into records.res_h (tenant, updated_at, version, type, deleted, id, body) \
      select $1, c.updated_at, c.version, c.type, c.deleted, c.id, c.body from c), \
    u as (update records.res r set dlo = n.dlo, dhi = n.dhi, updated_at = n.updated_at, \
      pat = n.pat, k1 = n.k1, version = n.version, deleted = n.deleted, recheck = n.recheck, \
      keys = n.keys, body = n.body \
      from n join c on c.type = n.type and c.id = n.id \
      where r.tenant = $1 and r.type = n.type and r.id = n.id returning 1) \
    select meditrack.require((select count(*) from u) = $3, 'version')";

const INSERT_AUX: &str = "insert into records.aux (tenant, h, lo, hi, type, id) \
    select $1, a.* from unnest($2::records.aux_in[]) a";

/// Writes only what differs.
pub(crate) const REPLACE_AUX: &str = "with n as materialized (select * from unnest($2::records.aux_in[])), \
    k as materialized (select * from unnest($3::int2[], $4::uuid[]) as k (type, id)), \
    d as (delete from records.aux a using k \
      where a.tenant = $1 and a.id = k.id and a.type = k.type and not exists \
        (select from n where n.id = a.id and n.type = a.type and n.h = a.h and n.lo = a.lo \
         and n.hi = a.hi)) \
    insert into records.aux (tenant, h, lo, hi, type, id) \
    select $1, n.* from n where not exists \
      (select from records.aux a where a.tenant = $1 and a.id = n.id and a.type = n.type \
       and a.h = n.h and a.lo = n.lo and a.hi = n.hi)";

pub(crate) const LOCK: &str = "select pg_advisory_xact_lock(k) from unnest($1::int8[]) k";

const LOG: &str = "insert into records.txlog \
    (tenant, at, correlation, types, actions, versions, ids, events) \
    select $1, t.* from unnest($2::records.tx_in[]) t";

const AUDIT: &str = "insert into records.audit (tenant, at, kind, correlation, detail) \
    select $1, a.* from unnest($2::records.audit_in[]) a";

/// Whether every one of these versions is stored with these very bytes, which nobody else could
/// have sealed.
const WRITTEN: &str = "select count(*) from unnest($2::int2[], $3::uuid[], $4::int4[], $5::bytea[]) \
      as k (type, id, version, body) \
    where exists (select from records.res r where r.tenant = $1 and r.type = k.type \
        and r.id = k.id and r.version = k.version and r.body = k.body) \
      or exists (select from records.res_h r where r.tenant = $1 and r.type = k.type \
        and r.id = k.id and r.version = k.version and r.body = k.body)";

/// Writes `units` in one transaction; returns once it is durable. `unknown` says that they may have
/// been written already.
pub(crate) async fn persist(
    database: &Database,
    tenant: TenantId,
    units: &[Unit],
    mut unknown: bool,
) -> Result<(), PersistError> {
    let started = std::time::Instant::now();
    let parts = Parts::of(tenant, units);
    let mut attempt = 1;
    let outcome = loop {
        let span = tracing::info_span!(target: "trace", "persist", units = units.len(), attempt);
        let refused = match parts.commit(database).instrument(span).await {
            Ok(()) => break Ok(()),
            Err(error) => error,
        };
        unknown |= refused == Error::CommitUnknown;
        let again = refused.is_retryable() || refused.is_disconnect();
        if again && attempt < ATTEMPTS {
            tokio::time::sleep(Duration::from_millis(10 << attempt)).await;
            attempt += 1;
            continue;
        }
        let error = PersistError::read(refused, units);
        if unknown && error == PersistError::Conflict && written(database, tenant, units).await? {
            break Ok(());
        }
        break Err(error);
    };
    metrics::histogram!("store_persist_seconds").record(started.elapsed().as_secs_f64());
    outcome
}

/// Writes `units` in a transaction that the caller commits.
pub(crate) async fn persist_in(tx: &TenantTx, units: &[Unit]) -> Result<(), PersistError> {
    Parts::of(tx.tenant(), units)
        .write(tx)
        .await
        .map_err(|error| match error {
            Error::Contended => PersistError::Conflict,
            other => PersistError::read(other, units),
        })
}

async fn written(
    database: &Database,
    tenant: TenantId,
    units: &[Unit],
) -> Result<bool, PersistError> {
    let rows: Vec<&PreparedRow> = units.iter().flat_map(|unit| &unit.rows).collect();
    let types: Vec<i16> = rows
        .iter()
        .map(|row| type_column(row.resource_type))
        .collect();
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let versions: Vec<i32> = rows.iter().map(|row| version_column(row.version)).collect();
    let bodies: Vec<&[u8]> = rows.iter().map(|row| row.sealed.as_ref()).collect();
    let found = database
        .readers()
        .query(
            tenant,
            WRITTEN,
            &[&tenant.0, &types, &ids, &versions, &bodies],
        )
        .await?;
    let count: i64 = found
        .first()
        .map_or(Ok(0), |row| row.try_get(0))
        .map_err(Error::from)?;
    Ok(usize::try_from(count) == Ok(rows.len()))
}

/// The parameters of a transaction, ready to be sent any number of times.
struct Parts<'a> {
    tenant: TenantId,
    inserts: RowArray<'a>,
    insert_aux: RowArray<'a>,
    updates: RowArray<'a>,
    update_count: i64,
    update_aux: RowArray<'a>,
    update_types: Vec<i16>,
    update_ids: Vec<Uuid>,
    /// Advisory locks, in the order in which everybody takes them.
    locks: Vec<i64>,
    bindings: Vec<&'a Bound>,
    log: Vec<EncodedRow>,
    audit: Vec<EncodedRow>,
}

impl<'a> Parts<'a> {
    fn of(tenant: TenantId, units: &'a [Unit]) -> Self {
        let rows = || units.iter().flat_map(|unit| &unit.rows);
        // In order of the key, so that neighbours in its index are written one after the other.
        let mut inserts: Vec<&PreparedRow> = rows()
            .filter(|row| row.action == RowAction::Insert)
            .collect();
        inserts.sort_unstable_by_key(|row| (type_column(row.resource_type), row.id));
        let updates = || rows().filter(|row| row.action != RowAction::Insert);
        let mut bindings: Vec<&Bound> = units.iter().flat_map(|unit| &unit.bindings).collect();
        bindings.sort_by_key(|one| !one.releases);
        let mut locks: Vec<i64> = bindings.iter().flat_map(|one| one.locks()).collect();
        locks.sort_unstable();
        locks.dedup();
        Self {
            tenant,
            locks,
            bindings,
            inserts: RowArray::new(inserts.iter().map(|row| &row.row)),
            insert_aux: RowArray::new(inserts.iter().flat_map(|row| &row.aux)),
            updates: RowArray::new(updates().map(|row| &row.row)),
            update_count: i64::try_from(updates().count()).unwrap_or(i64::MAX),
            update_aux: RowArray::new(updates().flat_map(|row| &row.aux)),
            update_types: updates()
                .map(|row| type_column(row.resource_type))
                .collect(),
            update_ids: updates().map(|row| row.id).collect(),
            log: units.iter().map(Unit::log_row).collect(),
            audit: units.iter().map(Unit::audit_row).collect(),
        }
    }

    async fn commit(&self, database: &Database) -> Result<(), Error> {
        let (log, audit) = (RowArray::new(&self.log), RowArray::new(&self.audit));
        let params = self.params(&log, &audit);
        let steps: Vec<Step<'_>> = params
            .iter()
            .map(|(sql, params)| Step {
                sql,
                params: params.as_slice(),
            })
            .collect();
        database
            .writers()
            .commit(self.tenant, &steps)
            .await
            .map(drop)
    }

    async fn write(&self, tx: &TenantTx) -> Result<(), Error> {
        let (log, audit) = (RowArray::new(&self.log), RowArray::new(&self.audit));
        for (sql, params) in self.params(&log, &audit) {
            tx.query(sql, &params).await?;
        }
        Ok(())
    }

    /// The statements with their values. Updates come first: they take their locks before the log
    /// row takes its number.
    fn params<'p>(
        &'p self,
        log: &'p RowArray<'_>,
        audit: &'p RowArray<'_>,
    ) -> Vec<(&'static str, Vec<&'p (dyn ToSql + Sync)>)> {
        let tenant: &(dyn ToSql + Sync) = &self.tenant.0;
        let mut steps: Vec<(&'static str, Vec<&'p (dyn ToSql + Sync)>)> = Vec::with_capacity(6);
        if !self.locks.is_empty() {
            steps.push((LOCK, vec![&self.locks]));
        }
        if !self.updates.is_empty() {
            steps.push((UPDATE, vec![tenant, &self.updates, &self.update_count]));
            let aux: Vec<&'p (dyn ToSql + Sync)> = vec![
                tenant,
                &self.update_aux,
                &self.update_types,
                &self.update_ids,
            ];
            steps.push((REPLACE_AUX, aux));
        }
        if !self.inserts.is_empty() {
            steps.push((INSERT, vec![tenant, &self.inserts]));
        }
        if !self.insert_aux.is_empty() {
            steps.push((INSERT_AUX, vec![tenant, &self.insert_aux]));
        }
        for binding in &self.bindings {
            steps.push((binding.sql, vec![tenant, &binding.keys, &binding.values]));
        }
        steps.push((LOG, vec![tenant, log]));
        steps.push((AUDIT, vec![tenant, audit]));
        steps
    }
}
