//! What one request may do: roles, cut by scopes, bound to patients where they say so.

use std::sync::Arc;

use mt_fhir::definitions::ResourceType;

use crate::matrix::{is_about_patients, is_impersonal, is_shared, rules_of};
use crate::{
    Condition, Extent, Interaction, Mask, Operation, Role, Rule, Scope, ScopeContext, Scopes,
};

/// A compartment as a condition: `Patient/…` or another of the five R4 compartments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compartment {
    /// Type of the compartment's owner.
    pub resource_type: ResourceType,
    /// Its id.
    pub id: Arc<str>,
}

impl Compartment {
    /// The compartment of a patient.
    #[must_use]
    pub const fn patient(id: Arc<str>) -> Self {
        Self {
            resource_type: ResourceType::PATIENT,
            id,
        }
    }
}

/// One way in which access is open. All of its conditions hold together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// The resource must be in one of these compartments; `None` means any.
    pub compartments: Option<Arc<[Compartment]>>,
    /// Whether a change may refer to no patient but those of the compartments.
    pub exclusive: bool,
    /// The resource must match these search criteria (`name`, `value`).
    pub criteria: Vec<(String, String)>,
    /// A change must keep to all of these.
    pub conditions: &'static [Condition],
}

impl Reach {
    /// Whether nothing narrows this reach.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.compartments.is_none() && self.criteria.is_empty() && self.conditions.is_empty()
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

/// The patients that a role is confined to: those of care teams, or of locations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confinement {
    /// Their compartments.
    pub patients: Arc<[Compartment]>,
    /// Ids of Locations whose own records are open as well.
    pub locations: Vec<Arc<str>>,
}

/// A role as one person holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldRole {
    /// The role of the matrix.
    pub role: Role,
    /// What a derived role keeps of it.
    pub mask: Option<Arc<Mask>>,
    /// To which patients it is confined.
    pub confinement: Option<Confinement>,
}

impl HeldRole {
    /// A role of the matrix as it stands there.
    #[must_use]
    pub const fn plain(role: Role) -> Self {
        Self {
            role,
            mask: None,
            confinement: None,
        }
    }
}

/// A patient for whom the actor acts, and what of the record the proxy covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    /// Id of the Patient.
    pub patient: Arc<str>,
    /// What the proxy covers; `None` is all that the caregiver role opens.
    pub mask: Option<Arc<Mask>>,
}

