//! What a client says of itself (RFC 7591 §2, OpenID Connect Registration §2), and what is refused.

use mt_access::{Role, Scopes};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::{Host, Url};

use crate::keys::SigningAlgorithm;
use crate::oauth::error::{Code, OAuthError};
use crate::oauth::jose;

/// How a client proves who it is at the token endpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthMethod {
    /// It cannot.
    None,
    /// Secret in the `Authorization` header.
    #[default]
    ClientSecretBasic,
    /// Secret in the body.
    ClientSecretPost,
    /// Signed assertion (RFC 7523).
    PrivateKeyJwt,
}

impl AuthMethod {
    /// Whether the client has a secret.
    #[must_use]
    pub const fn is_secret(self) -> bool {
        matches!(self, Self::ClientSecretBasic | Self::ClientSecretPost)
    }
}

/// Grant types that are offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    /// RFC 6749 §4.1
    AuthorizationCode,
    /// RFC 6749 §6
    RefreshToken,
    /// RFC 6749 §4.4
    ClientCredentials,
}

/// Metadata of a client. Members that are not known are ignored, as RFC 7591 wants it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClientMetadata {
    /// Where answers may go, exactly.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub redirect_uris: Vec<String>,
    /// Where a browser may go after logout, exactly.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub post_logout_redirect_uris: Vec<String>,
    /// How the client proves who it is.
    pub token_endpoint_auth_method: AuthMethod,
    /// What it may use.
    pub grant_types: Vec<GrantType>,
    /// `code`, or nothing.
    pub response_types: Vec<String>,
    /// Name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_name: Option<String>,
    /// Home page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_uri: Option<String>,
    /// Privacy policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_uri: Option<String>,
    /// Terms of service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tos_uri: Option<String>,
    /// E-mail addresses of those responsible.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<String>,
    /// What it may ask for, separated by spaces.
    pub scope: String,
    /// Its public keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks: Option<Value>,
    /// Where its public keys are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
    /// `web` or `native`
    pub application_type: String,
    /// `RS256` or `ES256`
    pub id_token_signed_response_alg: String,
    /// Where it is told of logouts (OpenID Connect Back-Channel Logout).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backchannel_logout_uri: Option<String>,
    /// Where the EHR launches it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initiate_login_uri: Option<String>,
    /// Whether it must push its requests (RFC 9126).
    pub require_pushed_authorization_requests: bool,
    /// Whether its tokens must be bound to a key (RFC 9449).
    pub dpop_bound_access_tokens: bool,
    /// Ours: roles that the client holds when it acts for itself. Only an administrator may set them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// Ours: whether people are not asked for consent. Only an administrator may set it.
    pub trusted: bool,
}

impl Default for ClientMetadata {
    fn default() -> Self {
        Self {
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            token_endpoint_auth_method: AuthMethod::default(),
            grant_types: vec![GrantType::AuthorizationCode],
            response_types: vec!["code".to_owned()],
            client_name: None,
            client_uri: None,
            policy_uri: None,
            tos_uri: None,
            contacts: Vec::new(),
            scope: String::new(),
            jwks: None,
            jwks_uri: None,
            application_type: "web".to_owned(),
            id_token_signed_response_alg: SigningAlgorithm::Rs256.name().to_owned(),
            backchannel_logout_uri: None,
            initiate_login_uri: None,
            require_pushed_authorization_requests: false,
            dpop_bound_access_tokens: false,
            roles: Vec::new(),
            trusted: false,
        }
    }
}

const LONGEST_URI: usize = 2_000;
const MOST_URIS: usize = 32;

impl ClientMetadata {
    /// Whether it runs on a person's device.
    #[must_use]
    pub fn is_native(&self) -> bool {
        self.application_type == "native"
    }

    /// Whether it may use a grant type.
    #[must_use]
    pub fn may_use(&self, grant: GrantType) -> bool {
        self.grant_types.contains(&grant)
    }

