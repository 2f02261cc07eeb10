#![doc = include_str!("../README.md")]

mod audit;
mod detail;
mod drain;
mod error;
mod hot;
mod journal;
mod record;
mod store;
mod tree;

use mt_database::{Migration, Migrations};

pub(crate) use audit::place;
pub use audit::{Audit, Keyring};
pub use detail::{Detail, Effect, EventCode, Kind, Outcome, Touched};
pub use error::{AuditError, JournalError, Result};
pub use record::Event;
pub use tree::{Hash, verify_consistency, verify_inclusion};

/// Tables of the log; they come after those of the record store.
pub const MIGRATIONS: Migrations = Migrations {
    schema: "audit",
    files: &[Migration::new(
        1,
        "log",
        include_str!("../migrations/0001_audit.sql"),
    )],
};
