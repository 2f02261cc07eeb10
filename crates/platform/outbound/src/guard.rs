//! One request to a URL that somebody else chose.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, header};
use mt_http::is_public;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// Bytes of an answer that are read.
const LARGEST: usize = 64 << 10;
/// Time to reach the other side.
const CONNECT: Duration = Duration::from_secs(10);

/// Why a URL may not be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Forbidden {
    /// It is no absolute URL with a host.
    #[error("the URL cannot be read")]
    Unreadable,
    /// It carries a user name or password.
    #[error("the URL carries credentials")]
    Credentials,
    /// It is not https.
    #[error("the URL is not https")]
    Insecure,
    /// It leads into a private network.
    #[error("the URL leads into a private network")]
    Private,
}

/// Why a request was not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// It may not be made.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The other side cannot be reached.
    #[error("the other side cannot be reached")]
    Unreachable,
    /// The other side takes too long.
    #[error("the other side does not answer in time")]
    Timeout,
}

/// A request.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// Method.
    pub method: Method,
    /// Absolute URL.
    pub url: String,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Bytes,
    /// Longest wait for the whole answer.
    pub timeout: Duration,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// `Retry-After`, where it is a number of seconds.
    pub retry_after: Option<Duration>,
    /// The beginning of the body: for the caller's eyes alone.
    pub body: Vec<u8>,
}

/// Makes requests, and only those that may be made.
#[derive(Clone, Debug)]
pub struct Guard {
    /// `host` or `host:port`, lower case.
    trusted: Arc<[String]>,
    loopback: bool,
    guarded: reqwest::Client,
    open: reqwest::Client,
}

