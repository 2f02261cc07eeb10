//! Fetching the files of an import.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use mt_fhir::outcome::{Issue, IssueCode, Severity};
use mt_http::is_public;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use super::super::refusal::Failure;

/// Where imports may fetch their files: from public addresses by https, and from hosts that the
/// operator names by any scheme and address. Redirections are not followed.
#[derive(Clone)]
pub struct ImportSources {
    /// `host` or `host:port`, lower case.
    trusted: Arc<[String]>,
    guarded: reqwest::Client,
    open: reqwest::Client,
}

impl std::fmt::Debug for ImportSources {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ImportSources")
            .field("trusted", &self.trusted)
            .finish_non_exhaustive()
    }
}

impl ImportSources {
    /// Sources with these trusted hosts (`host` or `host:port`).
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(trusted: &[String]) -> Result<Self, reqwest::Error> {
        let plain = || {
            reqwest::Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .no_proxy()
                .connect_timeout(Duration::from_secs(10))
                .read_timeout(Duration::from_secs(60))
                .user_agent(concat!("meditrack/", env!("CARGO_PKG_VERSION")))
        };
        Ok(Self {
            trusted: trusted.iter().map(|host| host.to_lowercase()).collect(),
            guarded: plain().dns_resolver(Arc::new(PublicOnly)).build()?,
            open: plain().build()?,
        })
    }

    /// Why `url` may not be fetched; names behind which private addresses stand show only when they
    /// are looked up.
    pub(super) fn check(&self, url: &str) -> Result<Url, &'static str> {
        let url = Url::parse(url).map_err(|_| "the URL cannot be read")?;
        let host = url.host().ok_or("the URL names no host")?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err("the URL carries credentials");
        }
        if !matches!(url.scheme(), "http" | "https") {
            return Err("the URL is neither https nor http");
        }
        if self.is_trusted(&url) {
            return Ok(url);
        }
        if url.scheme() != "https" {
            return Err("only https is fetched from hosts that the operator has not named");
        }
        let address = match host {
            Host::Ipv4(address) => Some(IpAddr::V4(address)),
            Host::Ipv6(address) => Some(IpAddr::V6(address)),
            Host::Domain(_) => None,
        };
        if address.is_some_and(|address| !is_public(address)) {
            return Err("the URL leads into a private network");
        }
        Ok(url)
    }

    fn is_trusted(&self, url: &Url) -> bool {
        let host = url.host_str().unwrap_or_default().to_lowercase();
        let port = url.port_or_known_default().unwrap_or_default();
        let named = format!("{host}:{port}");
        self.trusted.iter().any(|one| *one == host || *one == named)
    }

    /// The bytes of a file, as they arrive.
    pub(super) async fn fetch(
        &self,
        url: &str,
    ) -> Result<BoxStream<'static, Result<Bytes, Failure>>, Issue> {
        let url = self.check(url).map_err(refused)?;
        let client = if self.is_trusted(&url) {
            &self.open
        } else {
            &self.guarded
        };
        let request = client
            .get(url)
            .header("accept", "application/fhir+ndjson")
            .header("accept-encoding", "identity");
        let response = request
            .send()
            .await
            .map_err(|_| refused("the file cannot be fetched"))?;
        if response.status() != reqwest::StatusCode::OK {
            let status = response.status().as_u16();
            return Err(refused(&format!("the file's server answered {status}")));
        }
        let broken = |_| Failure::Refused(vec![refused("the file broke off")]);
        Ok(response.bytes_stream().map_err(broken).boxed())
    }
}

pub(super) fn refused(text: &str) -> Issue {
    let mut issue = Issue::information(IssueCode::Processing, text);
    issue.severity = Severity::Error;
    issue
}

/// Names only lead to public addresses. The address that was checked is the one that is connected
/// to, so that a name cannot change its mind in between.
struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|one| is_public(one.ip())).collect();
            if public.is_empty() {
                let error = std::io::Error::other("the name leads into a private network");
                return Err(error.into());
            }
            let addresses: Addrs = Box::new(public.into_iter());
            Ok(addresses)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_or_what_the_operator_names_is_fetched() {
        let trusted = ["127.0.0.1:8080".to_owned(), "files.internal".to_owned()];
        let sources = ImportSources::new(&trusted).unwrap();
        for good in [
            "https://example.org/a.ndjson",
            "http://127.0.0.1:8080/a",
            "http://FILES.internal/a",
        ] {
            assert!(sources.check(good).is_ok(), "{good}");
        }
        for bad in [
            "http://example.org/a",
            "https://127.0.0.1/a",
            "https://127.0.0.1:8081/a",
            "https://[::1]/a",
            "https://2130706433/a",
            "https://0x7f.1/a",
            "https://169.254.169.254/latest",
            "https://user:word@example.org/",
            "file:///etc/passwd",
            "ftp://example.org/a",
            "a",
        ] {
            assert!(sources.check(bad).is_err(), "{bad}");
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_into_the_own_network_is_not_followed() {
        let sources = ImportSources::new(&[]).unwrap();
        let fetched = sources.fetch("https://localhost:1/a").await;
        assert!(fetched.is_err());
        let resolved = PublicOnly.resolve("localhost".parse().unwrap()).await;
        assert!(resolved.is_err());
    }

    /// Answers one request with these lines of a response.
    async fn serve_once(response: &'static str) -> String {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = [0; 2048];
            let _ = stream.read(&mut head).await.unwrap();
            stream.write_all(response.as_bytes()).await.unwrap();
        });
        address
    }

    #[tokio::test]
    async fn a_trusted_host_is_fetched_from_and_its_redirections_are_not_followed() {
        let ok = "HTTP/1.1 200 OK\r\ncontent-length: 3\r\nconnection: close\r\n\r\n{}\n";
        let host = serve_once(ok).await;
        let sources = ImportSources::new(std::slice::from_ref(&host)).unwrap();
        let stream = sources.fetch(&format!("http://{host}/a")).await.unwrap();
        let bytes: Vec<Bytes> = stream.map(Result::unwrap).collect().await;
        assert_eq!(bytes.concat(), b"{}\n");
        let moved =
            "HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n";
        let host = serve_once(moved).await;
        let sources = ImportSources::new(std::slice::from_ref(&host)).unwrap();
        assert!(sources.fetch(&format!("http://{host}/a")).await.is_err());
    }
}
