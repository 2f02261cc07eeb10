//! Tokens as they leave: access tokens, ID tokens and the answer that carries them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mt_access::{AccessClaims, Confirmation};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Call;
use crate::keys::SigningAlgorithm;
use crate::oauth::error::OAuthError;
use crate::oauth::family::{ACCESS_LIVES, Consented, Family};
use crate::oauth::scopes;
use crate::people::sessions::acr_at;

/// Life of a service's access token, seconds (SMART backend services: at most five minutes).
const SERVICE_LIVES: i64 = 300;
/// Life of an ID token, seconds.
const ID_TOKEN_LIVES: i64 = 600;

/// An answer of the token endpoint.
pub(super) struct Issued {
    pub(super) body: Value,
}

/// A service's own access token.
pub(super) async fn for_service(call: &Call<'_>, scope: &str) -> Result<Issued, OAuthError> {
    let metadata = &call.client.metadata;
    let id = call.client.id.to_string();
    let roles = if metadata.roles.is_empty() {
        vec![mt_access::Role::Service.code().to_owned()]
    } else {
        metadata.roles.clone()
    };
    let claims = AccessClaims {
        sub: id,
        roles,
        ..claims(call, scope, SERVICE_LIVES)
    };
    let access_token = sign(call, &claims).await?;
    Ok(Issued {
        body: body(call, &access_token, scope, SERVICE_LIVES),
    })
}

/// The tokens of a family. `scope` may be narrower than what was consented to.
pub(super) async fn for_family(
    call: &Call<'_>,
    family: &Family,
    scope: &str,
    refresh_token: Option<String>,
    first: bool,
) -> Result<Issued, OAuthError> {
    let consented = &family.consented;
    let person = &consented.person;
    let claims = AccessClaims {
        sub: person.account.to_string(),
        roles: person.roles.clone(),
        fhir_user: person.fhir_user.clone(),
        patient: consented.patient.clone(),
        encounter: consented.encounter.clone(),
        own_patients: person.own_patients.clone(),
        acr: Some(acr(call, consented).to_owned()),
        auth_time: Some(consented.auth_time),
        gid: Some(family.id.to_string()),
        ..claims(call, scope, ACCESS_LIVES)
    };
    let access_token = sign(call, &claims).await?;
    let mut body = body(call, &access_token, scope, ACCESS_LIVES);
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            body[name] = value;
        }
    };
    let text = |text: &Option<String>| text.clone().map(Value::from);
    put("refresh_token", refresh_token.map(Value::from));
    put("patient", text(&consented.patient));
    put("encounter", text(&consented.encounter));
    put("intent", text(&consented.intent));
    put("tenant", Some(call.at.name.as_str().into()));
    if consented.patient.is_some() {
        // The app cannot know that our own frame shows whose record is open.
        put("need_patient_banner", Some(true.into()));
    }
    if scopes::has(scope, "openid") {
        let token = id_token(call, family, scope, &access_token, first).await?;
        put("id_token", Some(token.into()));
    }
    Ok(Issued { body })
}

/// A refreshed token does not say that somebody has just proved who they are.
fn acr<'c>(call: &Call<'_>, consented: &'c Consented) -> &'c str {
    let now = call.now.unix_seconds();
    acr_at(&consented.acr, consented.auth_time, now)
}

fn claims(call: &Call<'_>, scope: &str, lives: i64) -> AccessClaims {
    let now = call.now.unix_seconds();
    AccessClaims {
        iss: call.at.issuer.clone(),
        aud: call.provider.identity.origin.fhir_base(),
        client_id: call.client.id.to_string(),
        scope: scope.to_owned(),
        cnf: call.jkt.clone().map(|jkt| Confirmation { jkt }),
        iat: now,
        exp: now + lives,
        jti: Uuid::now_v7().to_string(),
        ..AccessClaims::default()
    }
}

async fn sign(call: &Call<'_>, claims: &AccessClaims) -> Result<String, OAuthError> {
    let identity = &call.provider.identity;
    let signer = identity
        .signer(call.at.tenant, SigningAlgorithm::Es256)
        .await?;
    Ok(signer.sign_access(claims)?)
}

fn body(call: &Call<'_>, access_token: &str, scope: &str, lives: i64) -> Value {
    let kind = if call.jkt.is_some() { "DPoP" } else { "Bearer" };
    json!({
        "access_token": access_token,
        "token_type": kind,
        "expires_in": lives,
        "scope": scope,
    })
}

/// OpenID Connect Core §2, with SMART's `fhirUser`.
async fn id_token(
    call: &Call<'_>,
    family: &Family,
    scope: &str,
    access_token: &str,
    first: bool,
) -> Result<String, OAuthError> {
    let consented = &family.consented;
    let client = &call.client;
    let now = call.now.unix_seconds();
    let hash = mt_crypto::sha256(access_token.as_bytes());
    let mut claims = json!({
        "iss": call.at.issuer,
        "sub": consented.person.account.to_string(),
        "aud": client.id.to_string(),
        "azp": client.id.to_string(),
        "exp": now + ID_TOKEN_LIVES,
        "iat": now,
        "auth_time": consented.auth_time,
        "acr": acr(call, consented),
        "amr": consented.amr,
        "at_hash": URL_SAFE_NO_PAD.encode(&hash[..16]),
    });
    let mut put = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            claims[name] = value.into();
        }
    };
    // A refreshed ID token should not carry the nonce of the request (OpenID Connect Core §12.2).
    put("nonce", consented.nonce.clone().filter(|_| first));
    put("sid", Some(family.session.to_string()));
    if scopes::has(scope, "fhirUser") {
        let base = call.provider.identity.origin.fhir_base();
        let user = consented.person.fhir_user.as_deref();
        put(
            "fhirUser",
            user.map(|reference| format!("{base}/{reference}")),
        );
    }
    if scopes::has(scope, "profile") {
        put("name", consented.person.name.clone());
    }
    if scopes::has(scope, "email") {
        put("email", consented.person.email.clone());
    }
    let algorithm = SigningAlgorithm::from_name(&client.metadata.id_token_signed_response_alg)
        .unwrap_or(SigningAlgorithm::Rs256);
    let signer = call
        .provider
        .identity
        .signer(call.at.tenant, algorithm)
        .await?;
    Ok(signer.sign("JWT", &claims)?)
}
