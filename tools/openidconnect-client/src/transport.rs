//! How the crate's requests leave: over plain HTTP, which a test's provider speaks on the loopback.

use openidconnect::http::Uri;
use openidconnect::{HttpClientError, HttpRequest, HttpResponse, SyncHttpClient, reqwest};

/// Follows no redirects, as the crate asks.
pub struct Transport(reqwest::blocking::Client);

impl Transport {
    pub fn new() -> crate::Outcome<Self> {
        let none = reqwest::redirect::Policy::none();
        let client = reqwest::blocking::Client::builder().redirect(none);
        Ok(Self(client.build()?))
    }

    pub fn plain(&self) -> &reqwest::blocking::Client {
        &self.0
    }
}

impl SyncHttpClient for Transport {
    type Error = HttpClientError<reqwest::Error>;

    fn call(&self, mut request: HttpRequest) -> Result<HttpResponse, Self::Error> {
        let sent = request.uri().to_string().replacen("https://", "http://", 1);
        *request.uri_mut() = sent
            .parse::<Uri>()
            .map_err(|error| HttpClientError::Http(error.into()))?;
        self.0.call(request)
    }
}

/// The crate revokes at `https` addresses alone.
pub fn secured(url: &str) -> String {
    url.replacen("http://", "https://", 1)
}
