//! `authorization_code`: the code of a consent for its tokens (RFC 6749 §4.1.3, RFC 7636 §4.6).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mt_audit::EventCode;

use super::Call;
use super::issue::{self, Issued};
use crate::oauth::error::OAuthError;
use crate::oauth::events::person_actor;
use crate::oauth::family::{Families, Found, HandleKind};
use crate::oauth::scopes;

pub(super) async fn grant(call: &Call<'_>) -> Result<Issued, OAuthError> {
    let code = call.params.need("code")?;
    let families = Families {
        database: &call.provider.identity.database,
        keys: &call.keys,
    };
    let tx = families.database.tenant(call.at.tenant).await?;
    let found = families.take(&tx, HandleKind::Code, code, call.now).await?;
    let found = found
        .filter(|found| found.family.client == call.client.id)
        .ok_or_else(|| OAuthError::grant("the code is not known"))?;
    if found.used_at.is_some() {
        tx.rollback().await;
        call.provider
            .end_reused(call.at, &found.family, "code used twice")
            .await?;
        return Err(OAuthError::grant("the code was used before"));
    }
    if let Err(error) = check(call, &found) {
        // One wrong guess spends the code.
        tx.commit().await?;
        return Err(error);
    }
    let mut family = found.family;
    if !call.client.is_confidential() && call.jkt.is_some() {
        // A public client has nothing but this key to bind its refresh tokens to (RFC 9449 §5).
        family.consented.jkt.clone_from(&call.jkt);
        families.keep(&tx, &family).await?;
    }
    let scope = family.consented.scope.clone();
    let lasting = scopes::has(&scope, "offline_access") || scopes::has(&scope, "online_access");
    let refresh_token = if lasting {
        Some(families.refresh_token(&tx, &family, call.now).await?)
    } else {
        None
    };
    tx.commit().await?;
    let issued = issue::for_family(call, &family, &scope, refresh_token, true).await?;
    let account = family.consented.person.account.to_string();
    let actor = person_actor(&account, Some(&call.client));
    call.provider
        .note(call.at, actor, EventCode::Token, "authorization_code")?;
    Ok(issued)
}

fn check(call: &Call<'_>, found: &Found) -> Result<(), OAuthError> {
    let terms = found.terms.as_ref();
    let terms = terms.ok_or_else(|| OAuthError::grant("the code is not known"))?;
    if found.expires_at <= call.now || found.family.revoked {
        return Err(OAuthError::grant("the code has expired"));
    }
    if call.params.need("redirect_uri")? != terms.redirect_uri {
        return Err(OAuthError::grant(
            "redirect_uri differs from that of the request",
        ));
    }
    let verifier = call.params.need("code_verifier")?;
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    if !(43..=128).contains(&verifier.len()) || !verifier.bytes().all(unreserved) {
        return Err(OAuthError::grant(
            "code_verifier must be 43 to 128 unreserved characters",
        ));
    }
    let challenge = URL_SAFE_NO_PAD.encode(mt_crypto::sha256(verifier.as_bytes()));
    if !mt_crypto::constant_time_eq(challenge.as_bytes(), terms.code_challenge.as_bytes()) {
        return Err(OAuthError::grant(
            "code_verifier does not fit code_challenge",
        ));
    }
    if terms.jkt.is_some() && terms.jkt != call.jkt {
        return Err(OAuthError::grant("the code is bound to another key"));
    }
    Ok(())
}
