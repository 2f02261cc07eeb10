//! Search: from the tree of a query to pages of resources.
//!
//! A query is compiled per resource type to a condition on columns ([`cond`]), the way to the rows is
//! chosen here ([`path`]), pages are cut by keyset in an order that PostgreSQL keeps ([`page`]), and what
//! columns cannot decide is decided by [`mt_search::matches`] on the opened resource ([`check`]).

mod check;
mod compile;
mod cond;
mod has;
mod include;
mod leaf;
mod memory;
mod page;
mod path;
mod references;
mod rows;
mod run;
mod snapshot;
mod sort;
mod sql;
mod total;
mod visible;

pub use snapshot::Snapshot;

use std::time::Duration;

use mt_fhir::ResourceType;
use mt_search::query::Types;
use mt_search::{Clause, Query};

/// What one search may cost; beyond it the search is refused as too costly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchLimits {
    /// Entries in a page when the query does not say.
    pub default_count: usize,
    /// Most entries in a page.
    pub max_count: usize,
    /// Resources opened because columns could not decide.
    pub candidates: usize,
    /// Matches sorted in memory, for orders that no index keeps.
    pub sorted: usize,
    /// Matches of one step of a chain or of `_has`.
    pub chain: usize,
    /// Resources that includes may add to a page.
    pub includes: usize,
    /// Rounds of `:iterate`.
    pub include_rounds: usize,
    /// Rows found by keys before another way is taken.
    pub keyed: usize,
    /// Time for one search.
    pub time: Duration,
}

impl Default for SearchLimits {
    fn default() -> Self {
        Self {
            default_count: 20,
            max_count: 1000,
            candidates: 20_000,
            sorted: 10_000,
            chain: 5_000,
            includes: 1_000,
            include_rounds: 4,
            keyed: 2_000,
            time: Duration::from_secs(20),
        }
    }
}

/// A query with one condition.
pub(crate) fn query_of(resource_type: ResourceType, clause: Clause) -> Query {
    Query {
        clauses: vec![clause],
        ..everything(resource_type)
    }
}

/// A query for every resource of a type.
pub(crate) fn everything(resource_type: ResourceType) -> Query {
    Query {
        types: Types::One(resource_type),
        compartment: None,
        clauses: Vec::new(),
        filters: Vec::new(),
        sort: Vec::new(),
        count: None,
        total: None,
        summary: None,
        elements: Vec::new(),
        includes: Vec::new(),
        ignored: Vec::new(),
    }
}
