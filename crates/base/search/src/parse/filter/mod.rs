//! `_filter` (<http://hl7.org/fhir/R4/search_filter.html>).
//!
//! `and` binds tighter than `or`. A path is a chain of parameters (`subject:Patient.name`); a
//! filter in brackets after a reference (`subject[birthdate ge 1990].name`) is a condition on the
//! same target.

mod resolve;
mod syntax;

use super::ParseOptions;
use super::clause::Reader;
use crate::query::{Clause, QueryError, Types};
use crate::registry::ParamRegistry;

/// Reads an expression and gives it its meaning on `types`.
pub(super) fn read(
    registry: &ParamRegistry,
    types: &Types,
    text: &str,
    options: &ParseOptions<'_>,
) -> Result<Clause, QueryError> {
    let expression = syntax::parse(text, options.limits.filter_terms)?;
    let reader = Reader {
        registry,
        options,
        read: &std::cell::Cell::new(0),
    };
    resolve::clause(reader, types, &expression, 0)
}