impl Guard {
    /// A guard of the installation known as `origin`; `trusted` names hosts (`host` or `host:port`) that may be
    /// called whatever their address and scheme.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(origin: &str, trusted: &[String]) -> Result<Self, reqwest::Error> {
        let plain = || {
            reqwest::Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .no_proxy()
                .connect_timeout(CONNECT)
                .user_agent(concat!("meditrack/", env!("CARGO_PKG_VERSION")))
        };
        let development =
            Url::parse(origin).is_ok_and(|url| url.scheme() == "http" && is_loopback(&url));
        Ok(Self {
            trusted: trusted.iter().map(|host| host.to_lowercase()).collect(),
            loopback: development,
            guarded: plain().dns_resolver(Arc::new(PublicOnly)).build()?,
            open: plain().build()?,
        })
    }

    /// Whether a URL may be called at all; a name behind which private addresses stand shows only when it is called.
    ///
    /// # Errors
    /// [`Forbidden`].
    pub fn check(&self, url: &str) -> Result<Url, Forbidden> {
        let url = Url::parse(url).map_err(|_| Forbidden::Unreadable)?;
        let host = url.host().ok_or(Forbidden::Unreadable)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Forbidden::Credentials);
        }
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Forbidden::Insecure);
        }
        if self.is_trusted(&url) {
            return Ok(url);
        }
        if url.scheme() != "https" {
            return Err(Forbidden::Insecure);
        }
        let address = match host {
            Host::Ipv4(address) => Some(IpAddr::V4(address)),
            Host::Ipv6(address) => Some(IpAddr::V6(address)),
            Host::Domain(_) => None,
        };
        if address.is_some_and(|address| !is_public(address)) {
            return Err(Forbidden::Private);
        }
        Ok(url)
    }

    /// Makes a request.
    ///
    /// # Errors
    /// [`SendError`]; nothing of it says what stands behind the URL.
    pub async fn send(&self, outgoing: Outgoing) -> Result<Answer, SendError> {
        let url = self.check(&outgoing.url)?;
        let client = if self.is_trusted(&url) {
            &self.open
        } else {
            &self.guarded
        };
        let request = client
            .request(outgoing.method, url)
            .headers(outgoing.headers)
            .body(outgoing.body)
            .timeout(outgoing.timeout);
        let mut response = request.send().await.map_err(failed)?;
        let status = response.status().as_u16();
        let retry_after = response.headers().get(header::RETRY_AFTER);
        let retry_after = retry_after
            .and_then(|value| value.to_str().ok()?.trim().parse().ok())
            .map(Duration::from_secs);
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            let room = LARGEST - body.len();
            body.extend_from_slice(&chunk[..chunk.len().min(room)]);
            if body.len() == LARGEST {
                break;
            }
        }
        Ok(Answer {
            status,
            retry_after,
            body,
        })
    }

    fn is_trusted(&self, url: &Url) -> bool {
        let host = url.host_str().unwrap_or_default().to_lowercase();
        let port = url.port_or_known_default().unwrap_or_default();
        let named = format!("{host}:{port}");
        (self.loopback && is_loopback(url))
            || self.trusted.iter().any(|one| *one == host || *one == named)
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn failed(error: reqwest::Error) -> SendError {
    if error.is_timeout() {
        SendError::Timeout
    } else {
        SendError::Unreachable
    }
}

/// Names lead to public addresses alone. The address that was checked is the one that is connected to.
#[derive(Debug)]
struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let found: Vec<SocketAddr> = found.collect();
            // One private address among public ones is a trap as well.
            if found.is_empty() || !found.iter().all(|one| is_public(one.ip())) {
                return Err(std::io::Error::other(Forbidden::Private).into());
            }
            let addresses: Addrs = Box::new(found.into_iter());
            Ok(addresses)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outgoing(url: &str) -> Outgoing {
        Outgoing {
            method: Method::POST,
            url: url.to_owned(),
            headers: HeaderMap::new(),
            body: Bytes::from_static(b"{}"),
            timeout: Duration::from_secs(5),
        }
    }

    #[test]
    fn only_https_to_public_addresses_or_what_the_operator_names_is_called() {
        let trusted = ["127.0.0.1:8080".to_owned(), "hooks.internal".to_owned()];
        let guard = Guard::new("https://ehr.example.org", &trusted).unwrap();
        for good in [
            "https://example.org/a",
            "http://127.0.0.1:8080/a",
            "http://HOOKS.internal/a",
        ] {
            assert!(guard.check(good).is_ok(), "{good}");
        }
        for (bad, why) in [
            ("http://example.org/a", Forbidden::Insecure),
            ("https://127.0.0.1/a", Forbidden::Private),
            ("https://127.0.0.1:8081/a", Forbidden::Private),
            ("https://[::1]/a", Forbidden::Private),
            ("https://2130706433/a", Forbidden::Private),
            ("https://0x7f.1/a", Forbidden::Private),
            ("https://169.254.169.254/latest", Forbidden::Private),
            ("https://user:word@example.org/", Forbidden::Credentials),
            ("file:///etc/passwd", Forbidden::Unreadable),
            ("ftp://example.org/a", Forbidden::Insecure),
            ("a", Forbidden::Unreadable),
        ] {
            assert_eq!(guard.check(bad).err(), Some(why), "{bad}");
        }
    }

    #[test]
    fn loopback_is_open_for_a_development_installation_alone() {
        let url = "http://127.0.0.1:4000/hook";
        let production = Guard::new("https://ehr.example.org", &[]).unwrap();
        assert!(production.check(url).is_err());
        let development = Guard::new("http://localhost:3000", &[]).unwrap();
        assert!(development.check(url).is_ok());
        assert!(development.check("http://10.0.0.1/hook").is_err());
    }

    #[tokio::test]
    async fn a_name_that_leads_into_the_own_network_is_not_followed() {
        let guard = Guard::new("https://ehr.example.org", &[]).unwrap();
        let sent = guard.send(outgoing("https://localhost:1/a")).await;
        assert_eq!(sent.err(), Some(SendError::Unreachable));
        let resolved = PublicOnly.resolve("localhost".parse().unwrap()).await;
        assert!(resolved.is_err());
    }

    #[tokio::test]
    async fn a_redirection_is_an_answer_and_a_long_body_is_cut() {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = [0; 2048];
            let _ = stream.read(&mut head).await.unwrap();
            let long = "x".repeat(LARGEST * 4);
            let answer = format!(
                "HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/\r\nretry-after: 7\r\ncontent-length: {}\r\n\r\n{long}",
                long.len()
            );
            let _ = stream.write_all(answer.as_bytes()).await;
        });
        let guard = Guard::new("http://localhost:3000", &[]).unwrap();
        let answer = guard
            .send(outgoing(&format!("http://{address}/")))
            .await
            .unwrap();
        assert_eq!(answer.status, 302);
        assert_eq!(answer.retry_after, Some(Duration::from_secs(7)));
        assert_eq!(answer.body.len(), LARGEST);
    }
}
