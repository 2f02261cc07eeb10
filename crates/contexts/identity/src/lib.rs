#![doc = include_str!("../README.md")]

pub mod administration;
mod authenticate;
mod error;
mod keys;
mod operator;
pub mod people;

pub use authenticate::Identity;
pub use error::IdentityError;
pub use operator::OperatorToken;

use mt_database::{Migration, Migrations};

/// Tables of this context.
pub const MIGRATIONS: Migrations = Migrations {
    schema: "identity",
    files: &[Migration::new(
        1,
        "signing_key",
        include_str!("../migrations/0001_signing_key.sql"),
    )],
};
