//! File and batch envelopes and the counts in their trailers.

use super::{Item, ItemKind, SplitError, split};

/// A file of messages, in batches or bare.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BatchFile {
    /// FHS.
    pub header: Option<Item>,
    /// The batches; messages outside any BHS form one without a header.
    pub batches: Vec<Batch>,
    /// FTS.
    pub trailer: Option<Item>,
    /// What does not agree.
    pub notices: Vec<BatchNotice>,
}

/// The messages between BHS and BTS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// BHS.
    pub header: Option<Item>,
    /// The messages.
    pub messages: Vec<Item>,
    /// BTS.
    pub trailer: Option<Item>,
}

/// What does not agree in a file's envelopes. The messages can be read all the same; whether
/// they may be processed is for the receiver to decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BatchNotice {
    /// BTS-1 is not the number of messages.
    #[error("byte {offset}: BTS-1 announces {announced} messages, the batch has {actual}")]
    MessageCount {
        /// Where the trailer is.
        offset: u64,
        /// What it says.
        announced: u64,
        /// How many there are.
        actual: u64,
    },
    /// FTS-1 is not the number of batches.
    #[error("byte {offset}: FTS-1 announces {announced} batches, the file has {actual}")]
    BatchCount {
        /// Where the trailer is.
        offset: u64,
        /// What it says.
        announced: u64,
        /// How many there are.
        actual: u64,
    },
    /// A count that is not a number.
    #[error("byte {offset}: the count in a trailer is not a number")]
    Count {
        /// Where the trailer is.
        offset: u64,
    },
    /// BHS without BTS or BTS without BHS; FHS without FTS or the reverse.
    #[error("byte {offset}: a header has no trailer, or a trailer no header")]
    Unpaired {
        /// Where the lone header or trailer is.
        offset: u64,
    },
    /// Something after FTS, or FHS after something.
    #[error("byte {offset}: outside the file's header and trailer")]
    Outside {
        /// Where it is.
        offset: u64,
    },
}

impl BatchFile {
    /// Reads a whole file.
    ///
    /// # Errors
    /// [`SplitError`] when the bytes are not messages and envelopes.
    pub fn read(bytes: &[u8]) -> Result<Self, SplitError> {
        let mut file = Self::default();
        let mut open = None;
        for item in split(bytes)? {
            file.take(item, &mut open);
        }
        file.close(open);
        let header = file.header.as_ref().filter(|_| file.trailer.is_none());
        let lone = header.map(|item| BatchNotice::Unpaired {
            offset: item.offset,
        });
        file.notices.extend(lone);
        Ok(file)
    }

    /// All messages in order.
    pub fn messages(&self) -> impl Iterator<Item = &Item> {
        self.batches.iter().flat_map(|batch| &batch.messages)
    }

    fn take(&mut self, item: Item, open: &mut Option<Batch>) {
        let offset = item.offset;
        let started = self.header.is_some() || !self.batches.is_empty() || open.is_some();
        if self.trailer.is_some() || (item.kind == ItemKind::FileHeader && started) {
            self.notices.push(BatchNotice::Outside { offset });
        }
        match item.kind {
            ItemKind::FileHeader => self.header = self.header.take().or(Some(item)),
            ItemKind::BatchHeader => {
                self.close(open.take());
                *open = Some(Batch {
                    header: Some(item),
                    ..Batch::default()
                });
            }
            ItemKind::Message => open.get_or_insert_default().messages.push(item),
            ItemKind::BatchTrailer => {
                let mut batch = open.take().unwrap_or_default();
                self.count(
                    &item,
                    batch.messages.len() as u64,
                    |offset, announced, actual| BatchNotice::MessageCount {
                        offset,
                        announced,
                        actual,
                    },
                );
                batch.trailer = Some(item);
                self.close(Some(batch));
            }
            ItemKind::FileTrailer => {
                self.close(open.take());
                self.count(
                    &item,
                    self.batches.len() as u64,
                    |offset, announced, actual| BatchNotice::BatchCount {
                        offset,
                        announced,
                        actual,
                    },
                );
                if self.header.is_none() {
                    self.notices.push(BatchNotice::Unpaired { offset });
                }
                self.trailer = Some(item);
            }
        }
    }

    fn close(&mut self, batch: Option<Batch>) {
        let Some(batch) = batch else { return };
        let lone = match (&batch.header, &batch.trailer) {
            (Some(lone), None) | (None, Some(lone)) => Some(lone.offset),
            _ => None,
        };
        self.notices
            .extend(lone.map(|offset| BatchNotice::Unpaired { offset }));
        self.batches.push(batch);
    }

    /// Compares the first field of a trailer; an empty one announces nothing.
    fn count(
        &mut self,
        trailer: &Item,
        actual: u64,
        mismatch: impl FnOnce(u64, u64, u64) -> BatchNotice,
    ) {
        let offset = trailer.offset;
        let separator = trailer.bytes.get(3).copied().unwrap_or(b'|');
        let mut fields = trailer.bytes.split(|byte| *byte == separator);
        let text = fields
            .nth(1)
            .and_then(|field| std::str::from_utf8(field).ok());
        let notice = match text.map(str::trim) {
            None | Some("") => return,
            Some(text) => match text.parse::<u64>() {
                Ok(announced) if announced == actual => return,
                Ok(announced) => mismatch(offset, announced, actual),
                Err(_) => BatchNotice::Count { offset },
            },
        };
        self.notices.push(notice);
    }
}
