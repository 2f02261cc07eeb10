//! What columns cannot decide, decided on the opened resource.

use mt_fhir::{Doc, ResourceType};
use mt_fhirpath::Terminology;
use mt_kernel::{ErrorKind, Fault};
use mt_search::matching::{ResourceSource, matches};
use mt_search::{Clause, ParamRegistry, Query};

use super::query_of;
use crate::{Result, StoreError};

/// Conditions to check on opened resources.
#[derive(Clone, Debug, Default)]
pub(crate) struct Checks {
    /// Every candidate must satisfy all of these.
    pub(crate) always: Vec<Query>,
    /// Candidates with several main dates must satisfy these as well.
    pub(crate) dated: Vec<Query>,
    /// Every candidate must satisfy one of these, when there are any.
    pub(crate) one_of: Vec<Query>,
    /// No candidate may satisfy any of these.
    pub(crate) none_of: Vec<Query>,
}

impl Checks {
    /// Whether every candidate has to be opened and looked into.
    pub(crate) fn apply_to_all(&self) -> bool {
        !(self.always.is_empty() && self.one_of.is_empty() && self.none_of.is_empty())
    }

    /// Adds a condition that columns do not decide.
    pub(crate) fn require(&mut self, resource_type: ResourceType, clause: &Clause) -> Result<()> {
        refuse_others(clause)?;
        self.always.push(query_of(resource_type, clause.clone()));
        Ok(())
    }

    /// Adds a condition on main dates.
    pub(crate) fn require_dated(
        &mut self,
        resource_type: ResourceType,
        clause: &Clause,
    ) -> Result<()> {
        refuse_others(clause)?;
        self.dated.push(query_of(resource_type, clause.clone()));
        Ok(())
    }

    /// Adds an alternative of which one must hold.
    pub(crate) fn allow(&mut self, query: &Query) -> Result<()> {
        for clause in query.conditions() {
            refuse_others(clause)?;
        }
        self.one_of.push(query.clone());
        Ok(())
    }

    /// Adds what must not hold.
    pub(crate) fn forbid(&mut self, query: &Query) -> Result<()> {
        for clause in query.conditions() {
            refuse_others(clause)?;
        }
        self.none_of.push(query.clone());
        Ok(())
    }

    /// Whether an opened resource satisfies what has to be checked on it.
    pub(crate) fn pass(
        &self,
        params: &ParamRegistry,
        terminology: Option<&(dyn Terminology + Send + Sync)>,
        several_dates: bool,
        doc: &Doc,
    ) -> Result<bool> {
        let alone = Alone(terminology);
        let agrees = |query: &Query| {
            matches(params, query, &alone, doc.root()).map_err(|error| {
                StoreError::from(Fault::new(ErrorKind::Unsupported, error.to_string()))
            })
        };
        let dated = if several_dates {
            self.dated.as_slice()
        } else {
            &[]
        };
        for query in self.always.iter().chain(dated) {
            if !agrees(query)? {
                return Ok(false);
            }
        }
        for query in &self.none_of {
            if agrees(query)? {
                return Ok(false);
            }
        }
        for query in &self.one_of {
            if agrees(query)? {
                return Ok(true);
            }
        }
        Ok(self.one_of.is_empty())
    }
}

/// A resource is checked alone; conditions on others have been resolved before.
fn refuse_others(clause: &Clause) -> Result<()> {
    let alone = match clause {
        Clause::Chain(_) | Clause::Has(_) | Clause::List(_) => false,
        Clause::And(parts) | Clause::Or(parts) => {
            return parts.iter().try_for_each(refuse_others);
        }
        Clause::Not(inner) => return refuse_others(inner),
        _ => true,
    };
    if alone {
        return Ok(());
    }
    let message = "this combination of a chained condition with one that needs a look into resources \
                   is not supported";
    Err(StoreError::refused(ErrorKind::Unsupported, message))
}

/// No other resources, and the terminology service.
struct Alone<'a>(Option<&'a (dyn Terminology + Send + Sync)>);

impl ResourceSource for Alone<'_> {
    fn read(&self, _: ResourceType, _: &str) -> Option<mt_fhir::Node<'_>> {
        None
    }

    fn any(&self, _: ResourceType, _: &mut dyn FnMut(mt_fhir::Node<'_>) -> bool) -> bool {
        false
    }

    fn terminology(&self) -> Option<&dyn Terminology> {
        self.0.map(|terminology| terminology as &dyn Terminology)
    }
}
