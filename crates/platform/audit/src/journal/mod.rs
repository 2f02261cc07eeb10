//! The local journal: where notes of reads are safe before the read is answered.
//!
//! A note is one `write` to an append-only segment file, so it outlives the process; a background
//! task synchronises the files, so that a loss of power costs the last moments at most. Notes are
//! sealed before they come here.

mod reader;
mod record;
mod recover;
mod segment;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

pub(crate) use reader::{Chunk, SegmentReader, Stop};
pub(crate) use record::Record;
pub(crate) use recover::{Orphan, orphans};
use segment::Segment;

use crate::error::JournalError;

/// Size at which a new segment is begun.
const SEGMENT_BYTES: u64 = 8 << 20;
/// How much may wait for the database before notes, and with them reads, are refused.
const BACKLOG_BYTES: u64 = 1 << 30;
/// Name of the file whose lock says that the journal's process lives.
const LOCK: &str = "lock";

/// A position in a journal: segment and offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position {
    pub(crate) segment: u64,
    pub(crate) offset: u64,
}

/// The journal that this process writes.
#[derive(Debug)]
pub(crate) struct Journal {
    id: Uuid,
    directory: PathBuf,
    _lock: File,
    writing: Mutex<Writing>,
    waiting: AtomicU64,
}

#[derive(Debug)]
struct Writing {
    segment: Segment,
    /// Files with bytes that are not synchronised.
    unsynced: Vec<File>,
    in_doubt: bool,
}

impl Journal {
    /// Begins a new journal under `parent`; one process, one journal.
    ///
    /// # Errors
    /// [`JournalError::Io`].
    pub(crate) fn create(parent: &Path) -> Result<Self, JournalError> {
        let id = Uuid::now_v7();
        let directory = parent.join(id.to_string());
        std::fs::create_dir_all(&directory).map_err(JournalError::io("make the journal"))?;
        private(&directory)?;
        let segment = Segment::create(&directory, 0)?;
        let lock = locked(&directory)?;
        let writing = Writing {
            segment,
            unsynced: Vec::new(),
            in_doubt: false,
        };
        Ok(Self {
            id,
            directory,
            _lock: lock,
            writing: Mutex::new(writing),
            waiting: AtomicU64::new(0),
        })
    }

    /// Its id, part of the key that keeps a note from arriving twice.
    pub(crate) const fn id(&self) -> Uuid {
        self.id
    }

    /// Its directory.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Writes a record. When this returns, the record survives the end of the process.
    ///
    /// # Errors
    /// Any [`JournalError`]; nothing was written then.
    pub(crate) fn append(&self, record: &Record<'_>) -> Result<(), JournalError> {
        let waiting = self.waiting.load(Ordering::Relaxed);
        if waiting > BACKLOG_BYTES {
            return Err(JournalError::Backlog { waiting });
        }
        let framed = record.framed()?;
        let mut writing = self.writing();
        if writing.in_doubt {
            return Err(JournalError::InDoubt);
        }
        if writing.segment.length() >= SEGMENT_BYTES {
            let next = Segment::create(&self.directory, writing.segment.number() + 1)?;
            let full = std::mem::replace(&mut writing.segment, next);
            writing.unsynced.extend(full.into_unsynced());
        }
        if let Err(refused) = writing.segment.append(&framed) {
            writing.in_doubt = refused.in_doubt;
            return Err(refused.cause);
        }
        self.waiting
            .fetch_add(framed.len() as u64, Ordering::Relaxed);
        Ok(())
    }

    /// The end of what is written.
    pub(crate) fn end(&self) -> Position {
        let writing = self.writing();
        Position {
            segment: writing.segment.number(),
            offset: writing.segment.length(),
        }
    }

    /// Notes that `bytes` have arrived in the database.
    pub(crate) fn arrived(&self, bytes: u64) {
        self.waiting.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Removes a segment, all of which has arrived in the database.
    pub(crate) fn discard(&self, segment: u64) -> Result<(), JournalError> {
        std::fs::remove_file(segment_path(&self.directory, segment))
            .map_err(JournalError::io("remove a segment of the journal"))
    }

    /// Removes the journal, all of which has arrived in the database.
    pub(crate) fn remove(&self) -> Result<(), JournalError> {
        std::fs::remove_dir_all(&self.directory).map_err(JournalError::io("remove the journal"))
    }

    /// How many bytes wait for the database.
    pub(crate) fn waiting(&self) -> u64 {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Makes everything written so far survive a loss of power. Blocks; a failure puts the journal
    /// in doubt, because the kernel reports it only once.
    pub(crate) fn sync(&self) -> Result<(), JournalError> {
        let files = {
            let mut writing = self.writing();
            let mut files = std::mem::take(&mut writing.unsynced);
            files.extend(writing.segment.take_unsynced()?);
            files
        };
        if files.is_empty() {
            return Ok(());
        }
        let directory = File::open(&self.directory).and_then(|directory| directory.sync_all());
        let synced = files.iter().try_for_each(File::sync_data).and(directory);
        synced.map_err(|source| {
            self.writing().in_doubt = true;
            JournalError::Io {
                action: "synchronise the journal",
                source,
            }
        })
    }

    fn writing(&self) -> MutexGuard<'_, Writing> {
        self.writing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The lock of a new journal. It gets its name only once it is held, so that nobody takes a journal
/// that is being made for an abandoned one.
fn locked(directory: &Path) -> Result<File, JournalError> {
    let failed = JournalError::io("lock the journal");
    let making = directory.join("lock.new");
    let lock = File::create(&making).and_then(|lock| {
        lock.try_lock()?;
        std::fs::rename(&making, directory.join(LOCK))?;
        Ok(lock)
    });
    lock.map_err(failed)
}

/// Closes a directory to everybody else.
fn private(directory: &Path) -> Result<(), JournalError> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(directory, std::fs::Permissions::from_mode(0o700))
        .map_err(JournalError::io("protect the journal"))
}

/// The file of a segment.
fn segment_path(directory: &Path, number: u64) -> PathBuf {
    directory.join(format!("{number:012}.journal"))
}

#[cfg(test)]
mod tests;
