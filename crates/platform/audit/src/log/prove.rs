//! What the log tells others: checkpoints, tiles, proofs.
//!
//! A proof carries everything that an independent verifier needs besides the verifier key.

use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mt_database::{Isolation, TenantTx, TxOptions};
use mt_kernel::{OpCtx, TenantId};
use serde::Serialize;

use super::leaf::leaves_of;
use super::note::{Checkpoint, VerifierKey};
use super::signer::{column, verifier_find};
use super::tiles::Tree;
use super::witness::Witness;
use crate::tree::{Hash, consistency, inclusion};
use crate::{Audit, AuditError, Event, EventCode, Result};

/// Proof that an audit row is a leaf of the log (RFC 6962, 2.1.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InclusionProof {
    /// The checkpoint as a signed note.
    pub checkpoint: String,
    /// Position of the leaf.
    pub index: u64,
    /// The canonical entry, base64: its hash as a leaf is what the proof starts from.
    pub entry: String,
    /// Hashes of the siblings, nearest first, base64.
    pub hashes: Vec<String>,
}

/// Proof that an older checkpoint is a prefix of the present one (RFC 6962, 2.1.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConsistencyProof {
    /// The older checkpoint.
    pub old: String,
    /// The present checkpoint.
    pub new: String,
    /// Hashes, base64.
    pub hashes: Vec<String>,
}

impl Audit {
    /// The key that verifies a tenant's checkpoints; `None` while its log is empty.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn verifier_key(&self, tenant: TenantId) -> Result<Option<VerifierKey>> {
        let tx = self.snapshot(tenant).await?;
        verifier_find(&tx).await
    }

    /// The latest checkpoint of a tenant's log as a signed note; `None` while the log is empty.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn checkpoint(&self, tenant: TenantId) -> Result<Option<String>> {
        let tx = self.snapshot(tenant).await?;
        latest(&tx).await
    }

    /// A tile of the tree (C2SP tlog-tiles): `width` hashes of 32 bytes, 256 for a full tile.
    ///
    /// # Errors
    /// [`AuditError::NoSuchEntry`] when the log has no such tile yet.
    pub async fn tile(&self, tenant: TenantId, level: u8, n: u64, width: u16) -> Result<Vec<u8>> {
        let tx = self.snapshot(tenant).await?;
        let opened = opened(&tx).await?;
        let tile = Tree::new(&tx, opened.1.size)
            .tile(u32::from(level), n)
            .await?;
        let part = tile
            .get(..usize::from(width))
            .ok_or(AuditError::NoSuchEntry)?;
        Ok(part.iter().flat_map(|hash| hash.0).collect())
    }

    /// Proves that the audit row `seq` is in the log.
    ///
    /// # Errors
    /// [`AuditError::NoSuchEntry`] when it is not (yet); [`AuditError::Damaged`] when the row is not
    /// what the log holds.
    pub async fn prove(&self, tenant: TenantId, seq: i64) -> Result<InclusionProof> {
        let tx = self.snapshot(tenant).await?;
        let (checkpoint, state) = opened(&tx).await?;
        let index = index_of(&tx, seq).await?;
        let leaf = leaves_of(&tx, &[seq]).await?.into_iter().next().flatten();
        let leaf = leaf.ok_or_else(|| AuditError::Damaged(format!("row {seq} is missing")))?;
        let plan = inclusion(index, state.size).ok_or(AuditError::NoSuchEntry)?;
        let hashes = Tree::new(&tx, state.size).ranges(&plan).await?;
        if !crate::verify_inclusion(leaf.hash(), index, state.size, &hashes, state.root) {
            return Err(AuditError::Damaged(format!(
                "row {seq} is not what the log holds"
            )));
        }
        Ok(InclusionProof {
            checkpoint,
            index,
            entry: STANDARD.encode(leaf.entry()),
            hashes: encoded(&hashes),
        })
    }

    /// Proves that the log only grew since `old`, a checkpoint that somebody kept.
    ///
    /// # Errors
    /// [`AuditError::BadCheckpoint`] when `old` is not a signed checkpoint of this log;
    /// [`AuditError::Damaged`] when the log was cut or rewritten since.
    pub async fn compare(&self, tenant: TenantId, old: &str) -> Result<ConsistencyProof> {
        let tx = self.snapshot(tenant).await?;
        let verifier = verifier_find(&tx).await?.ok_or(AuditError::NoSuchEntry)?;
        let seen = Checkpoint::open(old, &verifier)?;
        let (new, state) = opened(&tx).await?;
        if seen.size > state.size {
            let reason = format!(
                "it ends at leaf {} and had {} leaves",
                state.size, seen.size
            );
            return Err(AuditError::Damaged(reason));
        }
        let plan = consistency(seen.size, state.size).unwrap_or_default();
        let hashes = Tree::new(&tx, state.size).ranges(&plan).await?;
        let (before, after) = ((seen.size, seen.root), (state.size, state.root));
        if seen.size > 0 && !crate::verify_consistency(before, after, &hashes) {
            let reason = format!("it was rewritten since it had {} leaves", seen.size);
            return Err(AuditError::Damaged(reason));
        }
        Ok(ConsistencyProof {
            old: old.to_owned(),
            new,
            hashes: encoded(&hashes),
        })
    }

    /// Lets a log grow again that ends before the last checkpoint kept outside, because a person has
    /// explained it (a database restored from a backup). The explanation is entered, and the
    /// checkpoints seen so far are put aside; returns where they are.
    ///
    /// # Errors
    /// As [`Audit::record`]; [`AuditError::File`] when there is nothing to put aside.
    pub fn accept_rollback(&self, ctx: &OpCtx, reason: &str) -> Result<PathBuf> {
        let damage = Event {
            reason: Some(reason),
            ..Event::done(EventCode::TrailDamage)
        };
        self.record(ctx, &damage)?;
        self.hot().touch(ctx.tenant);
        Witness::under(self.directory()).set_aside(ctx.tenant, ctx.now)
    }

    /// One snapshot for several reads.
    pub(crate) async fn snapshot(&self, tenant: TenantId) -> Result<TenantTx> {
        let options = TxOptions {
            isolation: Isolation::RepeatableRead,
            read_only: true,
            ..TxOptions::default()
        };
        Ok(self.database().tenant_with(tenant, options).await?)
    }
}

