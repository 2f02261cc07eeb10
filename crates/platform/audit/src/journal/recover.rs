//! Journals whose process is gone: found by their lock, read to the end, removed.

use std::fs::File;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::{LOCK, segment_path};
use crate::error::JournalError;

/// A journal that nobody writes any more. Its lock is held for as long as this value lives.
#[derive(Debug)]
pub(crate) struct Orphan {
    id: Uuid,
    directory: PathBuf,
    _lock: File,
}

/// The journals under `parent` whose processes are gone.
pub(crate) fn orphans(parent: &Path) -> Result<Vec<Orphan>, JournalError> {
    let list = JournalError::io("list the journals");
    let mut found = Vec::new();
    for entry in std::fs::read_dir(parent).map_err(list)? {
        let entry = entry.map_err(JournalError::io("list the journals"))?;
        let name = entry.file_name();
        let Some(id) = name.to_str().and_then(|name| Uuid::try_parse(name).ok()) else {
            continue;
        };
        // Between its directory and its lock a new journal has no lock file.
        let Ok(lock) = File::open(entry.path().join(LOCK)) else {
            continue;
        };
        if lock.try_lock().is_ok() {
            found.push(Orphan {
                id,
                directory: entry.path(),
                _lock: lock,
            });
        }
    }
    found.sort_by_key(|orphan| orphan.id);
    Ok(found)
}

impl Orphan {
    pub(crate) const fn id(&self) -> Uuid {
        self.id
    }

    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// The numbers of its segments, in order.
    pub(crate) fn segments(&self) -> Result<Vec<u64>, JournalError> {
        segments(&self.directory)
    }

    /// Keeps a damaged segment for examination, under a name that is not read again.
    pub(crate) fn set_aside(&self, number: u64) -> Result<PathBuf, JournalError> {
        let parent = self.directory.parent().unwrap_or(&self.directory);
        let aside = parent.join(format!("{}-{number}.damaged", self.id));
        std::fs::rename(segment_path(&self.directory, number), &aside)
            .map_err(JournalError::io("set a damaged segment aside"))?;
        Ok(aside)
    }

    /// Removes the journal, all of which has arrived in the database.
    pub(crate) fn remove(self) -> Result<(), JournalError> {
        std::fs::remove_dir_all(&self.directory).map_err(JournalError::io("remove a journal"))
    }
}

/// The numbers of the segments in a directory, in order.
fn segments(directory: &Path) -> Result<Vec<u64>, JournalError> {
    let list = JournalError::io("list the segments of a journal");
    let mut numbers = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(list)? {
        let entry = entry.map_err(JournalError::io("list the segments of a journal"))?;
        let name = entry.file_name();
        let number: Option<u64> = name
            .to_str()
            .and_then(|name| name.strip_suffix(".journal")?.parse().ok());
        numbers.extend(number);
    }
    numbers.sort_unstable();
    Ok(numbers)
}
