//! What one request may do: roles, cut by scopes, bound to a patient where they say so.

use std::sync::Arc;

use mt_fhir::definitions::ResourceType;

use crate::matrix::rules_for;
use crate::{Extent, Interaction, Operation, Role, Scope, ScopeContext, Scopes, StateCondition};

/// A compartment as a condition: `Patient/…` or another of the five R4 compartments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compartment {
    /// Type of the compartment's owner.
    pub resource_type: ResourceType,
    /// Its id.
    pub id: Arc<str>,
}

/// One way in which access is open. All of its conditions hold together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// The resource must be in one of these compartments; empty means any.
    pub compartments: Vec<Compartment>,
    /// The resource must match these search criteria (`name`, `value`).
    pub criteria: Vec<(String, String)>,
    /// The change must keep to this condition.
    pub state: Option<StateCondition>,
}

impl Reach {
    /// Whether nothing narrows this reach.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.compartments.is_empty() && self.criteria.is_empty() && self.state.is_none()
    }
}

/// The answer for one resource type and interaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Nothing is open.
    Denied,
    /// Any one of these reaches will do. Never empty.
    Allowed(Vec<Reach>),
}

impl Decision {
    /// Whether access is open without any condition.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Allowed(reaches) if reaches.iter().any(Reach::is_open))
    }
}

/// SMART launch context.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LaunchContext {
    /// Id of the Patient in context.
    pub patient: Option<Arc<str>>,
    /// Id of the Encounter in context.
    pub encounter: Option<Arc<str>>,
}

/// What a request may do.
#[derive(Clone, Debug)]
pub struct Grant {
    pub(crate) roles: Vec<Role>,
    /// `None`: no OAuth scopes apply (operator commands, a session of our own application).
    pub(crate) scopes: Option<Scopes>,
    /// Patients whose records are the actor's own or held by proxy.
    pub(crate) own_patients: Vec<Arc<str>>,
    pub(crate) launch: LaunchContext,
    pub(crate) everything: bool,
}

impl Grant {
    /// A grant for `roles`; `scopes` cut it when given; `own_patients` are ids of Patients that the
    /// actor is, or is proxy for.
    #[must_use]
    pub fn new(
        roles: Vec<Role>,
        scopes: Option<Scopes>,
        own_patients: Vec<Arc<str>>,
        launch: LaunchContext,
    ) -> Self {
        Self {
            roles,
            scopes,
            own_patients,
            launch,
            everything: false,
        }
    }

    /// The grant of MediTrack itself: operator commands and jobs.
    #[must_use]
    pub fn system() -> Self {
        Self {
            everything: true,
            ..Self::new(Vec::new(), None, Vec::new(), LaunchContext::default())
        }
    }

    /// The roles held.
    #[must_use]
    pub fn roles(&self) -> &[Role] {
        &self.roles
    }

    /// The launch context.
    #[must_use]
    pub const fn launch(&self) -> &LaunchContext {
        &self.launch
    }

    /// Whether an operation beyond single interactions is open.
    #[must_use]
    pub fn allows(&self, operation: Operation) -> bool {
        self.everything || self.roles.iter().any(|role| operation.is_open_to(*role))
    }

    /// What is open for `interaction` on `resource_type`.
    #[must_use]
    pub fn decide(&self, resource_type: ResourceType, interaction: Interaction) -> Decision {
        if self.everything {
            return Decision::Allowed(vec![Reach::default()]);
        }
        let by_role = self.reaches_by_role(resource_type, interaction);
        let by_scope = self.reaches_by_scope(resource_type, interaction);
        let mut reaches: Vec<Reach> = Vec::new();
        for role in &by_role {
            for scope in &by_scope {
                if let Some(both) = intersect(role, scope)
                    && !reaches.contains(&both)
                {
                    reaches.push(both);
                }
            }
        }
        if let Some(open) = reaches.iter().position(Reach::is_open) {
            reaches = vec![reaches.swap_remove(open)];
        }
        if reaches.is_empty() {
            Decision::Denied
        } else {
            Decision::Allowed(reaches)
        }
    }

    fn reaches_by_role(&self, resource_type: ResourceType, interaction: Interaction) -> Vec<Reach> {
        let rules = self
            .roles
            .iter()
            .flat_map(|role| rules_for(*role, resource_type, interaction));
        rules
            .filter_map(|rule| {
                let compartments = match rule.extent {
                    Extent::Tenant => Vec::new(),
                    Extent::OwnPatient => patient_compartments(&self.own_patients)?,
                };
                Some(Reach {
                    compartments,
                    criteria: Vec::new(),
                    state: rule.condition,
                })
            })
            .collect()
    }

    fn reaches_by_scope(
        &self,
        resource_type: ResourceType,
        interaction: Interaction,
    ) -> Vec<Reach> {
        let Some(scopes) = &self.scopes else {
            return vec![Reach::default()];
        };
        let covering = scopes.clinical.iter().filter(|scope| {
            scope.interactions.contains(interaction)
                && scope
                    .resource_type
                    .is_none_or(|named| named == resource_type)
        });
        covering
            .filter_map(|scope| self.reach_of_scope(scope, resource_type))
            .collect()
    }

