//! People: accounts, how they prove who they are, and their sessions.
//!
//! One room for all of it, because a password, a factor and a session only mean something together.

mod account;
mod gatekeeper;
pub mod pages;
mod sealed;
pub mod sessions;

pub use account::{Account, Held, Profile};
pub use gatekeeper::{Gatekeeper, authenticated};
pub use sessions::{Session, Sessions};

use mt_database::{Migration, Migrations};

/// Tables of people.
pub const MIGRATIONS: Migrations = Migrations {
    schema: "people",
    files: &[Migration::new(
        1,
        "people",
        include_str!("../../migrations/people/0001_people.sql"),
    )],
};
