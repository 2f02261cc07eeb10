//! Conditions on the codes of a system (<http://hl7.org/fhir/R4/valueset-filter-operator.html>).

use mt_fhir::Node;
use regex::{Regex, RegexBuilder};

use crate::code_system::{CodeSystem, Grammar};
use crate::concepts::{AttributeKey, ConceptId};
use crate::error::TerminologyError;

/// Bytes of one compiled expression.
const REGEX_SIZE: usize = 1 << 18;
/// Bytes of one expression as text.
const REGEX_TEXT: usize = 1000;

/// How a property is compared.
#[derive(Debug)]
pub enum FilterOp {
    /// The property has the value.
    Equals,
    /// The concept or one below it.
    IsA,
    /// A concept below it.
    DescendentOf,
    /// Neither the concept nor one below it.
    IsNotA,
    /// The whole value matches an expression, compiled once.
    Regex(Regex),
    /// The value is one of a list.
    In(Vec<String>),
    /// The value is none of a list.
    NotIn(Vec<String>),
    /// The concept or one above it.
    Generalizes,
    /// The property is there (or not).
    Exists(bool),
}

/// A condition.
#[derive(Debug)]
pub struct Filter {
    /// Property, or `concept` for the code itself.
    pub property: String,
    /// Operator.
    pub op: FilterOp,
    /// Value as written.
    pub value: String,
}

impl Filter {
    pub(super) fn is_a(value: &str) -> Self {
        Self {
            property: "concept".into(),
            op: FilterOp::IsA,
            value: value.to_owned(),
        }
    }

    pub(super) fn from_node(node: Node<'_>) -> Result<Self, TerminologyError> {
        let malformed = |reason| TerminologyError::Malformed {
            resource: "ValueSet",
            reason,
        };
        let property = node
            .str("property")
            .ok_or(malformed("a filter has no property"))?;
        let value = node
            .str("value")
            .ok_or(malformed("a filter has no value"))?;
        let invalid = |reason| TerminologyError::InvalidFilter {
            property: property.to_owned(),
            reason,
        };
        let list = || {
            value
                .split(',')
                .map(|item| item.trim().to_owned())
                .collect()
        };
        let op = match node
            .str("op")
            .ok_or(malformed("a filter has no operator"))?
        {
            "=" => FilterOp::Equals,
            "is-a" => FilterOp::IsA,
            "descendent-of" => FilterOp::DescendentOf,
            "is-not-a" => FilterOp::IsNotA,
            "regex" => FilterOp::Regex(expression(value).map_err(invalid)?),
            "in" => FilterOp::In(list()),
            "not-in" => FilterOp::NotIn(list()),
            "generalizes" => FilterOp::Generalizes,
            "exists" => match value {
                "true" => FilterOp::Exists(true),
                "false" => FilterOp::Exists(false),
                _ => return Err(invalid("it is neither true nor false")),
            },
            _ => return Err(malformed("the operator of a filter is not one of R4")),
        };
        Ok(Self {
            property: property.to_owned(),
            op,
            value: value.to_owned(),
        })
    }

    /// The concept under which all codes lie that can pass, when there is one: where to start listing.
    pub(crate) fn root(&self, system: &CodeSystem) -> Option<ConceptId> {
        match self.op {
            FilterOp::IsA | FilterOp::DescendentOf => system.concepts.find(&self.value),
            _ => None,
        }
    }

    /// Whether a concept passes.
    ///
    /// # Errors
    /// When the system does not offer the filter.
    pub(crate) fn passes(
        &self,
        system: &CodeSystem,
        concept: ConceptId,
    ) -> Result<bool, TerminologyError> {
        let hierarchical = matches!(
            self.op,
            FilterOp::IsA | FilterOp::DescendentOf | FilterOp::IsNotA | FilterOp::Generalizes
        );
        if hierarchical {
            self.passes_hierarchy(system, concept)
        } else {
            self.passes_value(system, concept)
        }
    }

    fn passes_hierarchy(
        &self,
        system: &CodeSystem,
        concept: ConceptId,
    ) -> Result<bool, TerminologyError> {
        // `code` as the property of is-a is common in the wild and means the same.
        if !matches!(self.property.as_str(), "concept" | "code") {
            return Err(self.unsupported(system));
        }
        let Some(other) = system.concepts.find(&self.value) else {
            let (url, code) = (system.header.url.clone(), self.value.clone());
            return Err(if system.is_fragment() {
                TerminologyError::OutsideFragment { system: url, code }
            } else {
                TerminologyError::UnknownCode { system: url, code }
            });
        };
        let concepts = &system.concepts;
        Ok(match self.op {
            FilterOp::IsA => concepts.subsumes(other, concept),
            FilterOp::DescendentOf => other != concept && concepts.subsumes(other, concept),
            FilterOp::IsNotA => !concepts.subsumes(other, concept),
            _ => concepts.subsumes(concept, other),
        })
    }

