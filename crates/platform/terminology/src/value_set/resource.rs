//! Reads a `ValueSet` resource.

use std::collections::BTreeMap;

use mt_fhir::Node;

use super::{Filter, Include, Listed, ValueSet};
use crate::canonical::Canonical;
use crate::code_system::{designation_key, items};
use crate::error::TerminologyError;

/// Deepest nesting of `expansion.contains` that is read.
const MAX_DEPTH: usize = 40;

impl ValueSet {
    /// Reads a `ValueSet` resource. One that carries only an expansion lists its codes.
    ///
    /// # Errors
    /// When an include says nothing, or a filter cannot be read.
    pub fn from_resource(resource: Node<'_>) -> Result<Self, TerminologyError> {
        let owned = |key: &str| resource.str(key).map(str::to_owned);
        let compose = resource.get("compose");
        let part = |key: &'static str| -> Result<Vec<Include>, TerminologyError> {
            compose
                .into_iter()
                .flat_map(|compose| items(compose, key))
                .map(include)
                .collect()
        };
        let mut set = Self {
            url: owned("url").unwrap_or_default(),
            version: owned("version"),
            name: owned("name"),
            title: owned("title"),
            status: owned("status"),
            with_inactive: compose
                .and_then(|compose| compose.get("inactive"))
                .and_then(Node::as_bool)
                .unwrap_or(true),
            include: part("include")?,
            exclude: part("exclude")?,
        };
        if compose.is_none()
            && let Some(expansion) = resource.get("expansion")
        {
            set.include = expanded(expansion)?;
        }
        Ok(set)
    }
}

fn include(node: Node<'_>) -> Result<Include, TerminologyError> {
    let malformed = |reason| TerminologyError::Malformed {
        resource: "ValueSet",
        reason,
    };
    let canonical = |node: Node<'_>| node.as_str().map(Canonical::parse);
    let include = Include {
        system: node.str("system").map(str::to_owned),
        version: node.str("version").map(str::to_owned),
        concepts: items(node, "concept").filter_map(listed).collect(),
        filters: items(node, "filter")
            .map(Filter::from_node)
            .collect::<Result<_, _>>()?,
        value_sets: items(node, "valueSet").filter_map(canonical).collect(),
        by_code: Vec::new(),
    };
    if include.system.is_none() && include.value_sets.is_empty() {
        return Err(malformed(
            "an include names neither a system nor a value set",
        ));
    }
    if include.system.is_none() && !(include.concepts.is_empty() && include.filters.is_empty()) {
        return Err(malformed("codes and filters need a system"));
    }
    if !include.concepts.is_empty() && !include.filters.is_empty() {
        return Err(malformed("an include cannot have both codes and filters"));
    }
    Ok(include.index())
}

fn listed(node: Node<'_>) -> Option<Listed> {
    let designation = |node: Node<'_>| Some((designation_key(node), node.str("value")?.to_owned()));
    Some(Listed {
        code: node.str("code")?.to_owned(),
        display: node.str("display").map(str::to_owned),
        designations: items(node, "designation").filter_map(designation).collect(),
    })
}

/// The codes of an expansion, by system.
fn expanded(expansion: Node<'_>) -> Result<Vec<Include>, TerminologyError> {
    let mut systems: BTreeMap<(String, Option<String>), Vec<Listed>> = BTreeMap::new();
    let mut open: Vec<(Node<'_>, usize)> = vec![(expansion, 0)];
    while let Some((holder, depth)) = open.pop() {
        if depth > MAX_DEPTH {
            return Err(TerminologyError::TooDeep(MAX_DEPTH));
        }
        for entry in items(holder, "contains") {
            let is_abstract = entry.get("abstract").and_then(Node::as_bool) == Some(true);
            if let (Some(system), Some(code), false) =
                (entry.str("system"), listed(entry), is_abstract)
            {
                let version = entry.str("version").map(str::to_owned);
                systems
                    .entry((system.to_owned(), version))
                    .or_default()
                    .push(code);
            }
            open.push((entry, depth + 1));
        }
    }
    let include = |((system, version), concepts)| {
        Include {
            system: Some(system),
            version,
            concepts,
            ..Include::default()
        }
        .index()
    };
    Ok(systems.into_iter().map(include).collect())
}
