//! Inclusion and consistency proofs (RFC 6962, 2.1.1 and 2.1.2).
//!
//! A proof is first planned as ranges of leaves, so that only the hashes it needs are fetched.

use super::Hash;

/// Leaves `from` to `until - 1`: the subtree `D[from:until]` of RFC 6962.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) from: u64,
    pub(crate) until: u64,
}

impl Range {
    /// Where RFC 6962 splits: behind the largest power of two smaller than the width.
    fn split(self) -> u64 {
        let width = self.until - self.from;
        self.from + (1 << (width - 1).ilog2())
    }
}

/// The subtrees whose hashes prove leaf `index` in a tree of `size` leaves, nearest first.
pub(crate) fn inclusion(index: u64, size: u64) -> Option<Vec<Range>> {
    if index >= size {
        return None;
    }
    let mut path = Vec::new();
    let mut at = Range {
        from: 0,
        until: size,
    };
    while at.until - at.from > 1 {
        let middle = at.split();
        let (left, right) = (
            Range {
                from: at.from,
                until: middle,
            },
            Range {
                from: middle,
                until: at.until,
            },
        );
        let (next, sibling) = if index < middle {
            (left, right)
        } else {
            (right, left)
        };
        path.push(sibling);
        at = next;
    }
    path.reverse();
    Some(path)
}

/// The subtrees whose hashes prove that a tree of `old` leaves is a prefix of one of `size` leaves.
pub(crate) fn consistency(old: u64, size: u64) -> Option<Vec<Range>> {
    if old == 0 || old > size {
        return None;
    }
    let mut path = Vec::new();
    let mut at = Range {
        from: 0,
        until: size,
    };
    let mut whole = true;
    while at.until != old {
        let middle = at.split();
        if old <= middle {
            path.push(Range {
                from: middle,
                until: at.until,
            });
            at = Range {
                from: at.from,
                until: middle,
            };
        } else {
            path.push(Range {
                from: at.from,
                until: middle,
            });
            at = Range {
                from: middle,
                until: at.until,
            };
            whole = false;
        }
    }
    if !whole {
        path.push(at);
    }
    path.reverse();
    Some(path)
}

/// The perfect subtrees that make up `range`, from left to right, as `(level, position)`: the subtree
/// covers leaves `position << level` to `(position + 1 << level) - 1`. A range of a proof starts where
/// a perfect subtree of its width does.
pub(crate) fn subtrees(range: Range) -> Vec<(u32, u64)> {
    let mut parts = Vec::new();
    let mut from = range.from;
    while from < range.until {
        let level = (range.until - from).ilog2();
        parts.push((level, from >> level));
        from += 1 << level;
    }
    parts
}

/// Whether `proof` shows that `leaf` stands at `index` in the tree of `size` leaves with this root
/// (RFC 9162, 2.1.3.2).
#[must_use]
pub fn verify_inclusion(leaf: Hash, index: u64, size: u64, proof: &[Hash], root: Hash) -> bool {
    if index >= size {
        return false;
    }
    let (mut position, mut last) = (index, size - 1);
    let mut hash = leaf;
    for sibling in proof {
        if last == 0 {
            return false;
        }
        if position & 1 == 1 || position == last {
            hash = Hash::of_node(*sibling, hash);
            while position & 1 == 0 && position != 0 {
                position >>= 1;
                last >>= 1;
            }
        } else {
            hash = Hash::of_node(hash, *sibling);
        }
        position >>= 1;
        last >>= 1;
    }
    last == 0 && hash == root
}

/// Whether `proof` shows that the tree of `old` leaves with root `old_root` is a prefix of the tree of
/// `size` leaves with root `root` (RFC 9162, 2.1.4.2).
#[must_use]
pub fn verify_consistency(
    (old, old_root): (u64, Hash),
    (size, root): (u64, Hash),
    proof: &[Hash],
) -> bool {
    if old == size {
        return proof.is_empty() && old_root == root;
    }
    if old == 0 || old > size {
        return false;
    }
    let first = if old.is_power_of_two() {
        Some(&old_root)
    } else {
        None
    };
    let mut path = first.into_iter().chain(proof);
    let Some(seed) = path.next() else {
        return false;
    };
    let shift = (old - 1).trailing_ones();
    let (mut position, mut last) = ((old - 1) >> shift, (size - 1) >> shift);
    let (mut older, mut newer) = (*seed, *seed);
    for sibling in path {
        if last == 0 {
            return false;
        }
        if position & 1 == 1 || position == last {
            older = Hash::of_node(*sibling, older);
            newer = Hash::of_node(*sibling, newer);
            while position & 1 == 0 && position != 0 {
                position >>= 1;
                last >>= 1;
            }
        } else {
            newer = Hash::of_node(newer, *sibling);
        }
        position >>= 1;
        last >>= 1;
    }
    last == 0 && older == old_root && newer == root
}
