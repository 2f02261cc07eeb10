//! A durable store in a folder: an append-only journal with group commit.
//!
//! A message is written, flushed to the disk together with all that arrived meanwhile, and only
//! then reported as stored. Opening the folder finds the end of what was written whole, cuts off
//! what a crash left half written, and refuses to go on when anything before that is damaged.

mod index;
mod reader;
mod record;
mod segment;
mod writer;

use std::io;
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use tokio::sync::{mpsc, oneshot};

use crate::store::{MessageStore, Received, Stored, Unavailable};

pub use reader::{Entry, Messages, messages};
use writer::{Request, Writer};

/// Stores messages in a folder.
///
/// One process at a time may have a folder open. When writing or flushing fails once, nothing is
/// stored any more until the folder is opened again: what reached the disk is then read anew.
#[derive(Debug)]
pub struct JournalStore {
    /// Both are there until the store is dropped.
    requests: Option<mpsc::Sender<Request>>,
    thread: Option<JoinHandle<()>>,
}

/// How a journal is kept.
#[derive(Clone, Copy, Debug)]
pub struct JournalOptions {
    /// When a file reaches this size the next one is begun.
    pub segment_bytes: u64,
    /// Most bytes that are flushed at once.
    pub group_bytes: usize,
}

impl Default for JournalOptions {
    fn default() -> Self {
        Self {
            segment_bytes: 64 * 1024 * 1024,
            group_bytes: 8 * 1024 * 1024,
        }
    }
}

/// Why a journal cannot be opened or read.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Another process has the folder open.
    #[error("the journal in {0} is in use by another process")]
    InUse(PathBuf),
    /// Reading or writing failed.
    #[error("{path}: {source}")]
    Io {
        /// Which file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Something that was safely stored is damaged. Nothing is changed.
    #[error("{path} is damaged at byte {offset}, before what was safely stored ends")]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// Where.
        offset: u64,
    },
    /// A file of the journal that is none.
    #[error("{0} is not a journal file")]
    Foreign(PathBuf),
}

impl JournalError {
    fn io(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        Self::Io { path, source }
    }
}

impl JournalStore {
    /// Opens the journal in `folder`, creating it when it does not exist, with the defaults.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn open(folder: impl AsRef<Path>) -> Result<Self, JournalError> {
        Self::open_with(folder, JournalOptions::default())
    }

    /// Opens the journal in `folder`.
    ///
    /// # Errors
    /// [`JournalError`].
    pub fn open_with(
        folder: impl AsRef<Path>,
        options: JournalOptions,
    ) -> Result<Self, JournalError> {
        let writer = Writer::open(folder.as_ref(), options)?;
        let (requests, waiting) = mpsc::channel(1024);
        let thread = std::thread::Builder::new()
            .name("mllp-journal".to_owned())
            .spawn(move || writer.run(waiting))
            .map_err(|source| JournalError::io(folder.as_ref(), source))?;
        Ok(Self {
            requests: Some(requests),
            thread: Some(thread),
        })
    }
}

impl Drop for JournalStore {
    /// Waits for the last flush, so that the folder can be opened again at once.
    fn drop(&mut self) {
        drop(self.requests.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl MessageStore for JournalStore {
    async fn store(&self, received: Received) -> Result<Stored, Unavailable> {
        let (reply, stored) = oneshot::channel();
        let request = Request { received, reply };
        let requests = self.requests.as_ref().ok_or(Unavailable)?;
        requests.send(request).await.map_err(|_| Unavailable)?;
        stored.await.unwrap_or(Err(Unavailable))
    }
}
