//! The answer to the client: a code, or an error (RFC 6749 §4.1.2, RFC 9207).

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use url::Url;

use super::Journey;
use super::error_page;
use super::request::{Refusal, Target};
use crate::oauth::error::OAuthError;
use crate::oauth::events::person_actor;
use crate::oauth::family::{CodeTerms, Consented, Families};
use crate::oauth::people::SignedIn;
use crate::oauth::place::At;

impl Journey<'_> {
    /// Begins the family and sends the code to the client.
    pub(super) async fn finish(self, who: &SignedIn, scope: String) -> Result<Response, Refusal> {
        // Whoever comes second, by a double click or otherwise, finds the request gone.
        let request = self.pending().take(&self.handle, self.now).await?;
        let gone = || OAuthError::request("the request was answered already");
        let request = request.ok_or_else(gone)?;
        let consented = Consented {
            person: who.person.clone(),
            scope,
            patient: request.patient.clone(),
            encounter: request
                .launch
                .as_ref()
                .and_then(|launch| launch.encounter.clone()),
            intent: request
                .launch
                .as_ref()
                .and_then(|launch| launch.intent.clone()),
            nonce: request.nonce.clone(),
            auth_time: who.auth_time,
            acr: who.acr.clone(),
            amr: who.amr.clone(),
            jkt: None,
        };
        let terms = CodeTerms {
            redirect_uri: request.redirect_uri.clone(),
            code_challenge: request.code_challenge.clone(),
            jkt: request.jkt.clone(),
        };
        let families = Families {
            database: &self.provider.identity.database,
            keys: &self.keys,
        };
        let (client, session) = (self.client.id, who.session);
        let code = families
            .begin(client, session, &consented, &terms, self.now)
            .await?;
        let actor = person_actor(&who.person.account.to_string(), Some(&self.client));
        let reason = format!("consent to client {client}");
        self.provider
            .note(self.at, actor, mt_audit::EventCode::Token, &reason)?;
        Ok(redirect(self.at, &request.target(), &[("code", &code)]))
    }
}

/// Sends an error to the client.
pub(super) fn redirect_error(at: &At, target: &Target, error: &OAuthError) -> Response {
    let pairs = [
        ("error", error.code.word()),
        ("error_description", &*error.description),
    ];
    redirect(at, target, &pairs)
}

/// 303, so that a browser never repeats a form at the client (RFC 9700 §4.12).
fn redirect(at: &At, target: &Target, pairs: &[(&str, &str)]) -> Response {
    let Ok(mut url) = Url::parse(&target.uri) else {
        return error_page(at, &OAuthError::request("redirect_uri is no URI"));
    };
    let mut query = url.query_pairs_mut();
    query.extend_pairs(pairs);
    if let Some(state) = &target.state {
        query.append_pair("state", state);
    }
    query.append_pair("iss", &at.issuer);
    drop(query);
    see_other(at, url.as_str())
}

/// Sends the person to prove who they are (`page`), and back here afterwards.
pub(super) fn to_page(at: &At, handle: &str, page: &str) -> Response {
    // A path and no URL, so that the page can see that it leads back to this very origin.
    let back = format!("/t/{}/oauth2/authorize?pending={handle}", at.name);
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("return", &back);
    see_other(at, &format!("/t/{}/{page}?{}", at.name, query.finish()))
}

fn see_other(at: &At, location: &str) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    crate::oauth::error::no_store(response.headers_mut());
    match HeaderValue::try_from(location) {
        Ok(value) => {
            response.headers_mut().insert(header::LOCATION, value);
            let referrer = HeaderValue::from_static("no-referrer");
            response
                .headers_mut()
                .insert(header::REFERRER_POLICY, referrer);
            response
        }
        Err(_) => error_page(at, &OAuthError::request("redirect_uri is no URI")),
    }
}
