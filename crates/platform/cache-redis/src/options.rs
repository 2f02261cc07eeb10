//! Where Redis is, checked before anything connects.

use std::path::PathBuf;
use std::sync::Arc;

use mt_crypto::{TrustError, verifying_client};
use mt_kernel::Secret;
use redis::RedisConnectionInfo;
use rustls::pki_types::ServerName;
use tokio_rustls::TlsConnector;
use url::Url;

const PORT: u16 = 6379;

/// How Redis is reached.
#[derive(Debug)]
pub struct RedisOptions {
    /// `redis://` or `rediss://`, with user, password and number of the database where they are needed.
    pub url: Secret<String>,
    /// Certificates that the server is verified by; those of the system when absent.
    pub ca_file: Option<PathBuf>,
}

/// Settings that cannot be used. No variant carries the URL.
#[derive(Debug, thiserror::Error)]
pub enum OptionsError {
    /// The URL is none of Redis.
    #[error("the URL of the cache is no Redis URL: {0}")]
    Url(&'static str),
    /// There is nothing to verify the server by.
    #[error("the cache: {0}")]
    Trust(#[from] TrustError),
}

/// Options that were checked.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) host: Arc<str>,
    pub(crate) port: u16,
    pub(crate) login: RedisConnectionInfo,
    pub(crate) tls: Option<(TlsConnector, ServerName<'static>)>,
}

impl Target {
    pub(crate) fn new(options: &RedisOptions) -> Result<Self, OptionsError> {
        let url = Url::parse(options.url.expose()).map_err(|_| OptionsError::Url("not a URL"))?;
        let host = url.host().ok_or(OptionsError::Url("the host is missing"))?;
        // A URL writes IPv6 addresses in brackets.
        let host = match host {
            url::Host::Ipv6(address) => address.to_string(),
            other => other.to_string(),
        };
        let tls = match url.scheme() {
            "redis" => None,
            "rediss" => {
                let name = ServerName::try_from(host.clone());
                let name = name.map_err(|_| OptionsError::Url("the host has no name"))?;
                let config = Arc::new(verifying_client(options.ca_file.as_deref())?);
                Some((TlsConnector::from(config), name))
            }
            _ => return Err(OptionsError::Url("the scheme is not redis or rediss")),
        };
        Ok(Self {
            host: Arc::from(host),
            port: url.port().unwrap_or(PORT),
            login: login(&url)?,
            tls,
        })
    }
}

fn login(url: &Url) -> Result<RedisConnectionInfo, OptionsError> {
    let mut login = RedisConnectionInfo::default();
    match url.path().trim_matches('/') {
        "" => {}
        number => {
            let number: u16 = number
                .parse()
                .map_err(|_| OptionsError::Url("the database is not a number"))?;
            login = login.set_db(i64::from(number));
        }
    }
    if !url.username().is_empty() {
        login = login.set_username(plain(url.username())?);
    }
    if let Some(password) = url.password() {
        login = login.set_password(plain(password)?);
    }
    Ok(login)
}

/// A part of a URL without its escapes.
fn plain(text: &str) -> Result<String, OptionsError> {
    let odd = OptionsError::Url("the login is not UTF-8");
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let escaped = (*first == b'%')
            .then(|| tail.split_first_chunk::<2>())
            .flatten()
            .and_then(|(digits, tail)| Some((hex(*digits)?, tail)));
        let (byte, tail) = escaped.unwrap_or((*first, tail));
        bytes.push(byte);
        rest = tail;
    }
    String::from_utf8(bytes).map_err(|_| odd)
}

fn hex(digits: [u8; 2]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let value = digit(digits[0])? * 16 + digit(digits[1])?;
    u8::try_from(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(url: &str) -> Result<Target, OptionsError> {
        Target::new(&RedisOptions {
            url: Secret::new(url.to_owned()),
            ca_file: None,
        })
    }

    #[test]
    fn user_password_port_and_database_come_from_the_url() {
        let all = target("redis://ehr:p%40ss%2fword@cache.example.org:6380/3").unwrap();
        assert_eq!((&*all.host, all.port), ("cache.example.org", 6380));
        assert_eq!(all.login.username(), Some("ehr"));
        assert_eq!(all.login.password(), Some("p@ss/word"));
        assert_eq!(all.login.db(), 3);
        assert!(all.tls.is_none());
        let least = target("rediss://[::1]").unwrap();
        assert_eq!((&*least.host, least.port), ("::1", 6379));
        assert_eq!((least.login.username(), least.login.db()), (None, 0));
        assert!(least.tls.is_some());
    }

    #[test]
    fn what_is_no_redis_url_is_refused_without_being_repeated() {
        for url in [
            "hunter2",
            "http://ehr:hunter2@cache",
            "redis:hunter2",
            "redis://:hunter2@cache/first",
            "redis://cache/70000",
        ] {
            let error = target(url).err().unwrap().to_string();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
