//! Consent, scope by scope, and the form that gives or refuses it.

use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use maud::html;
use mt_crypto::Purpose;

use super::Journey;
use super::request::Refusal;
use crate::IdentityError;
use crate::oauth::Provider;
use crate::oauth::error::{Code, OAuthError};
use crate::oauth::params::Params;
use crate::oauth::people::SignedIn;
use crate::oauth::place::At;
use crate::oauth::scopes;
use crate::people::pages::Page;

/// What the token of a form is bound to besides the tenant.
const FORM_PLACE: &[u8] = b"consent-form";

impl Journey<'_> {
    /// Whether the person must be asked. A public client is asked for each time, because anybody can
    /// pretend to be it (RFC 9700 §4.1, RFC 8252 §8.6).
    pub(super) async fn needs_consent(&self, who: &SignedIn) -> Result<bool, IdentityError> {
        if self.request.asks("consent") {
            return Ok(true);
        }
        if self.client.metadata.trusted {
            return Ok(false);
        }
        if !self.client.is_confidential() {
            return Ok(true);
        }
        let sql = "select scope from oauth.consent \
                   where tenant = $1 and account = $2 and client = $3";
        let (tenant, account) = (self.at.tenant, who.person.account);
        let database = &self.provider.identity.database;
        let params: [&(dyn tokio_postgres::types::ToSql + Sync); 3] =
            [&tenant.0, &account, &self.client.id];
        let rows = database.readers().query(tenant, sql, &params).await?;
        let Some(row) = rows.first() else {
            return Ok(true);
        };
        let known: &str = row.get(0);
        let mut asked = self.request.scope.split_ascii_whitespace();
        Ok(!asked.all(|word| scopes::has(known, word)))
    }

    async fn remember(&self, who: &SignedIn, scope: &str) -> Result<(), IdentityError> {
        let sql = "insert into oauth.consent (tenant, account, client, scope, at) \
                   values ($1, $2, $3, $4, $5) \
                   on conflict (tenant, account, client) do update set scope = $4, at = $5";
        let (tenant, account) = (self.at.tenant, who.person.account);
        let tx = self.provider.identity.database.tenant(tenant).await?;
        tx.execute(
            sql,
            &[&tenant.0, &account, &self.client.id, &scope, &self.now.0],
        )
        .await?;
        Ok(tx.commit().await?)
    }

    pub(super) fn consent_page(&self, who: &SignedIn) -> Result<Response, IdentityError> {
        let name = self.client_name();
        let metadata = &self.client.metadata;
        let policies = [
            (&metadata.policy_uri, "Privacy policy"),
            (&metadata.tos_uri, "Terms of service"),
        ];
        let token = self.form_token(who)?;
        let body = html! {
            h1 { "Allow " (name) " to see records?" }
            p { "You are signed in as " strong { (who.person.name.as_deref().unwrap_or("yourself")) } "." }
            @if let Some(patient) = &self.request.patient {
                p { "Patient in context: " code { (patient) } }
            }
            form method="post" action=(self.form_action()) {
                input type="hidden" name="pending" value=(self.handle);
                input type="hidden" name="token" value=(token);
                fieldset {
                    legend { "It asks for the following. Clear what you do not want to give." }
                    @for (at, word) in self.request.scope.split_ascii_whitespace().enumerate() {
                        label class="choice" {
                            input type="checkbox" name=(format!("grant_{at}")) value="1" checked;
                            " " (scopes::words(word)) " " code { (word) }
                        }
                    }
                }
                @for (uri, label) in policies {
                    @if let Some(uri) = uri {
                        p { a href=(uri) rel="noreferrer noopener" target="_blank" { (label) } }
                    }
                }
                button name="decision" value="allow" { "Allow" }
                button name="decision" value="deny" class="secondary" { "Do not allow" }
            }
        };
        let page = Page::new("Allow access", self.at.name.as_str(), body);
        Ok(page
            .forms_may_lead_to(&self.request.redirect_uri)
            .into_response())
    }

    pub(super) fn client_name(&self) -> String {
        let metadata = &self.client.metadata;
        let name = metadata.client_name.clone();
        name.unwrap_or_else(|| self.client.id.to_string())
    }

    /// Where the forms of a journey are sent.
    pub(super) fn form_action(&self) -> String {
        format!("/t/{}/oauth2/consent", self.at.name)
    }

    /// Ties a form to this request and this session.
    pub(super) fn form_token(&self, who: &SignedIn) -> Result<String, IdentityError> {
        let content = self.form_content(who);
        let token = mt_crypto::seal(&self.keys, Purpose::Cursor, FORM_PLACE, &content)?;
        Ok(URL_SAFE_NO_PAD.encode(token))
    }

    fn form_content(&self, who: &SignedIn) -> Vec<u8> {
        format!("{}|{}", self.handle, who.session).into_bytes()
    }

    /// Whether a form was made by us for this request and this session.
    fn is_own_form(&self, who: &SignedIn, token: &str) -> bool {
        let opened = || {
            let sealed = URL_SAFE_NO_PAD.decode(token).ok()?;
            mt_crypto::open(&self.keys, Purpose::Cursor, FORM_PLACE, &sealed).ok()
        };
        opened()
            .is_some_and(|content| mt_crypto::constant_time_eq(&content, &self.form_content(who)))
    }
}

/// Takes a form: a chosen patient, consent, or its refusal.
pub(super) async fn take(
    provider: &Provider,
    at: &At,
    headers: &HeaderMap,
    params: &Params,
) -> Result<Response, Refusal> {
    let mut journey = Journey::resumed(provider, at, params.need("pending")?).await?;
    let who = provider.people.signed_in(at.tenant, headers).await?;
    let who = who.filter(|who| journey.is_enough(who));
    let stale = || OAuthError::request("the form is not of this session; start again");
    let who = who.ok_or_else(stale)?;
    if !journey.is_own_form(&who, params.need("token")?) {
        return Err(stale().into());
    }
    if let Some(patient) = params.get("patient") {
        journey.take_patient(&who, patient).await?;
        return journey.go_on(headers, None).await;
    }
    if params.need("decision")? != "allow" {
        return Err(journey.refuse(Code::AccessDenied, "the person did not consent"));
    }
    if journey.choose_patient(&who, None).await?.is_some() {
        return Err(OAuthError::request("no patient was chosen").into());
    }
    let words: Vec<&str> = journey
        .request
        .scope
        .split_ascii_whitespace()
        .enumerate()
        .filter(|(at, _)| params.get(&format!("grant_{at}")).is_some())
        .map(|(_, word)| word)
        .collect();
    if words.is_empty() {
        return Err(journey.refuse(
            Code::AccessDenied,
            "the person did not consent to any scope",
        ));
    }
    let scope = words.join(" ");
    journey.remember(&who, &scope).await?;
    journey.finish(&who, scope).await
}
