//! References: what they point to, without following them.

use std::borrow::Cow;

use mt_fhir::definitions::ResourceType;
use mt_fhir::{Node, names};

use super::convert::text;
use super::value::ReferenceIndex;
use crate::registry::ParamRegistry;

/// A `Reference` element; `None` when it says nothing that can be searched. References to
/// contained resources are left out.
pub(super) fn of_element<'a>(
    registry: &ParamRegistry,
    node: Node<'a>,
) -> Option<ReferenceIndex<'a>> {
    let identifier = node.get_name(names::IDENTIFIER).and_then(|identifier| {
        let value = text(identifier, names::VALUE)?;
        Some((
            text(identifier, names::SYSTEM).map(Cow::Borrowed),
            Cow::Borrowed(value),
        ))
    });
    let literal = text(node, names::REFERENCE).and_then(|literal| parse(registry, literal));
    match (literal, identifier) {
        (None, None) => None,
        (literal, identifier) => Some(ReferenceIndex {
            identifier,
            ..literal.unwrap_or_default()
        }),
    }
}

/// A canonical: `url|version`.
pub(super) fn canonical<'a>(
    registry: &ParamRegistry,
    value: &'a str,
) -> Option<ReferenceIndex<'a>> {
    match value.split_once('|') {
        None => parse(registry, value),
        Some((url, version)) => Some(ReferenceIndex {
            version: Some(Cow::Borrowed(version)),
            ..parse(registry, url)?
        }),
    }
}

fn parse<'a>(registry: &ParamRegistry, literal: &'a str) -> Option<ReferenceIndex<'a>> {
    if literal.is_empty() || literal.starts_with('#') {
        return None;
    }
    let relative = match registry.strip_base(literal) {
        Some(relative) => Some(relative),
        None => (!literal.contains(':')).then_some(literal),
    };
    let index = match relative.and_then(local) {
        Some((resource_type, id, version)) => ReferenceIndex {
            local: Some((resource_type, Cow::Borrowed(id))),
            version: version.map(Cow::Borrowed),
            ..ReferenceIndex::default()
        },
        None => ReferenceIndex {
            url: Some(Cow::Borrowed(literal)),
            ..ReferenceIndex::default()
        },
    };
    Some(index)
}

/// `Type/id` or `Type/id/_history/version`.
fn local(text: &str) -> Option<(ResourceType, &str, Option<&str>)> {
    let (name, rest) = text.split_once('/')?;
    let resource_type = ResourceType::from_name(name)?;
    let (id, version) = match rest.split_once("/_history/") {
        Some((id, version)) => (id, Some(version)),
        None => (rest, None),
    };
    let is_id = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
    (!id.is_empty() && id.chars().all(is_id)).then_some((resource_type, id, version))
}

/// True when a `Reference` names `wanted` as the type of its target: in `type`, or in the literal
/// reference. This is what `resolve() is Patient` can know without fetching.
pub(super) fn refers_to(node: Node<'_>, wanted: ResourceType) -> bool {
    let literal = text(node, names::REFERENCE).unwrap_or_default();
    let path = literal
        .split_once("/_history/")
        .map_or(literal, |(path, _)| path);
    let mut segments = path.rsplit('/');
    let _id = segments.next();
    match segments.next().and_then(ResourceType::from_name) {
        Some(named) => named == wanted,
        None => text(node, names::TYPE) == Some(wanted.name()),
    }
}