/// What a request may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    pub(crate) held: Vec<HeldRole>,
    pub(crate) roles: Vec<Role>,
    /// `None`: no OAuth scopes apply (operator commands, a session of our own application).
    pub(crate) scopes: Option<Scopes>,
    /// Patients whose records are the actor's own.
    pub(crate) own_patients: Vec<Arc<str>>,
    pub(crate) proxies: Vec<Proxy>,
    /// Patients whose glass the actor has broken.
    pub(crate) emergencies: Vec<Arc<str>>,
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
        let held = roles.into_iter().map(HeldRole::plain).collect();
        Self::holding(held, scopes, own_patients, launch)
    }

    /// A grant for roles as they are held: derived, confined, or plain.
    #[must_use]
    pub fn holding(
        held: Vec<HeldRole>,
        scopes: Option<Scopes>,
        own_patients: Vec<Arc<str>>,
        launch: LaunchContext,
    ) -> Self {
        let mut roles: Vec<Role> = held.iter().map(|one| one.role).collect();
        roles.sort_unstable();
        roles.dedup();
        Self {
            held,
            roles,
            scopes,
            own_patients,
            proxies: Vec::new(),
            emergencies: Vec::new(),
            launch,
            everything: false,
        }
    }

    /// The grant with other roles, under the same scopes and launch context.
    #[must_use]
    pub fn with_held(self, held: Vec<HeldRole>) -> Self {
        let everything = self.everything;
        let other = Self::holding(held, self.scopes, self.own_patients, self.launch);
        Self {
            proxies: self.proxies,
            emergencies: self.emergencies,
            everything,
            ..other
        }
    }

    /// The roles as they are held.
    #[must_use]
    pub fn held(&self) -> &[HeldRole] {
        &self.held
    }

    /// The grant with patients for whom the actor acts as caregiver.
    #[must_use]
    pub fn with_proxies(mut self, proxies: Vec<Proxy>) -> Self {
        self.proxies = proxies;
        self
    }

    /// The grant with patients whose glass the actor has broken: confined roles that may break
    /// the glass reach them as if they were in the actor's care.
    #[must_use]
    pub fn with_emergencies(mut self, patients: Vec<Arc<str>>) -> Self {
        self.emergencies = patients;
        self
    }

    /// The grant of MediTrack itself: operator commands and jobs.
    #[must_use]
    pub fn system() -> Self {
        Self {
            everything: true,
            ..Self::new(Vec::new(), None, Vec::new(), LaunchContext::default())
        }
    }

    /// The roles held, derived ones by their base.
    #[must_use]
    pub fn roles(&self) -> &[Role] {
        &self.roles
    }

    /// The launch context.
    #[must_use]
    pub const fn launch(&self) -> &LaunchContext {
        &self.launch
    }

    /// Patients whose records are the actor's own.
    #[must_use]
    pub fn own_patients(&self) -> &[Arc<str>] {
        &self.own_patients
    }

    /// Patients whose glass the actor has broken.
    #[must_use]
    pub fn emergencies(&self) -> &[Arc<str>] {
        &self.emergencies
    }

    /// Whether an operation beyond single interactions is open: to a role, and to the scopes.
    #[must_use]
    pub fn allows(&self, operation: Operation) -> bool {
        let by_role = self.held.iter().any(|one| {
            operation.is_open_to(one.role)
                && one
                    .mask
                    .as_ref()
                    .is_none_or(|m| m.passes_operation(operation))
        });
        self.everything || (by_role && self.scopes_cover(operation))
    }

    fn scopes_cover(&self, operation: Operation) -> bool {
        let Some(scopes) = &self.scopes else {
            return true;
        };
        let (wanted, interactions) = operation.needs();
        if matches!(operation, Operation::Export | Operation::Import) {
            // What moves in bulk is cut by the scopes record by record, so any of them opens it.
            return scopes.clinical.iter().any(|scope| {
                scope.context != ScopeContext::Patient
                    && interactions
                        .iter()
                        .any(|interaction| scope.interactions.contains(*interaction))
            });
        }
        let covers = |scope: &Scope, interaction| {
            scope.context != ScopeContext::Patient
                && scope.criteria.is_empty()
                && scope.interactions.contains(interaction)
                && (scope.resource_type.is_none() || scope.resource_type == wanted)
        };
        interactions.iter().all(|interaction| {
            let mut clinical = scopes.clinical.iter();
            clinical.any(|scope| covers(scope, *interaction))
        })
    }

    /// What is open for `interaction` on `resource_type`.
    #[must_use]
    pub fn decide(&self, resource_type: ResourceType, interaction: Interaction) -> Decision {
        if self.everything {
            return Decision::Allowed(vec![Reach::default()]);
        }
        let by_scope = self.reaches_by_scope(resource_type, interaction);
        if by_scope.is_empty() {
            return Decision::Denied;
        }
        let by_role = self.reaches_by_role(resource_type, interaction);
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
        let mut reaches = Vec::new();
        for held in &self.held {
            let masked = |mask: &Arc<Mask>| !mask.passes(resource_type, interaction);
            if held.mask.as_ref().is_some_and(masked) {
                continue;
            }
            for rule in rules_of(held.role, resource_type) {
                if rule.interactions.contains(interaction) {
                    self.reaches_by_rule(held, rule, resource_type, interaction, &mut reaches);
                }
            }
        }
        reaches
    }

    fn reaches_by_rule(
        &self,
        held: &HeldRole,
        rule: &Rule,
        resource_type: ResourceType,
        interaction: Interaction,
        reaches: &mut Vec<Reach>,
    ) {
        let reach = |compartments, exclusive| Reach {
            compartments,
            exclusive,
            criteria: Vec::new(),
            conditions: rule.conditions,
        };
        if rule.extent == Extent::OwnPatient {
            let own = self.own_compartments(held.role, resource_type, interaction);
            if !own.is_empty() {
                reaches.push(reach(Some(own.into()), true));
            }
            return;
        }
        // Who registers a patient has, until then, none that the role could be confined to.
        let registers =
            resource_type == ResourceType::PATIENT && interaction == Interaction::Create;
        let Some(confinement) = held
            .confinement
            .as_ref()
            .filter(|_| !is_impersonal(resource_type) && !registers)
        else {
            reaches.push(reach(None, false));
            return;
        };
        if is_about_patients(resource_type) {
            let patients = self.confined_to(held.role, confinement);
            if !patients.is_empty() {
                reaches.push(reach(Some(patients), false));
            }
        }
        if let Some(criterion) = by_location(resource_type, &confinement.locations) {
            let mut there = reach(None, false);
            there.criteria.push(criterion);
            reaches.push(there);
        }
    }

    fn own_compartments(
        &self,
        role: Role,
        resource_type: ResourceType,
        interaction: Interaction,
    ) -> Vec<Compartment> {
        let own = self.own_patients.iter().cloned();
        let covered = self.proxies.iter().filter(|proxy| {
            role == Role::Caregiver
                && proxy
                    .mask
                    .as_ref()
                    .is_none_or(|mask| mask.passes(resource_type, interaction))
        });
        own.chain(covered.map(|proxy| Arc::clone(&proxy.patient)))
            .map(Compartment::patient)
            .collect()
    }

    fn confined_to(&self, role: Role, confinement: &Confinement) -> Arc<[Compartment]> {
        if self.emergencies.is_empty() || !Operation::BreakGlass.is_open_to(role) {
            return Arc::clone(&confinement.patients);
        }
        let broken = self.emergencies.iter().cloned().map(Compartment::patient);
        confinement.patients.iter().cloned().chain(broken).collect()
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
            ScopeContext::Patient if is_shared(resource_type) => None,
            ScopeContext::Patient => {
                let patient = self.launch.patient.clone()?;
                Some(Arc::from([Compartment::patient(patient)]))
            }
            ScopeContext::User | ScopeContext::System => None,
        };
        Some(Reach {
            compartments,
            criteria: scope.criteria.clone(),
            ..Reach::default()
        })
    }
}

