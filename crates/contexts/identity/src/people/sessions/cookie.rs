//! The session cookie: an opaque secret, and the tenant where its digest is looked up.

use axum::http::{HeaderMap, HeaderValue, header};
use mt_crypto::CryptoError;
use mt_kernel::{Secret, TenantId};

/// Names and attributes of the cookies of one installation.
#[derive(Clone, Copy, Debug)]
pub struct Cookies {
    /// Whether the installation is reached through TLS. Only an origin on the loopback is not.
    secure: bool,
}

/// What a session cookie says.
#[derive(Clone)]
pub(crate) struct Presented {
    pub(crate) tenant: TenantId,
    pub(crate) secret: Secret<String>,
}

/// Bytes of entropy of a secret.
const ENTROPY: usize = 32;
/// Length of a secret as base64url.
const SECRET_LENGTH: usize = 43;

impl Cookies {
    /// Cookies of the installation known as `origin`: with `Secure` and the prefix `__Host-`, except
    /// where the origin is plain HTTP on the loopback.
    #[must_use]
    pub fn of(origin: &str) -> Self {
        let loopback = ["http://localhost", "http://127.0.0.1", "http://[::1]"];
        let plain = loopback.iter().any(|start| {
            let rest = origin.strip_prefix(start);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']))
        });
        Self { secure: !plain }
    }

    /// The full name of a cookie.
    #[must_use]
    pub fn name(self, name: &str) -> String {
        let prefix = if self.secure { "__Host-" } else { "" };
        format!("{prefix}mt-{name}")
    }

    /// The `Set-Cookie` of a cookie for the whole origin; without `max_age` it ends with the browser.
    #[must_use]
    pub fn set(self, name: &str, value: &str, max_age: Option<i64>) -> Option<HeaderValue> {
        let secure = if self.secure { "; Secure" } else { "" };
        let age = max_age.map_or_else(String::new, |seconds| format!("; Max-Age={seconds}"));
        let name = self.name(name);
        let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{age}");
        HeaderValue::from_str(&text).ok()
    }

    /// The value of a cookie of the request. When a name comes twice, nothing is believed.
    #[must_use]
    pub fn get<'a>(self, headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
        let name = self.name(name);
        let all = headers.get_all(header::COOKIE).into_iter();
        let pairs = all
            .filter_map(|value| value.to_str().ok())
            .flat_map(|text| text.split(';'))
            .filter_map(|pair| pair.trim().split_once('='));
        let mut values = pairs
            .filter(|(given, _)| *given == name)
            .map(|(_, value)| value);
        let first = values.next();
        if values.next().is_some() { None } else { first }
    }

    pub(crate) fn session(self, headers: &HeaderMap) -> Option<Presented> {
        let (tenant, secret) = self.get(headers, "session")?.split_once('.')?;
        let plausible = secret.len() == SECRET_LENGTH && secret.bytes().all(is_base64url);
        plausible.then_some(Presented {
            tenant: TenantId(tenant.parse().ok()?),
            secret: Secret::new(secret.to_owned()),
        })
    }
}

fn is_base64url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

impl Presented {
    /// A new secret of `tenant`.
    pub(crate) fn generate(tenant: TenantId) -> Result<Self, CryptoError> {
        let secret = Secret::new(mt_crypto::random_token(ENTROPY)?);
        Ok(Self { tenant, secret })
    }

    pub(crate) fn value(&self) -> String {
        format!("{}.{}", self.tenant, self.secret.expose())
    }

    /// What the database knows of the secret.
    pub(crate) fn digest(&self) -> [u8; 32] {
        mt_crypto::sha256(self.secret.expose().as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(cookie: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, cookie.parse().unwrap());
        headers
    }

    #[test]
    fn only_a_loopback_origin_does_without_tls() {
        for (origin, name) in [
            ("https://ehr.example.org", "__Host-mt-session"),
            ("http://ehr.example.org", "__Host-mt-session"),
            ("http://localhost.example.org", "__Host-mt-session"),
            ("http://localhost", "mt-session"),
            ("http://localhost:3000", "mt-session"),
            ("http://127.0.0.1:3000", "mt-session"),
            ("http://127.0.0.10", "__Host-mt-session"),
        ] {
            assert_eq!(Cookies::of(origin).name("session"), name, "{origin}");
        }
    }

    #[test]
    fn a_cookie_is_bound_to_the_host_and_hidden_from_scripts() {
        let set = Cookies::of("https://ehr.example.org").set("session", "1.x", None);
        assert_eq!(
            set.unwrap(),
            "__Host-mt-session=1.x; Path=/; HttpOnly; SameSite=Lax; Secure"
        );
    }

    #[test]
    fn a_cookie_that_comes_twice_or_is_not_ours_is_nothing() {
        let cookies = Cookies::of("http://localhost");
        let secret = "a".repeat(SECRET_LENGTH);
        let good = format!("other=1; mt-session=7.{secret}");
        assert_eq!(
            cookies.session(&headers(&good)).unwrap().tenant,
            TenantId(7)
        );
        for bad in [
            format!("mt-session=7.{secret}; mt-session=8.{secret}"),
            format!("__Host-mt-session=7.{secret}"),
            format!("mt-session={secret}"),
            format!("mt-session=7.{secret}x"),
            format!("mt-session=x.{secret}"),
            "mt-session=7.".to_owned(),
        ] {
            assert!(cookies.session(&headers(&bad)).is_none(), "{bad}");
        }
    }
}
