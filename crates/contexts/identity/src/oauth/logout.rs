//! The end of a session: asked for by a client (OpenID Connect RP-Initiated Logout), told to all that had
//! tokens of it (OpenID Connect Back-Channel Logout).

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use maud::html;
use mt_audit::EventCode;
use mt_crypto::{Algorithm, Purpose};
use mt_kernel::TenantId;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::Provider;
use super::authorize::error_page;
use super::error::{OAuthError, no_store};
use super::events::person_actor;
use super::family::{self, Which};
use super::jose::Jws;
use super::params::{Asked, Params};
use super::people::SignedIn;
use super::place::{At, Own};
use crate::keys::{self, SigningAlgorithm};
use crate::people::pages::Page;

/// A logout token is good for so long, seconds.
const LOGOUT_TOKEN_LIVES: i64 = 120;
/// What the token of the confirmation form is bound to besides the tenant.
const FORM_PLACE: &[u8] = b"logout-form";
/// Pauses before a client is told again.
const AGAIN_AFTER: [Duration; 2] = [Duration::from_secs(2), Duration::from_secs(15)];

/// What an ID token of ours says of its holder.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Hint {
    iss: String,
    pub(super) sub: String,
    aud: String,
    #[serde(default)]
    sid: Option<String>,
}

/// Reads an `id_token_hint`. An expired one still names its person (OpenID Connect RP-Initiated Logout §2).
pub(super) async fn hinted(provider: &Provider, at: &At, text: &str) -> Result<Hint, OAuthError> {
    let bad = || OAuthError::request("id_token_hint is no ID token of this issuer");
    let jws = Jws::parse(text).ok_or_else(bad)?;
    if jws.header.typ.as_deref() != Some("JWT") {
        return Err(bad());
    }
    let published = keys::published(&provider.identity.database, at.tenant).await?;
    let key = published
        .iter()
        .find(|key| Some(key.kid.as_str()) == jws.header.kid.as_deref())
        .ok_or_else(bad)?;
    let algorithm = match key.algorithm {
        SigningAlgorithm::Es256 => Algorithm::Es256,
        SigningAlgorithm::Rs256 => Algorithm::Rs256,
    };
    jws.algorithm(&[algorithm]).ok_or_else(bad)?;
    let hint: Hint = jws.verified(algorithm, &key.key).ok_or_else(bad)?;
    if hint.iss == at.issuer {
        Ok(hint)
    } else {
        Err(bad())
    }
}

/// `GET` and `POST /oauth2/logout`
pub(super) async fn endpoint(
    State(provider): State<Arc<Provider>>,
    Own(at): Own,
    headers: HeaderMap,
    Asked(params): Asked,
) -> Response {
    let outcome = async { answer(&provider, &at, &headers, &params?).await };
    outcome
        .await
        .unwrap_or_else(|error| error_page(&at, &error))
}

async fn answer(
    provider: &Arc<Provider>,
    at: &At,
    headers: &HeaderMap,
    params: &Params,
) -> Result<Response, OAuthError> {
    let hint = match params.get("id_token_hint") {
        Some(text) => Some(hinted(provider, at, text).await?),
        None => None,
    };
    let named = params.get("client_id");
    if let (Some(hint), Some(named)) = (&hint, named)
        && hint.aud != named
    {
        return Err(OAuthError::request("client_id is not that of the ID token"));
    }
    let back = way_back(provider, at, hint.as_ref(), named, params).await?;
    let who = provider.people.signed_in(at.tenant, headers).await?;
    let Some(who) = who else {
        return Ok(done(at, back.as_deref()));
    };
    let account = who.person.account.to_string();
    let own = hint.as_ref().is_some_and(|hint| {
        let session = who.session.to_string();
        hint.sub == account && hint.sid.as_ref().is_none_or(|sid| *sid == session)
    });
    // Without an ID token any page could sign the person out, so the person is asked.
    if !own && !is_own_form(provider, at, &who, params).await? {
        return confirmation(provider, at, &who, params).await;
    }
    let people = &provider.people;
    people
        .sign_out(at.tenant, who.person.account, who.session)
        .await?;
    provider.note(
        at,
        person_actor(&account, None),
        EventCode::Logout,
        "logout",
    )?;
    // At once; the clients are told with all others whose session has ended.
    let session = Which::Session(who.session);
    provider.end_family(at, session, "logout").await?;
    Ok(done(at, back.as_deref()))
}

/// Where the browser goes afterwards: only to what the client has registered, exactly.
async fn way_back(
    provider: &Provider,
    at: &At,
    hint: Option<&Hint>,
    named: Option<&str>,
    params: &Params,
) -> Result<Option<String>, OAuthError> {
    let Some(uri) = params.get("post_logout_redirect_uri") else {
        return Ok(None);
    };
    let id = hint.map(|hint| hint.aud.as_str()).or(named);
    let id = id.ok_or_else(|| OAuthError::request("id_token_hint or client_id is missing"))?;
    let client = provider.clients.find(at.tenant, id).await?;
    let registered = client.is_some_and(|client| {
        let uris = &client.metadata.post_logout_redirect_uris;
        uris.iter().any(|known| known == uri)
    });
    let refused = || OAuthError::request("post_logout_redirect_uri is not registered");
    let mut url = url::Url::parse(uri).map_err(|_| refused())?;
    if !registered {
        return Err(refused());
    }
    if let Some(state) = params.get("state") {
        url.query_pairs_mut().append_pair("state", state);
    }
    Ok(Some(url.into()))
}

