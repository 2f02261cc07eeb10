#![doc = include_str!("../README.md")]

pub mod api;
mod app;
mod document;
pub mod domain;
mod error;
mod forget;
mod numbering;
mod policy;

use mt_database::{Migration, Migrations};
use mt_store::Store;

pub use app::*;
pub use error::PatientsError;
pub use forget::forget_patient;
pub use numbering::Numbering;
pub use policy::register;

/// Tables of this context.
pub const MIGRATIONS: Migrations = Migrations {
    schema: "patients",
    files: &[Migration::new(
        1,
        "patients",
        include_str!("../migrations/0001_patients.sql"),
    )],
};

/// The patients of every organisation. Cloning shares them.
#[derive(Clone)]
pub struct Patients {
    store: Store,
    numbering: Numbering,
}

impl Patients {
    /// The patients among the records of `store`, whose policies must be [registered](register) with the same
    /// `numbering`.
    #[must_use]
    pub fn new(store: Store, numbering: Numbering) -> Self {
        Self { store, numbering }
    }
}

impl std::fmt::Debug for Patients {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Patients").finish_non_exhaustive()
    }
}