    fn passes_value(
        &self,
        system: &CodeSystem,
        concept: ConceptId,
    ) -> Result<bool, TerminologyError> {
        let test = |holds: &dyn Fn(&str) -> bool| self.any_value(system, concept, holds);
        match &self.op {
            FilterOp::Regex(expression) => test(&|value| expression.is_match(value)),
            FilterOp::In(list) => test(&|value| list.iter().any(|item| item == value)),
            FilterOp::NotIn(list) => Ok(!test(&|value| list.iter().any(|item| item == value))?),
            FilterOp::Exists(wanted) => Ok(test(&|_| true)? == *wanted),
            _ => test(&|value| value == self.value),
        }
    }

    /// Whether any value of the property holds.
    fn any_value(
        &self,
        system: &CodeSystem,
        concept: ConceptId,
        holds: &dyn Fn(&str) -> bool,
    ) -> Result<bool, TerminologyError> {
        let concepts = &system.concepts;
        Ok(match self.property.as_str() {
            "concept" | "code" => holds(concepts.code(concept)),
            "display" => concepts.display(concept).is_some_and(holds),
            "parent" => concepts
                .parents(concept)
                .any(|parent| holds(concepts.code(parent))),
            "child" => concepts
                .children(concept)
                .any(|child| holds(concepts.code(child))),
            "inactive" => holds(if concepts.is_inactive(concept) {
                "true"
            } else {
                "false"
            }),
            "notSelectable" | "abstract" => holds(if concepts.is_abstract(concept) {
                "true"
            } else {
                "false"
            }),
            "designation" => {
                let is_name = |key: &AttributeKey| matches!(key, AttributeKey::Designation { .. });
                concepts
                    .attributes(concept)
                    .any(|(key, value)| is_name(key) && holds(value))
            }
            property if concepts.has_property(property) => {
                concepts.property(concept, property).any(holds)
            }
            _ => return Err(self.unsupported(system)),
        })
    }

    /// Whether a code of a grammar passes.
    pub(crate) fn passes_expression(
        &self,
        system: &CodeSystem,
        grammar: Grammar,
        code: &str,
    ) -> Result<bool, TerminologyError> {
        match (grammar, self.property.as_str(), &self.op) {
            // The units of one dimension, as `canonical = m` means all lengths.
            (Grammar::Ucum, "canonical", FilterOp::Equals) => {
                let units = (
                    mt_ucum::Unit::parse(code),
                    mt_ucum::Unit::parse(&self.value),
                );
                Ok(matches!(units, (Ok(unit), Ok(model)) if unit.is_commensurable(&model)))
            }
            (_, "code" | "concept", FilterOp::Regex(expression)) => Ok(expression.is_match(code)),
            (_, "code" | "concept", FilterOp::Equals) => Ok(code == self.value),
            (_, "code" | "concept", FilterOp::In(list)) => Ok(list.iter().any(|item| item == code)),
            _ => Err(self.unsupported(system)),
        }
    }

    fn unsupported(&self, system: &CodeSystem) -> TerminologyError {
        let op = match &self.op {
            FilterOp::Equals => "=",
            FilterOp::IsA => "is-a",
            FilterOp::DescendentOf => "descendent-of",
            FilterOp::IsNotA => "is-not-a",
            FilterOp::Regex(_) => "regex",
            FilterOp::In(_) => "in",
            FilterOp::NotIn(_) => "not-in",
            FilterOp::Generalizes => "generalizes",
            FilterOp::Exists(_) => "exists",
        };
        TerminologyError::UnsupportedFilter {
            system: system.header.url.clone(),
            property: self.property.clone(),
            op: op.to_owned(),
        }
    }
}

/// An expression that must match the whole value, in bounded memory and linear time.
fn expression(text: &str) -> Result<Regex, &'static str> {
    if text.len() > REGEX_TEXT {
        return Err("the expression is too long");
    }
    let whole = format!("^(?:{text})$");
    let built = RegexBuilder::new(&whole)
        .size_limit(REGEX_SIZE)
        .dfa_size_limit(REGEX_SIZE)
        .build();
    built.map_err(|_| "the expression is not supported")
}
