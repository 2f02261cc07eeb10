//! Whether a type is open to the caller of a request at all.
//!
//! A type that is closed to a caller is refused with 403 whatever exists; within an open type,
//! what is out of reach is refused as if it did not exist (see [`mt_authority`]).

use mt_access::{Decision, Interaction as Right};
use mt_authority::forbidden;
use mt_fhir::ResourceType;
use mt_store::Interaction;

use crate::api::Call;
use crate::error::{FhirError, Result};
use crate::route::Route;

/// Refuses a reading interaction with a type that is closed to the caller, before anything is
/// looked for. Changes are refused by the record store, which asks the caller's authority.
pub(crate) fn require_open(call: &Call<'_>, route: &Route) -> Result<()> {
    let (kind, right, interaction) = match route {
        Route::Read(kind, _) | Route::Vread(kind, ..) => (*kind, Right::Read, Interaction::Read),
        Route::HistoryInstance(kind, _) => (*kind, Right::Read, Interaction::History),
        Route::HistoryType(kind) => (*kind, Right::Search, Interaction::History),
        _ => return Ok(()),
    };
    require(call, kind, right, interaction)
}

/// Refuses a search on types of which one is closed to the caller, rather than finding it empty.
pub(crate) fn require_search(call: &Call<'_>, types: &[ResourceType]) -> Result<()> {
    types
        .iter()
        .try_for_each(|kind| require(call, *kind, Right::Search, Interaction::Search))
}

fn require(
    call: &Call<'_>,
    kind: ResourceType,
    right: Right,
    interaction: Interaction,
) -> Result<()> {
    if call.session.grant().decide(kind, right) != Decision::Denied {
        return Ok(());
    }
    let refusal = forbidden(interaction, kind);
    let caller = call.caller(right);
    let store = &call.api.store;
    store.note_refusal(&caller, interaction, Some(kind), &refusal)?;
    Err(FhirError::from(refusal))
}
