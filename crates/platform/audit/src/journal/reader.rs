//! Reads a segment back, chunk by chunk.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::record::{FRAME, Framed, MAX_RECORD, Record};
use super::segment_path;
use crate::error::JournalError;

/// Bytes that are read at once; a larger record is read whole.
const CHUNK_BYTES: usize = 1 << 20;

/// A segment that is being read.
#[derive(Debug)]
pub(crate) struct SegmentReader {
    file: File,
    offset: u64,
}

/// Some whole records of a segment.
#[derive(Debug)]
pub(crate) struct Chunk {
    bytes: Vec<u8>,
    start: u64,
    /// Where the records end.
    pub(crate) end: u64,
    /// Why the segment cannot be read further, other than that it ends here.
    pub(crate) stop: Option<Stop>,
}

/// What keeps a segment from being read to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The last record was not written whole: its read was never answered.
    TornTail,
    /// Something in the middle is not a record: the file was changed or the disk is failing.
    Damage,
}

impl SegmentReader {
    /// Opens a segment at the end of a record (or its beginning); `None` when there is no such segment.
    pub(crate) fn open(
        directory: &Path,
        number: u64,
        offset: u64,
    ) -> Result<Option<Self>, JournalError> {
        match File::open(segment_path(directory, number)) {
            Ok(file) => Ok(Some(Self { file, offset })),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(JournalError::Io {
                action: "read the journal",
                source,
            }),
        }
    }

    /// Reads on, up to `limit` or the end of the file.
    pub(crate) fn chunk(&mut self, limit: Option<u64>) -> Result<Chunk, JournalError> {
        let read = JournalError::io("read the journal");
        let length = self.file.metadata().map_err(read)?.len();
        let available = limit
            .unwrap_or(length)
            .min(length)
            .saturating_sub(self.offset);
        let available = usize::try_from(available).unwrap_or(usize::MAX);
        let mut bytes = self.bytes(available.min(CHUNK_BYTES))?;
        let (mut whole, mut stop) = scan(&bytes);
        if whole == 0 && stop == Some(Stop::TornTail) && available > bytes.len() {
            bytes = self.bytes(available.min(FRAME + MAX_RECORD))?;
            (whole, stop) = scan(&bytes);
        }
        if stop == Some(Stop::TornTail) && available > bytes.len() {
            stop = None; // the next chunk brings the rest
        }
        if stop == Some(Stop::Damage) && bytes[whole..].iter().all(|byte| *byte == 0) {
            stop = Some(Stop::TornTail); // space that the file system had reserved
        }
        bytes.truncate(whole);
        let start = self.offset;
        self.offset += whole as u64;
        Ok(Chunk {
            bytes,
            start,
            end: self.offset,
            stop,
        })
    }

    fn bytes(&self, length: usize) -> Result<Vec<u8>, JournalError> {
        let mut bytes = vec![0; length];
        self.file
            .read_exact_at(&mut bytes, self.offset)
            .map_err(JournalError::io("read the journal"))?;
        Ok(bytes)
    }
}

/// How many bytes are whole records, and what comes behind them.
fn scan(bytes: &[u8]) -> (usize, Option<Stop>) {
    let mut whole = 0;
    while whole < bytes.len() {
        match Record::read(&bytes[whole..]) {
            Framed::Whole(_, length) => whole += length,
            Framed::Cut => return (whole, Some(Stop::TornTail)),
            Framed::Damaged => return (whole, Some(Stop::Damage)),
        }
    }
    (whole, None)
}

impl Chunk {
    /// The records, each with the offset of its end.
    pub(crate) fn records(&self) -> impl Iterator<Item = (u64, Record<'_>)> {
        let mut at = 0;
        std::iter::from_fn(move || match Record::read(self.bytes.get(at..)?) {
            Framed::Whole(record, length) => {
                at += length;
                Some((self.start + at as u64, record))
            }
            Framed::Cut | Framed::Damaged => None,
        })
    }

    /// How many bytes the records take.
    pub(crate) fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// Whether there is no record.
    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}
