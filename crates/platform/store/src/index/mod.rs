//! The search index of a resource: keyed hashes, dates and ranges that PostgreSQL can compare and
//! nobody without the tenant's keys can read.
//!
//! Writing and searching use the same [`Tokens`], so that they cannot drift apart. Tokens of some
//! tests are only *necessary* conditions; the search then opens its candidates and asks
//! [`mt_search`] itself.

mod build;
mod shape;
mod sortable;
mod tokens;
mod uri;

pub(crate) use build::{AuxRow, IndexRow, index};
pub(crate) use shape::{Shape, indexed_as, superset_of};
pub(crate) use sortable::sortable;
pub(crate) use tokens::Tokens;
pub use tokens::patient_token;
pub(crate) use uri::uri_root;

/// `dlo` and `dhi` of a resource without a main date.
pub(crate) const NO_DATE: i64 = i64::MIN;
