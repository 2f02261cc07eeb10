//! `/api/v1`: the own messages and preferences, and what administrators look after.

mod administration;
mod own;
mod receipts;
mod stop;

use mt_access::Operation;
use mt_api::{Permission, Routes, routes};

use crate::Notifications;

/// The routes, each with its permission.
#[must_use]
pub fn table() -> Routes<Notifications> {
    const OWN: Permission = Permission::signed_in();
    const TENANT: Permission = Permission::operation(Operation::ManageTenant);
    const LINK: Permission =
        Permission::public("the link is sealed, and stops mail of one kind to one person");
    const SIGNED: Permission =
        Permission::public("the message is signed by the vendor, and refused when no key is set");
    Routes::new()
        .route(OWN, routes!(own::list))
        .route(OWN, routes!(own::read))
        .route(OWN, routes!(own::read_all))
        .route(OWN, routes!(own::preferences))
        .route(OWN, routes!(own::decide))
        .route(OWN, routes!(own::devices))
        .route(OWN, routes!(own::register))
        .route(OWN, routes!(own::deregister))
        .route(OWN, routes!(own::push_key))
        .route(SIGNED, routes!(receipts::twilio))
        .route(SIGNED, routes!(receipts::sendgrid))
        .route(LINK, routes!(stop::ask))
        .route(LINK, routes!(stop::stop))
        .route(TENANT, routes!(administration::templates))
        .route(TENANT, routes!(administration::reword))
        .route(TENANT, routes!(administration::restore))
        .route(TENANT, routes!(administration::preview))
        .route(TENANT, routes!(administration::deliveries))
        .route(TENANT, routes!(administration::test))
}
