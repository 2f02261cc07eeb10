//! Evaluates a search on plain resources, clearly rather than fast.
//!
//! This is the meaning of a [`Query`]: the store's answers are tested against it, and
//! subscription criteria and the search constraints of access scopes are decided by it.

mod leaf;
mod near;

#[cfg(test)]
mod tests;

use mt_fhir::Node;
use mt_fhir::definitions::{Compartment, ResourceType};
use mt_fhirpath::Terminology;

use crate::extract::{Extracted, IndexValue, extract, words};
use crate::normal::{self, date_range};
use crate::query::{Chain, Clause, DateValue, Has, ParamRef, Query, TextSearch};
use crate::registry::ParamRegistry;

/// Where an evaluation finds the other resources.
pub trait ResourceSource {
    /// The current resource with this type and logical id.
    fn read(&self, resource_type: ResourceType, id: &str) -> Option<Node<'_>>;

    /// Gives every current resource of a type to `visit` until that returns true.
    fn any(&self, resource_type: ResourceType, visit: &mut dyn FnMut(Node<'_>) -> bool) -> bool;

    /// Answers `:in`, `:not-in`, `:above`, `:below`; without it such conditions cannot be decided.
    fn terminology(&self) -> Option<&dyn Terminology> {
        None
    }
}

/// A source of nothing, for criteria that look at one resource alone.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoOthers;

impl ResourceSource for NoOthers {
    fn read(&self, _: ResourceType, _: &str) -> Option<Node<'_>> {
        None
    }

    fn any(&self, _: ResourceType, _: &mut dyn FnMut(Node<'_>) -> bool) -> bool {
        false
    }
}

/// The search cannot be decided here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MatchError {
    /// No terminology service, or it does not know the value set or code system.
    #[error("search parameter '{code}' needs terminology that is not available")]
    Terminology {
        /// Code of the parameter.
        code: String,
    },
}

/// True when `resource` is one of the types searched, in the compartment, and fulfils every
/// condition.
///
/// # Errors
/// [`MatchError`] when a condition cannot be decided; the caller must not take that for "no".
pub fn matches(
    registry: &ParamRegistry,
    query: &Query,
    source: &dyn ResourceSource,
    resource: Node<'_>,
) -> Result<bool, MatchError> {
    let Some(resource_type) = resource.resource_type().and_then(ResourceType::from_name) else {
        return Ok(false);
    };
    if !query.types.contains(resource_type) {
        return Ok(false);
    }
    let matcher = Matcher { registry, source };
    let subject = matcher.subject(resource_type, resource);
    if let Some(compartment) = &query.compartment
        && !subject.is_in(compartment.compartment, &compartment.id)
    {
        return Ok(false);
    }
    for clause in query.conditions() {
        if !matcher.clause(clause, &subject)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A resource under test, with its values.
struct Subject<'a> {
    resource_type: ResourceType,
    node: Node<'a>,
    values: Extracted<'a>,
}

impl<'a> Subject<'a> {
    fn id(&self) -> &'a str {
        self.node.str("id").unwrap_or_default()
    }

    fn is_in(&self, compartment: Compartment, id: &str) -> bool {
        let mut own = self.values.compartments.iter();
        own.any(|(other, other_id)| *other == compartment && other_id == id)
    }

    /// The values of a parameter of a query.
    fn values_of(&self, param: &ParamRef) -> Vec<&IndexValue<'a>> {
        match param.def_for(self.resource_type) {
            Some(def) => self.values.values(def.id).collect(),
            None => Vec::new(),
        }
    }
}

#[derive(Clone, Copy)]
struct Matcher<'s> {
    registry: &'s ParamRegistry,
    source: &'s dyn ResourceSource,
}

impl Matcher<'_> {
    fn subject<'a>(self, resource_type: ResourceType, node: Node<'a>) -> Subject<'a> {
        let values = extract(self.registry, resource_type, node);
        Subject {
            resource_type,
            node,
            values,
        }
    }

    fn clause(self, clause: &Clause, subject: &Subject<'_>) -> Result<bool, MatchError> {
        match clause {
            Clause::Leaf(leaf) => {
                let values = subject.values_of(&leaf.param);
                leaf::test(self.source.terminology(), leaf, &values)
            }
            Clause::Id { ids, negated } => Ok(ids.iter().any(|id| id == subject.id()) != *negated),
            Clause::LastUpdated(dates) => Ok(last_updated(subject.node, dates)),
            Clause::Chain(chain) => self.chain(chain, subject),
            Clause::Has(has) => self.has(has, subject),
            Clause::Text(search) => Ok(has_words(subject.node, search)),
            Clause::List(ids) => Ok(ids.iter().any(|id| self.is_listed(id, subject))),
            Clause::And(clauses) => {
                for clause in clauses {
                    if !self.clause(clause, subject)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Clause::Or(clauses) => {
                for clause in clauses {
                    if self.clause(clause, subject)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Clause::Not(clause) => Ok(!self.clause(clause, subject)?),
        }
    }

    /// Some local reference leads to a resource that fulfils the condition for its type.
    fn chain(self, chain: &Chain, subject: &Subject<'_>) -> Result<bool, MatchError> {
        for value in subject.values_of(&chain.param) {
            let IndexValue::Reference(reference) = value else {
                continue;
            };
            let Some((target_type, id)) = &reference.local else {
                continue;
            };
            let condition = chain.targets.iter().find(|(other, _)| other == target_type);
            let target = self.source.read(*target_type, id);
            if let (Some((_, clause)), Some(node)) = (condition, target)
                && self.clause(clause, &self.subject(*target_type, node))?
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Some resource of the source type refers here and fulfils the condition.
    fn has(self, has: &Has, subject: &Subject<'_>) -> Result<bool, MatchError> {
        let mut failure = None;
        let found = self.source.any(has.source, &mut |node| {
            let candidate = self.subject(has.source, node);
            let refers = candidate
                .values_of(&has.param)
                .iter()
                .any(|value| leaf::refers_to(value, subject.resource_type, subject.id()));
            refers
                && self
                    .clause(&has.clause, &candidate)
                    .unwrap_or_else(|error| {
                        failure = Some(error);
                        true
                    })
        });
        failure.map_or(Ok(found), Err)
    }

    /// The resource is an item of a `List` that is there.
    fn is_listed(self, list: &str, subject: &Subject<'_>) -> bool {
        let list_type = ResourceType::LIST;
        let Some(node) = self.source.read(list_type, list) else {
            return false;
        };
        let Some(item) = self.registry.get(list_type, "item") else {
            return false;
        };
        let values = extract(self.registry, list_type, node);
        let refers = |value| leaf::refers_to(value, subject.resource_type, subject.id());
        values.values(item.id).any(refers)
    }
}

fn last_updated(node: Node<'_>, dates: &[DateValue]) -> bool {
    let updated = node
        .get("meta")
        .and_then(|meta| meta.str("lastUpdated"))
        .and_then(date_range);
    updated.is_some_and(|updated| {
        dates
            .iter()
            .any(|date| date.comparator.holds(date.range, updated))
    })
}

fn has_words(node: Node<'_>, search: &TextSearch) -> bool {
    let found = words(node, search.scope);
    // Beyond the limit of words the index says "perhaps"; here that is a yes as well.
    !found.complete
        || search.alternatives.iter().any(|(wanted, _)| {
            wanted
                .iter()
                .all(|word| found.words.binary_search(word).is_ok())
        })
}

/// Default string comparison.
fn starts_with_folded(value: &str, folded: &str) -> bool {
    normal::fold(value).starts_with(folded)
}