fn done(at: &At, back: Option<&str>) -> Response {
    let Some(location) = back.and_then(|url| HeaderValue::try_from(url).ok()) else {
        let body = html! {
            h1 { "You are signed out" }
            p { "You may close this window." }
        };
        return Page::new("Signed out", at.name.as_str(), body).into_response();
    };
    let mut response = StatusCode::SEE_OTHER.into_response();
    no_store(response.headers_mut());
    response.headers_mut().insert(header::LOCATION, location);
    response
}

async fn confirmation(
    provider: &Provider,
    at: &At,
    who: &SignedIn,
    params: &Params,
) -> Result<Response, OAuthError> {
    let keys = provider.identity.tenants.keys(at.tenant).await?;
    let content = who.session.as_bytes();
    let token = mt_crypto::seal(&keys, Purpose::Cursor, FORM_PLACE, content)?;
    let token = URL_SAFE_NO_PAD.encode(token);
    let kept = [
        "client_id",
        "post_logout_redirect_uri",
        "state",
        "id_token_hint",
    ];
    let body = html! {
        h1 { "Sign out?" }
        form method="post" action=(format!("/t/{}/oauth2/logout", at.name)) {
            input type="hidden" name="token" value=(token);
            @for name in kept {
                @if let Some(value) = params.get(name) {
                    input type="hidden" name=(name) value=(value);
                }
            }
            button { "Sign out" }
        }
    };
    let page = Page::new("Sign out", at.name.as_str(), body);
    let back = params.get("post_logout_redirect_uri");
    Ok(page
        .forms_may_lead_to(back.unwrap_or_default())
        .into_response())
}

async fn is_own_form(
    provider: &Provider,
    at: &At,
    who: &SignedIn,
    params: &Params,
) -> Result<bool, OAuthError> {
    let Some(token) = params.get("token") else {
        return Ok(false);
    };
    let keys = provider.identity.tenants.keys(at.tenant).await?;
    let opened = URL_SAFE_NO_PAD
        .decode(token)
        .ok()
        .and_then(|sealed| mt_crypto::open(&keys, Purpose::Cursor, FORM_PLACE, &sealed).ok());
    Ok(opened.is_some_and(|content| mt_crypto::constant_time_eq(&content, who.session.as_bytes())))
}

impl Provider {
    /// Ends the tokens of a session that has ended, for whatever reason, and tells its clients. Tokens
    /// with offline access live on: that is what was consented to.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(super) async fn session_ended(
        self: &Arc<Self>,
        tenant: TenantId,
        session: Uuid,
    ) -> Result<(), OAuthError> {
        let at = self.at(tenant).await?;
        let told = family::clients_of(&self.identity.database, tenant, session).await?;
        self.end_family(&at, Which::Session(session), "session ended")
            .await?;
        for (client, account) in told {
            let provider = Arc::clone(self);
            let at = at.clone();
            tokio::spawn(async move { provider.tell(&at, client, account, session).await });
        }
        Ok(())
    }

    /// Ends every token of an account, as when it is locked.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(super) async fn account_ended(
        &self,
        tenant: TenantId,
        account: Uuid,
    ) -> Result<(), OAuthError> {
        let at = self.at(tenant).await?;
        self.end_family(&at, Which::Account(account), "account ended")
            .await
    }

    /// Tells one client, a few times if it must be.
    async fn tell(&self, at: &At, client: Uuid, account: Uuid, session: Uuid) {
        let mut pauses = AGAIN_AFTER.into_iter();
        loop {
            match self.tell_once(at, client, account, session).await {
                Ok(()) => return,
                Err(error) => tracing::info!(%client, %error, "a client is not told of a logout"),
            }
            match pauses.next() {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return,
            }
        }
    }

    async fn tell_once(
        &self,
        at: &At,
        client: Uuid,
        account: Uuid,
        session: Uuid,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let client = self.clients.find(at.tenant, &client.to_string()).await?;
        let Some(client) = client else {
            return Ok(());
        };
        let Some(uri) = &client.metadata.backchannel_logout_uri else {
            return Ok(());
        };
        let now = self.identity.clock.now().unix_seconds();
        let claims = json!({
            "iss": at.issuer,
            "sub": account.to_string(),
            "aud": client.id.to_string(),
            "iat": now,
            "exp": now + LOGOUT_TOKEN_LIVES,
            "jti": Uuid::now_v7().to_string(),
            "sid": session.to_string(),
            "events": { "http://schemas.openid.net/event/backchannel-logout": {} },
        });
        let algorithm = SigningAlgorithm::from_name(&client.metadata.id_token_signed_response_alg);
        let algorithm = algorithm.unwrap_or(SigningAlgorithm::Rs256);
        let signer = self.identity.signer(at.tenant, algorithm).await?;
        let token = signer.sign("logout+jwt", &claims)?;
        let form = format!("logout_token={token}");
        Ok(self.identity.externals.outbound.post(uri, form).await?)
    }
}
