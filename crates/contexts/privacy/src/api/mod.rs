//! `/api/v1/audit` and `/api/v1/privacy`: the desk of the privacy office.
//!
//! Whatever is read here is entered in the trail by the use cases behind the handlers, because using
//! the trail is itself an event.

mod erasures;
mod holds;
mod incidents;
mod log;
mod patients;
mod release;
mod trail;

use mt_access::Operation;
use mt_api::{Caller, Page, Paging, Permission, Position, Problem, Routes, routes};
use mt_kernel::{ErrorKind, Fault};

use crate::{Privacy, PrivacyError};

/// The routes, each with its permission.
#[must_use]
pub fn table() -> Routes<Privacy> {
    const TRAIL: Permission = Permission::operation(Operation::ReadAudit);
    const REVIEW: Permission = Permission::operation(Operation::ReviewAccess);
    const OFFICE: Permission = Permission::operation(Operation::ManagePrivacy);
    const OWN: Permission = Permission::signed_in();
    Routes::new()
        .route(TRAIL, routes!(trail::entries))
        .route(TRAIL, routes!(trail::entry))
        .route(REVIEW, routes!(trail::review))
        .route(TRAIL.with_step_up(), routes!(trail::export))
        .route(TRAIL, routes!(log::panel))
        .route(TRAIL, routes!(log::verify))
        .route(TRAIL, routes!(log::proof))
        .route(OFFICE, routes!(incidents::list))
        .route(OWN, routes!(incidents::report))
        .route(OFFICE, routes!(incidents::one))
        .route(OFFICE, routes!(incidents::change))
        .route(OFFICE, routes!(incidents::settings))
        .route(OFFICE, routes!(incidents::change_settings))
        .route(OWN, routes!(patients::access_report))
        .route(OWN, routes!(patients::disclosures))
        .route(OFFICE, routes!(patients::record_disclosure))
        .route(OFFICE, routes!(holds::list))
        .route(OFFICE, routes!(holds::place))
        .route(OFFICE.with_step_up(), routes!(holds::release))
        .route(OFFICE.with_step_up(), routes!(erasures::order))
        .route(OFFICE, routes!(erasures::erasures))
        .route(OFFICE, routes!(erasures::restrict))
        .route(OFFICE, routes!(erasures::restrictions))
        .route(OFFICE.with_step_up(), routes!(erasures::lift))
        .route(OFFICE.with_step_up(), routes!(release::deidentified))
}

impl From<PrivacyError> for Problem {
    fn from(error: PrivacyError) -> Self {
        Fault::from(error).into()
    }
}

/// Refuses who asks about a patient that is neither their own record nor their business. Whether
/// there is such a patient stays unsaid.
fn may_ask_about(caller: &Caller, patient: &str) -> Result<(), Fault> {
    let grant = &caller.who.grant;
    let own = grant.own_patients().iter().any(|id| **id == *patient);
    if own || grant.allows(Operation::ManagePrivacy) {
        return Ok(());
    }
    Err(Fault::new(ErrorKind::NotFound, "there is no such patient"))
}

/// Where a list goes on, when the caller says so.
async fn opened(
    privacy: &Privacy,
    caller: &Caller,
    paging: &Paging,
    list: &str,
) -> Result<Option<Vec<u8>>, Fault> {
    let Some(cursor) = &paging.cursor else {
        return Ok(None);
    };
    let keys = privacy.keys(caller.tenant()).await?;
    Position::open(cursor, &keys, caller, list).map(|position| Some(position.0))
}

/// A page with the cursor of what follows.
async fn page<T>(
    privacy: &Privacy,
    caller: &Caller,
    list: &str,
    items: Vec<T>,
    next: Option<Vec<u8>>,
) -> Result<Page<T>, Fault> {
    let Some(next) = next else {
        return Ok(Page { items, next: None });
    };
    let keys = privacy.keys(caller.tenant()).await?;
    let next = Some(Position(next).seal(&keys, caller, list)?);
    Ok(Page { items, next })
}

fn stale_cursor() -> Fault {
    Fault::new(ErrorKind::Malformed, "the cursor is not of this list").at("cursor")
}
