//! Cuts a stream at its header and trailer segments.

use memchr::memchr2;

use crate::SegmentName;
use crate::charset::strip_mark;
use crate::message::is_filler;

/// What one cut holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ItemKind {
    /// FHS.
    FileHeader,
    /// BHS.
    BatchHeader,
    /// MSH and the segments after it.
    Message,
    /// BTS.
    BatchTrailer,
    /// FTS.
    FileTrailer,
}

/// One message, header or trailer of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What it is.
    pub kind: ItemKind,
    /// Its bytes as sent, segment ends included.
    pub bytes: Vec<u8>,
    /// Where it starts in the stream.
    pub offset: u64,
}

/// Why a stream cannot be cut further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SplitError {
    /// Something other than a header or trailer where a new item must begin.
    #[error("byte {offset}: a message, batch or file starts with MSH, BHS or FHS")]
    Stray {
        /// Where in the stream.
        offset: u64,
    },
    /// One item is larger than the limit.
    #[error("byte {offset}: a message is larger than the limit of {limit} bytes")]
    TooLarge {
        /// Where the item starts.
        offset: u64,
        /// The limit in force.
        limit: usize,
    },
}

/// Cuts a stream that is pushed in pieces of any size. Segments may end with CR, LF or CR LF.
///
/// It holds at most one item and what was pushed last. After an error it yields nothing more.
#[derive(Clone, Debug)]
pub struct Splitter {
    limit: usize,
    buffer: Vec<u8>,
    /// Stream offset of the first byte in the buffer.
    offset: u64,
    /// Where in the buffer the open item begins.
    item: usize,
    /// Where in the buffer the open line begins.
    line: usize,
    /// How much of the buffer has been searched for line ends.
    searched: usize,
    kind: Option<ItemKind>,
    failed: Option<SplitError>,
}

impl Default for Splitter {
    fn default() -> Self {
        Self::new(crate::ParseOptions::default().max_bytes)
    }
}

impl Splitter {
    /// A splitter for items of at most `limit` bytes.
    #[must_use]
    pub const fn new(limit: usize) -> Self {
        Self {
            limit,
            buffer: Vec::new(),
            offset: 0,
            item: 0,
            line: 0,
            searched: 0,
            kind: None,
            failed: None,
        }
    }

    /// Adds the next bytes of the stream.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.failed.is_some() {
            return;
        }
        let taken = std::mem::take(&mut self.item);
        self.buffer.drain(..taken);
        self.offset += taken as u64;
        self.line -= taken;
        self.searched -= taken;
        self.buffer.extend_from_slice(bytes);
    }

    /// The next item that is complete, which is known when the one after it begins.
    ///
    /// # Errors
    /// [`SplitError`], again on every later call.
    pub fn next_item(&mut self) -> Result<Option<Item>, SplitError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        while let Some(found) = memchr2(b'\r', b'\n', &self.buffer[self.searched..]) {
            self.searched += found + 1;
            if let Some(item) = self.end_line(self.searched)? {
                return Ok(Some(item));
            }
        }
        self.searched = self.buffer.len();
        self.check_size(self.searched)?;
        Ok(None)
    }

    /// Ends the stream: the items that were still open.
    ///
    /// # Errors
    /// [`SplitError`] when the last bytes are no item.
    pub fn finish(mut self) -> Result<Vec<Item>, SplitError> {
        let mut items = Vec::new();
        while let Some(item) = self.next_item()? {
            items.push(item);
        }
        let end = self.buffer.len();
        items.extend(self.end_line(end)?);
        items.extend(self.kind.map(|kind| self.cut(kind, end)));
        Ok(items)
    }

    /// Looks at the line that ends before `end`; gives the item that it completes.
    fn end_line(&mut self, end: usize) -> Result<Option<Item>, SplitError> {
        let start = std::mem::replace(&mut self.line, end);
        let at = self.offset + start as u64;
        let line = &self.buffer[start..end];
        let mark = if at == 0 { strip_mark(line) } else { 0 };
        let line = &line[mark..];
        let Some(next) = kind_of(line) else {
            let continues = self.kind == Some(ItemKind::Message);
            if continues || line.iter().all(is_filler) {
                return Ok(None);
            }
            return Err(self.fail(SplitError::Stray { offset: at }));
        };
        self.check_size(start)?;
        let item = self.kind.map(|kind| self.cut(kind, start));
        self.kind = Some(next);
        Ok(item)
    }

    /// Takes the open item, which ends before `end`.
    fn cut(&mut self, kind: ItemKind, end: usize) -> Item {
        let start = std::mem::replace(&mut self.item, end);
        Item {
            kind,
            bytes: self.buffer[start..end].to_vec(),
            offset: self.offset + start as u64,
        }
    }

    fn check_size(&mut self, end: usize) -> Result<(), SplitError> {
        if end - self.item <= self.limit {
            return Ok(());
        }
        let offset = self.offset + self.item as u64;
        let limit = self.limit;
        Err(self.fail(SplitError::TooLarge { offset, limit }))
    }

    fn fail(&mut self, error: SplitError) -> SplitError {
        self.failed = Some(error);
        self.buffer = Vec::new();
        error
    }
}

/// What a line begins, by its name and the separator after it.
fn kind_of(line: &[u8]) -> Option<ItemKind> {
    let name = line.get(..3).and_then(SegmentName::new)?;
    let kind = match name.as_str() {
        "FHS" => ItemKind::FileHeader,
        "BHS" => ItemKind::BatchHeader,
        "MSH" => ItemKind::Message,
        "BTS" => ItemKind::BatchTrailer,
        "FTS" => ItemKind::FileTrailer,
        _ => return None,
    };
    let ends = line.get(3).is_none_or(|byte| !byte.is_ascii_alphanumeric());
    ends.then_some(kind)
}
