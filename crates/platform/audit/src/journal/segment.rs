//! One segment file, open for appending.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;

use super::segment_path;
use crate::error::JournalError;

/// A segment that is being written.
#[derive(Debug)]
pub(super) struct Segment {
    number: u64,
    length: u64,
    file: File,
    unsynced: bool,
}

/// A record that was not written.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) cause: JournalError,
    /// Whether part of it may stand in the file.
    pub(super) in_doubt: bool,
}

impl Segment {
    pub(super) fn create(directory: &Path, number: u64) -> Result<Self, JournalError> {
        use std::os::unix::fs::OpenOptionsExt;
        let file = OpenOptions::new()
            .append(true)
            .create_new(true)
            .mode(0o600)
            .open(segment_path(directory, number))
            .map_err(JournalError::io("begin a segment of the journal"))?;
        Ok(Self {
            number,
            length: 0,
            file,
            unsynced: false,
        })
    }

    pub(super) const fn number(&self) -> u64 {
        self.number
    }

    pub(super) const fn length(&self) -> u64 {
        self.length
    }

    /// Writes a framed record in one call; a partial write is taken back.
    pub(super) fn append(&mut self, framed: &[u8]) -> Result<(), Refused> {
        match self.file.write_all(framed) {
            Ok(()) => {
                self.length += framed.len() as u64;
                self.unsynced = true;
                Ok(())
            }
            Err(source) => Err(Refused {
                in_doubt: self.file.set_len(self.length).is_err(),
                cause: JournalError::Io {
                    action: "write to the journal",
                    source,
                },
            }),
        }
    }

    /// A handle to synchronise, when something was written since the last one was taken.
    pub(super) fn take_unsynced(&mut self) -> Result<Option<File>, JournalError> {
        if !self.unsynced {
            return Ok(None);
        }
        let file = self
            .file
            .try_clone()
            .map_err(JournalError::io("synchronise the journal"))?;
        self.unsynced = false;
        Ok(Some(file))
    }

    /// The file itself, when it still has to be synchronised.
    pub(super) fn into_unsynced(self) -> Option<File> {
        self.unsynced.then_some(self.file)
    }
}
