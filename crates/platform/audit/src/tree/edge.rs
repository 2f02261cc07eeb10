//! The right edge of a growing tree: what of each level does not yet fill a tile.
//!
//! At most 255 hashes a level, so a tree of any size grows in constant memory.

use super::{Hash, TILE_WIDTH, fold_right, peaks, root_of};

/// A full tile that the tree has just completed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tile {
    /// Level of tiles, leaves being 0.
    pub(crate) level: usize,
    /// Position in its level.
    pub(crate) n: u64,
    /// 256 hashes.
    pub(crate) hashes: Vec<Hash>,
}

impl Tile {
    /// The hashes one after the other: the bytes of the tile.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.hashes.iter().flat_map(|hash| hash.0).collect()
    }
}

/// The right edge of a tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Edge {
    size: u64,
    /// By level of tiles: hashes that do not fill a tile.
    levels: Vec<Vec<Hash>>,
}

impl Edge {
    /// The edge of a tree of `size` leaves whose unfilled tiles are `levels`.
    pub(crate) fn new(size: u64, levels: Vec<Vec<Hash>>) -> Self {
        Self { size, levels }
    }

    /// How many leaves the tree has.
    pub(crate) const fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf; the tiles that it fills go to `full`.
    pub(crate) fn push(&mut self, leaf: Hash, full: &mut Vec<Tile>) {
        let mut carried = Some(leaf);
        let mut level = 0;
        let mut width = TILE_WIDTH as u64;
        while let Some(hash) = carried.take() {
            if self.levels.len() == level {
                self.levels.push(Vec::new());
            }
            let row = &mut self.levels[level];
            row.push(hash);
            if row.len() == TILE_WIDTH {
                let hashes = std::mem::take(row);
                carried = Some(root_of(&hashes));
                full.push(Tile {
                    level,
                    n: self.size / width,
                    hashes,
                });
                width = width.saturating_mul(TILE_WIDTH as u64);
            }
            level += 1;
        }
        self.size += 1;
    }

    /// The root of the tree.
    pub(crate) fn root(&self) -> Hash {
        let all: Vec<Hash> = self
            .levels
            .iter()
            .rev()
            .flat_map(|row| peaks(row))
            .collect();
        fold_right(&all)
    }
}
