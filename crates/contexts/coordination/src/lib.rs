#![doc = include_str!("../README.md")]

pub mod announce;
pub mod care;
pub mod timeline;

use mt_database::{Migration, Migrations};

/// Tables of this context.
pub const MIGRATIONS: Migrations = Migrations {
    schema: "coordination",
    files: &[Migration::new(
        1,
        "timeline",
        include_str!("../migrations/0001_timeline.sql"),
    )],
};