/// `location=…` where the type can be searched by it.
fn by_location(resource_type: ResourceType, locations: &[Arc<str>]) -> Option<(String, String)> {
    let known = mt_fhir::definitions::search_param(resource_type, "location")?;
    if locations.is_empty() || !known.targets.contains(&ResourceType::LOCATION) {
        return None;
    }
    let values: Vec<String> = locations
        .iter()
        .map(|id| format!("Location/{id}"))
        .collect();
    Some(("location".to_owned(), values.join(",")))
}

/// Both conditions together; `None` when no resource can meet them.
fn intersect(role: &Reach, scope: &Reach) -> Option<Reach> {
    let compartments = match (&role.compartments, &scope.compartments) {
        (own, None) => own.clone(),
        (None, bound) => bound.clone(),
        (Some(own), Some(bound)) => {
            let both: Vec<Compartment> = own
                .iter()
                .filter(|one| bound.contains(one))
                .cloned()
                .collect();
            if both.is_empty() {
                return None;
            }
            Some(both.into())
        }
    };
    let mut criteria = role.criteria.clone();
    criteria.extend(scope.criteria.iter().cloned());
    Some(Reach {
        compartments,
        exclusive: role.exclusive,
        criteria,
        conditions: role.conditions,
    })
}

#[cfg(test)]
mod tests;
