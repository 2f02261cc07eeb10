//! From name-value pairs to a [`Query`].
//!
//! A search that is not fully understood must not look as if it was: every pair ends up as a
//! condition, a control, a named entry in [`Query::ignored`], or an error.

mod clause;
mod control;
pub(crate) mod escape;
mod filter;
pub(crate) mod form;
mod include;
mod ordered;
mod value;

pub use form::decode as decode_pairs;

use std::cell::Cell;

use mt_fhir::definitions::{Compartment, ResourceType};
use mt_kernel::Instant;

use crate::query::{CompartmentRef, Ignored, Limit, Query, QueryError, Types};
use crate::registry::ParamRegistry;

/// What to do with parameters that are not known (`Prefer: handling=…`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Handling {
    /// Refuse the search.
    Strict,
    /// Leave the parameter out and say so.
    #[default]
    Lenient,
}

/// Bounds on what one search may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueryLimits {
    /// Parameters.
    pub parameters: usize,
    /// Bytes of one value, all alternatives together.
    pub value_bytes: usize,
    /// Alternatives of one parameter.
    pub alternatives: usize,
    /// Hops of a chain; each `.` and each `_has` is one.
    pub chain_depth: usize,
    /// Types tried for a chain that names no type.
    pub chain_targets: usize,
    /// `_include` and `_revinclude` together.
    pub includes: usize,
    /// Sort keys.
    pub sort_keys: usize,
    /// Terms and operators of one `_filter`.
    pub filter_terms: usize,
}

impl Default for QueryLimits {
    fn default() -> Self {
        Self {
            parameters: 64,
            value_bytes: 16 * 1024,
            alternatives: 500,
            chain_depth: 4,
            chain_targets: 32,
            includes: 32,
            sort_keys: 8,
            filter_terms: 64,
        }
    }
}

/// How to read a search.
#[derive(Clone, Copy, Debug)]
pub struct ParseOptions<'a> {
    /// Unknown parameters.
    pub handling: Handling,
    /// Bounds.
    pub limits: QueryLimits,
    /// The present, for `ap` on dates.
    pub now: Instant,
    /// Parameters that belong to somebody else (`_format`, a paging cursor) and are skipped.
    pub reserved: &'a [&'a str],
}

impl ParseOptions<'_> {
    /// Lenient handling, default limits, `_format` and `_pretty` skipped.
    #[must_use]
    pub fn at(now: Instant) -> Self {
        Self {
            handling: Handling::default(),
            limits: QueryLimits::default(),
            now,
            reserved: &["_format", "_pretty"],
        }
    }
}

/// Where a search looks: the path part of the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// Types in the path.
    pub types: Types,
    /// Compartment in the path.
    pub compartment: Option<CompartmentRef>,
}

impl Scope {
    /// `[base]/Patient`
    #[must_use]
    pub const fn resource(resource_type: ResourceType) -> Self {
        Self {
            types: Types::One(resource_type),
            compartment: None,
        }
    }

    /// `[base]`
    #[must_use]
    pub const fn system() -> Self {
        Self {
            types: Types::All,
            compartment: None,
        }
    }

    /// `[base]/Patient/123/Observation`, or `[base]/Patient/123/*` without a type.
    #[must_use]
    pub fn compartment(
        compartment: Compartment,
        id: &str,
        resource_type: Option<ResourceType>,
    ) -> Self {
        Self {
            types: resource_type.map_or(Types::All, Types::One),
            compartment: Some(CompartmentRef {
                compartment,
                id: id.to_owned(),
            }),
        }
    }
}

impl Query {
    /// Reads a search. `pairs` are the decoded parameters of the URL and, for `POST _search`, of
    /// the form body behind them: the two ways mean the same.
    ///
    /// # Errors
    /// [`QueryError`] names the parameter and says why. Unknown or unsupported parameters are
    /// errors under strict handling alone; unknown modifiers and bad values always are.
    pub fn parse(
        registry: &ParamRegistry,
        scope: Scope,
        pairs: &[(String, String)],
        options: &ParseOptions<'_>,
    ) -> Result<Self, QueryError> {
        let limits = &options.limits;
        if pairs.len() > limits.parameters {
            return Err(QueryError::TooMuch {
                name: "*".to_owned(),
                limit: Limit::Parameters,
                max: limits.parameters,
            });
        }
        let mut query = Self {
            types: scope.types,
            compartment: scope.compartment,
            clauses: Vec::new(),
            filters: Vec::new(),
            sort: Vec::new(),
            count: None,
            total: None,
            summary: None,
            elements: Vec::new(),
            includes: Vec::new(),
            ignored: Vec::new(),
        };
        // The meaning of every other parameter depends on the types searched.
        for (_, value) in pairs.iter().filter(|(name, _)| name == "_type") {
            control::restrict_types(&mut query, value)?;
        }
        for (name, value) in pairs {
            let skipped = name == "_type" || options.reserved.contains(&name.as_str());
            if skipped {
                continue;
            }
            let read = read_pair(registry, &mut query, name, value, options);
            match read.map_err(|error| (ignorable(&error), error)) {
                Ok(()) => {}
                Err((Some(reason), _)) if options.handling == Handling::Lenient => {
                    query.ignored.push(Ignored {
                        name: clip(name),
                        reason,
                    });
                }
                Err((_, error)) => return Err(error),
            }
        }
        Ok(query)
    }

    /// Reads criteria as Subscriptions, scopes and conditional requests write them:
    /// `Observation?category=laboratory`, or `Observation` alone. Handling is always strict.
    ///
    /// # Errors
    /// [`QueryError`]; also when the type in front is not one.
    pub fn parse_criteria(
        registry: &ParamRegistry,
        criteria: &str,
        options: &ParseOptions<'_>,
    ) -> Result<Self, QueryError> {
        let (type_name, parameters) = criteria.split_once('?').unwrap_or((criteria, ""));
        let resource_type =
            ResourceType::from_name(type_name).ok_or_else(|| QueryError::UnknownType {
                name: clip(type_name),
            })?;
        let pairs = form::decode(parameters)?;
        let strict = ParseOptions {
            handling: Handling::Strict,
            ..*options
        };
        Self::parse(registry, Scope::resource(resource_type), &pairs, &strict)
    }
}

fn read_pair(
    registry: &ParamRegistry,
    query: &mut Query,
    name: &str,
    value: &str,
    options: &ParseOptions<'_>,
) -> Result<(), QueryError> {
    let max = options.limits.value_bytes;
    if value.len() > max {
        return Err(QueryError::TooMuch {
            name: clip(name),
            limit: Limit::ValueLength,
            max,
        });
    }
    if value.is_empty() {
        return Err(QueryError::Unsupported {
            name: clip(name),
            reason: NO_VALUE,
        });
    }
    if control::read(registry, query, name, value, options)? {
        return Ok(());
    }
    let reader = clause::Reader {
        registry,
        options,
        read: &Cell::new(0),
    };
    let clause = reader.clause(&query.types, name, value, 0)?;
    query.clauses.push(clause);
    Ok(())
}

const NO_VALUE: &str = "it has no value";

/// Why lenient handling may leave the parameter out; `None` when it may not.
const fn ignorable(error: &QueryError) -> Option<&'static str> {
    match error {
        QueryError::UnknownParameter { .. } => Some("unknown search parameter"),
        QueryError::Unsupported { reason, .. } => Some(reason),
        _ => None,
    }
}

/// A name as it may stand in an error: cut, since it comes from outside.
pub(crate) fn clip(name: &str) -> String {
    name.chars().take(64).collect()
}