async fn latest(tx: &TenantTx) -> Result<Option<String>> {
    let sql = "select note from audit.checkpoint where tenant = $1 order by size desc limit 1";
    let row = tx.query_opt(sql, &[&tx.tenant().0]).await?;
    row.map(|row| column(&row, 0)).transpose()
}

/// The latest checkpoint, verified under the log's own key.
pub(crate) async fn opened(tx: &TenantTx) -> Result<(String, Checkpoint)> {
    let verifier = verifier_find(tx).await?.ok_or(AuditError::NoSuchEntry)?;
    let note = latest(tx).await?.ok_or(AuditError::NoSuchEntry)?;
    let checkpoint = Checkpoint::open(&note, &verifier)?;
    Ok((note, checkpoint))
}

/// Which leaf an audit row is.
async fn index_of(tx: &TenantTx, seq: i64) -> Result<u64> {
    let sql = "select first + array_position(seqs, $2) - 1 from audit.checkpoint \
               where tenant = $1 and low <= $2 and high >= $2 and seqs @> array[$2]";
    let row = tx.query_opt(sql, &[&tx.tenant().0, &seq]).await?;
    let index: i64 = column(&row.ok_or(AuditError::NoSuchEntry)?, 0)?;
    Ok(index.cast_unsigned())
}

fn encoded(hashes: &[Hash]) -> Vec<String> {
    hashes.iter().map(|hash| STANDARD.encode(hash.0)).collect()
}
