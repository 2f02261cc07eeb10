//! What an authorization request may say.

use mt_crypto::TenantKeys;
use mt_kernel::Instant;
use serde::{Deserialize, Serialize};

use super::pending::{self, Pending};
use crate::oauth::client::{GrantType, SharedClient};
use crate::oauth::error::{Code, OAuthError};
use crate::oauth::launch::{self, Launch};
use crate::oauth::params::Params;
use crate::oauth::place::At;
use crate::oauth::{Provider, logout, scopes};

/// A request that was checked.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Request {
    pub(super) client: String,
    pub(super) redirect_uri: String,
    pub(super) state: Option<String>,
    /// What the client may be granted of what it asked for.
    pub(super) scope: String,
    pub(super) nonce: Option<String>,
    pub(super) code_challenge: String,
    pub(super) prompt: Vec<String>,
    pub(super) max_age: Option<i64>,
    pub(super) acr: Option<String>,
    /// The account that must be signed in.
    pub(super) subject: Option<String>,
    pub(super) launch: Option<Launch>,
    pub(super) patient: Option<String>,
    pub(super) jkt: Option<String>,
    pub(super) asked_at: i64,
}

/// Where an error is told.
#[derive(Debug)]
pub(super) enum Refusal {
    /// To the person: nobody knows whose the redirect URI is.
    Page(OAuthError),
    /// To the client.
    Redirect(Target, OAuthError),
}

/// A redirect URI that was checked.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) uri: String,
    pub(super) state: Option<String>,
}

impl Refusal {
    pub(super) fn into_error(self) -> OAuthError {
        match self {
            Self::Page(error) | Self::Redirect(_, error) => error,
        }
    }
}

impl<E: Into<OAuthError>> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self::Page(error.into())
    }
}

impl Request {
    /// Whether `prompt` names `word`.
    pub(super) fn asks(&self, word: &str) -> bool {
        self.prompt.iter().any(|one| one == word)
    }

    pub(super) fn target(&self) -> Target {
        Target {
            uri: self.redirect_uri.clone(),
            state: self.state.clone(),
        }
    }

    pub(super) fn refuse(&self, error: OAuthError) -> Refusal {
        Refusal::Redirect(self.target(), error)
    }
}

/// Reads a request from the browser: its own parameters, or those that the client has pushed.
pub(super) async fn read(
    provider: &Provider,
    at: &At,
    keys: &TenantKeys,
    params: Params,
    now: Instant,
) -> Result<(SharedClient, Request), Refusal> {
    let client = client_of(provider, at, &params).await?;
    let Some(uri) = params.get("request_uri") else {
        if client.metadata.require_pushed_authorization_requests {
            return Err(OAuthError::request("this client must push its requests").into());
        }
        let request = check(provider, at, keys, &client, &params, None, now).await?;
        return Ok((client, request));
    };
    let unknown = || {
        let text = "request_uri is not known or was used";
        Refusal::Page(OAuthError::new(Code::InvalidRequestUri, text))
    };
    let handle = uri.strip_prefix(pending::URN).ok_or_else(unknown)?;
    let pending = Pending {
        database: &provider.identity.database,
        keys,
    };
    // Taken out, so that it is good for one browser only.
    let request = pending.take(handle, now).await?.ok_or_else(unknown)?;
    if request.client != client.id.to_string() {
        return Err(unknown());
    }
    Ok((client, request))
}

/// Reads a request that a client pushes.
pub(super) async fn read_pushed(
    provider: &Provider,
    at: &At,
    keys: &TenantKeys,
    params: Params,
    proved: Option<String>,
    now: Instant,
) -> Result<Request, Refusal> {
    let client = client_of(provider, at, &params).await?;
    check(provider, at, keys, &client, &params, proved, now).await
}

async fn client_of(provider: &Provider, at: &At, params: &Params) -> Result<SharedClient, Refusal> {
    let id = params.need("client_id")?;
    let found = provider.clients.find(at.tenant, id).await?;
    found.ok_or_else(|| OAuthError::request("the client is not known").into())
}

async fn check(
    provider: &Provider,
    at: &At,
    keys: &TenantKeys,
    client: &SharedClient,
    params: &Params,
    proved: Option<String>,
    now: Instant,
) -> Result<Request, Refusal> {
    let redirect_uri = params.need("redirect_uri")?;
    if !client.redirects_to(redirect_uri) {
        return Err(OAuthError::request("redirect_uri is not registered for this client").into());
    }
    let target = Target {
        uri: redirect_uri.to_owned(),
        state: params.get("state").map(str::to_owned),
    };
    let refuse = |error: OAuthError| Refusal::Redirect(target.clone(), error);
    let scope = terms(provider, at, client, params).map_err(refuse)?;
    let jkt = bound_key(params, proved).map_err(refuse)?;
    let launch = launched(provider, at, keys, client, params, &scope, now).await;
    let launch = launch.map_err(refuse)?;
    let prompt: Vec<String> = params
        .get("prompt")
        .unwrap_or_default()
        .split_ascii_whitespace()
        .map(str::to_owned)
        .collect();
    if prompt.len() > 1 && prompt.iter().any(|word| word == "none") {
        return Err(refuse(OAuthError::request("prompt=none stands alone")));
    }
    let max_age = params.get("max_age").map(str::parse::<i64>).transpose();
    let max_age = max_age.ok().filter(|age| age.is_none_or(|age| age >= 0));
    let max_age = max_age.ok_or_else(|| refuse(OAuthError::request("max_age is no number")))?;
    let subject = match params.get("id_token_hint") {
        Some(hint) => Some(
            logout::hinted(provider, at, hint)
                .await
                .map_err(refuse)?
                .sub,
        ),
        None => None,
    };
    let owned = |name: &str| params.get(name).map(str::to_owned);
    Ok(Request {
        client: client.id.to_string(),
        redirect_uri: redirect_uri.to_owned(),
        state: owned("state"),
        scope,
        nonce: owned("nonce"),
        code_challenge: owned("code_challenge").unwrap_or_default(),
        prompt,
        max_age,
        acr: wanted_acr(params),
        subject,
        patient: launch.as_ref().and_then(|launch| launch.patient.clone()),
        launch,
        jkt,
        asked_at: now.unix_seconds(),
    })
}

