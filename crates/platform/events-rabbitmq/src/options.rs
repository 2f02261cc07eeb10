//! How the broker is reached.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use lapin::uri::{AMQPScheme, AMQPUri};
use mt_crypto::{TrustError, verifying_client};
use mt_kernel::Secret;
use tokio_rustls::TlsConnector;

/// Seconds between two signs of life, unless the URL says otherwise.
const HEARTBEAT: u16 = 10;

/// How the broker is reached.
#[derive(Clone, Debug)]
pub struct RabbitOptions {
    /// `amqp://name:password@host:port/vhost`, or `amqps://…` for TLS.
    pub url: Secret<String>,
    /// What the names of all exchanges and queues begin with.
    pub prefix: String,
    /// How often an event is handed out before the broker lays it aside ([`RabbitOptions::DELIVERY_LIMIT`]).
    /// The queues of an installation are made with it: another one needs another prefix.
    pub delivery_limit: u16,
    /// Certificates (PEM) that the broker's is verified by; those of the system when absent.
    pub ca_file: Option<PathBuf>,
}

impl RabbitOptions {
    /// Whoever had the event was cut off as often. Consumers start again with growing pauses, so that an
    /// outage does not use this up.
    pub const DELIVERY_LIMIT: u16 = 50;
}

/// Settings that cannot be used. No variant carries the URL.
#[derive(Debug, thiserror::Error)]
pub enum OptionsError {
    /// The URL is none.
    #[error("the URL of the broker is no AMQP URL: {0}")]
    Url(String),
    /// There is nothing to verify the broker by.
    #[error("the broker: {0}")]
    Trust(#[from] TrustError),
}

/// Options that were checked.
#[derive(Clone)]
pub(crate) struct Target {
    pub(crate) uri: AMQPUri,
    pub(crate) tls: Option<TlsConnector>,
    pub(crate) prefix: Arc<str>,
    pub(crate) delivery_limit: u16,
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target")
            .field("host", &self.uri.authority.host)
            .field("port", &self.uri.authority.port)
            .field("vhost", &self.uri.vhost)
            .field("tls", &self.tls.is_some())
            .finish_non_exhaustive()
    }
}

impl Target {
    pub(crate) fn new(options: &RabbitOptions) -> Result<Self, OptionsError> {
        let mut uri: AMQPUri = options.url.expose().parse().map_err(OptionsError::Url)?;
        uri.query.heartbeat.get_or_insert(HEARTBEAT);
        let tls = match uri.scheme {
            AMQPScheme::AMQP => None,
            AMQPScheme::AMQPS => {
                let config = Arc::new(verifying_client(options.ca_file.as_deref())?);
                Some(TlsConnector::from(config))
            }
        };
        Ok(Self {
            uri,
            tls,
            prefix: Arc::from(options.prefix.as_str()),
            delivery_limit: options.delivery_limit,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(url: &str) -> Result<Target, OptionsError> {
        Target::new(&RabbitOptions {
            url: Secret::new(url.to_owned()),
            prefix: "meditrack".to_owned(),
            delivery_limit: RabbitOptions::DELIVERY_LIMIT,
            ca_file: None,
        })
    }

    #[test]
    fn the_password_is_never_shown() {
        let target = target("amqp://ehr:hunter2@broker:5673/ward").unwrap();
        assert_eq!(target.uri.authority.userinfo.password, "hunter2");
        let shown = format!("{target:?}");
        assert!(
            shown.contains("broker") && shown.contains("ward"),
            "{shown}"
        );
        assert!(!shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn what_is_no_amqp_url_is_refused_without_being_repeated() {
        for url in ["hunter2", "http://ehr:hunter2@broker", "amqp://"] {
            if let Err(error) = target(url) {
                assert!(!error.to_string().contains("hunter2"), "{error}");
            } else {
                assert_eq!(url, "amqp://", "the only one with defaults for everything");
            }
        }
    }

    #[test]
    fn the_broker_is_asked_for_signs_of_life() {
        assert_eq!(target("amqp://h").unwrap().uri.query.heartbeat, Some(10));
        let chosen = target("amqp://h/?heartbeat=30").unwrap();
        assert_eq!(chosen.uri.query.heartbeat, Some(30));
    }
}
