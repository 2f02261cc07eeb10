//! Accounts: the people of a tenant who can sign in.

mod forget;
mod store;

use mt_access::Role;
use mt_crypto::{BlindIndex, TenantKeys};
use mt_kernel::Instant;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub(crate) use forget::{accounts_of, remove_account, reseal_account};
pub(crate) use store::{Accounts, insert};

use super::sealed::{Place, open, seal};
use crate::IdentityError;

/// A role as an account holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Held {
    /// Code of a role of the matrix or of a derived role.
    pub role: String,
    /// Ids of the Locations that it is confined to; empty means all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub locations: Vec<String>,
    /// When it ends, microseconds since the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<i64>,
}

impl Held {
    /// A role without end or confinement.
    #[must_use]
    pub fn plain(role: &str) -> Self {
        Self {
            role: role.to_owned(),
            locations: Vec::new(),
            expires_at: None,
        }
    }
}

/// What an account says of its person.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Profile {
    /// Name to sign in with, as the person writes it.
    pub username: String,
    /// E-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Relative reference to the person's own resource, such as `Practitioner/1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fhir_user: Option<String>,
    /// Roles.
    #[serde(default)]
    pub roles: Vec<Held>,
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Id: the subject of tokens and the actor of the audit trail.
    pub id: Uuid,
    /// Who.
    pub profile: Profile,
    /// Grows with every change.
    pub version: u32,
    /// Whether the person may sign in.
    pub enabled: bool,
}

/// Roles whose holders must have a second factor: all that reach the records or settings of others.
fn needs_second_factor(code: &str) -> bool {
    !matches!(Role::from_code(code), Some(Role::Patient | Role::Caregiver))
}

impl Account {
    pub(crate) fn open(
        keys: &TenantKeys,
        id: Uuid,
        version: i32,
        sealed: &[u8],
    ) -> Result<Self, IdentityError> {
        Ok(Self {
            id,
            profile: open(keys, Place::Account, id.as_bytes(), sealed)?,
            version: u32::try_from(version).unwrap_or_default(),
            enabled: true,
        })
    }

    fn seal(&self, keys: &TenantKeys) -> Result<Vec<u8>, IdentityError> {
        seal(keys, Place::Account, self.id.as_bytes(), &self.profile)
    }

    /// The roles that have not ended.
    #[must_use]
    pub fn roles_at(&self, now: Instant) -> Vec<Held> {
        let all = self.profile.roles.iter();
        all.filter(|held| held.expires_at.is_none_or(|end| now.0 < end))
            .cloned()
            .collect()
    }

    /// Whether the person must have a second factor: everybody but patients and caregivers.
    #[must_use]
    pub fn must_have_second_factor(&self) -> bool {
        let roles = &self.profile.roles;
        roles.iter().any(|held| needs_second_factor(&held.role))
    }

    /// Name to show: the person's own, else the one to sign in with.
    #[must_use]
    pub fn shown_name(&self) -> &str {
        self.profile.name.as_ref().unwrap_or(&self.profile.username)
    }

    /// Ids of the Patients that the person is.
    #[must_use]
    pub fn own_patients(&self) -> Vec<String> {
        let own = self.profile.fhir_user.as_deref();
        let id = own.and_then(|reference| reference.strip_prefix("Patient/"));
        id.map(str::to_owned).into_iter().collect()
    }
}

/// Names that differ only in case or Unicode form are one name.
#[must_use]
pub(crate) fn folded(name: &str) -> String {
    use unicode_normalization::UnicodeNormalization as _;
    let composed: String = name.trim().nfkc().collect();
    composed.to_lowercase()
}

/// The blind token by which a user name is found.
pub(crate) fn username_token(index: &BlindIndex, name: &str) -> i64 {
    index.token(&["account", "username", &folded(name)])
}

/// The blind token by which an e-mail address is found.
pub(crate) fn email_token(index: &BlindIndex, email: &str) -> i64 {
    index.token(&["account", "email", &folded(email)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(roles: Vec<Held>) -> Account {
        Account {
            id: Uuid::nil(),
            profile: Profile {
                username: "a".to_owned(),
                fhir_user: Some("Patient/p1".to_owned()),
                roles,
                ..Profile::default()
            },
            version: 1,
            enabled: true,
        }
    }

    #[test]
    fn an_ended_role_is_not_held() {
        let doctor = Held {
            expires_at: Some(10),
            ..Held::plain("doctor")
        };
        let account = account(vec![doctor, Held::plain("patient")]);
        assert_eq!(account.roles_at(Instant(9)).len(), 2);
        assert_eq!(account.roles_at(Instant(10)), [Held::plain("patient")]);
    }

    #[test]
    fn everybody_but_patients_and_caregivers_needs_a_second_factor() {
        for role in Role::ALL {
            let account = account(vec![Held::plain(role.code())]);
            let expected = !matches!(role, Role::Patient | Role::Caregiver);
            assert_eq!(account.must_have_second_factor(), expected, "{role:?}");
        }
        let derived = account(vec![Held::plain("ward-clerk"), Held::plain("patient")]);
        assert!(derived.must_have_second_factor());
    }

    #[test]
    fn names_are_told_apart_by_letters_and_not_by_form() {
        assert_eq!(folded(" Ada.LOVELACE "), "ada.lovelace");
        assert_eq!(folded("ｊｏｓｅ"), "jose");
        assert_eq!(folded("Jose\u{301}"), folded("José"));
        assert_ne!(folded("jose"), folded("josé"));
    }
}
