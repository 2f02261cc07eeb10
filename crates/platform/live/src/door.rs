//! Who may connect: by bearer token, or by session cookie from the installation's own pages.
//!
//! A browser sends cookies with a WebSocket handshake that any page may start, and asks nobody (cross-site
//! WebSocket hijacking). So a cookie counts only together with an `Origin` of ours.

use axum::http::{HeaderMap, header};
use mt_kernel::Secret;
use url::Url;

use crate::Refusal;
use crate::client::Credential;

/// The installation's own origin.
#[derive(Clone, Debug)]
pub struct Door {
    origin: String,
}

impl Door {
    /// The door of the installation known as `url`.
    #[must_use]
    pub fn new(url: &str) -> Self {
        let origin = Url::parse(url).map(|url| url.origin().ascii_serialization());
        Self {
            origin: origin.unwrap_or_default(),
        }
    }

    /// The credential of a handshake; `token` is one that came beside the headers.
    ///
    /// # Errors
    /// [`Refusal`] when there is none, or it may not be used here.
    pub fn credential(
        &self,
        headers: &HeaderMap,
        token: Option<String>,
    ) -> Result<Credential, Refusal> {
        if let Some(token) = token {
            return Ok(Credential::Token(Secret::new(token)));
        }
        if let Some(value) = headers.get(header::AUTHORIZATION) {
            let value = value.to_str().unwrap_or_default();
            return match value.split_once(' ') {
                Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
                    Ok(Credential::Token(Secret::new(token.trim().to_owned())))
                }
                // A proof of possession is good for one request, not for a connection.
                _ => Err(Refusal::Unauthenticated),
            };
        }
        if !headers.contains_key(header::COOKIE) {
            return Err(Refusal::Unauthenticated);
        }
        if !self.is_own_page(headers) {
            return Err(Refusal::CrossSite);
        }
        Ok(Credential::session(headers))
    }

    /// Whether a request that carries a cookie may be answered at all.
    pub(crate) fn lets_pass(&self, headers: &HeaderMap) -> bool {
        !headers.contains_key(header::COOKIE)
            || headers.contains_key(header::AUTHORIZATION)
            || self.is_own_page(headers)
    }

    /// Whether a page of ours made the request. Browsers name the origin of every WebSocket handshake and of every
    /// request that changes something; of other requests they say whether it is the same.
    fn is_own_page(&self, headers: &HeaderMap) -> bool {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        match text("origin") {
            Some(origin) if origin == self.origin => true,
            Some(origin) => {
                let Some(host) = text("host") else {
                    return false;
                };
                origin == format!("https://{host}") || origin == format!("http://{host}")
            }
            None => text("sec-fetch-site") == Some("same-origin"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pairs = pairs.iter().map(|(name, value)| {
            let name = axum::http::HeaderName::from_static(name);
            (name, value.parse().unwrap())
        });
        pairs.collect()
    }

    #[test]
    fn a_cookie_counts_only_from_a_page_of_ours() {
        let door = Door::new("https://ehr.example.org/app/");
        let cookie = ("cookie", "mt-session=1.x");
        for good in [
            vec![("origin", "https://ehr.example.org")],
            vec![("origin", "https://inside:3000"), ("host", "inside:3000")],
            vec![("sec-fetch-site", "same-origin")],
        ] {
            let mut pairs = good.clone();
            pairs.push(cookie);
            let found = door.credential(&headers(&pairs), None);
            assert!(matches!(found, Ok(Credential::Session(_))), "{good:?}");
        }
        for bad in [
            vec![],
            vec![("origin", "null")],
            vec![
                ("origin", "https://evil.example.org"),
                ("host", "ehr.example.org"),
            ],
            vec![("origin", "https://ehr.example.org.evil.org")],
            vec![
                ("origin", "https://evil.org"),
                ("sec-fetch-site", "same-origin"),
            ],
            vec![("sec-fetch-site", "same-site")],
            vec![("sec-fetch-site", "none")],
        ] {
            let mut pairs = bad.clone();
            pairs.push(cookie);
            let found = door.credential(&headers(&pairs), None);
            assert!(matches!(found, Err(Refusal::CrossSite)), "{bad:?}");
            assert!(!door.lets_pass(&headers(&pairs)), "{bad:?}");
        }
    }

    #[test]
    fn a_token_needs_no_origin_and_a_bound_one_is_refused() {
        let door = Door::new("https://ehr.example.org");
        let bearer = headers(&[("authorization", "Bearer abc")]);
        assert!(matches!(
            door.credential(&bearer, None),
            Ok(Credential::Token(_))
        ));
        let beside = door.credential(&HeaderMap::new(), Some("abc".to_owned()));
        assert!(matches!(beside, Ok(Credential::Token(_))));
        let bound = headers(&[("authorization", "DPoP abc"), ("dpop", "x")]);
        assert!(matches!(
            door.credential(&bound, None),
            Err(Refusal::Unauthenticated)
        ));
        let nothing = door.credential(&HeaderMap::new(), None);
        assert!(matches!(nothing, Err(Refusal::Unauthenticated)));
    }
}
