//! Parameters that shape the result instead of selecting resources.

use mt_fhir::definitions::ResourceType;

use super::{ParseOptions, clip, filter, include};
use crate::query::{Filter, Limit, Query, QueryError, SortBy, SortKey, Summary, Total, Types};
use crate::registry::{ParamKind, ParamRegistry};

/// Reads `name` when it is a control; `false` when it must be a condition.
pub(super) fn read(
    registry: &ParamRegistry,
    query: &mut Query,
    name: &str,
    value: &str,
    options: &ParseOptions<'_>,
) -> Result<bool, QueryError> {
    match name {
        "_sort" => {
            once(name, query.sort.is_empty())?;
            query.sort = sort(registry, &query.types, value, options.limits.sort_keys)?;
        }
        "_count" => {
            once(name, query.count.is_none())?;
            let count = value
                .parse()
                .map_err(|_| bad(name, "expected a number, zero or more"))?;
            query.count = Some(count);
        }
        "_total" => {
            once(name, query.total.is_none())?;
            let total = Total::from_code(value);
            query.total =
                Some(total.ok_or_else(|| bad(name, "expected none, estimate or accurate"))?);
        }
        "_summary" => {
            once(name, query.summary.is_none())?;
            let summary = Summary::from_code(value);
            let expected = "expected true, text, data, count or false";
            query.summary = Some(summary.ok_or_else(|| bad(name, expected))?);
        }
        "_elements" => {
            once(name, query.elements.is_empty())?;
            query.elements = elements(&query.types, value)?;
        }
        "_include"
        | "_include:iterate"
        | "_include:recurse"
        | "_revinclude"
        | "_revinclude:iterate"
        | "_revinclude:recurse" => {
            let max = options.limits.includes;
            if query.includes.len() >= max {
                return Err(QueryError::TooMuch {
                    name: clip(name),
                    limit: Limit::Includes,
                    max,
                });
            }
            query.includes.push(include::read(registry, name, value)?);
        }
        "_filter" => {
            let clause = filter::read(registry, &query.types, value, options)?;
            query.filters.push(Filter {
                text: value.to_owned(),
                clause,
            });
        }
        "_contained" if value == "false" => {}
        "_contained" | "_containedType" => {
            return Err(bad(
                name,
                "contained resources are not searched on their own",
            ));
        }
        "_query" => return Err(unsupported(name, "there are no named queries")),
        _ => return Ok(false),
    }
    Ok(true)
}

/// `_type`: narrows a search of every type.
pub(super) fn restrict_types(query: &mut Query, value: &str) -> Result<(), QueryError> {
    once("_type", matches!(query.types, Types::All))?;
    let mut types = Vec::new();
    for name in value.split(',') {
        let resource_type =
            ResourceType::from_name(name).ok_or_else(|| QueryError::UnknownType {
                name: "_type".to_owned(),
            })?;
        if !types.contains(&resource_type) {
            types.push(resource_type);
        }
    }
    query.types = Types::Some(types);
    Ok(())
}

fn sort(
    registry: &ParamRegistry,
    types: &Types,
    value: &str,
    max: usize,
) -> Result<Vec<SortKey>, QueryError> {
    let names: Vec<_> = value.split(',').collect();
    if names.len() > max {
        return Err(QueryError::TooMuch {
            name: "_sort".to_owned(),
            limit: Limit::SortKeys,
            max,
        });
    }
    let key = |name: &&str| {
        let code = name.strip_prefix('-').unwrap_or(name);
        let by = match code {
            "_id" => SortBy::Id,
            "_lastUpdated" => SortBy::LastUpdated,
            "_score" => return Err(unsupported("_sort", "matches have no score")),
            _ => sort_param(registry, types, code)?,
        };
        Ok(SortKey {
            by,
            descending: name.starts_with('-'),
        })
    };
    names.iter().map(key).collect()
}

fn sort_param(registry: &ParamRegistry, types: &Types, code: &str) -> Result<SortBy, QueryError> {
    let param = super::clause::resolve(registry, types, code)?
        .ok_or_else(|| unsupported("_sort", "unknown sort key"))?;
    let sortable = !matches!(param.kind, ParamKind::Composite | ParamKind::Special)
        && param.defs.iter().all(|def| !def.is_computed());
    if sortable {
        Ok(SortBy::Param(param))
    } else {
        Err(unsupported("_sort", "this kind of parameter has no order"))
    }
}

fn elements(types: &Types, value: &str) -> Result<Vec<String>, QueryError> {
    let mut out: Vec<String> = Vec::new();
    for name in value.split(',') {
        let exists = |resource_type: &ResourceType| {
            let elements = resource_type.type_id().def().elements;
            elements.iter().any(|element| element.name == name)
        };
        let known = match types.listed() {
            Some(listed) => listed.iter().any(exists),
            None => ResourceType::all().any(|resource_type| exists(&resource_type)),
        };
        if !known {
            return Err(bad(
                "_elements",
                "not a top-level element of the types searched",
            ));
        }
        if !out.iter().any(|other| other == name) {
            out.push(name.to_owned());
        }
    }
    Ok(out)
}

fn once(name: &str, unset: bool) -> Result<(), QueryError> {
    if unset {
        Ok(())
    } else {
        Err(QueryError::Repeated { name: clip(name) })
    }
}

fn bad(name: &str, reason: &'static str) -> QueryError {
    QueryError::Value {
        name: clip(name),
        reason,
    }
}

fn unsupported(name: &str, reason: &'static str) -> QueryError {
    QueryError::Unsupported {
        name: clip(name),
        reason,
    }
}
