//! Recomputes a log from its rows and compares it with everything that was ever said about it.
//!
//! Rows give leaves, leaves give tiles and roots; checkpoints in the database and outside it must
//! agree with them. Destroyed keys do not matter: leaves are made of sealed rows.

mod report;
mod walk;

use std::collections::BTreeMap;

use mt_crypto::TenantKeys;
use mt_database::TenantTx;
use mt_kernel::TenantId;

pub use report::{Finding, Report};
use walk::{Away, Walk};

use crate::log::note::Checkpoint;
use crate::log::prune::pruned_upto;
use crate::log::signer::{column, verifier_find};
use crate::log::witness::Witness;
use crate::{Archive, Audit, Result};

/// Checkpoints read at once.
const PAGE: i64 = 64;

const CHECKPOINTS: &str = "select first, size, root, note, seqs, last_xid::text, last_seq \
    from audit.checkpoint where tenant = $1 and size > $2 order by size limit $3";

const INTEGRATED: &str = "select count(*) from records.audit \
    where tenant = $1 and (xid, seq) <= ($2::text::xid8, $3::int8)";

const WAITING: &str = "select count(*) from records.audit \
    where tenant = $1 and (xid, seq) > ($2::text::xid8, $3::int8)";

const INTEGRATED_ROWS: &str = "select seq from records.audit \
    where tenant = $1 and (xid, seq) <= ($2::text::xid8, $3::int8) and seq > $4 \
    order by seq limit 10000";

/// One row of `audit.checkpoint`.
struct Stored {
    first: u64,
    size: u64,
    root: Vec<u8>,
    note: String,
    seqs: Vec<i64>,
    position: (String, i64),
}

impl Audit {
    /// Verifies a tenant's log in one snapshot. It takes about 16 bytes of memory a row.
    ///
    /// # Errors
    /// When the database or the witness cannot be read; what is wrong with the log is no error but
    /// stands in the report.
    pub async fn verify(&self, tenant: TenantId) -> Result<Report> {
        self.verify_with(tenant, None).await
    }

    /// [`Self::verify`] that reads the rows that left the database in `archive`.
    ///
    /// # Errors
    /// As [`Self::verify`]; [`crate::AuditError::Archive`].
    pub async fn verify_with(
        &self,
        tenant: TenantId,
        archive: Option<&dyn Archive>,
    ) -> Result<Report> {
        let keys = self.keys_if_any(tenant).await;
        let witness = Witness::under(self.directory());
        let tx = self.snapshot(tenant).await?;
        let verifier = verifier_find(&tx).await?;
        let mut report = Report::new(tenant);
        let seen = witnessed(&witness, tenant, &mut report)?;
        if let (Some(pinned), Some(verifier)) = (witness.pinned(tenant).ok().flatten(), &verifier)
            && pinned != *verifier
        {
            report.find(Finding::OtherKey);
        }
        let away = Away {
            upto: pruned_upto(&tx).await?,
            archive,
        };
        let mut walk = Walk::new((&tx, keys.as_ref()), verifier, away, &mut report);
        let position = walk_checkpoints(&tx, &mut walk).await?;
        let (roots, leaf_seqs) = walk.finish();
        rows_beside(&tx, &position, leaf_seqs, &mut report).await?;
        compare_witness(&seen, &roots, &mut report);
        Ok(report)
    }

    async fn keys_if_any(&self, tenant: TenantId) -> Option<TenantKeys> {
        let keyring = self.keyring()?;
        keyring.keys(tenant).await.ok()
    }
}

/// Walks all checkpoints in order; returns up to which row the log has come.
async fn walk_checkpoints(tx: &TenantTx, walk: &mut Walk<'_>) -> Result<(String, i64)> {
    let mut position = ("0".to_owned(), 0);
    let mut after = 0_i64;
    loop {
        let rows = tx
            .query(CHECKPOINTS, &[&tx.tenant().0, &after, &PAGE])
            .await?;
        for row in &rows {
            after = column(row, 1)?;
            let stored = Stored {
                first: column::<i64>(row, 0)?.cast_unsigned(),
                size: after.cast_unsigned(),
                root: column(row, 2)?,
                note: column(row, 3)?,
                seqs: column(row, 4)?,
                position: (column(row, 5)?, column(row, 6)?),
            };
            walk.checkpoint(&stored).await?;
            position = stored.position;
        }
        if rows.is_empty() {
            return Ok(position);
        }
    }
}

/// Finds rows that the log passed by.
async fn rows_beside(
    tx: &TenantTx,
    (xid, seq): &(String, i64),
    mut leaves: Vec<i64>,
    report: &mut Report,
) -> Result<()> {
    let tenant = &tx.tenant().0;
    let waiting: i64 = column(&tx.query_one(WAITING, &[tenant, xid, seq]).await?, 0)?;
    report.waiting = waiting.cast_unsigned();
    let integrated: i64 = column(&tx.query_one(INTEGRATED, &[tenant, xid, seq]).await?, 0)?;
    if usize::try_from(integrated) == Ok(leaves.len()) {
        return Ok(());
    }
    leaves.sort_unstable();
    let mut after = i64::MIN;
    loop {
        let rows = tx
            .query(INTEGRATED_ROWS, &[tenant, xid, seq, &after])
            .await?;
        for row in &rows {
            after = column(row, 0)?;
            if leaves.binary_search(&after).is_err() {
                report.find(Finding::Outside { seq: after });
            }
        }
        if rows.is_empty() {
            return Ok(());
        }
    }
}

/// The checkpoints kept outside that are genuine.
fn witnessed(witness: &Witness, tenant: TenantId, report: &mut Report) -> Result<Vec<Checkpoint>> {
    let Ok(pinned) = witness.pinned(tenant) else {
        report.find(Finding::BadWitness);
        return Ok(Vec::new());
    };
    let Some(key) = pinned else {
        return Ok(Vec::new());
    };
    let mut seen = Vec::new();
    for note in witness.notes(tenant)? {
        match Checkpoint::open(&note, &key) {
            Ok(checkpoint) => seen.push(checkpoint),
            Err(_) => report.find(Finding::BadWitness),
        }
    }
    report.witnessed = seen.len() as u64;
    Ok(seen)
}

/// Every checkpoint that was ever kept is one of those that the database still has.
fn compare_witness(seen: &[Checkpoint], roots: &BTreeMap<u64, crate::Hash>, report: &mut Report) {
    let size = roots.keys().next_back().copied().unwrap_or(0);
    for checkpoint in seen {
        let seen = checkpoint.size;
        if seen > size {
            report.find(Finding::RolledBack { size, seen });
        } else if roots.get(&seen) != Some(&checkpoint.root) {
            report.find(Finding::Rewritten { seen });
        }
    }
}
