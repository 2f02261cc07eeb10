//! Terminology operations (<http://hl7.org/fhir/R4/terminology-service.html>) over the shared
//! content and the tenant's own code systems, value sets and concept maps.

mod expand;
mod input;
mod lookup;
mod output;
mod records;
mod subsumes;
mod translate;
mod validate_code;

use std::sync::Arc;

use mt_terminology::Scope;

pub(super) use expand::run as expand;
pub(super) use lookup::run as lookup;
pub(super) use subsumes::run as subsumes;
pub(super) use translate::run as translate;
pub(super) use validate_code::run as validate_code;

use crate::api::Call;

/// What one question can see, before the tenant's own resources are fetched.
fn scope(call: &Call<'_>) -> Scope {
    Scope::new(Arc::clone(&call.api.services.terminology))
}
