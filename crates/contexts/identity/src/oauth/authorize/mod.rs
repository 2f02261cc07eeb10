//! The authorization endpoint (RFC 6749 §3.1, OpenID Connect Core §3.1.2, SMART App Launch 2.2).
//!
//! A request is checked, stored, and then carried through sign-in, the choice of a patient and consent,
//! none of which can change what it asks for.

mod consent;
mod finish;
mod patient;
mod pending;
mod request;

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use maud::html;
use mt_crypto::TenantKeys;
use mt_kernel::{Actor, Instant};
use serde_json::json;

use super::Provider;
use super::client::{Authenticating, SharedClient, authenticate};
use super::error::{Code, OAuthError, no_store};
use super::events::client_actor;
use super::params::{Asked, Params};
use super::people::SignedIn;
use super::place::{At, Own};
use super::token;
use crate::people::pages::Page;
use pending::Pending;
use request::{Refusal, Request};

/// A request on its way through the steps.
struct Journey<'a> {
    provider: &'a Provider,
    at: &'a At,
    keys: TenantKeys,
    now: Instant,
    /// Opaque name of the stored request.
    handle: String,
    request: Request,
    client: SharedClient,
}

/// `GET` and `POST /oauth2/authorize`
pub(super) async fn endpoint(
    State(provider): State<Arc<Provider>>,
    Own(at): Own,
    headers: HeaderMap,
    Asked(params): Asked,
) -> Response {
    let (provider, at) = (&*provider, &at);
    let outcome = async {
        let params = params?;
        match params.get("pending") {
            Some(handle) => resume(provider, at, &headers, handle, params.get("q")).await,
            None => begin(provider, at, &headers, params.clone()).await,
        }
    };
    outcome
        .await
        .unwrap_or_else(|refusal| refused(provider, at, refusal))
}

/// Errors go to the client only once the client and its redirect URI are known to belong together.
fn refused(provider: &Provider, at: &At, refusal: Refusal) -> Response {
    match refusal {
        Refusal::Page(error) => {
            provider.note_refusal(at, Actor::system("authorization endpoint"), &error);
            error_page(at, &error)
        }
        Refusal::Redirect(to, error) => {
            provider.note_refusal(at, Actor::system("authorization endpoint"), &error);
            finish::redirect_error(at, &to, &error)
        }
    }
}

/// A page that says what is wrong with a request that cannot be answered to its client.
pub(super) fn error_page(at: &At, error: &OAuthError) -> Response {
    let body = html! {
        h1 { "The application made a request that cannot be answered" }
        p { (error.description) }
        p { code { (error.code.word()) } }
    };
    Page::new("Request refused", at.name.as_str(), body)
        .status(StatusCode::BAD_REQUEST)
        .into_response()
}

async fn begin(
    provider: &Provider,
    at: &At,
    headers: &HeaderMap,
    params: Params,
) -> Result<Response, Refusal> {
    let keys = provider.identity.tenants.keys(at.tenant).await?;
    let now = provider.identity.clock.now();
    let (client, request) = request::read(provider, at, &keys, params, now).await?;
    let pending = Pending {
        database: &provider.identity.database,
        keys: &keys,
    };
    let handle = pending.store(&request, pending::WAITS, now).await?;
    let journey = Journey {
        provider,
        at,
        keys,
        now,
        handle,
        request,
        client,
    };
    journey.go_on(headers, None).await
}

async fn resume(
    provider: &Provider,
    at: &At,
    headers: &HeaderMap,
    handle: &str,
    search: Option<&str>,
) -> Result<Response, Refusal> {
    let journey = Journey::resumed(provider, at, handle).await?;
    journey.go_on(headers, search).await
}

impl<'a> Journey<'a> {
    async fn resumed(provider: &'a Provider, at: &'a At, handle: &str) -> Result<Self, Refusal> {
        let keys = provider.identity.tenants.keys(at.tenant).await?;
        let now = provider.identity.clock.now();
        let pending = Pending {
            database: &provider.identity.database,
            keys: &keys,
        };
        let gone = || Refusal::Page(OAuthError::request("the request has expired; start again"));
        let request = pending.find(handle, now).await?.ok_or_else(gone)?;
        let client = provider.clients.find(at.tenant, &request.client).await?;
        Ok(Self {
            client: client.ok_or_else(gone)?,
            handle: handle.to_owned(),
            provider,
            at,
            keys,
            now,
            request,
        })
    }

