#![doc = include_str!("../README.md")]

pub mod administration;
mod announce;
mod authenticate;
mod error;
mod forget;
mod keys;
pub mod oauth;
mod operator;
mod origin;
pub mod people;
mod webauthn;

pub use authenticate::Identity;
pub use error::IdentityError;
pub use forget::forget_patient;
pub use keys::SigningAlgorithm;
pub use operator::OperatorToken;
pub use origin::Origin;

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
