//! The walk over a log: batch after batch, the tree grows again and is compared.

use std::collections::{BTreeMap, HashSet};

use mt_crypto::{CryptoError, TenantKeys};
use mt_database::TenantTx;
use mt_kernel::Instant;
use tokio_postgres::Row;

use super::{Finding, Report, Stored};
use crate::log::bundle::{Archived, archived};
use crate::log::integrate::open;
use crate::log::leaf::Leaf;
use crate::log::note::{Checkpoint, VerifierKey};
use crate::log::signer::column;
use crate::log::tiles::stored;
use crate::tree::{Edge, Hash, TILE_WIDTH, Tile};
use crate::{Archive, AuditError, Result};

const ROWS: &str = "select a.seq, a.at, a.kind, a.correlation, a.detail \
    from unnest($2::int8[]) with ordinality k (seq, position) \
    left join records.audit a on a.tenant = $1 and a.seq = k.seq order by k.position";

/// Rows that left the database.
#[derive(Clone, Copy)]
pub(super) struct Away<'a> {
    /// Those of the leaves below this one.
    pub(super) upto: u64,
    /// Where they are, when it is at hand.
    pub(super) archive: Option<&'a dyn Archive>,
}

/// A walk under way.
pub(super) struct Walk<'a> {
    tx: &'a TenantTx,
    keys: Option<&'a TenantKeys>,
    verifier: Option<VerifierKey>,
    report: &'a mut Report,
    away: Away<'a>,
    /// The archived rows of the tile that covers the present leaf.
    bundle: Option<(u64, Vec<Archived>)>,
    edge: Edge,
    /// The stored tile that covers the present leaf.
    tile: Option<(u64, Option<Vec<Hash>>)>,
    roots: BTreeMap<u64, Hash>,
    details: HashSet<u64>,
    present: Vec<i64>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(
        (tx, keys): (&'a TenantTx, Option<&'a TenantKeys>),
        verifier: Option<VerifierKey>,
        away: Away<'a>,
        report: &'a mut Report,
    ) -> Self {
        Self {
            tx,
            keys,
            verifier,
            report,
            away,
            bundle: None,
            edge: Edge::default(),
            tile: None,
            roots: BTreeMap::new(),
            details: HashSet::new(),
            present: Vec::new(),
        }
    }

    /// The roots by size, as checkpoints say, and the rows that are leaves.
    pub(super) fn finish(self) -> (BTreeMap<u64, Hash>, Vec<i64>) {
        (self.roots, self.present)
    }

    /// Verifies the batch behind one checkpoint.
    pub(super) async fn checkpoint(&mut self, batch: &Stored) -> Result<()> {
        self.report.checkpoints += 1;
        let expected = self.edge.size();
        if batch.first != expected {
            self.report.find(Finding::Gap {
                expected,
                found: batch.first,
            });
        }
        self.signature(batch);
        let mut rows = self.rows(&batch.seqs).await?;
        let mut logged = Vec::with_capacity(rows.len());
        for position in 0..rows.len() as u64 {
            logged.push(self.stored_hash(expected + position).await?);
        }
        self.fetch(&batch.seqs, &mut rows, &logged).await?;
        self.grow(batch, &rows, &logged).await?;
        self.report.leaves = self.edge.size();
        self.roots
            .extend(Hash::from_bytes(&batch.root).map(|root| (batch.size, root)));
        Ok(())
    }

    fn signature(&mut self, batch: &Stored) {
        let verifier = self.verifier.as_ref();
        let opened = verifier.and_then(|key| Checkpoint::open(&batch.note, key).ok());
        let genuine =
            opened.is_some_and(|note| note.size == batch.size && note.root.0[..] == batch.root);
        if !genuine {
            self.report.find(Finding::Signature { size: batch.size });
        }
    }

    /// Fills in the rows that left the database: from the archive, or as the tiles say.
    async fn fetch(
        &mut self,
        seqs: &[i64],
        rows: &mut [Option<Hash>],
        logged: &[Option<Hash>],
    ) -> Result<()> {
        let first = self.edge.size();
        for (at, row) in rows.iter_mut().enumerate() {
            let leaf = first + at as u64;
            if row.is_some() || leaf >= self.away.upto {
                continue;
            }
            let Some(archive) = self.away.archive else {
                self.report.elsewhere += 1;
                *row = logged[at];
                continue;
            };
            *row = self.archived(archive, leaf, seqs[at]).await?;
            self.report.archived += u64::from(row.is_some());
        }
        Ok(())
    }

    /// The hash of an archived row; `None` when the archive does not hold it whole.
    async fn archived(
        &mut self,
        archive: &dyn Archive,
        leaf: u64,
        seq: i64,
    ) -> Result<Option<Hash>> {
        let n = leaf / TILE_WIDTH as u64;
        if self.bundle.as_ref().is_none_or(|(known, _)| *known != n) {
            let rows = archived(archive, n).await?.unwrap_or_default();
            self.bundle = Some((n, rows));
        }
        let at = usize::try_from(leaf % TILE_WIDTH as u64).unwrap_or_default();
        let row = self.bundle.as_ref().and_then(|(_, rows)| rows.get(at));
        let row = row.filter(|row| Leaf::seq_of(&row.entry) == Some(seq));
        Ok(row.map(Archived::hash))
    }

    /// Adds the leaves of a batch. When rows do not give the root, the stored tiles tell which of
    /// them are to blame; the walk goes on from what gives the root.
    async fn grow(
        &mut self,
        batch: &Stored,
        rows: &[Option<Hash>],
        logged: &[Option<Hash>],
    ) -> Result<()> {
        let first = self.edge.size();
        let differ: Vec<usize> = (0..rows.len())
            .filter(|at| logged[*at].is_some() && rows[*at] != logged[*at])
            .collect();
        let of_rows = |at: usize| rows[at].or(logged[at]).unwrap_or_else(Hash::empty);
        let (by_rows, full_by_rows) = grown(&self.edge, rows.len(), of_rows);
        let of_tiles = |at: usize| logged[at].or(rows[at]).unwrap_or_else(Hash::empty);
        let (by_tiles, full_by_tiles) = grown(&self.edge, rows.len(), of_tiles);
        let is_root = |edge: &Edge| edge.root().0[..] == batch.root && edge.size() == batch.size;
        for (at, _) in rows.iter().enumerate().filter(|(_, row)| row.is_none()) {
            self.report.find(Finding::Missing {
                leaf: first + at as u64,
                seq: batch.seqs[at],
            });
        }
        let full = if is_root(&by_rows) {
            self.edge = by_rows;
            full_by_rows
        } else {
            if is_root(&by_tiles) {
                for at in differ.into_iter().filter(|at| rows[*at].is_some()) {
                    let (leaf, seq) = (first + at as u64, batch.seqs[at]);
                    self.report.find(Finding::Changed { leaf, seq });
                }
            } else {
                self.report.find(Finding::Batch {
                    first: batch.first,
                    size: batch.size,
                });
            }
            self.edge = by_tiles;
            full_by_tiles
        };
        for tile in full {
            self.compare(&tile).await?;
        }
        Ok(())
    }

    async fn compare(&mut self, tile: &Tile) -> Result<()> {
        let level = u32::try_from(tile.level).unwrap_or(u32::MAX);
        let found = stored(self.tx, level, tile.n, 1).await?;
        if found.first() != Some(&tile.hashes) {
            self.report.find(Finding::Tile {
                level: u64::from(level),
                n: tile.n,
            });
        }
        Ok(())
    }

    /// The hash of a leaf as the stored tile has it; `None` while the tile is not full.
    async fn stored_hash(&mut self, leaf: u64) -> Result<Option<Hash>> {
        let n = leaf / TILE_WIDTH as u64;
        if self.tile.as_ref().is_none_or(|(known, _)| *known != n) {
            let found = stored(self.tx, 0, n, 1).await?.into_iter().next();
            self.tile = Some((n, found));
        }
        let at = usize::try_from(leaf % TILE_WIDTH as u64).unwrap_or_default();
        let tile = self.tile.as_ref().and_then(|(_, tile)| tile.as_ref());
        Ok(tile.and_then(|hashes| hashes.get(at).copied()))
    }

    /// The leaf hashes of rows; `None` for a row that is not there.
    async fn rows(&mut self, seqs: &[i64]) -> Result<Vec<Option<Hash>>> {
        let rows = self.tx.query(ROWS, &[&self.tx.tenant().0, &seqs]).await?;
        rows.iter().map(|row| self.row(row)).collect()
    }

    fn row(&mut self, row: &Row) -> Result<Option<Hash>> {
        let Some(seq) = column::<Option<i64>>(row, 0)? else {
            return Ok(None);
        };
        let sealed: &[u8] = column(row, 4)?;
        let leaf = Leaf {
            tenant: self.tx.tenant(),
            seq,
            at: Instant(column(row, 1)?),
            kind: column(row, 2)?,
            correlation: column(row, 3)?,
            detail_digest: mt_crypto::sha256(sealed),
        };
        self.present.push(seq);
        // Sealed details never repeat, because their nonces do not.
        let (prefix, _) = leaf
            .detail_digest
            .split_first_chunk::<8>()
            .unwrap_or((&[0; 8], &[]));
        if !self.details.insert(u64::from_be_bytes(*prefix)) {
            self.report.find(Finding::Duplicate { seq });
        }
        match self.keys.map(|keys| open(keys, &leaf, sealed)) {
            Some(Ok(_)) => {}
            Some(Err(
                AuditError::Crypto(CryptoError::NotAuthentic | CryptoError::Malformed(_))
                | AuditError::Damaged(_),
            )) => self.report.find(Finding::Forged { seq }),
            Some(Err(_)) | None => self.report.unreadable += 1,
        }
        Ok(Some(leaf.hash()))
    }
}

/// The edge with more leaves, and the tiles that they fill.
fn grown(edge: &Edge, count: usize, hash: impl Fn(usize) -> Hash) -> (Edge, Vec<Tile>) {
    let (mut edge, mut full) = (edge.clone(), Vec::new());
    (0..count).for_each(|at| edge.push(hash(at), &mut full));
    (edge, full)
}
