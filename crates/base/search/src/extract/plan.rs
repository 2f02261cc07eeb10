//! The compiled extraction of one resource type.

use std::collections::HashMap;

use mt_fhir::definitions::{ParamId, ResourceType};

use crate::registry::{ParamKind, ParamRegistry};

/// What the query parser must know about the elements behind a parameter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ParamFacts {
    /// Some element is an `Identifier`.
    pub(crate) has_identifier: bool,
    /// The system that the value set of a `code` element fixes.
    pub(crate) implied_system: Option<String>,
}

/// How the values of one resource type are extracted.
#[derive(Debug)]
pub(crate) struct Plan {
    facts: HashMap<ParamId, ParamFacts>,
}

impl Plan {
    /// Compiles the parameters of `resource_type`.
    pub(crate) fn compile(registry: &ParamRegistry, resource_type: ResourceType) -> Self {
        let facts = registry.params(resource_type).map(|param| {
            let has_identifier = param.kind == ParamKind::Token;
            (
                param.id,
                ParamFacts {
                    has_identifier,
                    implied_system: None,
                },
            )
        });
        Self {
            facts: facts.collect(),
        }
    }

    /// What is known about the elements behind a parameter.
    pub(crate) fn facts(&self, param: ParamId) -> Option<&ParamFacts> {
        self.facts.get(&param)
    }
}
