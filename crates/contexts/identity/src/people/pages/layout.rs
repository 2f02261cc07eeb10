//! The frame of every page that the server renders: look, headers, and no script.
//!
//! The pages work without a script; those that can talk to an authenticator load one, allowed by a nonce.

use std::sync::LazyLock;

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};

const STYLE: &str = include_str!("style.css");

/// The content security policy names the style sheet by its hash.
static STYLE_HASH: LazyLock<String> =
    LazyLock::new(|| STANDARD.encode(mt_crypto::sha256(STYLE.as_bytes())));

/// A page: its title, what stands in it, and how it is answered.
#[derive(Debug)]
pub struct Page {
    title: String,
    organisation: String,
    body: Markup,
    status: StatusCode,
    headers: HeaderMap,
    script: Option<(String, String)>,
    form_targets: Vec<String>,
    next: Option<String>,
}

impl Page {
    /// A page of `organisation`, the name of the tenant as people know it.
    #[must_use]
    pub fn new(title: &str, organisation: &str, body: Markup) -> Self {
        Self {
            title: title.to_owned(),
            organisation: organisation.to_owned(),
            body,
            status: StatusCode::OK,
            headers: HeaderMap::new(),
            script: None,
            form_targets: Vec::new(),
            next: None,
        }
    }

    /// Answers with this status.
    #[must_use]
    pub const fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// Adds a header, such as a cookie.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.append(name, value);
        self
    }

    /// Lets the forms of the page lead, by redirects, to another origin: browsers apply
    /// `form-action` to the whole chain. For the consent page, with the client's redirect URI.
    #[must_use]
    pub fn forms_may_lead_to(mut self, url: &str) -> Self {
        let parsed = url::Url::parse(url).ok();
        let source = parsed.map(|url| match url.origin() {
            origin @ url::Origin::Tuple(..) => origin.ascii_serialization(),
            url::Origin::Opaque(_) => format!("{}:", url.scheme()),
        });
        self.form_targets.extend(source);
        self
    }

    /// Goes on to `path` by itself. Ends a chain of redirects that began with a form, so that what
    /// follows is free to lead elsewhere.
    #[must_use]
    pub fn going_on_to(mut self, path: &str) -> Self {
        self.next = Some(path.to_owned());
        self
    }

    /// Loads the script at `path` of ours, allowed by this nonce.
    #[must_use]
    pub fn with_script(mut self, nonce: String, path: String) -> Self {
        self.script = Some((nonce, path));
        self
    }

    fn policy(&self) -> String {
        let mut policy = format!(
            "default-src 'none'; style-src 'sha256-{}'; base-uri 'none'; frame-ancestors 'none'; \
             form-action 'self'",
            *STYLE_HASH
        );
        for target in &self.form_targets {
            policy.push(' ');
            policy.push_str(target);
        }
        if let Some((nonce, _)) = &self.script {
            policy.push_str(&format!("; script-src 'nonce-{nonce}'; connect-src 'self'"));
        }
        policy
    }

    fn render(&self) -> Markup {
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    meta name="robots" content="noindex";
                    @if let Some(next) = &self.next {
                        meta http-equiv="refresh" content=(format!("0; url={next}"));
                    }
                    title { (self.title) " · MediTrack" }
                    style { (PreEscaped(STYLE)) }
                }
                body {
                    header class="brand" {
                        svg viewBox="0 0 24 24" width="28" height="28" aria-hidden="true" focusable="false" {
                            rect width="24" height="24" rx="6" {}
                            path d="M4 13h4l2-6 4 10 2-4h4" {}
                        }
                        span class="product" { "MediTrack" }
                        span class="organisation" { (self.organisation) }
                    }
                    main { (self.body) }
                    footer { "Authorised users only. Access is recorded." }
                    @if let Some((nonce, path)) = &self.script {
                        script nonce=(nonce) src=(path) {}
                    }
                }
            }
        }
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let policy = HeaderValue::from_str(&self.policy());
        let mut response = (self.status, Html(self.render().into_string())).into_response();
        let headers = response.headers_mut();
        let fixed = [
            (header::CACHE_CONTROL, "no-store"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::X_FRAME_OPTIONS, "DENY"),
            (header::REFERRER_POLICY, "same-origin"),
        ];
        for (name, value) in fixed {
            headers.insert(name, HeaderValue::from_static(value));
        }
        let opener = HeaderName::from_static("cross-origin-opener-policy");
        headers.insert(opener, HeaderValue::from_static("same-origin"));
        if let Ok(policy) = policy {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        for (name, value) in &self.headers {
            headers.append(name, value.clone());
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(page: Page) -> String {
        let response = page.into_response();
        let policy = &response.headers()[header::CONTENT_SECURITY_POLICY];
        policy.to_str().unwrap().to_owned()
    }

    fn page() -> Page {
        Page::new("Title", "Clinic <b>", html! { p { "text & more" } })
    }

    #[test]
    fn a_page_runs_no_script_and_leads_nowhere_else() {
        let policy = policy(page());
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"));
        assert!(policy.ends_with("form-action 'self'"), "{policy}");
        assert!(!policy.contains("script-src") && !policy.contains("unsafe"));
    }

    #[test]
    fn forms_lead_only_to_the_origin_that_is_named() {
        let named = page().forms_may_lead_to("https://app.example.org:8443/cb?x=1; script-src *");
        assert!(policy(named).ends_with("form-action 'self' https://app.example.org:8443"));
        let native = page().forms_may_lead_to("com.example.app:/cb");
        assert!(policy(native).ends_with("form-action 'self' com.example.app:"));
        assert!(policy(page().forms_may_lead_to("no url")).ends_with("form-action 'self'"));
    }

    #[test]
    fn what_stands_in_a_page_is_escaped() {
        let text = page().render().into_string();
        assert!(text.contains("Clinic &lt;b&gt;") && text.contains("text &amp; more"));
        assert!(!text.contains("<script"));
    }
}
