//! `/api/v1/appointments` and `/api/v1/scheduling`.
//!
//! Handlers hand over to the use cases; what a caller may do with which record is decided by the
//! record store with the caller's own authority.

mod appointments;
mod availability;
mod own_waiting;
mod public;
mod settings;
mod slots;
mod waitlist;

pub(crate) use public::Stranger;

use mt_access::{Interaction, Operation};
use mt_api::{Permission, Routes, routes};

use crate::Scheduling;

/// The routes, each with its permission.
#[must_use]
pub fn table() -> Routes<Scheduling> {
    const FIND: Permission = Permission::records("Appointment", Interaction::Search);
    const READ: Permission = Permission::records("Appointment", Interaction::Read);
    const BOOK: Permission = Permission::records("Appointment", Interaction::Create);
    const CHANGE: Permission = Permission::records("Appointment", Interaction::Update);
    const SLOTS: Permission = Permission::records("Slot", Interaction::Search);
    // Hours hold remarks for colleagues, the waitlist names patients: they are for those who keep them.
    const HOURS: Permission = Permission::records("Schedule", Interaction::Update);
    const LINK: Permission = Permission::public("a link is sealed, does one thing and runs out");
    const WIDGET: Permission =
        Permission::public("an organisation opens it; it shows free times and takes requests");
    Routes::new()
        .route(SLOTS, routes!(slots::find))
        .route(BOOK, routes!(slots::hold))
        .route(BOOK, routes!(slots::release))
        .route(FIND, routes!(appointments::list))
        .route(BOOK, routes!(appointments::book))
        .route(BOOK, routes!(appointments::book_series))
        .route(HOURS, routes!(appointments::conflicts))
        .route(READ, routes!(appointments::read))
        .route(CHANGE, routes!(appointments::amend))
        .route(CHANGE, routes!(appointments::reschedule))
        .route(CHANGE, routes!(appointments::transition))
        .route(FIND, routes!(appointments::board))
        .route(
            Permission::signed_in(),
            routes!(appointments::cancel_reasons),
        )
        .route(HOURS, routes!(availability::list))
        .route(HOURS, routes!(availability::read))
        .route(HOURS, routes!(availability::replace))
        .route(HOURS, routes!(availability::preview))
        .route(HOURS, routes!(availability::add_exception))
        .route(HOURS, routes!(availability::remove_exception))
        .route(HOURS, routes!(waitlist::list))
        .route(HOURS, routes!(waitlist::join))
        .route(HOURS, routes!(waitlist::leave))
        .route(HOURS, routes!(waitlist::offer))
        .route(HOURS, routes!(waitlist::accept))
        .route(HOURS, routes!(waitlist::decline))
        // Patients wait for themselves; these routes show nobody else.
        .route(FIND, routes!(own_waiting::list))
        .route(BOOK, routes!(own_waiting::join))
        .route(CHANGE, routes!(own_waiting::leave))
        .route(CHANGE, routes!(own_waiting::accept))
        .route(CHANGE, routes!(own_waiting::decline))
        .route(READ, routes!(appointments::invitation))
        .route(CHANGE, routes!(appointments::links))
        .route(HOURS, routes!(appointments::feed))
        .route(LINK, routes!(public::linked))
        .route(LINK, routes!(public::times))
        .route(LINK, routes!(public::follow))
        .route(LINK, routes!(public::feed))
        .route(WIDGET, routes!(public::offering))
        .route(WIDGET, routes!(public::slots))
        .route(WIDGET, routes!(public::hold))
        .route(WIDGET, routes!(public::request))
        .route(Permission::signed_in(), routes!(settings::read))
        .route(
            Permission::operation(Operation::ManageTenant),
            routes!(settings::replace),
        )
}
