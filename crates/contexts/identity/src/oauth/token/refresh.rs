//! `refresh_token`: rotation; the second use of a retired token ends the family (RFC 9700 §4.14.2).

use mt_audit::EventCode;
use mt_kernel::Instant;

use super::Call;
use super::issue::{self, Issued};
use crate::oauth::error::{Code, OAuthError};
use crate::oauth::events::person_actor;
use crate::oauth::family::{Families, Family, Found, HandleKind};
use crate::oauth::scopes;

/// A client that shows its key may repeat a refresh whose answer was lost, for so long.
const GRACE: i64 = 10;

pub(super) async fn grant(call: &Call<'_>) -> Result<Issued, OAuthError> {
    let token = call.params.need("refresh_token")?;
    let families = Families {
        database: &call.provider.identity.database,
        keys: &call.keys,
    };
    let tx = families.database.tenant(call.at.tenant).await?;
    let found = families
        .take(&tx, HandleKind::Refresh, token, call.now)
        .await?;
    let found = found
        .filter(|found| found.family.client == call.client.id)
        .ok_or_else(|| OAuthError::grant("the refresh token is not known"))?;
    if let Some(used_at) = found.used_at
        && !is_repeated(call, &found, used_at)
    {
        tx.rollback().await;
        call.provider
            .end_reused(call.at, &found.family, "refresh token used twice")
            .await?;
        return Err(OAuthError::grant("the refresh token was used before"));
    }
    if found.expires_at <= call.now || found.family.expires_at <= call.now || found.family.revoked {
        return Err(OAuthError::grant("the refresh token has expired"));
    }
    let mut family = found.family;
    bound_to(call, &family)?;
    let scope = narrowed(call, &family)?;
    // Roles and proxies may have changed since the person signed in.
    let account = family.consented.person.account;
    if !scopes::has(&family.consented.scope, "offline_access") {
        still_signed_in(call, &family).await?;
    }
    let person = call.provider.people.person(call.at.tenant, account).await?;
    family.consented.person =
        person.ok_or_else(|| OAuthError::grant("the person may not act any more"))?;
    let next = families.refresh_token(&tx, &family, call.now).await?;
    tx.commit().await?;
    let issued = issue::for_family(call, &family, &scope, Some(next), false).await?;
    let actor = person_actor(&account.to_string(), Some(&call.client));
    call.provider
        .note(call.at, actor, EventCode::Token, "refresh_token")?;
    Ok(issued)
}

fn is_repeated(call: &Call<'_>, found: &Found, used_at: Instant) -> bool {
    let jkt = &found.family.consented.jkt;
    jkt.is_some() && *jkt == call.jkt && call.now < used_at.plus_seconds(GRACE)
}

/// A family that began with a key goes on with it (RFC 9449 §5).
fn bound_to(call: &Call<'_>, family: &Family) -> Result<(), OAuthError> {
    let jkt = &family.consented.jkt;
    if jkt.is_some() && *jkt != call.jkt {
        return Err(OAuthError::new(
            Code::InvalidDpopProof,
            "the refresh token is bound to another key",
        ));
    }
    Ok(())
}

/// Online access ends with the session, however that ended.
async fn still_signed_in(call: &Call<'_>, family: &Family) -> Result<(), OAuthError> {
    let account = family.consented.person.account;
    let people = &call.provider.people;
    let live = people.is_live(call.at.tenant, account, family.session);
    if live.await? {
        Ok(())
    } else {
        Err(OAuthError::grant("the session has ended"))
    }
}

fn narrowed(call: &Call<'_>, family: &Family) -> Result<String, OAuthError> {
    let consented = &family.consented.scope;
    match call.params.get("scope") {
        None => Ok(consented.clone()),
        Some(asked) => scopes::granted(asked, consented),
    }
}
