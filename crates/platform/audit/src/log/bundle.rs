//! Archived rows: the entries of one full tile and the sealed details behind them.

use crate::tree::{Hash, TILE_WIDTH};
use crate::{Archive, AuditError, Result};

use super::archive::tile_name;

/// One archived row.
pub(crate) struct Archived {
    /// The canonical entry, which is the leaf.
    pub(crate) entry: Vec<u8>,
    /// The sealed detail to which the entry commits.
    pub(crate) detail: Vec<u8>,
}

impl Archived {
    /// Its hash in the tree.
    pub(crate) fn hash(&self) -> Hash {
        Hash::of_leaf(&self.entry)
    }

    /// Whether the detail is the one to which the entry commits.
    pub(crate) fn is_whole(&self) -> bool {
        self.entry.ends_with(&mt_crypto::sha256(&self.detail))
    }
}

/// The rows of the full tile `n`; `None` when the archive does not hold all of them whole.
///
/// # Errors
/// [`AuditError::Archive`] when the archive does not answer.
pub(crate) async fn archived(archive: &dyn Archive, n: u64) -> Result<Option<Vec<Archived>>> {
    let width = TILE_WIDTH as u64;
    let mut parts = [Vec::new(), Vec::new()];
    for (parent, part) in ["tile/entries", "rows"].into_iter().zip(&mut parts) {
        let name = tile_name(parent, n, width);
        let found = archive.get(&name).await.map_err(AuditError::Archive)?;
        let Some(found) = found else {
            return Ok(None);
        };
        *part = found;
    }
    let [entries, details] = parts;
    let (entries, details) = (split::<2>(&entries), split::<4>(&details));
    let Some((entries, details)) = entries.zip(details) else {
        return Ok(None);
    };
    let rows: Vec<Archived> = entries
        .into_iter()
        .zip(details)
        .map(|(entry, detail)| Archived { entry, detail })
        .collect();
    let complete = rows.len() == TILE_WIDTH && rows.iter().all(Archived::is_whole);
    Ok(complete.then_some(rows))
}

/// Parts, each behind its length of `N` bytes; `None` when the bytes end within one.
fn split<const N: usize>(mut bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut parts = Vec::new();
    while !bytes.is_empty() {
        let (length, rest) = bytes.split_first_chunk::<N>()?;
        let length = length
            .iter()
            .fold(0_usize, |sum, byte| sum << 8 | usize::from(*byte));
        let (part, rest) = rest.split_at_checked(length)?;
        parts.push(part.to_vec());
        bytes = rest;
    }
    Some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_read_whole_or_not_at_all() {
        let bytes = [0, 1, b'a', 0, 0, 0, 2, b'b', b'c'];
        let parts = split::<2>(&bytes).unwrap();
        assert_eq!(parts, [b"a".to_vec(), Vec::new(), b"bc".to_vec()]);
        for end in [1, 2, 4, 8] {
            assert_eq!(split::<2>(&bytes[..end]), None, "{end}");
        }
        assert_eq!(split::<4>(&[0, 0, 0, 1, 7]).unwrap(), [[7]]);
    }
}
