//! Checkpoints kept outside the database, in the data directory.
//!
//! A database that was restored from an older backup agrees with itself; only a later checkpoint
//! that lives elsewhere tells. `latest` follows every checkpoint, `history` keeps one a minute.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use mt_kernel::{Instant, TenantId};

use super::note::{Checkpoint, VerifierKey};
use crate::{AuditError, Result};

/// Shortest time between two lines of the history, in microseconds.
const HISTORY_EVERY: i64 = 60_000_000;

/// The witness files of an installation.
#[derive(Clone, Debug)]
pub(crate) struct Witness {
    directory: PathBuf,
}

impl Witness {
    /// Witness files under the audit directory.
    pub(crate) fn under(directory: &Path) -> Self {
        Self {
            directory: directory.join("witness"),
        }
    }

    fn of(&self, tenant: TenantId) -> PathBuf {
        self.directory.join(tenant.to_string())
    }

    /// The key that this witness saw first.
    pub(crate) fn pinned(&self, tenant: TenantId) -> Result<Option<VerifierKey>> {
        read(&self.of(tenant).join("key"))?
            .map(|text| VerifierKey::parse(&text))
            .transpose()
    }

    /// The checkpoints kept, oldest first; those that the pinned key does not verify are errors.
    pub(crate) fn notes(&self, tenant: TenantId) -> Result<Vec<String>> {
        let history = read(&self.of(tenant).join("history"))?.unwrap_or_default();
        let mut notes: Vec<String> = history
            .split("\n\n\n")
            .filter(|note| !note.is_empty())
            .map(restored)
            .collect();
        notes.extend(read(&self.of(tenant).join("latest"))?);
        Ok(notes)
    }

    /// The latest checkpoint kept.
    pub(crate) fn latest(&self, tenant: TenantId) -> Result<Option<Checkpoint>> {
        let (Some(key), Some(note)) =
            (self.pinned(tenant)?, read(&self.of(tenant).join("latest"))?)
        else {
            return Ok(None);
        };
        Checkpoint::open(&note, &key).map(Some)
    }

    /// Keeps a checkpoint that the database has committed.
    pub(crate) fn keep(
        &self,
        tenant: TenantId,
        verifier: &VerifierKey,
        note: &str,
        (now, history_at): (Instant, &mut Instant),
    ) -> Result<()> {
        let directory = self.of(tenant);
        if !directory.join("key").exists() {
            std::fs::create_dir_all(&directory).map_err(AuditError::file("make the witness"))?;
            replace(&directory.join("key"), &format!("{verifier}\n"))?;
        }
        replace(&directory.join("latest"), note)?;
        if now.0 - history_at.0 >= HISTORY_EVERY {
            *history_at = now;
            let opened = OpenOptions::new()
                .append(true)
                .create(true)
                .open(directory.join("history"));
            opened
                .and_then(|mut file| file.write_all(format!("{note}\n\n").as_bytes()))
                .map_err(AuditError::file("write the witness"))?;
        }
        Ok(())
    }

    /// Puts the witness of a tenant aside, for a person who has explained why the database is behind
    /// it; returns where it is kept.
    pub(crate) fn set_aside(&self, tenant: TenantId, now: Instant) -> Result<PathBuf> {
        let aside = self
            .directory
            .join(format!("{tenant}.until-{}", now.unix_seconds()));
        std::fs::rename(self.of(tenant), &aside)
            .map_err(AuditError::file("put the witness aside"))?;
        Ok(aside)
    }
}

/// A note of the history with the line end that the separator swallowed.
fn restored(note: &str) -> String {
    format!("{}\n", note.trim_matches('\n'))
}

fn read(path: &Path) -> Result<Option<String>> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(AuditError::File {
            action: "read the witness",
            source,
        }),
    }
}

/// Replaces a file whole.
fn replace(path: &Path, text: &str) -> Result<()> {
    let next = path.with_extension("next");
    std::fs::write(&next, text)
        .and_then(|()| std::fs::rename(&next, path))
        .map_err(AuditError::file("write the witness"))
}