    /// Checks everything that a registration may say.
    ///
    /// # Errors
    /// `invalid_redirect_uri` or `invalid_client_metadata`.
    pub fn check(&self) -> Result<(), OAuthError> {
        let coded = self.may_use(GrantType::AuthorizationCode);
        if self.redirect_uris.len() > MOST_URIS || self.post_logout_redirect_uris.len() > MOST_URIS
        {
            return Err(refuse("there are too many redirect URIs"));
        }
        if coded == self.redirect_uris.is_empty() {
            return Err(redirect(
                "redirect_uris go with the grant authorization_code",
            ));
        }
        for uri in self
            .redirect_uris
            .iter()
            .chain(&self.post_logout_redirect_uris)
        {
            self.check_redirect(uri)?;
        }
        if coded != self.response_types.iter().any(|kind| kind == "code")
            || self.response_types.iter().any(|kind| kind != "code")
        {
            return Err(refuse("response_types must fit grant_types: code, or none"));
        }
        self.check_keys()?;
        if self.may_use(GrantType::ClientCredentials)
            && self.token_endpoint_auth_method == AuthMethod::None
        {
            return Err(refuse("a public client cannot use client_credentials"));
        }
        if SigningAlgorithm::from_name(&self.id_token_signed_response_alg).is_none() {
            return Err(refuse(
                "id_token_signed_response_alg must be RS256 or ES256",
            ));
        }
        if !matches!(self.application_type.as_str(), "web" | "native") {
            return Err(refuse("application_type must be web or native"));
        }
        let pages = [&self.client_uri, &self.policy_uri, &self.tos_uri];
        let called = [&self.backchannel_logout_uri, &self.initiate_login_uri];
        if pages
            .into_iter()
            .chain(called)
            .flatten()
            .any(|uri| !is_web_url(uri))
        {
            return Err(refuse("a URL must be https, or http on a loopback address"));
        }
        if self
            .client_name
            .as_deref()
            .is_some_and(|name| name.chars().count() > 100 || name.chars().any(char::is_control))
        {
            return Err(refuse("client_name is longer than 100 characters"));
        }
        if self
            .roles
            .iter()
            .any(|code| Role::from_code(code).is_none())
        {
            return Err(refuse("roles names a role that does not exist"));
        }
        Scopes::parse(&self.scope).map_err(|error| refuse(error.to_string()))?;
        Ok(())
    }

    fn check_keys(&self) -> Result<(), OAuthError> {
        if self.jwks.is_some() && self.jwks_uri.is_some() {
            return Err(refuse("jwks and jwks_uri exclude each other"));
        }
        if self.jwks_uri.as_deref().is_some_and(|uri| !is_web_url(uri)) {
            return Err(refuse(
                "jwks_uri must be https, or http on a loopback address",
            ));
        }
        if let Some(set) = &self.jwks {
            let keys = jose::key_set(set);
            let given = set
                .get("keys")
                .and_then(Value::as_array)
                .map_or(0, Vec::len);
            if keys.is_empty() || keys.len() != given || keys.iter().any(|key| key.kid.is_none()) {
                return Err(refuse("jwks must hold public keys, each with a kid"));
            }
        }
        if self.token_endpoint_auth_method == AuthMethod::PrivateKeyJwt
            && self.jwks.is_none()
            && self.jwks_uri.is_none()
        {
            return Err(refuse("private_key_jwt needs jwks or jwks_uri"));
        }
        Ok(())
    }

    /// RFC 9700 §2.1, RFC 8252 §7.
    fn check_redirect(&self, uri: &str) -> Result<(), OAuthError> {
        if uri.len() > LONGEST_URI || uri.contains('*') {
            return Err(redirect("a redirect URI is too long or a pattern"));
        }
        let parsed = Url::parse(uri).map_err(|_| redirect("a redirect URI is no absolute URI"))?;
        if parsed.fragment().is_some() {
            return Err(redirect("a redirect URI carries a fragment"));
        }
        let allowed = match parsed.scheme() {
            "https" => parsed.host().is_some(),
            "http" => is_loopback(&parsed),
            // A private-use scheme must be a reversed domain name, so that it is somebody's.
            scheme => self.is_native() && scheme.contains('.'),
        };
        if allowed && parsed.username().is_empty() && parsed.password().is_none() {
            return Ok(());
        }
        Err(redirect(
            "a redirect URI must be https, http on a loopback address, or a private-use scheme of a native app",
        ))
    }
}

