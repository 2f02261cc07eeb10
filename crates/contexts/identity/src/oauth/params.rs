//! Parameters of a request: each at most once, an empty one counts as absent (RFC 6749 §3.1, §3.2).

use std::collections::BTreeMap;
use std::convert::Infallible;

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, Method, header};
use serde::{Deserialize, Serialize};

use super::error::OAuthError;

/// The parameters of a request to an endpoint that takes them in the query (`GET`) or in a form (`POST`).
/// What cannot be read is for the endpoint to answer, in its own way.
pub(crate) struct Asked(pub(crate) Result<Params, OAuthError>);

impl<S: Sync> FromRequest<S> for Asked {
    type Rejection = Infallible;

    async fn from_request(request: Request, _: &S) -> Result<Self, Infallible> {
        let (parts, body) = request.into_parts();
        let params = if parts.method == Method::POST {
            Params::from_body(&parts.headers, body).await
        } else {
            Params::parse(parts.uri.query().unwrap_or_default().as_bytes())
        };
        Ok(Self(params))
    }
}

/// More than any request needs; a SMART scope list can be long.
const LARGEST_BODY: usize = 64 << 10;

/// The parameters of a query or a form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Params(BTreeMap<String, String>);

impl Params {
    /// Reads `name=value&…`.
    ///
    /// # Errors
    /// `invalid_request` when a parameter comes twice.
    pub(crate) fn parse(text: &[u8]) -> Result<Self, OAuthError> {
        let mut params = BTreeMap::new();
        for (name, value) in url::form_urlencoded::parse(text) {
            if value.is_empty() {
                continue;
            }
            if params
                .insert(name.into_owned(), value.into_owned())
                .is_some()
            {
                return Err(OAuthError::request("a parameter comes more than once"));
            }
        }
        Ok(Self(params))
    }

    /// Reads a form body.
    ///
    /// # Errors
    /// `invalid_request` when it is no form, too long, or repeats a parameter.
    pub(crate) async fn from_body(headers: &HeaderMap, body: Body) -> Result<Self, OAuthError> {
        let is_form = headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .and_then(|text| text.split(';').next())
            .is_some_and(|kind| {
                kind.trim()
                    .eq_ignore_ascii_case("application/x-www-form-urlencoded")
            });
        if !is_form {
            return Err(OAuthError::request(
                "the body must be application/x-www-form-urlencoded",
            ));
        }
        let body = axum::body::to_bytes(body, LARGEST_BODY).await;
        Self::parse(&body.map_err(|_| OAuthError::request("the body is too long or incomplete"))?)
    }

    /// The value of a parameter.
    #[must_use]
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The value of a parameter that must be there.
    ///
    /// # Errors
    /// `invalid_request` that names it.
    pub(crate) fn need(&self, name: &'static str) -> Result<&str, OAuthError> {
        self.get(name)
            .ok_or_else(|| OAuthError::request(format!("{name} is missing")))
    }

    /// Puts a parameter where there is none.
    pub(crate) fn set_missing(&mut self, name: &str, value: &str) {
        if !self.0.contains_key(name) {
            self.0.insert(name.to_owned(), value.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_parameters_are_refused_and_empty_ones_absent() {
        assert!(Params::parse(b"a=1&a=2").is_err());
        let params = Params::parse(b"a=&b=x%20y+z").unwrap();
        assert_eq!((params.get("a"), params.get("b")), (None, Some("x y z")));
        assert_eq!(params.need("a").unwrap_err().description, "a is missing");
    }
}
