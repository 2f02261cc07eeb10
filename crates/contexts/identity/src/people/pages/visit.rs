//! One request for a page: of which tenant, from where, with which cookies.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use mt_http::PeerAddress;
use mt_kernel::{TenantId, TenantName};
use mt_store::TenantState;

use super::Page;
use crate::IdentityError;
use crate::people::sessions::{Session, Touch, Whereabouts, csrf_of};
use crate::people::{People, SignInRules, Source};

/// A request for a page of a tenant.
pub(crate) struct Visit {
    pub(crate) people: Arc<People>,
    pub(crate) tenant: TenantId,
    pub(crate) organisation: TenantName,
    pub(crate) headers: HeaderMap,
    /// The rules of signing in here.
    pub(crate) rules: SignInRules,
    address: Option<IpAddr>,
}

/// Why a page is not shown.
pub(crate) enum Refusal {
    /// The service refuses.
    Error(IdentityError),
    /// There is no such page.
    Nowhere,
    /// The form does not come from our page.
    Foreign,
    /// Somebody has to sign in first; then they come back to this path.
    SignIn(String),
}

impl From<IdentityError> for Refusal {
    fn from(error: IdentityError) -> Self {
        Self::Error(error)
    }
}

/// What a handler of a page answers.
pub(crate) type Answer = Result<Response, Refusal>;

impl FromRequestParts<Arc<People>> for Visit {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, people: &Arc<People>) -> Result<Self, Refusal> {
        let params = RawPathParams::from_request_parts(parts, people).await;
        let params = params.map_err(|_| Refusal::Nowhere)?;
        let name = params.iter().find(|(key, _)| *key == "tenant");
        let name = name.and_then(|(_, value)| TenantName::parse(value).ok());
        let name = name.ok_or(Refusal::Nowhere)?;
        let info = people
            .tenants
            .find(&name)
            .await
            .map_err(IdentityError::from)?;
        let info = info.filter(|info| info.state == TenantState::Active);
        let info = info.ok_or(Refusal::Nowhere)?;
        let rules = people.rules(info.id).await?;
        Ok(Self {
            rules,
            people: Arc::clone(people),
            tenant: info.id,
            organisation: info.name,
            headers: parts.headers.clone(),
            address: parts
                .extensions
                .get::<PeerAddress>()
                .map(|peer| peer.0.ip()),
        })
    }
}

impl Visit {
    /// A path of the tenant's pages.
    pub(crate) fn path(&self, below: &str) -> String {
        format!("/t/{}/{below}", self.organisation)
    }

