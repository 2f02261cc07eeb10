//! Claims of another issuer's access tokens, and what they mean here.

use std::sync::Arc;

use mt_access::{
    Authenticated, AuthenticationError, Grant, LaunchContext, Role, ScopeContext, Scopes,
};
use mt_kernel::{Actor, ActorKind, Assurance, TenantId};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::ExternalIssuer;
use crate::authenticate::client_key;
use crate::oauth::jose::{Audience, Header};
use crate::people::sessions::STEP_UP_SECONDS;

/// The other issuer's clock may differ by so much, seconds.
const SKEW: i64 = 30;

/// What a token says.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Claims {
    pub(super) iss: String,
    sub: String,
    #[serde(default)]
    pub(super) aud: Audience,
    exp: i64,
    #[serde(default)]
    nbf: Option<i64>,
    #[serde(default)]
    iat: Option<i64>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

impl Claims {
    fn text(&self, name: &str) -> Option<&str> {
        self.others.get(name).and_then(Value::as_str)
    }

    /// Time, and that it is an access token.
    pub(super) fn check(&self, header: &Header, now: i64) -> Result<(), AuthenticationError> {
        if self.exp <= now {
            return Err(AuthenticationError::Expired);
        }
        let ahead = |at: i64| at > now + SKEW;
        if [self.nbf, self.iat].into_iter().flatten().any(ahead) {
            return Err(AuthenticationError::Invalid);
        }
        let declared = header.typ.as_deref().is_some_and(|typ| {
            typ.eq_ignore_ascii_case("at+jwt") || typ.eq_ignore_ascii_case("application/at+jwt")
        });
        // Keycloak tells its tokens apart by a claim; ID tokens of others carry these.
        let another = self.text("typ").is_some_and(|typ| typ != "Bearer")
            || ["nonce", "at_hash", "c_hash", "events"]
                .iter()
                .any(|name| self.others.contains_key(*name));
        // A token that is bound to a key must not pass without it.
        let bound = self.others.contains_key("cnf");
        if (another && !declared) || bound {
            return Err(AuthenticationError::Invalid);
        }
        Ok(())
    }

    fn roles(&self, external: &ExternalIssuer) -> Vec<Role> {
        let mut place = self
            .others
            .get(external.roles_claim.split('.').next().unwrap_or_default());
        for step in external.roles_claim.split('.').skip(1) {
            place = place.and_then(|value| value.get(step));
        }
        let named = match place {
            Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
            Some(Value::String(names)) => names.split_ascii_whitespace().collect(),
            _ => Vec::new(),
        };
        let mut roles: Vec<Role> = Vec::new();
        for code in named
            .into_iter()
            .filter_map(|name| external.roles.get(name))
        {
            if let Some(role) = Role::from_code(code)
                && !roles.contains(&role)
            {
                roles.push(role);
            }
        }
        roles
    }

    /// Scopes about records that are understood; `patient/` ones need a patient in context.
    fn scopes(&self, external: &ExternalIssuer) -> Result<Scopes, AuthenticationError> {
        let asked = self.text("scope").unwrap_or_default();
        let understood: Vec<&str> = asked
            .split_ascii_whitespace()
            .filter(|word| Scopes::parse(word).is_ok())
            .collect();
        let invalid = |_| AuthenticationError::Invalid;
        let scopes = Scopes::parse(&understood.join(" ")).map_err(invalid)?;
        if scopes.clinical.is_empty() {
            return Scopes::parse(&external.default_scope).map_err(invalid);
        }
        Ok(scopes)
    }

    /// How strongly the person has proved who they are, as in a session of ours: two factors that were proved moments
    /// ago are a step-up.
    fn assurance(&self, external: &ExternalIssuer, now: i64) -> Assurance {
        let acr = self.text("acr").unwrap_or_default();
        let proved = self.others.get("auth_time").and_then(Value::as_i64);
        let recent = |proved: i64| proved <= now + SKEW && now <= proved + STEP_UP_SECONDS;
        if !external.mfa_acr.iter().any(|known| known == acr) {
            Assurance::Single
        } else if proved.is_some_and(recent) {
            Assurance::StepUp
        } else {
            Assurance::Multi
        }
    }

