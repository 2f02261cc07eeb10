//! The searchable values of a resource.
//!
//! The official expressions are compiled once per resource type into one plan that a single walk
//! over the resource follows, because extraction runs for every resource ever written.

mod plan;
mod value;

pub(crate) use plan::{ParamFacts, Plan};
pub use value::{Entry, Extracted, IndexValue, QuantityIndex, ReferenceIndex};
