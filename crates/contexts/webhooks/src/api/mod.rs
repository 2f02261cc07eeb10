//! `/api/v1/webhooks`: endpoints and suppliers for those who manage the organisation; what suppliers say.

mod endpoints;
mod messages;
mod suppliers;

use mt_access::{Interaction, Operation};
use mt_api::{Permission, Routes, routes};

use crate::Webhooks;

/// The routes, each with its permission.
#[must_use]
pub fn table() -> Routes<Webhooks> {
    const TENANT: Permission = Permission::operation(Operation::ManageTenant);
    const STOCK: Permission = Permission::records("Medication", Interaction::Search);
    const SIGNED: Permission = Permission::public(
        "the message is signed by the supplier, and refused when no secret is set",
    );
    Routes::new()
        .route(TENANT, routes!(endpoints::list))
        .route(TENANT, routes!(endpoints::create))
        .route(TENANT, routes!(endpoints::show))
        .route(TENANT, routes!(endpoints::change))
        .route(TENANT, routes!(endpoints::remove))
        .route(TENANT, routes!(endpoints::rotate))
        .route(TENANT, routes!(messages::test))
        .route(TENANT, routes!(messages::deliveries))
        .route(TENANT, routes!(messages::replay))
        .route(TENANT, routes!(suppliers::list))
        .route(TENANT, routes!(suppliers::create))
        .route(TENANT, routes!(suppliers::remove))
        .route(TENANT, routes!(suppliers::rotate))
        .route(STOCK, routes!(suppliers::stock))
        .route(SIGNED, routes!(suppliers::tell))
}
