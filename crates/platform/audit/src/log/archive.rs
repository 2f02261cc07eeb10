//! The log as files: for an archive in another place, and for tools of the transparency ecosystem.
//!
//! The layout is that of C2SP tlog-tiles, beside it the sealed rows. Full files never change, so an
//! archive is brought up to date by writing what is new.

use std::path::{Path, PathBuf};

use mt_database::TenantTx;
use mt_kernel::{Instant, TenantId};
use uuid::Uuid;

use super::leaf::{Leaf, seqs_of};
use super::prove::opened;
use super::signer::{column, verifier_find};
use super::tiles::Tree;
use crate::tree::{TILE_HEIGHT, TILE_WIDTH};
use crate::{Audit, AuditError, Result};

const ROWS: &str = "select a.seq, a.at, a.kind, a.correlation, a.detail \
    from unnest($2::int8[]) with ordinality k (seq, position) \
    join records.audit a on a.tenant = $1 and a.seq = k.seq order by k.position";

/// What was archived.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Archived {
    /// Leaves in the archive.
    pub leaves: u64,
    /// Files written now.
    pub files: u64,
}

impl Audit {
    /// Writes a tenant's log to `directory`, or brings it up to date there:
    ///
    /// * `checkpoint` and `key`: the signed note and the key that verifies it;
    /// * `tile/<level>/<n>`: tiles, `tile/entries/<n>`: bundles of entries, each behind its length (u16);
    /// * `rows/<n>`: the sealed details of the same rows, each behind its length (u32). An entry ends
    ///   with the SHA-256 of its detail.
    ///
    /// # Errors
    /// [`AuditError::Damaged`] when rows or tiles are missing; [`AuditError::File`].
    pub async fn archive(&self, tenant: TenantId, directory: &Path) -> Result<Archived> {
        let tx = self.snapshot(tenant).await?;
        let (note, state) = opened(&tx).await?;
        let verifier = verifier_find(&tx).await?.ok_or(AuditError::NoSuchEntry)?;
        let mut archived = Archived {
            leaves: state.size,
            files: 0,
        };
        let mut level = 0;
        while state.size >> (TILE_HEIGHT * level) > 0 {
            for (n, width) in tiles(state.size >> (TILE_HEIGHT * level)) {
                let path = tile_path(&directory.join("tile").join(level.to_string()), n, width);
                if width == TILE_WIDTH as u64 && path.exists() {
                    continue;
                }
                let tile = Tree::new(&tx, state.size).tile(level, n).await?;
                let bytes: Vec<u8> = tile.iter().flat_map(|hash| hash.0).collect();
                archived.files += write(&path, &bytes)?;
                if level == 0 {
                    archived.files += write_rows(&tx, directory, n, width).await?;
                }
            }
            level += 1;
        }
        archived.files += write(&directory.join("key"), format!("{verifier}\n").as_bytes())?;
        // Last, so that an archive never lacks what its checkpoint speaks of.
        archived.files += write(&directory.join("checkpoint"), note.as_bytes())?;
        Ok(archived)
    }
}

/// The tiles over `count` hashes, each with its width.
fn tiles(count: u64) -> impl Iterator<Item = (u64, u64)> {
    let width = TILE_WIDTH as u64;
    (0..count.div_ceil(width)).map(move |n| (n, (count - n * width).min(width)))
}

async fn write_rows(tx: &TenantTx, directory: &Path, n: u64, width: u64) -> Result<u64> {
    let from = n * TILE_WIDTH as u64;
    let seqs = seqs_of(tx, from, from + width).await?;
    let rows = tx.query(ROWS, &[&tx.tenant().0, &seqs]).await?;
    if rows.len() as u64 != width {
        return Err(AuditError::Damaged(format!("rows of tile {n} are missing")));
    }
    let (mut entries, mut details) = (Vec::new(), Vec::new());
    for row in &rows {
        let sealed: &[u8] = column(row, 4)?;
        let leaf = Leaf {
            tenant: tx.tenant(),
            seq: column(row, 0)?,
            at: Instant(column(row, 1)?),
            kind: column(row, 2)?,
            correlation: column::<Uuid>(row, 3)?,
            detail_digest: mt_crypto::sha256(sealed),
        };
        let entry = leaf.entry();
        entries.extend_from_slice(&u16::try_from(entry.len()).unwrap_or(u16::MAX).to_be_bytes());
        entries.extend_from_slice(&entry);
        details.extend_from_slice(
            &u32::try_from(sealed.len())
                .unwrap_or(u32::MAX)
                .to_be_bytes(),
        );
        details.extend_from_slice(sealed);
    }
    let bundle = tile_path(&directory.join("tile").join("entries"), n, width);
    Ok(write(&bundle, &entries)? + write(&tile_path(&directory.join("rows"), n, width), &details)?)
}

/// `x001/x234/067`, and `.p/<width>` behind it for a tile that is not full.
fn tile_path(parent: &Path, n: u64, width: u64) -> PathBuf {
    let mut name = format!("{:03}", n % 1000);
    let mut rest = n / 1000;
    while rest > 0 {
        name = format!("x{:03}/{name}", rest % 1000);
        rest /= 1000;
    }
    if width < TILE_WIDTH as u64 {
        name = format!("{name}.p/{width}");
    }
    parent.join(name)
}

/// Writes a file whole, with its folders.
fn write(path: &Path, bytes: &[u8]) -> Result<u64> {
    let next = path.with_extension("next");
    let parent = path.parent().unwrap_or(path);
    std::fs::create_dir_all(parent)
        .and_then(|()| std::fs::write(&next, bytes))
        .and_then(|()| std::fs::rename(&next, path))
        .map_err(AuditError::file("write the archive"))?;
    Ok(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_tlog_tiles() {
        for (n, width, expected) in [
            (0, 256, "t/000"),
            (67, 256, "t/067"),
            (1_234_067, 256, "t/x001/x234/067"),
            (5, 8, "t/005.p/8"),
        ] {
            assert_eq!(tile_path(Path::new("t"), n, width), Path::new(expected));
        }
        assert_eq!(tiles(513).collect::<Vec<_>>(), [(0, 256), (1, 256), (2, 1)]);
        assert_eq!(tiles(512).count(), 2);
    }
}
