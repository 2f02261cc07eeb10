//! `/api/v1/patients`.
//!
//! Handlers hand over to the use cases; what a caller may do with which record is decided by the record store with the
//! caller's own authority.

mod merge;
mod numbers;
mod patients;
mod photo;

use mt_access::{Interaction, Operation};
use mt_api::{Permission, Routes, routes};

use crate::Patients;

/// The routes, each with its permission.
#[must_use]
pub fn table() -> Routes<Patients> {
    const FIND: Permission = Permission::records("Patient", Interaction::Search);
    const READ: Permission = Permission::records("Patient", Interaction::Read);
    const REGISTER: Permission = Permission::records("Patient", Interaction::Create);
    const CORRECT: Permission = Permission::records("Patient", Interaction::Update);
    const MATCH: Permission = Permission::operation(Operation::Match);
    const MERGE: Permission = Permission::operation(Operation::MergePatients);
    const ACTIVATE: Permission = Permission::operation(Operation::ActivatePatients);
    const SETTINGS: Permission = Permission::operation(Operation::ManageTenant);
    Routes::new()
        .route(FIND, routes!(patients::find))
        .route(REGISTER, routes!(patients::register))
        .route(MATCH, routes!(patients::duplicates))
        .route(READ, routes!(numbers::settings))
        .route(SETTINGS, routes!(numbers::change_settings))
        .route(READ, routes!(patients::read))
        .route(CORRECT, routes!(patients::correct))
        .route(READ, routes!(patients::records))
        .route(ACTIVATE, routes!(patients::activate))
        .route(ACTIVATE, routes!(patients::deactivate))
        .route(REGISTER, routes!(numbers::add))
        .route(MERGE, routes!(merge::merge))
        .route(MERGE, routes!(merge::unmerge))
        .route(READ, routes!(photo::read))
        .route(CORRECT, routes!(photo::replace))
        .route(CORRECT, routes!(photo::remove))
}
