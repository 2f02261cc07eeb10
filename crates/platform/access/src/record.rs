//! A grant as it is kept with a job that outlives its request.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{Grant, LaunchContext, Role, ScopeError, Scopes};

/// What a [`Grant`] was made of. A job that goes on after its request, perhaps in another process,
/// may do what its caller could, and no more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantRecord {
    roles: Vec<String>,
    scope: Option<String>,
    own_patients: Vec<String>,
    patient: Option<String>,
    encounter: Option<String>,
}

impl Grant {
    /// What the grant is made of; `None` for a grant that is not kept: of MediTrack itself, and one
    /// that is narrowed or widened by more than scopes, because that must be looked up each time.
    #[must_use]
    pub fn record(&self) -> Option<GrantRecord> {
        let narrowed = |held: &crate::HeldRole| held.mask.is_some() || held.confinement.is_some();
        if self.everything
            || self.held.iter().any(narrowed)
            || !self.proxies.is_empty()
            || !self.emergencies.is_empty()
        {
            return None;
        }
        let owned = |id: &Arc<str>| id.as_ref().to_owned();
        Some(GrantRecord {
            roles: self
                .roles
                .iter()
                .map(|role| role.code().to_owned())
                .collect(),
            scope: self.scopes.as_ref().map(|scopes| scopes.text().to_owned()),
            own_patients: self.own_patients.iter().map(owned).collect(),
            patient: self.launch.patient.as_ref().map(owned),
            encounter: self.launch.encounter.as_ref().map(owned),
        })
    }
}

impl GrantRecord {
    /// The grant again. A role that is no longer known opens nothing.
    ///
    /// # Errors
    /// [`ScopeError`] when the scopes cannot be read, which a record of ours never is.
    pub fn restore(&self) -> Result<Grant, ScopeError> {
        let roles = self.roles.iter().filter_map(|code| Role::from_code(code));
        let scopes = self.scope.as_deref().map(Scopes::parse).transpose()?;
        let shared = |id: &String| Arc::from(id.as_str());
        let launch = LaunchContext {
            patient: self.patient.as_ref().map(shared),
            encounter: self.encounter.as_ref().map(shared),
        };
        let own_patients = self.own_patients.iter().map(shared).collect();
        Ok(Grant::new(roles.collect(), scopes, own_patients, launch))
    }
}

#[cfg(test)]
mod tests {
    use mt_fhir::definitions::ResourceType;

    use super::*;
    use crate::Interaction;

    #[test]
    fn a_restored_grant_decides_as_before() {
        let scopes = Scopes::parse("patient/*.rs user/Observation.rs?category=laboratory").unwrap();
        let launch = LaunchContext {
            patient: Some("p1".into()),
            encounter: None,
        };
        let grant = Grant::new(vec![Role::Doctor], Some(scopes), vec!["p1".into()], launch);
        let text = serde_json::to_string(&grant.record().unwrap()).unwrap();
        let restored: GrantRecord = serde_json::from_str(&text).unwrap();
        let restored = restored.restore().unwrap();
        for kind in ResourceType::all() {
            for interaction in [Interaction::Read, Interaction::Search, Interaction::Create] {
                assert_eq!(
                    grant.decide(kind, interaction),
                    restored.decide(kind, interaction)
                );
            }
        }
        assert!(Grant::system().record().is_none());
    }
}
