//! People: accounts, how they prove who they are, and their sessions.
//!
//! One room for all of it, because a password, a factor and a session only mean something together.

mod account;
pub mod api;
mod factors;
mod gatekeeper;
mod links;
mod mail;
mod organisation;
pub mod pages;
mod passkeys;
mod password;
mod pending;
mod sealed;
mod service;
pub mod sessions;
mod sign_in;
mod throttle;

pub use account::{Account, Held, Profile};
pub(crate) use account::{Accounts, accounts_of, remove_account, reseal_account};
pub use factors::Factors;
pub use gatekeeper::{Gatekeeper, authenticated};
pub use links::Invitation;
pub use organisation::{Organisation, SignInRules};
pub use passkeys::Passkey;
pub use password::{Cost, Hashing};
pub use service::{People, PeopleParts};
pub use sessions::{Session, Sessions};
pub use throttle::Source;

use mt_database::{Migration, Migrations};

/// Tables of people.
pub const MIGRATIONS: Migrations = Migrations {
    schema: "people",
    files: &[
        Migration::new(
            1,
            "people",
            include_str!("../../migrations/people/0001_people.sql"),
        ),
        Migration::new(
            2,
            "passkeys",
            include_str!("../../migrations/people/0002_passkeys.sql"),
        ),
        Migration::new(
            3,
            "ended",
            include_str!("../../migrations/people/0003_ended.sql"),
        ),
        Migration::new(
            4,
            "forget",
            include_str!("../../migrations/people/0004_forget.sql"),
        ),
    ],
};
