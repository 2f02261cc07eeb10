#![doc = include_str!("../README.md")]

pub mod api;
mod app;
mod cosigning;
mod document;
mod domain;
mod error;
mod findings;
mod forget;
mod pdf;
mod policy;

use mt_database::{Migration, Migrations};
use mt_store::Store;

pub use app::*;
pub use cosigning::{CosignRules, Cosigning};
pub use error::ChartingError;
pub use forget::forget_patient;
pub use policy::register;

/// Tables of this context.
pub const MIGRATIONS: Migrations = Migrations {
    schema: "charting",
    files: &[
        Migration::new(
            1,
            "charting",
            include_str!("../migrations/0001_charting.sql"),
        ),
        Migration::new(2, "looked", include_str!("../migrations/0002_looked.sql")),
        Migration::new(
            3,
            "allergies_and_drafts",
            include_str!("../migrations/0003_allergies_and_drafts.sql"),
        ),
    ],
};

/// The notes of every organisation. Cloning shares them.
#[derive(Clone)]
pub struct Charting {
    store: Store,
    cosigning: Cosigning,
}

impl Charting {
    /// The notes among the records of `store`, whose policies must be [registered](register) with the same
    /// `cosigning`.
    #[must_use]
    pub fn new(store: Store, cosigning: Cosigning) -> Self {
        Self { store, cosigning }
    }
}

impl std::fmt::Debug for Charting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Charting").finish_non_exhaustive()
    }
}