    /// Who the token stands for at `now`, seconds since 1970.
    pub(super) fn authenticated(
        &self,
        tenant: TenantId,
        external: &ExternalIssuer,
        credential: [u8; 32],
        now: i64,
    ) -> Result<Authenticated, AuthenticationError> {
        let roles = self.roles(external);
        let scopes = self.scopes(external)?;
        let fhir_user = self.text(&external.fhir_user_claim).and_then(relative);
        let own_patient = fhir_user
            .as_deref()
            .and_then(|user| user.strip_prefix("Patient/"));
        let own_patients: Vec<Arc<str>> = own_patient.map(Arc::from).into_iter().collect();
        let in_context = self.text("patient").map(Arc::from);
        let only_system = !scopes.clinical.is_empty()
            && scopes
                .clinical
                .iter()
                .all(|scope| scope.context == ScopeContext::System);
        let launch = LaunchContext {
            patient: in_context.or_else(|| own_patients.first().cloned()),
            encounter: self.text("encounter").map(Arc::from),
        };
        let client = self
            .text("client_id")
            .or_else(|| self.text("azp"))
            .unwrap_or_default();
        let kind = if only_system || roles.contains(&Role::Service) {
            ActorKind::Service
        } else {
            ActorKind::User
        };
        let actor = Actor {
            // Subjects of different issuers must not meet.
            id: Arc::from(format!("{}#{}", self.iss, self.sub)),
            kind,
            roles: roles.iter().map(|role| Arc::from(role.code())).collect(),
            fhir_user: fhir_user.map(Arc::from),
            client_id: (!client.is_empty()).then(|| Arc::from(client)),
            assurance: self.assurance(external, now),
        };
        Ok(Authenticated {
            tenant,
            client_key: client_key(client, &self.sub),
            grant: Grant::new(roles, Some(scopes), own_patients, launch),
            actor,
            credential,
        })
    }
}

/// `Type/id` of a relative or absolute reference.
fn relative(reference: &str) -> Option<String> {
    let mut parts = reference.rsplit('/');
    let (id, kind) = (parts.next()?, parts.next()?);
    mt_fhir::ResourceType::from_name(kind)?;
    (!id.is_empty()).then(|| format!("{kind}/{id}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn issuer() -> ExternalIssuer {
        serde_json::from_value(json!({
            "issuer": "https://kc.example.org/realms/clinic",
            "audience": "ehr",
            "roles": { "physician": "doctor", "nursing": "nurse" },
            "default_scope": "user/*.rs",
            "mfa_acr": ["2"],
        }))
        .unwrap()
    }

    fn claims(extra: Value) -> Claims {
        let mut all = json!({ "iss": "https://kc.example.org/realms/clinic", "sub": "u1", "aud": ["ehr", "account"],
            "exp": 2_000, "iat": 1_000, "typ": "Bearer", "azp": "app", "acr": "2",
            "realm_access": { "roles": ["physician", "king", "physician"] }, "scope": "openid profile",
            "fhirUser": "https://kc.example.org/fhir/Practitioner/7" });
        for (name, value) in extra.as_object().unwrap() {
            all[name] = value.clone();
        }
        serde_json::from_value(all).unwrap()
    }

    #[test]
    fn keycloak_s_roles_are_translated_and_others_mean_nothing() {
        let who = claims(json!({}))
            .authenticated(TenantId(3), &issuer(), [0; 32], 1_500)
            .unwrap();
        assert_eq!(who.grant.roles(), [Role::Doctor]);
        assert_eq!(who.actor.fhir_user.as_deref(), Some("Practitioner/7"));
        assert_eq!(who.actor.assurance, Assurance::Multi);
        assert_eq!(&*who.actor.id, "https://kc.example.org/realms/clinic#u1");
        let stranger = claims(json!({ "realm_access": { "roles": ["king"] } }));
        let who = stranger
            .authenticated(TenantId(3), &issuer(), [0; 32], 1_500)
            .unwrap();
        assert!(who.grant.roles().is_empty());
    }

    #[test]
    fn two_factors_that_were_proved_moments_ago_are_a_step_up() {
        for (extra, expected) in [
            (json!({ "auth_time": 1_200 }), Assurance::StepUp),
            (json!({ "auth_time": 1_199 }), Assurance::Multi),
            (json!({ "auth_time": 1_600 }), Assurance::Multi),
            (json!({ "auth_time": "1499" }), Assurance::Multi),
            (json!({ "auth_time": 1_499, "acr": "1" }), Assurance::Single),
        ] {
            assert_eq!(
                claims(extra.clone()).assurance(&issuer(), 1_500),
                expected,
                "{extra}"
            );
        }
    }

    #[test]
    fn only_access_tokens_of_now_pass() {
        let header = |typ: &str| -> Header {
            serde_json::from_value(json!({ "alg": "RS256", "typ": typ })).unwrap()
        };
        assert_eq!(claims(json!({})).check(&header("JWT"), 1_500), Ok(()));
        for (extra, typ, now) in [
            (json!({ "typ": "ID" }), "JWT", 1_500),
            (json!({ "typ": "Refresh" }), "JWT", 1_500),
            (json!({ "nonce": "n" }), "JWT", 1_500),
            (json!({ "cnf": { "jkt": "x" } }), "at+jwt", 1_500),
            (json!({ "nbf": 1_600 }), "JWT", 1_500),
            (json!({ "iat": 1_600 }), "JWT", 1_500),
            (json!({}), "JWT", 2_000),
        ] {
            let refused = claims(extra.clone()).check(&header(typ), now);
            assert!(refused.is_err(), "{extra}");
        }
    }
}