    pub(crate) fn page(&self, title: &str, body: Markup) -> Page {
        Page::new(title, self.organisation.as_str(), body)
    }

    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        self.people.sessions.cookies().get(&self.headers, name)
    }

    pub(crate) fn source(&self) -> Source {
        let device = self.cookie("device").filter(|value| value.len() == 43);
        Source {
            address: self.address,
            device: device.map(str::to_owned),
        }
    }

    pub(crate) fn whereabouts(&self) -> Whereabouts {
        let agent = self.headers.get(header::USER_AGENT);
        let agent = agent
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        Whereabouts {
            browser: agent.chars().take(200).collect(),
            address: self
                .address
                .map(|address| address.to_string())
                .unwrap_or_default(),
        }
    }

    /// The session of this tenant at the browser.
    pub(crate) async fn session(&self) -> Result<Option<Session>, Refusal> {
        let found = self
            .people
            .sessions
            .find(&self.headers, Touch::Person)
            .await?;
        Ok(found.filter(|session| session.tenant == self.tenant))
    }

    /// The same; without one the person is asked to sign in, to come back to `below`.
    pub(crate) async fn signed_in(&self, below: &str) -> Result<Session, Refusal> {
        let session = self.session().await?;
        session.ok_or_else(|| {
            let path = self.path(below);
            let back = url::form_urlencoded::byte_serialize(path.as_bytes());
            let back: String = back.collect();
            Refusal::SignIn(format!("{}?return={back}", self.path("sign-in")))
        })
    }

    /// A page whose forms may talk to an authenticator.
    pub(crate) fn page_with_passkeys(&self, title: &str, body: Markup) -> Result<Page, Refusal> {
        let page = self.page(title, body);
        if !self.rules.passkeys {
            return Ok(page);
        }
        let nonce = mt_crypto::random_token(16).map_err(IdentityError::from)?;
        Ok(page.with_script(nonce, self.path("passkey.js")))
    }

    /// The token that forms before a session repeat, and the cookie that it follows from. A browser
    /// without the cookie gets one.
    pub(crate) fn form_token(&self) -> Result<(String, Option<HeaderValue>), Refusal> {
        if let Some(known) = self.cookie("form").filter(|value| value.len() == 43) {
            return Ok((csrf_of(known).expose().clone(), None));
        }
        let secret = mt_crypto::random_token(32).map_err(IdentityError::from)?;
        let cookie = self.people.sessions.cookies().set("form", &secret, None);
        Ok((csrf_of(&secret).expose().clone(), cookie))
    }

    /// Sends who did not prove moments ago who they are, by all factors that they have, to do so and come
    /// back to the account.
    pub(crate) async fn proved_lately(&self, session: &Session) -> Result<(), Refusal> {
        if self.people.proved_lately(session).await? {
            return Ok(());
        }
        let (step_up, account) = (self.path("step-up"), self.path("account"));
        Err(Refusal::SignIn(format!("{step_up}?return={account}")))
    }

    /// Refuses a form that was not sent by a page that this browser got from us.
    pub(crate) fn check_form(&self, token: &str) -> Result<(), Refusal> {
        let known = self.cookie("form").ok_or(Refusal::Foreign)?;
        let expected = csrf_of(known);
        if self.is_cross_site()
            || !mt_crypto::constant_time_eq(expected.expose().as_bytes(), token.as_bytes())
        {
            return Err(Refusal::Foreign);
        }
        Ok(())
    }

    /// The same for forms of a session.
    pub(crate) fn check_session_form(&self, session: &Session, token: &str) -> Result<(), Refusal> {
        if self.is_cross_site() || !session.is_own_form(token) {
            return Err(Refusal::Foreign);
        }
        Ok(())
    }

    fn is_cross_site(&self) -> bool {
        let text = |name: HeaderName| self.headers.get(name).and_then(|value| value.to_str().ok());
        let fetched = text(HeaderName::from_static("sec-fetch-site"));
        if fetched.is_some_and(|site| site != "same-origin" && site != "none") {
            return true;
        }
        let (origin, host) = (text(header::ORIGIN), text(header::HOST));
        let origin = origin.and_then(|origin| origin.split_once("://").map(|(_, rest)| rest));
        matches!((origin, host), (Some(origin), Some(host)) if origin != host)
    }
}

/// A path of ours that a person goes on to; anything else would be an open redirect.
pub(crate) fn local_path(given: Option<&str>) -> Option<String> {
    let path = given?;
    let rest = path.strip_prefix('/')?;
    let plain = !rest.starts_with('/')
        && path.len() <= 4_096
        && path
            .bytes()
            .all(|byte| (0x21..0x7f).contains(&byte) && byte != b'\\');
    plain.then(|| path.to_owned())
}

/// 303 to a path of ours.
pub(crate) fn see(path: &str) -> Response {
    Redirect::to(path).into_response()
}

/// Adds cookies to an answer.
pub(crate) fn with_cookies(
    mut response: Response,
    cookies: impl IntoIterator<Item = HeaderValue>,
) -> Response {
    for cookie in cookies {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let plain = |title: &str, text: &str, status| {
            let body = html! { h1 { (title) } p { (text) } };
            Page::new(title, "", body).status(status)
        };
        match self {
            Self::SignIn(path) => see(&path),
            Self::Nowhere => {
                let text = "There is no such page, or it has expired.";
                plain("Not found", text, StatusCode::NOT_FOUND).into_response()
            }
            Self::Foreign => {
                let text = "The form has expired or came from elsewhere. Go back, load the page again and repeat.";
                plain("Please try again", text, StatusCode::FORBIDDEN).into_response()
            }
            Self::Error(IdentityError::Overloaded) => {
                let text =
                    "Many people are signing in right now. Wait a few seconds and try again.";
                plain("One moment", text, StatusCode::SERVICE_UNAVAILABLE)
                    .header(header::RETRY_AFTER, HeaderValue::from_static("5"))
                    .into_response()
            }
            Self::Error(error) => {
                let status = error.kind().status();
                tracing::warn!(%error, status, "a page cannot be shown");
                let status =
                    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                let text = "This did not work. Nothing was changed. Try again in a moment.";
                plain("Something went wrong", text, status).into_response()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_goes_on_to_our_own_paths_only() {
        for good in [
            "/",
            "/t/demo/account",
            "/t/demo/oauth2/authorize?x=https://a.example",
        ] {
            assert_eq!(local_path(Some(good)).as_deref(), Some(good));
        }
        for bad in [
            "",
            "t/demo",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/a\r\nSet-Cookie: x",
            "/a b",
            "/\t/evil.example",
        ] {
            assert_eq!(local_path(Some(bad)), None, "{bad}");
        }
    }
}
