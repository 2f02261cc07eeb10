//! Many messages in one file or stream, with or without batch envelopes (chapter 2, 2.10.3).
//!
//! [`Splitter`] cuts a stream of any length in bounded memory; [`Batch::read`] checks a whole
//! file's envelopes and counts.

mod envelope;
mod splitter;

pub use envelope::{Batch, BatchFile, BatchNotice};
pub use splitter::{Item, ItemKind, SplitError, Splitter};

/// The items of bytes that are all in memory.
///
/// # Errors
/// As [`Splitter`] with the default limit.
pub fn split(bytes: &[u8]) -> Result<Vec<Item>, SplitError> {
    let mut splitter = Splitter::default();
    splitter.push(bytes);
    let mut items = Vec::new();
    while let Some(item) = splitter.next_item()? {
        items.push(item);
    }
    items.extend(splitter.finish()?);
    Ok(items)
}
