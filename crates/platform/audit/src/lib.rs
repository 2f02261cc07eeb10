#![doc = include_str!("../README.md")]

mod announce;
mod audit;
mod detail;
mod drain;
mod error;
mod fhir;
mod hot;
mod journal;
mod log;
mod query;
mod record;
mod refuse;
mod store;
mod tree;
mod verify;

use mt_database::{Migration, Migrations};

pub use announce::{Announced, Announcer};
pub(crate) use audit::place;
pub use audit::{Audit, Keyring};
pub use detail::{Detail, Effect, EventCode, Kind, Outcome, Touched};
pub use error::{AuditError, JournalError, Result};
pub use fhir::audit_event;
pub use log::{
    Archive, Archived, Checkpoint, ConsistencyProof, Folder, InclusionProof, Pruned, VerifierKey,
};
pub use query::{Cursor, Entry, EntryPage, Filter, Logged};
pub use record::Event;
pub use refuse::TrailIsReadOnly;
pub use tree::{Hash, verify_consistency, verify_inclusion};
pub use verify::{Finding, Report};

/// Tables of the log; they come after those of the record store.
pub const MIGRATIONS: Migrations = Migrations {
    schema: "audit",
    files: &[
        Migration::new(1, "log", include_str!("../migrations/0001_audit.sql")),
        Migration::new(2, "prune", include_str!("../migrations/0002_prune.sql")),
    ],
};
