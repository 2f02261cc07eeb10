//! The log as files: for an archive in another place, and for tools of the transparency ecosystem.
//!
//! The layout is that of C2SP tlog-tiles, beside it the sealed rows. Full files never change, so an
//! archive is brought up to date by writing what is new. The checkpoint that an archive holds is a
//! witness: a log that is not its continuation is not archived over it.

use std::path::{Path, PathBuf};

use futures::FutureExt;
use futures::future::BoxFuture;
use mt_database::TenantTx;
use mt_kernel::{ErrorKind, Fault, Instant, TenantId};
use uuid::Uuid;

use super::leaf::{Leaf, seqs_of};
use super::note::Checkpoint;
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

/// A place where files are kept: a folder, object storage.
pub trait Archive: Send + Sync {
    /// A file of the archive; `None` when it holds none of this name.
    fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Vec<u8>>, Fault>>;

    /// Keeps a file whole.
    fn put<'a>(&'a self, name: &'a str, content: Vec<u8>) -> BoxFuture<'a, Result<(), Fault>>;
}

impl Audit {
    /// Writes a tenant's log to `archive`, or brings it up to date there:
    ///
    /// * `checkpoint` and `key`: the signed note and the key that verifies it;
    /// * `tile/<level>/<n>`: tiles, `tile/entries/<n>`: bundles of entries, each behind its length (u16);
    /// * `rows/<n>`: the sealed details of the same rows, each behind its length (u32). An entry ends
    ///   with the SHA-256 of its detail.
    ///
    /// # Errors
    /// [`AuditError::Damaged`] when rows or tiles are missing, or the log is not the continuation of the
    /// one in the archive; [`AuditError::Archive`].
    pub async fn archive(&self, tenant: TenantId, archive: &dyn Archive) -> Result<Archived> {
        let known = self.archived_size(tenant, archive).await?;
        let tx = self.snapshot(tenant).await?;
        let (note, state) = opened(&tx).await?;
        let verifier = verifier_find(&tx).await?.ok_or(AuditError::NoSuchEntry)?;
        let mut writing = Writing {
            tx: &tx,
            archive,
            files: 0,
        };
        let mut level = 0;
        while state.size >> (TILE_HEIGHT * level) > 0 {
            // A full tile below the size that was archived before is there already.
            let full = (known >> (TILE_HEIGHT * level)) / TILE_WIDTH as u64;
            for (n, width) in
                tiles(state.size >> (TILE_HEIGHT * level)).skip_while(|(n, _)| *n < full)
            {
                let tile = Tree::new(&tx, state.size).tile(level, n).await?;
                let bytes = tile.iter().flat_map(|hash| hash.0).collect();
                let name = tile_name(&format!("tile/{level}"), n, width);
                writing.put(&name, bytes).await?;
                if level == 0 {
                    writing.rows(n, width).await?;
                }
            }
            level += 1;
        }
        writing
            .put("key", format!("{verifier}\n").into_bytes())
            .await?;
        // Last, so that an archive never lacks what its checkpoint speaks of.
        writing.put("checkpoint", note.into_bytes()).await?;
        Ok(Archived {
            leaves: state.size,
            files: writing.files,
        })
    }

    /// How many leaves the archive holds, of which the log is the continuation.
    async fn archived_size(&self, tenant: TenantId, archive: &dyn Archive) -> Result<u64> {
        let Some(note) = archive
            .get("checkpoint")
            .await
            .map_err(AuditError::Archive)?
        else {
            return Ok(0);
        };
        let note = String::from_utf8(note)
            .map_err(|_| AuditError::Damaged("the archived checkpoint is no text".to_owned()))?;
        self.compare(tenant, &note).await?;
        let verifier = self.verifier_key(tenant).await?;
        let verifier = verifier.ok_or(AuditError::NoSuchEntry)?;
        let pinned = archive.get("key").await.map_err(AuditError::Archive)?;
        if pinned.as_deref() != Some(format!("{verifier}\n").as_bytes()) {
            let reason = "its key is another than that of the archive";
            return Err(AuditError::Damaged(reason.to_owned()));
        }
        Ok(Checkpoint::open(&note, &verifier)?.size)
    }
}

/// An archive that is being written.
struct Writing<'a> {
    tx: &'a TenantTx,
    archive: &'a dyn Archive,
    files: u64,
}

impl Writing<'_> {
    async fn put(&mut self, name: &str, content: Vec<u8>) -> Result<()> {
        let kept = self.archive.put(name, content).await;
        kept.map_err(AuditError::Archive)?;
        self.files += 1;
        Ok(())
    }

    async fn rows(&mut self, n: u64, width: u64) -> Result<()> {
        let tx = self.tx;
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
            entries
                .extend_from_slice(&u16::try_from(entry.len()).unwrap_or(u16::MAX).to_be_bytes());
            entries.extend_from_slice(&entry);
            details.extend_from_slice(
                &u32::try_from(sealed.len())
                    .unwrap_or(u32::MAX)
                    .to_be_bytes(),
            );
            details.extend_from_slice(sealed);
        }
        self.put(&tile_name("tile/entries", n, width), entries)
            .await?;
        self.put(&tile_name("rows", n, width), details).await
    }
}

/// The tiles over `count` hashes, each with its width.
fn tiles(count: u64) -> impl Iterator<Item = (u64, u64)> {
    let width = TILE_WIDTH as u64;
    (0..count.div_ceil(width)).map(move |n| (n, (count - n * width).min(width)))
}

/// `x001/x234/067`, and `.p/<width>` behind it for a tile that is not full.
pub(super) fn tile_name(parent: &str, n: u64, width: u64) -> String {
    let mut name = format!("{:03}", n % 1000);
    let mut rest = n / 1000;
    while rest > 0 {
        name = format!("x{:03}/{name}", rest % 1000);
        rest /= 1000;
    }
    if width < TILE_WIDTH as u64 {
        name = format!("{name}.p/{width}");
    }
    format!("{parent}/{name}")
}

/// An archive in a folder of this machine.
#[derive(Clone, Debug)]
pub struct Folder(pub PathBuf);

impl Archive for Folder {
    fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<Vec<u8>>, Fault>> {
        let read = match std::fs::read(self.0.join(name)) {
            Ok(content) => Ok(Some(content)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(unwritten(&error)),
        };
        std::future::ready(read).boxed()
    }

    fn put<'a>(&'a self, name: &'a str, content: Vec<u8>) -> BoxFuture<'a, Result<(), Fault>> {
        let written = write(&self.0.join(name), &content).map_err(|error| unwritten(&error));
        std::future::ready(written).boxed()
    }
}

fn unwritten(error: &std::io::Error) -> Fault {
    let text = format!("the folder of the archive cannot be used: {}", error.kind());
    Fault::new(ErrorKind::Unavailable, text)
}

/// Writes a file whole, with its folders.
fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let next = path.with_extension("next");
    std::fs::create_dir_all(path.parent().unwrap_or(path))?;
    std::fs::write(&next, bytes)?;
    std::fs::rename(&next, path)
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
            assert_eq!(tile_name("t", n, width), expected);
        }
        assert_eq!(tiles(513).collect::<Vec<_>>(), [(0, 256), (1, 256), (2, 1)]);
        assert_eq!(tiles(512).count(), 2);
    }
}