/// The rules that hold for every request; the scopes that may be granted.
fn terms(
    provider: &Provider,
    at: &At,
    client: &SharedClient,
    params: &Params,
) -> Result<String, OAuthError> {
    if params.get("request").is_some() {
        let text = "request objects are not offered; push the request";
        return Err(OAuthError::new(Code::RequestNotSupported, text));
    }
    if params.need("response_type")? != "code" {
        let text = "only response_type=code is offered";
        return Err(OAuthError::new(Code::UnsupportedResponseType, text));
    }
    if !client.metadata.may_use(GrantType::AuthorizationCode) {
        let text = "the client is not registered for authorization_code";
        return Err(OAuthError::new(Code::UnauthorizedClient, text));
    }
    if params
        .get("response_mode")
        .is_some_and(|mode| mode != "query")
    {
        return Err(OAuthError::request("only response_mode=query is offered"));
    }
    if params.get("code_challenge_method") != Some("S256") {
        return Err(OAuthError::request("code_challenge_method must be S256"));
    }
    let challenge = params.need("code_challenge")?;
    let base64url = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if challenge.len() != 43 || !challenge.bytes().all(base64url) {
        return Err(OAuthError::request(
            "code_challenge must be a SHA-256 as base64url",
        ));
    }
    let scope = scopes::granted(params.need("scope")?, &client.metadata.scope)?;
    if scopes::has_system(&scope) {
        let text = "system scopes are for services";
        return Err(OAuthError::new(Code::InvalidScope, text));
    }
    audience(provider, at, params, &scope)?;
    Ok(scope)
}

/// `aud` of SMART, or `resource` of RFC 8707, must name our FHIR base.
fn audience(provider: &Provider, at: &At, params: &Params, scope: &str) -> Result<(), OAuthError> {
    let origin = &provider.identity.origin;
    let bases = [origin.fhir_base(), origin.tenant_fhir_base(&at.name)];
    let ours = |text: &str| bases.iter().any(|base| base == text.trim_end_matches('/'));
    let named = [params.get("aud"), params.get("resource")];
    if named.into_iter().flatten().any(|text| !ours(text)) {
        return Err(OAuthError::new(
            Code::InvalidTarget,
            "aud is not our FHIR base",
        ));
    }
    let records = scopes::is_clinical(scope) || scope.contains("launch");
    if records && named.into_iter().flatten().next().is_none() {
        return Err(OAuthError::request(
            "aud is missing: it names the FHIR base",
        ));
    }
    Ok(())
}

fn bound_key(params: &Params, proved: Option<String>) -> Result<Option<String>, OAuthError> {
    match (params.get("dpop_jkt"), proved) {
        (Some(named), Some(proved)) if named != proved => Err(OAuthError::new(
            Code::InvalidDpopProof,
            "dpop_jkt is not the key of the proof",
        )),
        (named, proved) => Ok(proved.or_else(|| named.map(str::to_owned))),
    }
}

async fn launched(
    provider: &Provider,
    at: &At,
    keys: &TenantKeys,
    client: &SharedClient,
    params: &Params,
    scope: &str,
    now: Instant,
) -> Result<Option<Launch>, OAuthError> {
    match (scopes::has(scope, "launch"), params.get("launch")) {
        (true, Some(token)) => launch::take(provider, at, keys, client.id, token, now)
            .await?
            .map(Some)
            .ok_or_else(|| OAuthError::request("launch is not known, used, or of another client")),
        (true, None) => Err(OAuthError::request(
            "the scope launch needs the parameter launch",
        )),
        (false, Some(_)) => Err(OAuthError::request(
            "the parameter launch needs the scope launch",
        )),
        (false, None) => Ok(None),
    }
}

/// The weakest of what is asked for that we know: any of them satisfies the client.
fn wanted_acr(params: &Params) -> Option<String> {
    let known = ["1fa", "mfa", "step-up"];
    let asked = params.get("acr_values")?.split_ascii_whitespace();
    asked
        .filter(|word| known.contains(word))
        .min_by_key(|word| known.iter().position(|one| one == word))
        .map(str::to_owned)
}
