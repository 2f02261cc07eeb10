//! `$import`: NDJSON files, fetched or uploaded, taken in through the commit pipeline
//! (<https://github.com/smart-on-fhir/bulk-import>, the manifest as a `Parameters` resource).
//!
//! Every resource is written by its id, so that an import that is begun again changes nothing that
//! it has written already. What is refused is told line by line; the rest goes on.

mod fetch;
mod kickoff;
mod lines;
mod run;

pub use fetch::ImportSources;
pub(crate) use kickoff::kick_off;
pub(super) use run::run;

use serde::{Deserialize, Serialize};

/// What is to be taken in.
#[derive(Debug, Serialize, Deserialize)]
struct Wanted {
    inputs: Vec<Input>,
}

/// One file.
#[derive(Debug, Serialize, Deserialize)]
struct Input {
    /// The type that its resources must be of.
    kind: Option<String>,
    /// Where it is fetched; otherwise it was uploaded with the request.
    url: Option<String>,
}

/// The file number of uploaded input; what a job makes has numbers above 0.
const UPLOADED: i32 = -100;