    fn pending(&self) -> Pending<'_> {
        Pending {
            database: &self.provider.identity.database,
            keys: &self.keys,
        }
    }

    fn refuse(&self, code: Code, description: &'static str) -> Refusal {
        self.request.refuse(OAuthError::new(code, description))
    }

    /// The next step: sign in, choose a patient, consent, or the answer.
    async fn go_on(
        mut self,
        headers: &HeaderMap,
        search: Option<&str>,
    ) -> Result<Response, Refusal> {
        let people = &self.provider.people;
        let who = people.signed_in(self.at.tenant, headers).await?;
        let Some(who) = who.as_ref().filter(|who| self.is_enough(who)).cloned() else {
            if self.request.asks("none") {
                let text = "nobody is signed in, or not freshly enough";
                return Err(self.refuse(Code::LoginRequired, text));
            }
            let known = who.is_some_and(|who| self.is_right(&who));
            let page = if known { "step-up" } else { "sign-in" };
            return Ok(finish::to_page(self.at, &self.handle, page));
        };
        if let Some(page) = self.choose_patient(&who, search).await? {
            return Ok(page);
        }
        if self.needs_consent(&who).await? {
            if self.request.asks("none") {
                return Err(self.refuse(Code::ConsentRequired, "the person has not consented yet"));
            }
            return Ok(self.consent_page(&who)?);
        }
        let scope = self.request.scope.clone();
        self.finish(&who, scope).await
    }

    /// Whether the session is of the right person, fresh and strong enough for the request.
    fn is_enough(&self, who: &SignedIn) -> bool {
        let request = &self.request;
        let age = self.now.unix_seconds() - who.auth_time;
        let since_asked = who.auth_time >= request.asked_at;
        let fresh = !request.asks("login") || since_asked;
        // Signing in again for this very request is as fresh as it gets.
        let recent = request
            .max_age
            .is_none_or(|most| age <= most || since_asked);
        let strength = |acr: &str| match acr {
            "step-up" => 3,
            "mfa" => 2,
            _ => 1,
        };
        let strong = request
            .acr
            .as_deref()
            .is_none_or(|wanted| strength(&who.acr) >= strength(wanted));
        fresh && recent && strong && self.is_right(who)
    }

    /// Whether the person is the one whom the request names, if it names one.
    fn is_right(&self, who: &SignedIn) -> bool {
        let account = who.person.account.to_string();
        let subject = self.request.subject.as_ref();
        subject.is_none_or(|subject| *subject == account)
    }
}

/// `POST /oauth2/consent`: a patient was chosen, or consent given or refused.
pub(super) async fn consent(
    State(provider): State<Arc<Provider>>,
    Own(at): Own,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let params = Params::from_body(&headers, body).await;
    let outcome = async { consent::take(&provider, &at, &headers, &params?).await };
    outcome
        .await
        .unwrap_or_else(|refusal| refused(&provider, &at, refusal))
}

/// `POST /oauth2/par` (RFC 9126)
pub(super) async fn push(
    State(provider): State<Arc<Provider>>,
    Own(at): Own,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, OAuthError> {
    let mut params = Params::from_body(&headers, body).await?;
    let request = Authenticating {
        provider: &provider,
        at: &at,
        headers: &headers,
        params: &params,
    };
    let client = authenticate(&request).await?;
    token::throttle(&provider, &at, &client)?;
    if params.get("request_uri").is_some() {
        return Err(OAuthError::request("request_uri cannot be pushed"));
    }
    let keys = provider.identity.tenants.keys(at.tenant).await?;
    let proved = token::proof(&provider, &at, &keys, &headers).await?;
    params.set_missing("client_id", &client.id.to_string());
    let now = provider.identity.clock.now();
    let read = request::read_pushed(&provider, &at, &keys, params, proved, now).await;
    let request = read.map_err(|refusal| {
        let error = refusal.into_error();
        provider.note_refusal(&at, client_actor(&client), &error);
        error
    })?;
    let pending = Pending {
        database: &provider.identity.database,
        keys: &keys,
    };
    let handle = pending.store(&request, pending::PUSHED_LIVES, now).await?;
    let answer = json!({
        "request_uri": format!("{}{handle}", pending::URN),
        "expires_in": pending::PUSHED_LIVES,
    });
    let mut response = (StatusCode::CREATED, Json(answer)).into_response();
    no_store(response.headers_mut());
    Ok(response)
}