    fn reach_of_scope(&self, scope: &Scope, resource_type: ResourceType) -> Option<Reach> {
        let compartments = match scope.context {
            // A patient scope without a patient in context opens nothing, but the directory and
            // definitions, which are in no patient's compartment, stay readable through it.
            ScopeContext::Patient if crate::matrix::is_shared(resource_type) => Vec::new(),
            ScopeContext::Patient => {
                let patient = self.launch.patient.clone()?;
                patient_compartments(&[patient])?
            }
            ScopeContext::User | ScopeContext::System => Vec::new(),
        };
        Some(Reach {
            compartments,
            criteria: scope.criteria.clone(),
            state: None,
        })
    }
}

fn patient_compartments(ids: &[Arc<str>]) -> Option<Vec<Compartment>> {
    if ids.is_empty() {
        return None;
    }
    let resource_type = ResourceType::PATIENT;
    Some(
        ids.iter()
            .map(|id| Compartment {
                resource_type,
                id: Arc::clone(id),
            })
            .collect(),
    )
}

/// Both conditions together; `None` when no resource can meet them.
fn intersect(role: &Reach, scope: &Reach) -> Option<Reach> {
    let compartments = match (role.compartments.is_empty(), scope.compartments.is_empty()) {
        (_, true) => role.compartments.clone(),
        (true, false) => scope.compartments.clone(),
        (false, false) => {
            let mut both = role.compartments.clone();
            both.retain(|one| scope.compartments.contains(one));
            if both.is_empty() {
                return None;
            }
            both
        }
    };
    Some(Reach {
        compartments,
        criteria: scope.criteria.clone(),
        state: role.state,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(roles: &[Role], scopes: Option<&str>, own: &[&str], patient: Option<&str>) -> Grant {
        Grant::new(
            roles.to_vec(),
            scopes.map(|text| Scopes::parse(text).unwrap()),
            own.iter().map(|id| Arc::from(*id)).collect(),
            LaunchContext {
                patient: patient.map(Arc::from),
                encounter: None,
            },
        )
    }

    fn named(name: &str) -> ResourceType {
        ResourceType::from_name(name).unwrap()
    }

    #[test]
    fn a_doctor_without_scopes_reads_the_whole_chart() {
        let doctor = grant(&[Role::Doctor], None, &[], None);
        assert!(
            doctor
                .decide(named("Observation"), Interaction::Search)
                .is_open()
        );
        assert_eq!(
            doctor.decide(named("AuditEvent"), Interaction::Read),
            Decision::Denied
        );
        assert_eq!(
            doctor.decide(named("Observation"), Interaction::Delete),
            Decision::Denied
        );
    }

    #[test]
    fn scopes_only_ever_narrow() {
        let doctor = grant(
            &[Role::Doctor],
            Some("user/Observation.rs?category=laboratory"),
            &[],
            None,
        );
        let Decision::Allowed(reaches) = doctor.decide(named("Observation"), Interaction::Search)
        else {
            panic!("must be allowed");
        };
        assert_eq!(
            reaches[0].criteria,
            [("category".to_owned(), "laboratory".to_owned())]
        );
        assert_eq!(
            doctor.decide(named("Condition"), Interaction::Search),
            Decision::Denied
        );
        let greedy = grant(&[Role::Receptionist], Some("user/*.cruds"), &[], None);
        assert_eq!(
            greedy.decide(named("Observation"), Interaction::Read),
            Decision::Denied
        );
    }

    #[test]
    fn a_patient_scope_binds_to_the_patient_in_context() {
        let app = grant(&[Role::Doctor], Some("patient/*.rs"), &[], Some("p1"));
        let Decision::Allowed(reaches) = app.decide(named("Condition"), Interaction::Read) else {
            panic!("must be allowed");
        };
        assert_eq!(reaches[0].compartments[0].id.as_ref(), "p1");
        assert!(
            app.decide(named("Practitioner"), Interaction::Read)
                .is_open()
        );
        let lost = grant(&[Role::Doctor], Some("patient/*.rs"), &[], None);
        assert_eq!(
            lost.decide(named("Condition"), Interaction::Read),
            Decision::Denied
        );
    }

    #[test]
    fn a_patient_sees_only_the_own_record_even_when_another_is_in_context() {
        let own = grant(&[Role::Patient], Some("patient/*.rs"), &["p1"], Some("p1"));
        assert_ne!(
            own.decide(named("Condition"), Interaction::Read),
            Decision::Denied
        );
        let other = grant(&[Role::Patient], Some("patient/*.rs"), &["p1"], Some("p2"));
        assert_eq!(
            other.decide(named("Condition"), Interaction::Read),
            Decision::Denied
        );
    }

    #[test]
    fn roles_are_a_union() {
        let both = grant(&[Role::Receptionist, Role::Auditor], None, &[], None);
        assert!(
            both.decide(named("AuditEvent"), Interaction::Search)
                .is_open()
        );
        assert!(
            both.decide(named("Appointment"), Interaction::Create)
                .is_open()
        );
        assert!(both.allows(Operation::ReadAudit) && !both.allows(Operation::Export));
    }

    #[test]
    fn a_state_condition_stays_with_its_reach() {
        let technician = grant(&[Role::LabTechnician], None, &[], None);
        let Decision::Allowed(reaches) =
            technician.decide(named("Observation"), Interaction::Delete)
        else {
            panic!("must be allowed");
        };
        assert_eq!(reaches[0].state, Some(StateCondition::WithinHours(24)));
    }
}
