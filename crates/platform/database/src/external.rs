//! An existing PostgreSQL server instead of the private one.
//!
//! It is used with the least rights: the application's login owns nothing, and migrations may run
//! under a login of their own, at another time, by another person.

use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;

use mt_crypto::TrustError;
use mt_kernel::{ErrorKind, Fault, Secret};
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::{Endpoint, roles};

/// Why an external database cannot be used as configured.
#[derive(Debug, thiserror::Error)]
pub enum ExternalError {
    /// The URL cannot be read; the text never shows it, since it holds a password.
    #[error("the database url is not valid: {0}")]
    Url(String),
    /// The URL asks for a plain connection over a network.
    #[error("the database url asks for an unencrypted connection to {0}; only this machine may")]
    Unencrypted(String),
    /// There is nothing to verify the server by.
    #[error(transparent)]
    Trust(#[from] TrustError),
}

impl From<ExternalError> for Fault {
    fn from(error: ExternalError) -> Self {
        Self::new(ErrorKind::Unavailable, error.to_string())
    }
}

/// Reads a `postgres://` URL. Connections over a network always use TLS and verify certificate and
/// host name, whatever `sslmode` says, against `sslrootcert` or else the machine's trust; within
/// this machine TLS is used when `sslmode=require`.
///
/// # Errors
/// [`ExternalError`]; its text holds neither password nor URL.
pub fn endpoint(url: &Secret<String>) -> Result<Endpoint, ExternalError> {
    let (url, trust) = split_parameters(url.expose());
    let mut config = Config::from_str(&url).map_err(|error| ExternalError::Url(reason(&error)))?;
    let remote = remote_host(&config);
    match (&remote, config.get_ssl_mode()) {
        (Some(host), SslMode::Disable) => return Err(ExternalError::Unencrypted(host.clone())),
        (Some(_), _) | (None, SslMode::Require) => {}
        (None, _) => return Ok(Endpoint::with_config(config, None)),
    }
    config.ssl_mode(SslMode::Require);
    let tls = MakeRustlsConnect::new(mt_crypto::verifying_client(trust.as_deref())?);
    Ok(Endpoint::with_config(config, Some(tls)))
}

fn reason(error: &tokio_postgres::Error) -> String {
    let source = std::error::Error::source(error);
    source.map_or_else(|| "it cannot be read".to_owned(), ToString::to_string)
}

/// Takes out what the driver does not know: `sslrootcert`, and the two modes that ask for the
/// verification which is done anyway.
fn split_parameters(url: &str) -> (String, Option<PathBuf>) {
    let Some((base, query)) = url.split_once('?') else {
        return (url.to_owned(), None);
    };
    let mut trust = None;
    let mut kept = Vec::new();
    for pair in query.split('&') {
        match pair.split_once('=') {
            Some(("sslrootcert", path)) => trust = Some(PathBuf::from(decode(path))),
            Some(("sslmode", "verify-full" | "verify-ca")) => kept.push("sslmode=require"),
            _ => kept.push(pair),
        }
    }
    if kept.is_empty() {
        return (base.to_owned(), trust);
    }
    (format!("{base}?{}", kept.join("&")), trust)
}

/// Percent-decodes a path; a sequence that is not one stays as it is.
fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let code = tail.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match code.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) if first == b'%' => {
                bytes.push(byte);
                rest = tail.get(2..).unwrap_or_default();
            }
            _ => {
                bytes.push(first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The first host that is not this machine.
fn remote_host(config: &Config) -> Option<String> {
    let addresses = config
        .get_hostaddrs()
        .iter()
        .find(|address| !address.is_loopback());
    if let Some(address) = addresses {
        return Some(address.to_string());
    }
    config.get_hosts().iter().find_map(|host| match host {
        Host::Unix(_) => None,
        Host::Tcp(name) => {
            let address = name.parse::<IpAddr>();
            let local = name == "localhost" || address.is_ok_and(|one| one.is_loopback());
            (!local).then(|| name.clone())
        }
    })
}

/// What a database administrator runs once, as a superuser or the managed service's administrator,
/// to prepare `database`: two roles that own and serve, and the logins as members of them.
///
/// `owner_login` and `app_login` are the users in the two URLs; they must exist.
///
/// # Errors
/// [`ExternalError::Url`] when a name is not a plain identifier.
pub fn grants_sql(
    database: &str,
    owner_login: &str,
    app_login: &str,
) -> Result<String, ExternalError> {
    for name in [database, owner_login, app_login] {
        let plain = name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
        if name.is_empty() || !plain {
            let text = "a role or database name is letters, digits, dots, hyphens and underscores";
            return Err(ExternalError::Url(text.to_owned()));
        }
    }
    let (owner, app) = (roles::OWNER, roles::APP);
    let membership = |role: &str, login: &str| {
        if role == login {
            String::new()
        } else {
            format!("grant {role} to \"{login}\";\n")
        }
    };
    Ok(format!(
        "-- Run once, connected to the database \"{database}\", by its administrator.\n\
         do $$ begin\n\
         \x20 if not exists (select from pg_roles where rolname = '{owner}') then\n\
         \x20   create role {owner} nologin nosuperuser nocreatedb nocreaterole;\n\
         \x20 end if;\n\
         \x20 if not exists (select from pg_roles where rolname = '{app}') then\n\
         \x20   create role {app} nologin nosuperuser nocreatedb nocreaterole;\n\
         \x20 end if;\n\
         end $$;\n\
         {}{}\
         revoke all on database \"{database}\" from public;\n\
         grant connect, create on database \"{database}\" to {owner};\n\
         grant connect on database \"{database}\" to {app};\n\
         revoke create on schema public from public;\n",
        membership(owner, owner_login),
        membership(app, app_login),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Result<Endpoint, ExternalError> {
        endpoint(&Secret::new(url.to_owned()))
    }

    #[test]
    fn a_plain_connection_over_a_network_is_refused() {
        let refused = parse("postgres://u:hunter2@db.example.org/m?sslmode=disable").unwrap_err();
        assert!(matches!(refused, ExternalError::Unencrypted(_)));
        assert!(!refused.to_string().contains("hunter2"));
        for local in [
            "postgres://u@localhost/m",
            "postgres://u@127.0.0.1/m?sslmode=disable",
        ] {
            assert!(parse(local).is_ok(), "{local}");
        }
    }

    #[test]
    fn a_bad_url_is_refused_without_showing_it() {
        for url in [
            "postgres://u:hunter2@h:port/m",
            "nonsense hunter2",
            "postgres://h/?x=hunter2",
        ] {
            let text = parse(url).unwrap_err().to_string();
            assert!(!text.contains("hunter2"), "{text}");
        }
    }

    #[test]
    fn parameters_of_verification_are_understood() {
        let (url, trust) = split_parameters(
            "postgres://u@h/m?sslmode=verify-full&sslrootcert=/etc/a%20b.pem&connect_timeout=3",
        );
        assert_eq!(url, "postgres://u@h/m?sslmode=require&connect_timeout=3");
        assert_eq!(trust, Some(PathBuf::from("/etc/a b.pem")));
        assert_eq!(decode("100%"), "100%");
    }

    #[test]
    fn grants_name_the_least_rights_and_nothing_injected() {
        let sql = grants_sql("clinic", "deployer", "server").unwrap();
        assert!(sql.contains("grant meditrack_app to \"server\""), "{sql}");
        assert!(!sql.contains("all tables"), "{sql}");
        assert!(grants_sql("clinic", "a\"; drop", "b").is_err());
    }
}
