//! Reads hashes of the tree: full tiles are stored, the others follow from tiles below and rows.

use std::collections::HashMap;

use mt_database::TenantTx;

use super::leaf::{leaves_of, seqs_of, signed};
use super::signer::column;
use crate::tree::{Edge, Hash, Range, TILE_HEIGHT, TILE_WIDTH, fold_right, root_of, subtrees};
use crate::{AuditError, Result};

/// The tree of one tenant at one size.
pub(crate) struct Tree<'a> {
    tx: &'a TenantTx,
    size: u64,
    tiles: HashMap<(u32, u64), Vec<Hash>>,
}

impl<'a> Tree<'a> {
    pub(crate) fn new(tx: &'a TenantTx, size: u64) -> Self {
        Self {
            tx,
            size,
            tiles: HashMap::new(),
        }
    }

    /// The hash over a range of leaves.
    pub(crate) async fn range(&mut self, range: Range) -> Result<Hash> {
        let mut parts = Vec::new();
        for (level, position) in subtrees(range) {
            parts.push(self.subtree(level, position).await?);
        }
        Ok(fold_right(&parts))
    }

    /// The hashes over several ranges.
    pub(crate) async fn ranges(&mut self, ranges: &[Range]) -> Result<Vec<Hash>> {
        let mut hashes = Vec::with_capacity(ranges.len());
        for range in ranges {
            hashes.push(self.range(*range).await?);
        }
        Ok(hashes)
    }

    /// The root when the tree had `size` leaves.
    pub(crate) async fn root_at(&mut self, size: u64) -> Result<Hash> {
        self.range(Range {
            from: 0,
            until: size,
        })
        .await
    }

    /// The right edge, from which the tree can grow.
    pub(crate) async fn edge(&mut self) -> Result<Edge> {
        let mut levels = Vec::new();
        let mut level = 0;
        while self.size >> (TILE_HEIGHT * level) > 0 {
            let count = self.size >> (TILE_HEIGHT * level);
            let (n, width) = (count >> TILE_HEIGHT, count & 0xff);
            levels.push(if width == 0 {
                Vec::new()
            } else {
                self.tile(level, n).await?
            });
            level += 1;
        }
        Ok(Edge::new(self.size, levels))
    }

    async fn subtree(&mut self, level: u32, position: u64) -> Result<Hash> {
        let (tile_level, height) = (level / TILE_HEIGHT, level % TILE_HEIGHT);
        let first = position << height;
        let tile = self.tile(tile_level, first >> TILE_HEIGHT).await?;
        let from = usize::try_from(first & 0xff).unwrap_or_default();
        let hashes = tile
            .get(from..from + (1 << height))
            .ok_or(AuditError::NoSuchEntry)?;
        Ok(root_of(hashes))
    }

    /// The tile `n` of a level of tiles, as wide as this size of the tree makes it.
    pub(crate) async fn tile(&mut self, level: u32, n: u64) -> Result<Vec<Hash>> {
        if let Some(known) = self.tiles.get(&(level, n)) {
            return Ok(known.clone());
        }
        let count = self
            .size
            .checked_shr(TILE_HEIGHT * level)
            .unwrap_or_default();
        let width = count
            .saturating_sub(n << TILE_HEIGHT)
            .min(TILE_WIDTH as u64);
        if width == 0 {
            return Err(AuditError::NoSuchEntry);
        }
        let tile = if width == TILE_WIDTH as u64 {
            let full = stored(self.tx, level, n, 1).await?;
            full.into_iter().next().ok_or_else(|| missing(level, n))?
        } else if level == 0 {
            self.leaves(n << TILE_HEIGHT, (n << TILE_HEIGHT) + width)
                .await?
        } else {
            let below = stored(self.tx, level - 1, n << TILE_HEIGHT, width).await?;
            below.iter().map(|hashes| root_of(hashes)).collect()
        };
        if tile.len() as u64 != width {
            return Err(missing(level, n));
        }
        self.tiles.insert((level, n), tile.clone());
        Ok(tile)
    }

    async fn leaves(&self, from: u64, until: u64) -> Result<Vec<Hash>> {
        let seqs = seqs_of(self.tx, from, until).await?;
        let leaves = leaves_of(self.tx, &seqs).await?;
        let gone = |position: usize| {
            AuditError::Damaged(format!(
                "row {} is missing",
                seqs.get(position).unwrap_or(&0)
            ))
        };
        let hash = |(position, leaf): (usize, Option<super::leaf::Leaf>)| {
            leaf.map(|leaf| leaf.hash()).ok_or_else(|| gone(position))
        };
        leaves.into_iter().enumerate().map(hash).collect()
    }
}

/// Full tiles `n` to `n + count - 1` of a level.
pub(crate) async fn stored(
    tx: &TenantTx,
    level: u32,
    n: u64,
    count: u64,
) -> Result<Vec<Vec<Hash>>> {
    let sql = "select hashes from audit.tile \
               where tenant = $1 and level = $2 and n >= $3 and n < $4 order by n";
    let level = i16::try_from(level).unwrap_or(i16::MAX);
    let rows = tx
        .query(
            sql,
            &[&tx.tenant().0, &level, &signed(n), &signed(n + count)],
        )
        .await?;
    rows.iter()
        .map(|row| {
            let bytes: &[u8] = column(row, 0)?;
            Ok(bytes
                .chunks_exact(32)
                .filter_map(Hash::from_bytes)
                .collect())
        })
        .collect()
}

fn missing(level: u32, n: u64) -> AuditError {
    AuditError::Damaged(format!("tile {n} of level {level} is missing"))
}
