//! The thread that owns the files: checks keys, writes groups, flushes, then answers.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use super::index::{Index, Place};
use super::{JournalError, JournalOptions, record, segment};
use crate::store::{MessageKey, Received, Stored, Unavailable};

/// A message to be stored and whoever waits for it.
pub(super) struct Request {
    pub(super) received: Received,
    pub(super) reply: oneshot::Sender<Result<Stored, Unavailable>>,
}

/// An open journal.
pub(super) struct Writer {
    folder: PathBuf,
    options: JournalOptions,
    index: Index,
    segment: u64,
    path: PathBuf,
    file: File,
    /// Bytes of the file that are on the disk.
    durable: u64,
    /// Held as long as the journal is open.
    _lock: File,
}

/// Messages that are flushed together.
#[derive(Default)]
struct Group {
    bytes: Vec<u8>,
    /// Keys that the group added to the index.
    keys: Vec<MessageKey>,
    /// What to answer once the group is on the disk.
    answers: Vec<(oneshot::Sender<Result<Stored, Unavailable>>, Stored)>,
}

impl Writer {
    pub(super) fn open(folder: &Path, options: JournalOptions) -> Result<Self, JournalError> {
        fs::create_dir_all(folder).map_err(|source| JournalError::io(folder, source))?;
        let lock = lock(folder)?;
        let files = segment::list(folder)?;
        let mut index = Index::default();
        let mut end = 0;
        for (position, (number, path)) in files.iter().enumerate() {
            let last = position + 1 == files.len();
            end = segment::scan(path, last, |offset, record| {
                let place = Place {
                    digest: record.received.digest,
                    segment: *number,
                    offset,
                    length: record.length,
                };
                index.insert(&record.received.key, place);
            })?;
        }
        let (segment, file, path, durable) = match files.into_iter().next_back() {
            Some((number, path)) if end > 0 => {
                let file = truncate(&path, end)?;
                (number, file, path, end)
            }
            // Nothing was ever stored in a file that was only just begun.
            Some((number, path)) => {
                fs::remove_file(&path).map_err(|source| JournalError::io(&path, source))?;
                begin(folder, number)?
            }
            None => begin(folder, 1)?,
        };
        Ok(Self {
            folder: folder.to_owned(),
            options,
            index,
            segment,
            path,
            file,
            durable,
            _lock: lock,
        })
    }

    /// Serves requests until every handle is dropped or the disk fails.
    pub(super) fn run(mut self, mut waiting: mpsc::Receiver<Request>) {
        while let Some(first) = waiting.blocking_recv() {
            let mut group = Group::default();
            self.add(first, &mut group);
            while group.bytes.len() < self.options.group_bytes {
                let Ok(next) = waiting.try_recv() else { break };
                self.add(next, &mut group);
            }
            if let Err(error) = self.commit(group) {
                // After a failed flush nobody knows what is on the disk: stop, and read it anew
                // when the journal is opened again.
                tracing::error!(%error, "the journal takes no more messages");
                return;
            }
        }
    }

    /// Decides on one message and adds it to the group when it is new.
    fn add(&mut self, request: Request, group: &mut Group) {
        let Request { received, reply } = request;
        let stored = match self.index.get(&received.key) {
            Some(place) if place.digest != received.digest => Stored::Conflict,
            Some(place) => match self.ack_at(place, group) {
                Ok(ack) => Stored::Duplicate { ack },
                Err(error) => {
                    tracing::error!(%error, "a stored acknowledgement cannot be read");
                    let _ = reply.send(Err(Unavailable));
                    return;
                }
            },
            None => {
                let start = group.bytes.len();
                record::write(&received, self.durable, &mut group.bytes);
                let place = Place {
                    digest: received.digest,
                    segment: self.segment,
                    offset: self.durable + start as u64,
                    length: group.bytes.len() - start,
                };
                self.index.insert(&received.key, place);
                group.keys.push(received.key);
                Stored::New
            }
        };
        group.answers.push((reply, stored));
    }

    /// Writes and flushes a group, then tells everybody. On failure nobody is told of success.
    fn commit(&mut self, group: Group) -> Result<(), JournalError> {
        if !group.bytes.is_empty() {
            let written = self
                .file
                .write_all(&group.bytes)
                .and_then(|()| self.file.sync_data());
            if let Err(source) = written {
                for key in &group.keys {
                    self.index.remove(key);
                }
                for (reply, _) in group.answers {
                    let _ = reply.send(Err(Unavailable));
                }
                return Err(JournalError::io(&self.path, source));
            }
            self.durable += group.bytes.len() as u64;
            metrics::histogram!("mllp_journal_group_messages").record(group.keys.len() as f64);
        }
        for (reply, stored) in group.answers {
            let _ = reply.send(Ok(stored));
        }
        if self.durable >= self.options.segment_bytes {
            let next = self.segment + 1;
            (self.segment, self.file, self.path, self.durable) = begin(&self.folder, next)?;
        }
        Ok(())
    }

    /// The acknowledgement of a stored message, which may still be in the group.
    fn ack_at(&self, place: Place, group: &Group) -> Result<Bytes, JournalError> {
        let pending = place.segment == self.segment && place.offset >= self.durable;
        let bytes = if pending {
            let start = usize::try_from(place.offset - self.durable).unwrap_or(usize::MAX);
            group.bytes.get(start..).unwrap_or_default().to_vec()
        } else {
            self.read_at(place)?
        };
        let record = record::read(&bytes).ok_or_else(|| JournalError::Damaged {
            path: self.path.clone(),
            offset: place.offset,
        })?;
        Ok(record.received.ack)
    }

    fn read_at(&self, place: Place) -> Result<Vec<u8>, JournalError> {
        let path = self.folder.join(segment::name(place.segment));
        let mut bytes = vec![0; place.length];
        let read = File::open(&path).and_then(|mut file| {
            file.seek(SeekFrom::Start(place.offset))?;
            file.read_exact(&mut bytes)
        });
        read.map_err(|source| JournalError::io(&path, source))?;
        Ok(bytes)
    }
}

fn begin(folder: &Path, number: u64) -> Result<(u64, File, PathBuf, u64), JournalError> {
    let (file, path) = segment::create(folder, number)?;
    Ok((number, file, path, segment::HEADER.len() as u64))
}

/// Cuts off what a crash left half written.
fn truncate(path: &Path, end: u64) -> Result<File, JournalError> {
    let failed = |source| JournalError::io(path, source);
    let file = OpenOptions::new().append(true).open(path).map_err(failed)?;
    let torn = file.metadata().map_err(failed)?.len().saturating_sub(end);
    if torn > 0 {
        tracing::warn!(
            bytes = torn,
            "a journal file ended in the middle of a record"
        );
        file.set_len(end).map_err(failed)?;
    }
    // Whole records at the end may never have been flushed: from now on they count as stored.
    file.sync_all().map_err(failed)?;
    Ok(file)
}

fn lock(folder: &Path) -> Result<File, JournalError> {
    let path = folder.join("lock");
    let file = OpenOptions::new().create(true).append(true).open(&path);
    let file = file.map_err(|source| JournalError::io(&path, source))?;
    // A process that this one is just starting holds a copy of the lock until it runs its own
    // program: wait that moment before believing that the folder is in use.
    for _ in 0..50 {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(fs::TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(10)),
            Err(fs::TryLockError::Error(source)) => return Err(JournalError::io(&path, source)),
        }
    }
    Err(JournalError::InUse(folder.to_owned()))
}
