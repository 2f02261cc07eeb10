#![doc = include_str!("../README.md")]

pub mod announce;
pub mod care;
mod forget;
pub mod preauth;
mod switches;
pub mod timeline;
mod writing;

use mt_database::{Migration, Migrations};

pub use forget::forget_patient;
pub use switches::{Automation, Switches};

/// Tables of this context.
pub const MIGRATIONS: Migrations = Migrations {
    schema: "coordination",
    files: &[
        Migration::new(
            1,
            "timeline",
            include_str!("../migrations/0001_timeline.sql"),
        ),
        Migration::new(2, "preauth", include_str!("../migrations/0002_preauth.sql")),
        Migration::new(3, "forget", include_str!("../migrations/0003_forget.sql")),
    ],
};
