//! `/api/v1/webhooks`: for those who manage the organisation.

mod endpoints;
mod messages;

use mt_access::Operation;
use mt_api::{Permission, Routes, routes};

use crate::Webhooks;

/// The routes, each with its permission.
#[must_use]
pub fn table() -> Routes<Webhooks> {
    const TENANT: Permission = Permission::operation(Operation::ManageTenant);
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
}
