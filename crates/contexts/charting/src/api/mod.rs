//! `/api/v1/notes`, `/api/v1/charts`, `/api/v1/results`.
//!
//! Handlers hand over to the use cases; what a caller may do with which record is decided by the record store with the
//! caller's own authority and the rules of notes.

mod chart;
mod drafts;
mod notes;
mod settings;

use mt_access::{Interaction, Operation};
use mt_api::{Permission, Routes, routes};

use crate::Charting;

/// The routes, each with its permission.
#[must_use]
pub fn table() -> Routes<Charting> {
    const READ: Permission = Permission::records("Composition", Interaction::Read);
    const SIGN: Permission = Permission::records("Composition", Interaction::Create).with_step_up();
    const WRITE: Permission = Permission::records("Composition", Interaction::Update);
    const COSIGN: Permission = Permission::operation(Operation::CosignNotes).with_step_up();
    const SEND_BACK: Permission = Permission::operation(Operation::CosignNotes);
    // Whoever may write notes; each reaches only their own drafts.
    const DRAFT: Permission = Permission::records("Composition", Interaction::Create);
    const SETTINGS: Permission = Permission::operation(Operation::ManageTenant);
    const RULES: Permission = Permission::signed_in();
    // Whoever may read what a chart is about; the desk sees who people are, and leaves no mark.
    const CHART: Permission = Permission::records("Observation", Interaction::Read);
    const ACKNOWLEDGE: Permission = Permission::operation(Operation::AcknowledgeResults);
    Routes::new()
        .route(CHART, routes!(chart::look))
        .route(ACKNOWLEDGE, routes!(chart::acknowledge))
        .route(DRAFT, routes!(drafts::list))
        .route(DRAFT, routes!(drafts::read))
        .route(DRAFT, routes!(drafts::keep))
        .route(DRAFT, routes!(drafts::discard))
        .route(RULES, routes!(settings::settings))
        .route(SETTINGS, routes!(settings::change_settings))
        .route(READ, routes!(notes::pdf))
        .route(SIGN, routes!(notes::sign))
        .route(COSIGN, routes!(notes::cosign))
        .route(SEND_BACK, routes!(notes::send_back))
        .route(WRITE, routes!(notes::take_back))
}
