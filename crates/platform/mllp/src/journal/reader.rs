//! Reading what a journal holds, also while it is being written.

use std::path::{Path, PathBuf};

use super::record::Record;
use super::{JournalError, segment};
use crate::store::Received;

/// A stored message and where it stands.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Number of the file.
    pub segment: u64,
    /// Where in the file.
    pub offset: u64,
    /// The message.
    pub received: Received,
}

/// The stored messages of a folder in the order in which they were stored.
#[derive(Debug)]
pub struct Messages {
    files: std::vec::IntoIter<(u64, PathBuf)>,
    entries: std::vec::IntoIter<Entry>,
}

/// Reads the journal in `folder` from its beginning to what is stored now, file by file.
///
/// # Errors
/// [`JournalError`] when the folder cannot be read.
pub fn messages(folder: impl AsRef<Path>) -> Result<Messages, JournalError> {
    Ok(Messages {
        files: segment::list(folder.as_ref())?.into_iter(),
        entries: Vec::new().into_iter(),
    })
}

impl Iterator for Messages {
    type Item = Result<Entry, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(entry) = self.entries.next() {
                return Some(Ok(entry));
            }
            let (segment, path) = self.files.next()?;
            let last = self.files.as_slice().is_empty();
            let mut entries = Vec::new();
            let collect = |offset, record: Record| {
                entries.push(Entry {
                    segment,
                    offset,
                    received: record.received,
                });
            };
            if let Err(error) = segment::scan(&path, last, collect) {
                return Some(Err(error));
            }
            self.entries = entries.into_iter();
        }
    }
}
