//! Value sets and code systems that come with profiles, as far as they list their codes.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use mt_fhir::definitions::ValueSet;
use mt_fhir::json::{Doc, Node};

use super::{ProfileError, unversioned};
use crate::binding::{CodeRef, Membership};

/// Value sets that include each other deeper than this are going round in circles.
const MAX_DEPTH: u8 = 16;

#[derive(Clone, Default)]
pub(crate) struct ValueSets {
    sets: HashMap<Box<str>, Arc<Doc>>,
    /// Complete code systems.
    systems: HashMap<Box<str>, Arc<HashSet<Box<str>>>>,
}

impl ValueSets {
    pub(super) fn add_value_set(&mut self, resource: Node<'_>) -> Result<(), ProfileError> {
        let url = resource.str("url").ok_or(ProfileError::NoUrl)?;
        self.sets
            .insert(url.into(), Arc::new(Doc::from_node(resource)));
        Ok(())
    }

    pub(super) fn add_code_system(&mut self, resource: Node<'_>) -> Result<(), ProfileError> {
        let url = resource.str("url").ok_or(ProfileError::NoUrl)?;
        if resource.str("content") != Some("complete") {
            return Ok(());
        }
        let mut codes = HashSet::new();
        let mut pending: Vec<Node<'_>> = resource.get("concept").into_iter().collect();
        while let Some(concepts) = pending.pop() {
            for concept in concepts.children() {
                codes.extend(concept.str("code").map(Box::from));
                pending.extend(concept.get("concept"));
            }
        }
        self.systems.insert(url.into(), Arc::new(codes));
        Ok(())
    }

    pub(crate) fn is_known(&self, url: &str) -> bool {
        self.sets.contains_key(unversioned(url))
    }

    pub(crate) fn contains(&self, value_set: &str, code: CodeRef<'_>) -> Membership {
        self.contains_at(value_set, code, 0)
    }

    fn contains_at(&self, value_set: &str, code: CodeRef<'_>, depth: u8) -> Membership {
        let url = unversioned(value_set);
        if let Some(core) = ValueSet::from_url(url) {
            return Some(match code.system {
                Some(system) => core.contains(system, code.code),
                None => core.has_code(code.code),
            });
        }
        let set = self.sets.get(url).filter(|_| depth < MAX_DEPTH)?.root();
        let Some(compose) = set.get("compose") else {
            return expanded(set, code);
        };
        let any = |parts: Option<Node<'_>>| {
            let mut found = Some(false);
            for part in parts.into_iter().flat_map(Node::children) {
                match self.part(part, code, depth) {
                    Some(true) => return Some(true),
                    None => found = None,
                    Some(false) => {}
                }
            }
            found
        };
        match (any(compose.get("include")), any(compose.get("exclude"))) {
            (Some(false), _) | (_, Some(true)) => Some(false),
            (Some(true), Some(false)) => Some(true),
            _ => None,
        }
    }

    /// One `include` or `exclude`: in its system and in all its value sets.
    fn part(&self, part: Node<'_>, code: CodeRef<'_>, depth: u8) -> Membership {
        let mut found = Some(true);
        for set in part.get("valueSet").into_iter().flat_map(Node::children) {
            match self.contains_at(set.as_str().unwrap_or_default(), code, depth + 1) {
                Some(false) => return Some(false),
                None => found = None,
                Some(true) => {}
            }
        }
        let Some(system) = part.str("system") else {
            return found;
        };
        if code.system.is_some_and(|s| s != system) {
            return Some(false);
        }
        let in_system = match (part.get("concept"), part.get("filter")) {
            (Some(concepts), _) => Some(
                concepts
                    .children()
                    .any(|c| c.str("code") == Some(code.code)),
            ),
            (None, Some(_)) => None,
            (None, None) => self
                .systems
                .get(system)
                .map(|codes| codes.contains(code.code)),
        };
        match in_system {
            Some(true) => found,
            other => other,
        }
    }
}

/// A value set without definition may still bring its expansion.
fn expanded(set: Node<'_>, code: CodeRef<'_>) -> Membership {
    let mut pending = vec![set.get("expansion")?.get("contains")?];
    while let Some(entries) = pending.pop() {
        for entry in entries.children() {
            let same_system = code.system.is_none_or(|s| entry.str("system") == Some(s));
            if same_system && entry.str("code") == Some(code.code) {
                return Some(true);
            }
            pending.extend(entry.get("contains"));
        }
    }
    Some(false)
}
