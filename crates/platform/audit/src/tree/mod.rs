//! The Merkle tree of RFC 6962: hashes, the growing right edge, proofs.
//!
//! Pure arithmetic over hashes, so that its laws are tested for every size without a database.

mod edge;
mod proof;
#[cfg(test)]
mod tests;

use std::fmt;

pub(crate) use edge::{Edge, Tile};
pub(crate) use proof::{Range, consistency, inclusion, subtrees};
pub use proof::{verify_consistency, verify_inclusion};

/// Hashes in a tile.
pub(crate) const TILE_WIDTH: usize = 256;
/// Levels of the tree that one tile spans.
pub(crate) const TILE_HEIGHT: u32 = 8;

/// A SHA-256 hash of a leaf or a subtree.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// The root of a tree without leaves.
    #[must_use]
    pub fn empty() -> Self {
        Self(mt_crypto::sha256(&[]))
    }

    /// `SHA-256(0x00 || entry)` (RFC 6962, 2.1).
    #[must_use]
    pub fn of_leaf(entry: &[u8]) -> Self {
        let mut input = Vec::with_capacity(entry.len() + 1);
        input.push(0);
        input.extend_from_slice(entry);
        Self(mt_crypto::sha256(&input))
    }

    /// `SHA-256(0x01 || left || right)` (RFC 6962, 2.1).
    #[must_use]
    pub fn of_node(left: Self, right: Self) -> Self {
        let mut input = [1; 65];
        input[1..33].copy_from_slice(&left.0);
        input[33..].copy_from_slice(&right.0);
        Self(mt_crypto::sha256(&input))
    }

    /// The hash in `bytes`, which are 32.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0
            .iter()
            .take(8)
            .try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The root over neighbouring perfect subtrees of falling size, from left to right.
pub(crate) fn fold_right(subtrees: &[Hash]) -> Hash {
    let Some((last, rest)) = subtrees.split_last() else {
        return Hash::empty();
    };
    rest.iter()
        .rev()
        .fold(*last, |right, left| Hash::of_node(*left, right))
}

/// The root over hashes of subtrees of equal size: the tree of RFC 6962 with these as its leaves.
pub(crate) fn root_of(hashes: &[Hash]) -> Hash {
    fold_right(&peaks(hashes))
}

/// The largest perfect subtrees over `hashes`, from left to right.
pub(crate) fn peaks(hashes: &[Hash]) -> Vec<Hash> {
    let mut peaks = Vec::new();
    let mut rest = hashes;
    while !rest.is_empty() {
        let width = 1 << rest.len().ilog2();
        let (perfect, after) = rest.split_at(width);
        peaks.push(perfect_root(perfect));
        rest = after;
    }
    peaks
}

/// The root over a power of two of hashes.
fn perfect_root(hashes: &[Hash]) -> Hash {
    let mut row = hashes.to_vec();
    while row.len() > 1 {
        row = row
            .chunks_exact(2)
            .map(|pair| Hash::of_node(pair[0], pair[1]))
            .collect();
    }
    row.first().copied().unwrap_or_else(Hash::empty)
}
