//! Background work on a tenant's records: key rotation, reindex, dictionaries, removal, merging of search keys.
//!
//! Jobs go through the rows in order of their keys, note their place in `tenancy.jobs`, and resume there
//! after an interruption. They never change a version: what they write is conditional on the row
//! being as they read it.

mod dictionaries;
mod growth;
mod merging;
mod progress;
mod reindex;
mod removal;
mod reseal;
mod shred;

pub(crate) use growth::Growth;
pub(crate) use merging::Merging;
pub use progress::JobStatus;

/// Rows handled at a time.
const CHUNK: i64 = 500;
