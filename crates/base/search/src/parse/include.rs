//! `_include` and `_revinclude`.

use mt_fhir::definitions::ResourceType;

use super::{clause, clip};
use crate::query::{Include, IncludeParam, QueryError, Types};
use crate::registry::{ParamKind, ParamRegistry};

/// Reads `Source:param`, `Source:param:Target`, `Source:*` or `*`.
pub(super) fn read(
    registry: &ParamRegistry,
    name: &str,
    value: &str,
) -> Result<Include, QueryError> {
    let (base, modifier) = name.split_once(':').unwrap_or((name, ""));
    let mut include = Include {
        reverse: base == "_revinclude",
        iterate: !modifier.is_empty(),
        source: None,
        param: IncludeParam::All,
        target: None,
    };
    if value == "*" {
        return Ok(include);
    }
    let mut parts = value.split(':');
    let source = resource_type(name, parts.next())?;
    include.source = Some(source);
    let code = parts.next().ok_or_else(|| QueryError::Value {
        name: clip(name),
        reason: "expected Type:parameter, Type:parameter:Target, Type:* or *",
    })?;
    if code != "*" {
        let unknown = || QueryError::Value {
            name: clip(name),
            reason: "the type has no such search parameter",
        };
        let param = clause::resolve(registry, &Types::One(source), code)?.ok_or_else(unknown)?;
        if param.kind != ParamKind::Reference {
            let reason = "the search parameter is not a reference";
            return Err(QueryError::Chain {
                name: clip(name),
                reason,
            });
        }
        include.param = IncludeParam::One(param);
    }
    if let Some(target) = parts.next() {
        include.target = Some(resource_type(name, Some(target))?);
    }
    if parts.next().is_some() {
        return Err(QueryError::Value {
            name: clip(name),
            reason: "too many parts",
        });
    }
    check_target(&include, name)?;
    Ok(include)
}

fn check_target(include: &Include, name: &str) -> Result<(), QueryError> {
    if let (IncludeParam::One(param), Some(target)) = (&include.param, include.target)
        && !param.defs.iter().any(|def| def.may_target(target))
    {
        let reason = "the reference never has this type of target";
        return Err(QueryError::Chain {
            name: clip(name),
            reason,
        });
    }
    Ok(())
}

fn resource_type(name: &str, text: Option<&str>) -> Result<ResourceType, QueryError> {
    text.and_then(ResourceType::from_name)
        .ok_or_else(|| QueryError::UnknownType { name: clip(name) })
}
