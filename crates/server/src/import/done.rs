//! Which units a tenant has already: one file of digests, appended as units are committed.

use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use anyhow::Context;
use mt_kernel::TenantId;

/// Digest of a unit's bytes.
pub(super) type Digest = [u8; 32];

/// The units that were loaded before.
pub(super) struct Done {
    known: HashSet<Digest>,
    file: Mutex<File>,
}

impl Done {
    pub(super) fn open(dir: &Path, tenant: TenantId) -> anyhow::Result<Self> {
        std::fs::create_dir_all(dir)
            .with_context(|| format!("{} cannot be made", dir.display()))?;
        let path = dir.join(format!("{tenant}.loaded"));
        let mut file = OpenOptions::new()
            .create(true)
            .read(true)
            .append(true)
            .open(&path)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        // A run that was killed may have left a part of a digest: the tail is cut off.
        let whole = bytes.len() - bytes.len() % size_of::<Digest>();
        if whole != bytes.len() {
            file.set_len(whole as u64)?;
        }
        let known = bytes[..whole]
            .as_chunks::<{ size_of::<Digest>() }>()
            .0
            .iter()
            .copied()
            .collect();
        Ok(Self {
            known,
            file: Mutex::new(file),
        })
    }

    pub(super) fn contains(&self, digest: &Digest) -> bool {
        self.known.contains(digest)
    }

    pub(super) fn note(&self, digest: &Digest) -> anyhow::Result<()> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(digest)
            .context("what was loaded cannot be noted")
    }
}
