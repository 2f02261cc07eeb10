//! The searchable values of a resource.
//!
//! The official expressions are compiled once per resource type into one plan that a single walk
//! over the resource follows, because extraction runs for every resource ever written.

mod composite;
mod convert;
mod general;
mod main_values;
mod path;
mod plan;
mod quantity;
mod reference;
mod text;
mod value;
mod walk;

#[cfg(test)]
mod tests;

pub(crate) use path::{Values, values_of};
pub(crate) use plan::{ParamFacts, Plan};
pub use text::{MAX_WORDS, Words, words};
pub use value::{Entry, Extracted, IndexValue, QuantityIndex, ReferenceIndex};

use std::borrow::Cow;

use mt_fhir::Node;
use mt_fhir::definitions::{Compartment, ParamId, ResourceType};

use crate::registry::ParamRegistry;
use walk::Walk;

/// Entries that a typical resource has, to allocate once.
const TYPICAL_ENTRIES: usize = 48;

/// Every value that searches may find `resource` by.
///
/// Values that are not of the right shape (a date that is none) are left out: they are the
/// validator's business. Contained resources are not indexed.
#[must_use]
pub fn extract<'a>(
    registry: &ParamRegistry,
    resource_type: ResourceType,
    resource: Node<'a>,
) -> Extracted<'a> {
    let plan = registry.plan(resource_type);
    let mut walk = Walk::new(registry, resource, Vec::with_capacity(TYPICAL_ENTRIES));
    walk.visit(&plan.root, resource);
    for (param, kind, expression) in &plan.general {
        walk.set_params(std::slice::from_ref(param));
        general::extract(&mut walk, *kind, expression);
    }
    let Walk {
        entries, truncated, ..
    } = walk;
    let compartments = compartments(plan, resource_type, resource, &entries);
    let main_code = plan.main_code.and_then(|param| main_code(&entries, param));
    let main_date = plan
        .main_dates
        .iter()
        .find_map(|param| main_date(&entries, *param));
    Extracted {
        entries,
        compartments,
        main_code,
        main_date,
        truncated,
    }
}

/// The parameter of the main code of `resource_type` (see [`Extracted::main_code`]).
#[must_use]
pub fn main_code_param(registry: &ParamRegistry, resource_type: ResourceType) -> Option<ParamId> {
    registry.plan(resource_type).main_code
}

/// The parameters of the main clinical date of `resource_type`, the first with a value counts
/// (see [`Extracted::main_date`]).
#[must_use]
pub fn main_date_params(registry: &ParamRegistry, resource_type: ResourceType) -> &[ParamId] {
    &registry.plan(resource_type).main_dates
}

fn main_code(entries: &[Entry<'_>], param: ParamId) -> Option<usize> {
    let is_code = |entry: &Entry<'_>| {
        entry.param == param && matches!(entry.value, IndexValue::Token { code: Some(_), .. })
    };
    entries.iter().position(is_code)
}

fn main_date(entries: &[Entry<'_>], param: ParamId) -> Option<(ParamId, crate::query::Range<i64>)> {
    entries.iter().find_map(|entry| match entry.value {
        IndexValue::Date(range) if entry.param == param => Some((param, range)),
        _ => None,
    })
}

fn compartments<'a>(
    plan: &Plan,
    resource_type: ResourceType,
    resource: Node<'a>,
    entries: &[Entry<'a>],
) -> Vec<(Compartment, Cow<'a, str>)> {
    let mut out: Vec<(Compartment, Cow<'a, str>)> = Vec::new();
    if let (Some(own), Some(id)) = (Compartment::of(resource_type), resource.str("id")) {
        out.push((own, Cow::Borrowed(id)));
    }
    for entry in entries {
        let IndexValue::Reference(reference) = &entry.value else {
            continue;
        };
        let Some((target, id)) = &reference.local else {
            continue;
        };
        let Some(compartment) = Compartment::of(*target) else {
            continue;
        };
        let leads = plan.compartments.contains(&(entry.param, compartment));
        if leads
            && !out
                .iter()
                .any(|(other, other_id)| *other == compartment && other_id == id)
        {
            out.push((compartment, id.clone()));
        }
    }
    out
}
