//! `/api/v1/admin` and what people do with their own standing.
//!
//! Handlers say no more than the use cases, which check the same rights again: a route is a door,
//! and the rule lives behind it.

mod organisation;
mod organisations;
mod people;
mod roles;

use mt_access::Operation;
use mt_api::{Caller, Permission, Problem, Routes, routes};
use mt_kernel::Fault;

use super::{Administration, AdministrationError, Administrator};

/// The routes, each with its permission.
#[must_use]
pub fn table() -> Routes<Administration> {
    const USERS: Permission = Permission::operation(Operation::ManageUsers);
    const TENANT: Permission = Permission::operation(Operation::ManageTenant);
    const TENANTS: Permission = Permission::operation(Operation::ManageTenants);
    const REVIEW: Permission = Permission::operation(Operation::ReviewAccess);
    const GLASS: Permission = Permission::operation(Operation::BreakGlass);
    Routes::new()
        .route(USERS, routes!(roles::assignments))
        .route(USERS, routes!(roles::assign))
        .route(USERS, routes!(roles::revoke))
        .route(USERS, routes!(roles::derived))
        .route(USERS, routes!(roles::templates))
        .route(USERS, routes!(roles::derive))
        .route(USERS, routes!(roles::retire))
        .route(Permission::signed_in(), routes!(people::give_proxy))
        .route(Permission::signed_in(), routes!(people::proxies))
        .route(Permission::signed_in(), routes!(people::revoke_proxy))
        .route(GLASS.with_step_up(), routes!(people::break_glass))
        .route(GLASS, routes!(people::mend_glass))
        .route(REVIEW, routes!(people::reviews))
        .route(REVIEW, routes!(people::decide))
        .route(Permission::signed_in(), routes!(organisation::settings))
        .route(TENANT, routes!(organisation::set_settings))
        .route(Permission::signed_in(), routes!(organisation::branding))
        .route(TENANT, routes!(organisation::set_branding))
        .route(TENANT, routes!(organisation::onboarding))
        .route(TENANT, routes!(organisation::complete_step))
        .route(TENANT, routes!(organisations::own_limits))
        .route(TENANTS, routes!(organisations::list))
        .route(TENANTS, routes!(organisations::create))
        .route(TENANTS.with_step_up(), routes!(organisations::suspend))
        .route(TENANTS.with_step_up(), routes!(organisations::resume))
        .route(TENANTS.with_step_up(), routes!(organisations::close))
        .route(TENANTS.with_step_up(), routes!(organisations::cancel))
        .route(TENANTS, routes!(organisations::limits))
        .route(TENANTS.with_step_up(), routes!(organisations::set_limits))
}

impl<'a> From<&'a Caller> for Administrator<'a> {
    fn from(caller: &'a Caller) -> Self {
        Self {
            ctx: &caller.ctx,
            grant: &caller.who.grant,
        }
    }
}

impl From<AdministrationError> for Problem {
    fn from(error: AdministrationError) -> Self {
        Fault::from(error).into()
    }
}
