//! Rows leave the database when their archive was read back and found whole.
//!
//! What goes are the rows of full tiles; tiles, checkpoints and signatures stay, so that the log goes on as before
//! and every archived copy can be verified.

use mt_database::TenantTx;
use mt_kernel::{Instant, TenantId};

use super::bundle::archived;
use super::leaf::{leaves_of, seqs_of};
use super::signer::column;
use super::tiles::stored;
use crate::tree::{Hash, TILE_WIDTH};
use crate::{Archive, Audit, AuditError, Result};

/// Tiles whose rows leave in one transaction: what finds entries is looked through once for each.
const AT_ONCE: u64 = 64;

/// What left the database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Rows that were removed now.
    pub rows: u64,
    /// Leaves whose rows are in the archive alone.
    pub leaves: u64,
}

impl Audit {
    /// Removes the rows that happened before `before` and lie in full tiles of `archive`, after reading every one of
    /// them back: the entry must be the leaf that the stored tile holds and the row that the database holds, and the
    /// sealed detail the one to which it commits.
    ///
    /// Who looks for a removed entry finds it in the archive; [`Self::verify_with`] goes on proving it.
    ///
    /// # Errors
    /// [`AuditError::Damaged`] when something differs: nothing of that tile is removed then, and what came before
    /// it is; [`AuditError::Archive`] when the archive does not answer.
    pub async fn prune(
        &self,
        tenant: TenantId,
        archive: &dyn Archive,
        before: Instant,
    ) -> Result<Pruned> {
        let mut pruned = Pruned::default();
        loop {
            let tx = self.snapshot(tenant).await?;
            let from = pruned_upto(&tx).await? / TILE_WIDTH as u64;
            pruned.leaves = from * TILE_WIDTH as u64;
            let (mut n, mut failed) = (from, None);
            while n < from + AT_ONCE && failed.is_none() {
                match compare(&tx, archive, n, before).await {
                    Ok(true) => n += 1,
                    Ok(false) => break,
                    Err(error) => failed = Some(error),
                }
            }
            tx.rollback().await;
            if n == from {
                return failed.map_or(Ok(pruned), Err);
            }
            let tx = self.database().tenant(tenant).await?;
            let upto = n * TILE_WIDTH as u64;
            let sql = "select audit.prune($1, $2)";
            let row = tx.query_one(sql, &[&tenant.0, &upto.cast_signed()]).await?;
            let rows: i64 = column(&row, 0)?;
            tx.commit().await?;
            pruned.rows += rows.unsigned_abs();
        }
    }
}

/// Up to which leaf the rows have left the database.
pub(crate) async fn pruned_upto(tx: &TenantTx) -> Result<u64> {
    let sql = "select upto from audit.pruned where tenant = $1";
    let row = tx.query_opt(sql, &[&tx.tenant().0]).await?;
    row.map_or(Ok(0), |row| column::<i64>(&row, 0).map(i64::unsigned_abs))
}

/// Whether the rows of tile `n` are old enough, and whole in the archive; `false` where pruning ends.
async fn compare(tx: &TenantTx, archive: &dyn Archive, n: u64, before: Instant) -> Result<bool> {
    let Some(tile) = stored(tx, 0, n, 1).await?.into_iter().next() else {
        return Ok(false);
    };
    let from = n * TILE_WIDTH as u64;
    let seqs = seqs_of(tx, from, from + TILE_WIDTH as u64).await?;
    let leaves = leaves_of(tx, &seqs).await?;
    if leaves.iter().flatten().any(|leaf| leaf.at >= before) {
        return Ok(false);
    }
    let Some(rows) = archived(archive, n).await? else {
        return Ok(false);
    };
    let hashes: Vec<Hash> = rows.iter().map(super::bundle::Archived::hash).collect();
    let differs = |what: &str| {
        Err(AuditError::Damaged(format!(
            "tile {n} of the archive is not what {what}"
        )))
    };
    if hashes != tile {
        return differs("the log says");
    }
    let rows: Option<Vec<Hash>> = leaves
        .iter()
        .map(|leaf| leaf.as_ref().map(super::leaf::Leaf::hash))
        .collect();
    if rows.is_none_or(|rows| rows != tile) {
        return differs("the database holds");
    }
    Ok(true)
}
