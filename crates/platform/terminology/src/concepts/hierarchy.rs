//! Walks the hierarchy of a code system; several parents are common, and a cycle in bad data
//! must not trap a walk.

use std::collections::HashSet;

use super::{ConceptId, Concepts};

/// Walks that see fewer concepts than this look for repeats in a plain list.
const SHORT_WALK: usize = 48;

impl Concepts {
    /// Direct parents.
    pub fn parents(&self, concept: ConceptId) -> impl Iterator<Item = ConceptId> {
        self.parents
            .row(concept.index())
            .iter()
            .copied()
            .map(ConceptId)
    }

    /// Direct children.
    pub fn children(&self, concept: ConceptId) -> impl Iterator<Item = ConceptId> {
        self.children
            .row(concept.index())
            .iter()
            .copied()
            .map(ConceptId)
    }

    /// Whether any concept has a parent.
    #[must_use]
    pub fn has_hierarchy(&self) -> bool {
        !self.parents.items.is_empty()
    }

    /// Whether `ancestor` is `concept` or lies above it.
    #[must_use]
    pub fn subsumes(&self, ancestor: ConceptId, concept: ConceptId) -> bool {
        // Most systems are trees: one parent each, no list needed.
        let mut at = concept;
        for _ in 0..=SHORT_WALK {
            if at == ancestor {
                return true;
            }
            match self.parents.row(at.index()) {
                [] => return false,
                [parent] => at = ConceptId(*parent),
                _ => break,
            }
        }
        self.ancestors_or_self(at).any(|upper| upper == ancestor)
    }

    /// A concept and everything above it, each once.
    #[must_use]
    pub fn ancestors_or_self(&self, concept: ConceptId) -> Ancestors<'_> {
        Ancestors {
            concepts: self,
            seen: vec![concept],
            far: HashSet::new(),
            at: 0,
        }
    }

    /// A concept and everything below it, each once, parents first.
    #[must_use]
    pub fn descendants_or_self(&self, concept: ConceptId) -> Descendants<'_> {
        Descendants {
            concepts: self,
            open: vec![concept],
            seen: HashSet::new(),
        }
    }
}

/// Iterator over a concept and those above it.
#[derive(Debug)]
pub struct Ancestors<'a> {
    concepts: &'a Concepts,
    seen: Vec<ConceptId>,
    far: HashSet<ConceptId>,
    at: usize,
}

impl Iterator for Ancestors<'_> {
    type Item = ConceptId;

    fn next(&mut self) -> Option<ConceptId> {
        let concept = *self.seen.get(self.at)?;
        self.at += 1;
        for parent in self.concepts.parents(concept) {
            let is_new = if self.seen.len() < SHORT_WALK {
                !self.seen.contains(&parent)
            } else {
                if self.far.is_empty() {
                    self.far.extend(self.seen.iter().copied());
                }
                self.far.insert(parent)
            };
            if is_new {
                self.seen.push(parent);
            }
        }
        Some(concept)
    }
}

/// Iterator over a concept and those below it.
#[derive(Debug)]
pub struct Descendants<'a> {
    concepts: &'a Concepts,
    open: Vec<ConceptId>,
    seen: HashSet<ConceptId>,
}

impl Iterator for Descendants<'_> {
    type Item = ConceptId;

    fn next(&mut self) -> Option<ConceptId> {
        loop {
            let concept = self.open.pop()?;
            if self.seen.insert(concept) {
                let before = self.open.len();
                self.open.extend(self.concepts.children(concept));
                self.open[before..].reverse();
                return Some(concept);
            }
        }
    }
}