fn refuse(description: impl Into<std::borrow::Cow<'static, str>>) -> OAuthError {
    OAuthError::new(Code::InvalidClientMetadata, description)
}

fn redirect(description: &'static str) -> OAuthError {
    OAuthError::new(Code::InvalidRedirectUri, description)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn is_web_url(text: &str) -> bool {
    let secure = |url: &Url| match url.scheme() {
        "https" => url.host().is_some(),
        "http" => is_loopback(url),
        _ => false,
    };
    text.len() <= LONGEST_URI && Url::parse(text).is_ok_and(|url| secure(&url))
}

/// Whether two loopback redirect URIs differ in their port only.
pub(super) fn same_but_loopback_port(known: &str, given: &str) -> bool {
    let without_port = |text: &str| {
        let mut url = Url::parse(text).ok()?;
        let literal = matches!(url.host(), Some(Host::Ipv4(_) | Host::Ipv6(_)));
        if url.scheme() != "http" || !literal || !is_loopback(&url) {
            return None;
        }
        url.set_port(None).ok()?;
        Some(url)
    };
    matches!((without_port(known), without_port(given)), (Some(one), Some(other)) if one == other)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn metadata(json: Value) -> ClientMetadata {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn good_registrations_pass() {
        for json in [
            json!({ "redirect_uris": ["https://app.example.org/cb"] }),
            json!({ "redirect_uris": ["http://127.0.0.1/cb"], "application_type": "native", "token_endpoint_auth_method": "none" }),
            json!({ "redirect_uris": ["org.example.app:/cb"], "application_type": "native" }),
            json!({ "grant_types": ["client_credentials"], "response_types": [], "scope": "system/*.rs" }),
        ] {
            assert_eq!(metadata(json.clone()).check(), Ok(()), "{json}");
        }
    }

    #[test]
    fn bad_registrations_are_refused() {
        for json in [
            json!({}),
            json!({ "redirect_uris": ["http://app.example.org/cb"] }),
            json!({ "redirect_uris": ["https://app.example.org/cb#x"] }),
            json!({ "redirect_uris": ["https://*.example.org/cb"] }),
            json!({ "redirect_uris": ["https://user:pw@example.org/cb"] }),
            json!({ "redirect_uris": ["javascript:alert(1)"], "application_type": "native" }),
            json!({ "redirect_uris": ["org.example.app:/cb"] }),
            json!({ "redirect_uris": ["https://a.example/cb"], "response_types": ["token"] }),
            json!({ "redirect_uris": ["https://a.example/cb"], "scope": "user/Nothing.rs" }),
            json!({ "redirect_uris": ["https://a.example/cb"], "roles": ["king"] }),
            json!({ "redirect_uris": ["https://a.example/cb"], "token_endpoint_auth_method": "private_key_jwt" }),
            json!({ "redirect_uris": ["https://a.example/cb"], "jwks": { "keys": [{ "kty": "oct", "k": "AA", "kid": "1" }] } }),
            json!({ "redirect_uris": ["https://a.example/cb"], "jwks_uri": "http://a.example/jwks" }),
            json!({ "grant_types": ["client_credentials"], "response_types": [], "token_endpoint_auth_method": "none" }),
        ] {
            assert!(metadata(json.clone()).check().is_err(), "{json}");
        }
    }

    #[test]
    fn only_the_port_of_a_loopback_literal_may_differ() {
        let same = same_but_loopback_port;
        assert!(same("http://127.0.0.1/cb", "http://127.0.0.1:53211/cb"));
        assert!(same("http://[::1]:1/cb", "http://[::1]:2/cb"));
        for (known, given) in [
            ("http://127.0.0.1/cb", "http://127.0.0.1:5/other"),
            ("http://127.0.0.1/cb", "http://127.0.0.2:5/cb"),
            ("http://127.0.0.1/cb", "http://127.0.0.1.example.org:5/cb"),
            ("http://localhost/cb", "http://localhost:5/cb"),
            ("https://a.example/cb", "https://a.example:444/cb"),
        ] {
            assert!(!same(known, given), "{given}");
        }
    }
}
