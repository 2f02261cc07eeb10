//! Reads by id: current version, one version, history.
//!
//! Reading never parses: rows are opened, inflated and handed out. Only a caller who may see some of
//! a type and not all of it costs a look into the resource.

mod history;
mod point;

pub use history::{HistoryOf, HistoryQuery};
pub(crate) use point::{ROWS_BY_KEY, sealed_row};
