//! A code system: its names, how its codes are written and ordered, and its concepts.

mod grammar;
mod resource;

pub(crate) use resource::{designation_key, items};

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

pub use grammar::Grammar;

use crate::concepts::{ConceptId, Concepts};
use crate::error::TerminologyError;

/// How much of a code system is at hand
/// (<http://hl7.org/fhir/R4/valueset-codesystem-content-mode.html>).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Content {
    /// Every concept.
    Complete,
    /// Some concepts; nothing can be said about other codes.
    Fragment,
    /// None: only the metadata.
    NotPresent,
}

/// What is known about a code system as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Canonical URL.
    pub url: String,
    /// Business version.
    pub version: Option<String>,
    /// Computer name.
    pub name: String,
    /// Name for people.
    pub title: Option<String>,
    /// Canonical URL of the value set with all its codes.
    pub value_set: Option<String>,
    /// How much of it is at hand.
    pub content: Content,
    /// Whether the hierarchy means subsumption; `:below` and `is-a` need that.
    pub is_a: bool,
    /// Copyright notice that goes with its content.
    pub copyright: Option<String>,
}

/// A code system.
#[derive(Debug)]
pub struct CodeSystem {
    /// What is known about it as a whole.
    pub header: Header,
    /// Its concepts.
    pub concepts: Concepts,
    /// The rule that its codes follow, when they are not a list.
    pub grammar: Option<Grammar>,
}

/// A code found in a code system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Located {
    /// A listed concept.
    Concept(ConceptId),
    /// A code that follows the grammar.
    Expression,
}

impl CodeSystem {
    /// Finds a code.
    ///
    /// # Errors
    /// [`TerminologyError::OutsideFragment`] when a code is missing from a system of which only a
    /// part is at hand. `Ok(None)` means that the system does not define the code.
    pub fn locate(&self, code: &str) -> Result<Option<Located>, TerminologyError> {
        if let Some(concept) = self.concepts.find(code) {
            return Ok(Some(Located::Concept(concept)));
        }
        if let Some(grammar) = self.grammar {
            return Ok(grammar.accepts(code).then_some(Located::Expression));
        }
        if self.header.content == Content::Complete {
            return Ok(None);
        }
        let (system, code) = (self.header.url.clone(), code.to_owned());
        Err(TerminologyError::OutsideFragment { system, code })
    }

    /// Whether all its codes can be listed.
    #[must_use]
    pub fn is_enumerable(&self) -> bool {
        self.grammar.is_none() && self.header.content != Content::NotPresent
    }

    /// Whether only a part of it is at hand.
    #[must_use]
    pub fn is_fragment(&self) -> bool {
        self.header.content == Content::Fragment
    }

    /// Whether code `a` is `b` or lies above it.
    ///
    /// # Errors
    /// When one of the codes is not known.
    pub fn subsumes(&self, a: &str, b: &str) -> Result<bool, TerminologyError> {
        let unknown = |code: &str| TerminologyError::UnknownCode {
            system: self.header.url.clone(),
            code: code.to_owned(),
        };
        let upper = self.locate(a)?.ok_or_else(|| unknown(a))?;
        let lower = self.locate(b)?.ok_or_else(|| unknown(b))?;
        Ok(match (upper, lower) {
            (Located::Concept(upper), Located::Concept(lower)) => {
                upper == lower || self.header.is_a && self.concepts.subsumes(upper, lower)
            }
            _ => a == b,
        })
    }

    /// Preferred name of a concept, in a language when it has one there.
    #[must_use]
    pub fn display(&self, concept: ConceptId, language: Option<&str>) -> Option<Cow<'_, str>> {
        let wanted = language.and_then(|language| self.designation(concept, language));
        wanted
            .or_else(|| self.concepts.display(concept))
            .map(Cow::Borrowed)
    }

    fn designation(&self, concept: ConceptId, wanted: &str) -> Option<&str> {
        let mut found = self
            .concepts
            .attributes(concept)
            .filter_map(|(key, value)| match key {
                crate::AttributeKey::Designation {
                    language: Some(own),
                    ..
                } => speaks(own, wanted).then_some(value),
                _ => None,
            });
        found.next()
    }
}

/// Whether text in language `own` serves somebody who asked for `wanted`: the same, or a region of it.
pub(crate) fn speaks(own: &str, wanted: &str) -> bool {
    let Some(head) = own.get(..wanted.len()) else {
        return false;
    };
    let rest = &own[wanted.len()..];
    head.eq_ignore_ascii_case(wanted) && (rest.is_empty() || rest.starts_with('-'))
}
