//! Loading Bundles from files: the same planning as `POST [base]`, without HTTP.

use mt_fhir::Doc;
use mt_fhir::outcome::OperationOutcome;
use mt_kernel::Instant;
use mt_search::{ParamRegistry, ParseOptions};
use mt_store::{Batch, StoreError};

use crate::error::FhirError;
use crate::interactions::Planner;

/// A Bundle that can be committed.
pub struct Loaded {
    /// What to commit.
    pub batch: Batch,
    places: Vec<usize>,
}

/// Understands the entries of a transaction or batch Bundle as one transaction.
///
/// # Errors
/// The outcome that a client would be answered with.
pub fn plan_bundle(
    registry: &ParamRegistry,
    doc: Doc,
    now: Instant,
) -> Result<Loaded, OperationOutcome> {
    let planner = Planner {
        registry,
        options: ParseOptions::at(now),
    };
    let plan = planner.plan(doc).map_err(|error| told(&error))?;
    Ok(Loaded {
        batch: plan.batch,
        places: plan.places,
    })
}

impl Loaded {
    /// The places of the changes in the Bundle, and the batch.
    #[must_use]
    pub fn into_parts(self) -> (Batch, Vec<usize>) {
        (self.batch, self.places)
    }
}

/// The outcome for a refused commit, told of the Bundle's entries.
#[must_use]
pub fn refused(error: StoreError, places: &[usize]) -> OperationOutcome {
    told(&crate::interactions::told_of_entry(error, places))
}

fn told(error: &FhirError) -> OperationOutcome {
    OperationOutcome::new(error.issues.clone())
}
