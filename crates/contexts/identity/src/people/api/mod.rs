//! The routes of people below `/api/v1`.

mod invitations;
mod passkeys;
mod session;
mod users;

use std::sync::Arc;

use mt_access::Operation;
use mt_api::{Permission, Routes, routes};

use super::People;

/// The table of routes.
#[must_use]
pub fn table() -> Routes<Arc<People>> {
    let own = Permission::signed_in;
    let manage = || Permission::operation(Operation::ManageUsers);
    Routes::new()
        .route(own(), routes!(session::show, session::end))
        .route(own(), routes!(session::list))
        .route(own(), routes!(session::revoke))
        .route(own(), routes!(passkeys::list, passkeys::create))
        .route(own(), routes!(passkeys::options))
        .route(own(), routes!(passkeys::rename, passkeys::remove))
        .route(manage(), routes!(users::list))
        .route(manage(), routes!(users::end_sessions))
        .route(manage().with_step_up(), routes!(users::set_state))
        .route(manage().with_step_up(), routes!(users::reset_factors))
        .route(manage().with_step_up(), routes!(users::link))
        .route(manage(), routes!(invitations::create))
}
