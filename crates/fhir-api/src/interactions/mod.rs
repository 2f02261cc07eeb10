//! The REST interactions of R4, one file each.

mod audit_events;
mod batch;
mod capabilities;
mod entry;
mod history;
mod read;
mod search;
mod transaction;
mod write;

pub(crate) use capabilities::capabilities;
pub(crate) use search::searchset;
pub(crate) use transaction::{Planner, told_of_entry};

use mt_fhir::ResourceType;
use mt_fhir::definitions::Compartment;
use mt_fhir::json::Kind;
use mt_kernel::ErrorKind;
use mt_search::Scope;

use crate::answer::Answer;
use crate::api::Call;
use crate::authority;
use crate::bulk;
use crate::error::{FhirError, Result};
use crate::operations;
use crate::route::Route;

/// Runs the interaction that `route` names.
pub(crate) async fn dispatch(call: &Call<'_>, route: Route) -> Result<Answer> {
    match route {
        Route::Bundle => bundle(call).await,
        Route::Operation(place, name) => operations::dispatch(call, place, &name).await,
        Route::Job(id) => bulk::status(call, id).await,
        Route::JobFile(id, file) => bulk::file(call, id, file).await,
        Route::JobCancel(id) => bulk::cancel(call, id).await,
        single => interaction(call, single).await,
    }
}

/// One interaction that may also stand in an entry of a batch.
pub(crate) async fn interaction(call: &Call<'_>, route: Route) -> Result<Answer> {
    authority::require_open(call, &route)?;
    match route {
        Route::Read(ResourceType::AUDIT_EVENT, id) => audit_events::read(call, &id).await,
        Route::SearchType(ResourceType::AUDIT_EVENT) => {
            let scope = Scope::resource(ResourceType::AUDIT_EVENT);
            audit_events::search(call, scope, "AuditEvent").await
        }
        Route::SearchCompartment(Compartment::Patient, id, Some(ResourceType::AUDIT_EVENT)) => {
            let kind = Some(ResourceType::AUDIT_EVENT);
            let scope = Scope::compartment(Compartment::Patient, &id, kind);
            audit_events::search(call, scope, &format!("Patient/{id}/AuditEvent")).await
        }
        Route::Read(kind, id) => read::read(call, kind, &id).await,
        Route::Vread(kind, id, version) => read::vread(call, kind, &id, version).await,
        Route::HistoryInstance(kind, id) => history::instance(call, kind, &id).await,
        Route::HistoryType(kind) => history::of_type(call, kind).await,
        Route::HistorySystem => history::system(call).await,
        Route::SearchType(kind) => search::of_type(call, kind).await,
        Route::SearchSystem => search::system(call).await,
        Route::SearchCompartment(compartment, id, kind) => {
            search::in_compartment(call, compartment, &id, kind).await
        }
        Route::Create(kind) => write::create(call, kind).await,
        Route::Update(kind, id) => write::update(call, kind, id).await,
        Route::ConditionalUpdate(kind) => write::conditional_update(call, kind).await,
        Route::Patch(kind, id) => write::patch(call, kind, id).await,
        Route::ConditionalPatch(kind) => write::conditional_patch(call, kind).await,
        Route::Delete(kind, id) => write::delete(call, kind, id).await,
        Route::ConditionalDelete(kind) => write::conditional_delete(call, kind).await,
        Route::Capabilities
        | Route::Bundle
        | Route::Operation(..)
        | Route::Job(_)
        | Route::JobFile(..)
        | Route::JobCancel(_) => Err(FhirError::new(
            ErrorKind::Unsupported,
            "this interaction cannot stand here",
        )),
    }
}

/// `POST [base]`: a batch or a transaction.
async fn bundle(call: &Call<'_>) -> Result<Answer> {
    let doc = call.resource()?;
    let root = doc.root();
    if root.resource_type() != Some("Bundle") {
        return Err(FhirError::new(
            ErrorKind::Malformed,
            "the body must be a Bundle",
        ));
    }
    let entries = root
        .get("entry")
        .filter(|entry| entry.kind() == Kind::Array);
    let n = entries.map_or(0, mt_fhir::Node::len);
    let limit = call.api.limits.bundle_entries;
    if n > limit {
        let message = format!("the Bundle has {n} entries; the limit is {limit}");
        return Err(FhirError::new(ErrorKind::TooLarge, message));
    }
    match root.str("type") {
        Some("transaction") => transaction::run(call, doc).await,
        Some("batch") => batch::run(call, &doc).await,
        _ => {
            let message = "the Bundle must be of type batch or transaction";
            Err(FhirError::new(ErrorKind::Malformed, message))
        }
    }
}
