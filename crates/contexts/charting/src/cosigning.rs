//! Whose notes need a second signature in each organisation, where the rules of the record store can see it.
//!
//! Rules are decided without waiting for anything, so what they need is held in memory and read again now and then.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use mt_access::Role;
use mt_kernel::{Actor, TenantId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Whose notes need a co-signature.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CosignRules {
    /// Codes of clinical roles: whoever writes in these alone needs one.
    pub roles: Vec<String>,
    /// People who need one whatever their roles, such as those in training: `Practitioner/1`.
    pub practitioners: Vec<String>,
}

impl CosignRules {
    /// Whether a note of `actor` needs a second signature.
    #[must_use]
    pub fn bind(&self, actor: &Actor) -> bool {
        let named = |user: &str| self.practitioners.iter().any(|one| one == user);
        if actor.fhir_user.as_deref().is_some_and(named) {
            return true;
        }
        let listed = |code: &str| self.roles.iter().any(|one| one == code);
        let frees =
            |code: &str| !listed(code) && Role::from_code(code).is_some_and(Role::is_clinician);
        let mut roles = actor.roles.iter();
        roles.clone().any(|code| listed(code)) && !roles.any(|code| frees(code))
    }
}

/// The rules of all organisations. Cloning shares them.
#[derive(Clone, Debug, Default)]
pub struct Cosigning(Arc<RwLock<HashMap<TenantId, Arc<CosignRules>>>>);

impl Cosigning {
    /// The rules of `tenant`.
    #[must_use]
    pub fn of(&self, tenant: TenantId) -> Arc<CosignRules> {
        let all = self.0.read().unwrap_or_else(PoisonError::into_inner);
        all.get(&tenant).cloned().unwrap_or_default()
    }

    /// From now on these are the rules of `tenant`.
    pub(crate) fn set(&self, tenant: TenantId, rules: CosignRules) {
        let mut all = self.0.write().unwrap_or_else(PoisonError::into_inner);
        all.insert(tenant, Arc::new(rules));
    }
}

#[cfg(test)]
mod tests {
    use mt_kernel::{ActorKind, Assurance};

    use super::*;

    fn actor(roles: &[&str], user: &str) -> Actor {
        Actor {
            id: Arc::from("login"),
            kind: ActorKind::User,
            roles: roles.iter().map(|role| Arc::from(*role)).collect(),
            fhir_user: Some(Arc::from(user)),
            client_id: None,
            assurance: Assurance::Multi,
        }
    }

    #[test]
    fn a_role_binds_who_writes_in_it_alone_and_a_name_binds_whatever_the_roles() {
        let rules = CosignRules {
            roles: vec!["nurse".to_owned()],
            practitioners: vec!["Practitioner/trainee".to_owned()],
        };
        for (roles, user, bound) in [
            (&["nurse"][..], "Practitioner/a", true),
            (&["nurse", "org_admin"], "Practitioner/a", true),
            (&["nurse", "doctor"], "Practitioner/a", false),
            (&["doctor"], "Practitioner/a", false),
            (&["doctor"], "Practitioner/trainee", true),
            (&["receptionist"], "Practitioner/a", false),
            (&[], "Practitioner/a", false),
        ] {
            assert_eq!(rules.bind(&actor(roles, user)), bound, "{roles:?} {user}");
        }
    }

    #[test]
    fn nobody_is_bound_before_the_organisation_decides() {
        let rules = CosignRules::default();
        assert!(!rules.bind(&actor(&["nurse"], "Practitioner/a")));
    }
}
