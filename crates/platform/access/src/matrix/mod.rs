//! The permission matrix: role × resource type × interaction × extent, as data.
//!
//! The rows are the union of the systems that MediTrack replaces, without their holes: a patient
//! never writes clinical facts, a nurse does not prescribe, an administrator is not medical staff.

mod condition;
mod groups;
mod interaction;
mod operation;
mod print;
mod role;
mod rows;

use std::sync::LazyLock;

use mt_fhir::definitions::{Compartment, ResourceType, compartment_params};

pub use condition::{AMENDED, AUTHORSHIP, Condition, SIGNED};
pub use interaction::{Interaction, Interactions};
pub use operation::Operation;
pub use print::printed;
pub use role::Role;

/// How far a rule reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Everything of the tenant.
    Tenant,
    /// Everything of the tenant, or the patients in the actor's care when the organisation says so.
    Care,
    /// The compartment of the actor's own Patient, or of a patient the actor is proxy for.
    OwnPatient,
}

/// One row of the matrix.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Who.
    pub role: Role,
    /// Names of resource types.
    pub types: &'static [&'static [&'static str]],
    /// What.
    pub interactions: Interactions,
    /// How far.
    pub extent: Extent,
    /// What a change must keep to: all of these.
    pub conditions: &'static [Condition],
}

impl Rule {
    fn covers(&self, name: &str) -> bool {
        self.types.iter().any(|group| group.contains(&name))
    }
}

/// Whether the type holds no health information: directory and definitions.
pub(crate) fn is_shared(resource_type: ResourceType) -> bool {
    let name = resource_type.name();
    groups::DIRECTORY.contains(&name) || groups::DEFINITIONS.contains(&name)
}

/// Whether records of the type can be told by the patient they are about.
pub(crate) fn is_about_patients(resource_type: ResourceType) -> bool {
    resource_type == ResourceType::PATIENT
        || !compartment_params(Compartment::Patient, resource_type).is_empty()
}

/// Whether records of the type are open to those who are confined to some patients: they speak of
/// no patient.
pub(crate) fn is_impersonal(resource_type: ResourceType) -> bool {
    const IMPERSONAL: &[&str] = &["Medication", "MedicationKnowledge", "Schedule", "Slot"];
    is_shared(resource_type) || IMPERSONAL.contains(&resource_type.name())
}

/// The resource types of a group of the matrix, or of a single type; `*` names all.
#[must_use]
pub fn types_named(name: &str) -> Option<Vec<ResourceType>> {
    if name == "*" {
        return Some(ResourceType::all().collect());
    }
    let group = groups::ALL.iter().find(|(known, _)| *known == name);
    match group {
        Some((_, types)) => types.iter().map(|t| ResourceType::from_name(t)).collect(),
        None => ResourceType::from_name(name).map(|one| vec![one]),
    }
}

/// What a role may do with a type, whatever the conditions.
#[must_use]
pub fn held_by(role: Role, resource_type: ResourceType) -> Interactions {
    rules_of(role, resource_type)
        .iter()
        .fold(Interactions::default(), |held, rule| {
            held.or(rule.interactions)
        })
}

/// The rules of `role` on `resource_type`: one look-up, because every request asks.
pub(crate) fn rules_of(role: Role, resource_type: ResourceType) -> &'static [&'static Rule] {
    static TABLE: LazyLock<Vec<Vec<&'static Rule>>> = LazyLock::new(|| {
        let all = Role::ALL.into_iter().flat_map(|role| {
            ResourceType::all().map(move |resource_type| (role, resource_type.name()))
        });
        let rules = |(role, name): (Role, &str)| {
            let rules = rows::RULES.iter();
            rules
                .filter(|rule| rule.role == role && rule.covers(name))
                .collect()
        };
        all.map(rules).collect()
    });
    let at = role as usize * ResourceType::all().len() + usize::from(resource_type.number());
    TABLE.get(at).map_or(&[], Vec::as_slice)
}
