//! Work in bulk: `$export`, `$import` and reindexing, as jobs that outlive requests and processes.
//!
//! A request only notes an order (who, what, with which rights) and answers `202`; a worker of any
//! process carries it out with the rights of its caller. What a job makes stays in the record store,
//! sealed, and is opened only while it is sent.

mod export;
mod files;
mod import;
mod order;
mod refusal;
mod reindex;
mod status;
mod worker;

pub(crate) use export::kick_off as export;
pub use import::ImportSources;
pub(crate) use import::kick_off as import;
pub(crate) use reindex::run as reindex;
pub(crate) use status::{cancel, file, status};
pub use worker::work;

use std::time::Duration;

/// How long a job and its files are kept.
const KEPT: Duration = Duration::from_secs(24 * 3600);

/// Open jobs of one kind that a tenant may have.
const OPEN_JOBS: usize = 10;

/// Jobs of one kind that a tenant may have, with those that are done and whose files are kept.
const KEPT_JOBS: usize = 60;
