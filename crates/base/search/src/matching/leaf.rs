//! Tests of single parameters.

use mt_fhir::definitions::ResourceType;
use mt_fhirpath::Terminology;

use super::near::distance;
use super::{MatchError, starts_with_folded};
use crate::extract::{IndexValue, QuantityIndex, ReferenceIndex};
use crate::normal::{fold, token_code};
use crate::query::{
    Direction, Leaf, NearValue, QuantityValue, ReferenceValue, StringMatch, StringValue,
    SystemMatch, Test, TokenValue, TypedIdentifierValue, UnitMatch, UriMatch,
};

/// True when the values of the leaf's parameter pass its test.
pub(super) fn test(
    terminology: Option<&dyn Terminology>,
    leaf: &Leaf,
    values: &[&IndexValue<'_>],
) -> Result<bool, MatchError> {
    let any = |passes: &dyn Fn(&IndexValue<'_>) -> bool| values.iter().any(|value| passes(value));
    Ok(match &leaf.test {
        Test::Missing(missing) => values.is_empty() == *missing,
        Test::String { how, values } => any(&|v| values.iter().any(|asked| string(v, *how, asked))),
        Test::Token { values, negated } => {
            any(&|v| values.iter().any(|asked| token(v, asked))) != *negated
        }
        Test::TokenText(values) => any(&|v| values.iter().any(|asked| token_text(v, asked))),
        Test::OfType(values) => any(&|v| values.iter().any(|asked| typed_identifier(v, asked))),
        Test::Reference { values, .. } => any(&|v| values.iter().any(|asked| reference(v, asked))),
        Test::ReferenceIdentifier(values) => {
            any(&|v| values.iter().any(|asked| identifier(v, asked)))
        }
        Test::Date(values) => any(&|v| match v {
            IndexValue::Date(range) => values
                .iter()
                .any(|asked| asked.comparator.holds(asked.range, *range)),
            _ => false,
        }),
        Test::Number(values) => any(&|v| match v {
            IndexValue::Number(range) => values
                .iter()
                .any(|asked| asked.comparator.holds(asked.range, *range)),
            _ => false,
        }),
        Test::Quantity(values) => any(&|v| match v {
            IndexValue::Quantity(index) => values.iter().any(|asked| quantity(index, asked)),
            _ => false,
        }),
        Test::Uri { how, values } => any(&|v| match v {
            IndexValue::Uri(found) => values.iter().any(|asked| uri(found, *how, asked)),
            _ => false,
        }),
        Test::Near(values) => any(&|v| values.iter().any(|asked| near(v, asked))),
        Test::Composite(alternatives) => return composite(terminology, alternatives, values),
        Test::ValueSet { urls, negated } => {
            return Ok(in_value_set(terminology, leaf, urls, values)? != *negated);
        }
        Test::Subsumption {
            direction,
            values: asked,
        } => {
            return subsumption(terminology, leaf, *direction, asked, values);
        }
    })
}

fn composite(
    terminology: Option<&dyn Terminology>,
    alternatives: &[Vec<Leaf>],
    values: &[&IndexValue<'_>],
) -> Result<bool, MatchError> {
    for value in values {
        let IndexValue::Composite(parts) = value else {
            continue;
        };
        for leaves in alternatives {
            let mut all = parts.len() == leaves.len();
            for (leaf, part) in leaves.iter().zip(parts) {
                all = all && test(terminology, leaf, &[part])?;
            }
            if all {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

fn string(value: &IndexValue<'_>, how: StringMatch, asked: &StringValue) -> bool {
    let IndexValue::String(found) = value else {
        return false;
    };
    match how {
        StringMatch::Exact => *found == asked.text,
        StringMatch::Phonetic => *found == asked.folded,
        StringMatch::Prefix => starts_with_folded(found, &asked.folded),
        StringMatch::Contains => fold(found).contains(&asked.folded),
        StringMatch::Equal => fold(found) == asked.folded,
        StringMatch::Suffix => fold(found).ends_with(&asked.folded),
    }
}

fn token(value: &IndexValue<'_>, asked: &TokenValue) -> bool {
    let IndexValue::Token { system, code, .. } = value else {
        return false;
    };
    pair(system.as_deref(), code.as_deref(), asked)
}

/// Compares system and code of a coding or identifier.
fn pair(system: Option<&str>, code: Option<&str>, asked: &TokenValue) -> bool {
    let (system_fits, key_system) = match &asked.system {
        SystemMatch::Any => (true, None),
        SystemMatch::Absent => (system.is_none(), None),
        SystemMatch::Is(wanted) => (system == Some(wanted), Some(wanted.as_str())),
        SystemMatch::Implied(wanted) => (system.is_none_or(|system| system == wanted), None),
    };
    let code_fits = match (&asked.key, code) {
        (None, _) => true,
        (Some(key), Some(code)) => token_code(key_system, code) == *key,
        (Some(_), None) => false,
    };
    system_fits && code_fits && (code.is_some() || system.is_some())
}

fn token_text(value: &IndexValue<'_>, asked: &StringValue) -> bool {
    match value {
        IndexValue::Token {
            text: Some(text), ..
        } => starts_with_folded(text, &asked.folded),
        _ => false,
    }
}

fn typed_identifier(value: &IndexValue<'_>, asked: &TypedIdentifierValue) -> bool {
    match value {
        IndexValue::TypedIdentifier {
            system,
            code,
            value,
        } => {
            *system == asked.system
                && token_code(Some(system), code) == token_code(Some(&asked.system), &asked.code)
                && token_code(None, value) == token_code(None, &asked.value)
        }
        _ => false,
    }
}

fn reference(value: &IndexValue<'_>, asked: &ReferenceValue) -> bool {
    let IndexValue::Reference(found) = value else {
        return false;
    };
    match asked {
        ReferenceValue::Local {
            resource_type,
            id,
            version,
            ..
        } => {
            found.local.as_ref().is_some_and(|(found_type, found_id)| {
                resource_type.is_none_or(|wanted| wanted == *found_type) && found_id == id
            }) && version_fits(found, version.as_deref())
        }
        ReferenceValue::Url { url, version } => {
            found.url.as_deref() == Some(url) && version_fits(found, version.as_deref())
        }
    }
}

/// Without a version every version fits.
fn version_fits(found: &ReferenceIndex<'_>, version: Option<&str>) -> bool {
    version.is_none() || found.version.as_deref() == version
}

/// True when the value is a local reference to this resource.
pub(super) fn refers_to(value: &IndexValue<'_>, resource_type: ResourceType, id: &str) -> bool {
    match value {
        IndexValue::Reference(found) => found
            .local
            .as_ref()
            .is_some_and(|(t, i)| *t == resource_type && i == id),
        _ => false,
    }
}

fn identifier(value: &IndexValue<'_>, asked: &TokenValue) -> bool {
    match value {
        IndexValue::Reference(found) => found
            .identifier
            .as_ref()
            .is_some_and(|(system, value)| pair(system.as_deref(), Some(value), asked)),
        _ => false,
    }
}

fn quantity(found: &QuantityIndex<'_>, asked: &QuantityValue) -> bool {
    let comparator = asked.number.comparator;
    if let Some(wanted) = &asked.canonical {
        return found.canonical.as_ref().is_some_and(|canonical| {
            canonical.unit == wanted.unit && comparator.holds(wanted.range, canonical.range)
        });
    }
    let unit_fits = match &asked.unit {
        UnitMatch::Any => true,
        UnitMatch::Text(unit) => {
            found.code.as_deref() == Some(unit) || found.unit.as_deref() == Some(unit)
        }
        UnitMatch::Code { system, code } => {
            found.system.as_deref() == Some(system) && found.code.as_deref() == Some(code)
        }
    };
    unit_fits && comparator.holds(asked.number.range, found.range)
}

fn uri(found: &str, how: UriMatch, asked: &str) -> bool {
    match how {
        UriMatch::Exact => found == asked,
        UriMatch::Below => is_beneath(found, asked),
        UriMatch::Above => is_beneath(asked, found),
    }
}

/// True when `uri` is `parent` or lies beneath it by path segments.
fn is_beneath(uri: &str, parent: &str) -> bool {
    let parent = parent.strip_suffix('/').unwrap_or(parent);
    uri.strip_prefix(parent)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn near(value: &IndexValue<'_>, asked: &NearValue) -> bool {
    match value {
        IndexValue::Position {
            latitude,
            longitude,
        } => distance((*latitude, *longitude), (asked.latitude, asked.longitude)) <= asked.metres,
        _ => false,
    }
}

/// True when some code of the values is in one of the value sets.
fn in_value_set(
    terminology: Option<&dyn Terminology>,
    leaf: &Leaf,
    urls: &[String],
    values: &[&IndexValue<'_>],
) -> Result<bool, MatchError> {
    let mut found = false;
    for (system, code) in values.iter().filter_map(|value| coded(value)) {
        for url in urls {
            let member = terminology.and_then(|service| service.member_of(url, system, code));
            found |= member.ok_or_else(|| unknown(leaf))?;
        }
    }
    Ok(found)
}

/// True when some code of the values is above or below one asked for, or equal to it.
fn subsumption(
    terminology: Option<&dyn Terminology>,
    leaf: &Leaf,
    direction: Direction,
    asked: &[TokenValue],
    values: &[&IndexValue<'_>],
) -> Result<bool, MatchError> {
    for (system, code) in values.iter().filter_map(|value| coded(value)) {
        for wanted in asked {
            if pair(system, Some(code), wanted) {
                return Ok(true);
            }
            let wanted_system = match &wanted.system {
                SystemMatch::Is(system) | SystemMatch::Implied(system) => Some(system.as_str()),
                SystemMatch::Any | SystemMatch::Absent => None,
            };
            if system.is_some() && wanted_system.is_some() && system != wanted_system {
                continue;
            }
            let (Some(system), Some(wanted_code)) = (system.or(wanted_system), &wanted.code) else {
                continue;
            };
            let (upper, lower) = match direction {
                Direction::Below => (wanted_code.as_str(), code),
                Direction::Above => (code, wanted_code.as_str()),
            };
            let subsumes = terminology.and_then(|service| service.subsumes(system, upper, lower));
            if subsumes.ok_or_else(|| unknown(leaf))? {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// System and code of a token that has a code.
fn coded<'v>(value: &'v IndexValue<'_>) -> Option<(Option<&'v str>, &'v str)> {
    match value {
        IndexValue::Token {
            system,
            code: Some(code),
            ..
        } => Some((system.as_deref(), code)),
        _ => None,
    }
}

fn unknown(leaf: &Leaf) -> MatchError {
    MatchError::Terminology {
        code: leaf.param.code.clone(),
    }
}
