//! Tokens that an operator makes at the console.

use mt_access::{AccessClaims, Role, Scopes};
use mt_kernel::Instant;
use uuid::Uuid;

use crate::IdentityError;

/// What an operator token shall say.
#[derive(Clone, Debug)]
pub struct OperatorToken {
    /// Who it acts for.
    pub user: String,
    /// Role codes.
    pub roles: Vec<String>,
    /// Scopes, separated by spaces.
    pub scope: String,
    /// Patient in context and own patient, for patient-facing roles.
    pub patient: Option<String>,
    /// Relative reference to the actor's own resource.
    pub fhir_user: Option<String>,
    /// Whether the operator vouches for a fresh proof of two factors; it is fresh for the first five minutes.
    pub step_up: bool,
    /// Lifetime in seconds.
    pub seconds: i64,
}

impl OperatorToken {
    /// Longest lifetime, seconds.
    pub const LONGEST: i64 = 8 * 3600;

    /// The claims, checked.
    pub(crate) fn claims(
        &self,
        issuer: &str,
        audience: &str,
        now: Instant,
    ) -> Result<AccessClaims, IdentityError> {
        if !(60..=Self::LONGEST).contains(&self.seconds) {
            return Err(IdentityError::Lifetime);
        }
        for role in &self.roles {
            Role::from_code(role).ok_or_else(|| IdentityError::UnknownRole(role.clone()))?;
        }
        Scopes::parse(&self.scope)?;
        Ok(AccessClaims {
            iss: issuer.to_owned(),
            sub: self.user.clone(),
            aud: audience.to_owned(),
            client_id: "operator".to_owned(),
            scope: self.scope.clone(),
            roles: self.roles.clone(),
            fhir_user: self.fhir_user.clone(),
            patient: self.patient.clone(),
            own_patients: self.patient.clone().into_iter().collect(),
            acr: Some(if self.step_up { "step-up" } else { "mfa" }.to_owned()),
            // From here on the proof is as old as the token.
            auth_time: self.step_up.then(|| now.unix_seconds()),
            iat: now.unix_seconds(),
            exp: now.unix_seconds() + self.seconds,
            jti: Uuid::now_v7().to_string(),
            ..AccessClaims::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(role: &str, scope: &str, seconds: i64) -> OperatorToken {
        OperatorToken {
            user: "ops".into(),
            roles: vec![role.into()],
            scope: scope.into(),
            patient: None,
            fhir_user: None,
            step_up: false,
            seconds,
        }
    }

    #[test]
    fn unknown_roles_bad_scopes_and_long_lives_are_refused() {
        let claims = |token: OperatorToken| token.claims("i", "a", Instant(0)).map(|_| ());
        assert!(claims(token("doctor", "user/*.cruds", 3600)).is_ok());
        assert!(matches!(
            claims(token("king", "user/*.rs", 60)),
            Err(IdentityError::UnknownRole(_))
        ));
        assert!(matches!(
            claims(token("doctor", "user/*.sr", 60)),
            Err(IdentityError::Scope(_))
        ));
        assert!(matches!(
            claims(token("doctor", "", 10)),
            Err(IdentityError::Lifetime)
        ));
        assert!(matches!(
            claims(token("doctor", "", 100_000)),
            Err(IdentityError::Lifetime)
        ));
    }
}
