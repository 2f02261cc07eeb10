//! Requests of ours to URLs that others name: key sets, discovery documents, logout notices.
//!
//! Such a URL is an attacker's favourite way into a network (SSRF). So: https only, the address is
//! resolved once and pinned, no private or special address, no redirect, little time, few bytes.
//! A development installation on a loopback address may also call loopback addresses over http.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use moka::future::Cache;
use mt_crypto::Algorithm;
use mt_http::is_public;
use serde_json::Value;
use url::{Host, Url};

use super::jose::{self, Jwk};

/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Largest document.
const LARGEST: usize = 256 << 10;
/// How long a key set is kept when its server does not say.
const KEPT: Duration = Duration::from_secs(300);
/// A key set is fetched again for an unknown key at most this often.
const AGAIN_AFTER: Duration = Duration::from_secs(20);

/// Why a request of ours failed. Nothing of the answer is told: it could be an inside service's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum OutboundError {
    /// The URL may not be called.
    #[error("the URL must be https and lead to a public address")]
    Forbidden,
    /// The server did not answer well in time.
    #[error("the server does not answer as expected")]
    Failed,
}

/// Calls others.
#[derive(Clone)]
pub(crate) struct Outbound {
    loopback: bool,
    documents: Cache<String, Arc<Value>>,
    asked_again: Cache<String, ()>,
}

impl Outbound {
    /// `origin` is the URL of the installation.
    pub(crate) fn new(origin: &str) -> Self {
        let documents = Cache::builder().max_capacity(5_000).time_to_live(KEPT);
        let again = Cache::builder()
            .max_capacity(5_000)
            .time_to_live(AGAIN_AFTER);
        let loopback = Url::parse(origin).is_ok_and(|url| {
            url.scheme() == "http"
                && match url.host() {
                    Some(Host::Domain(name)) => name == "localhost",
                    Some(Host::Ipv4(address)) => address.is_loopback(),
                    Some(Host::Ipv6(address)) => address.is_loopback(),
                    None => false,
                }
        });
        Self {
            loopback,
            documents: documents.build(),
            asked_again: again.build(),
        }
    }

    /// The JSON document at `url`, kept for a few minutes.
    pub(crate) async fn document(&self, url: &str) -> Result<Arc<Value>, OutboundError> {
        let fetched = self.documents.try_get_with(url.to_owned(), self.fetch(url));
        fetched.await.map_err(|error| OutboundError::clone(&error))
    }

    /// The key of the set at `url` with this id. A set that lacks it is fetched again, now and then, in
    /// case its owner has just rotated keys.
    pub(crate) async fn key(
        &self,
        url: &str,
        kid: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<Option<Jwk>, OutboundError> {
        let set = self.document(url).await?;
        let found = jose::find(&jose::key_set(&set), kid, algorithm).cloned();
        if found.is_some() || self.asked_again.contains_key(url) {
            return Ok(found);
        }
        self.asked_again.insert(url.to_owned(), ()).await;
        self.documents.invalidate(url).await;
        let set = self.document(url).await?;
        Ok(jose::find(&jose::key_set(&set), kid, algorithm).cloned())
    }

    async fn fetch(&self, url: &str) -> Result<Arc<Value>, OutboundError> {
        let (client, url) = self.client(url).await?;
        let request = client.get(url).header("accept", "application/json");
        let bytes = body_of(request).await?;
        serde_json::from_slice(&bytes)
            .map(Arc::new)
            .map_err(|_| OutboundError::Failed)
    }

    /// Posts a form.
    pub(crate) async fn post(&self, url: &str, form: String) -> Result<(), OutboundError> {
        let (client, url) = self.client(url).await?;
        let request = client
            .post(url)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form);
        body_of(request).await.map(drop)
    }

    /// A client that can reach nothing but the address that was checked.
    async fn client(&self, text: &str) -> Result<(reqwest::Client, Url), OutboundError> {
        let url = Url::parse(text).map_err(|_| OutboundError::Forbidden)?;
        let port = url.port_or_known_default().unwrap_or(443);
        let addresses = resolve(&url, port).await?;
        let secure = url.scheme() == "https";
        let allowed = |address: &SocketAddr| {
            (secure && is_public(address.ip())) || (self.loopback && address.ip().is_loopback())
        };
        let known_scheme = secure || url.scheme() == "http";
        if addresses.is_empty() || !known_scheme || !addresses.iter().all(allowed) {
            return Err(OutboundError::Forbidden);
        }
        let host = url.host_str().unwrap_or_default().to_owned();
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(PATIENCE)
            .resolve_to_addrs(&host, &addresses)
            .build()
            .map_err(|_| OutboundError::Failed)?;
        Ok((client, url))
    }
}

async fn resolve(url: &Url, port: u16) -> Result<Vec<SocketAddr>, OutboundError> {
    match url.host() {
        Some(Host::Ipv4(address)) => Ok(vec![SocketAddr::new(address.into(), port)]),
        Some(Host::Ipv6(address)) => Ok(vec![SocketAddr::new(address.into(), port)]),
        Some(Host::Domain(name)) => {
            let found = tokio::net::lookup_host((name, port)).await;
            Ok(found.map_err(|_| OutboundError::Failed)?.collect())
        }
        None => Err(OutboundError::Forbidden),
    }
}

async fn body_of(request: reqwest::RequestBuilder) -> Result<Vec<u8>, OutboundError> {
    let failed = |_| OutboundError::Failed;
    let mut response = request.send().await.map_err(failed)?;
    if !response.status().is_success() {
        return Err(OutboundError::Failed);
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(failed)? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > LARGEST {
            return Err(OutboundError::Failed);
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn plain_http_and_inside_addresses_are_not_called() {
        let production = Outbound::new("https://ehr.example.org");
        for url in [
            "http://93.184.216.34/",
            "https://127.0.0.1:1/",
            "https://[::ffff:127.0.0.1]/",
            "https://169.254.169.254/latest/meta-data",
            "file:///etc/passwd",
            "http://127.0.0.1:1/",
            "https://localhost:1/",
            "data:,x",
        ] {
            let refused = production.document(url).await;
            assert_eq!(refused.err(), Some(OutboundError::Forbidden), "{url}");
        }
        let development = Outbound::new("http://localhost:3000");
        let tried = development.document("http://127.0.0.1:1/").await;
        assert_eq!(tried.err(), Some(OutboundError::Failed));
        let refused = development.document("http://10.0.0.1/").await;
        assert_eq!(refused.err(), Some(OutboundError::Forbidden));
    }
}
