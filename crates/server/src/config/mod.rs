//! Configuration: a strict TOML file, then the environment.
//!
//! `MEDITRACK__SERVER__LISTEN=…` sets `server.listen`. An unknown key stops the start and is
//! named, because a setting that is silently ignored is worse than none.

mod services;

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::{Deserialize, Serialize};

pub(crate) use services::{
    Bus, Cache, Events, Fcm, Files, Kafka, Notifications, Telehealth, VideoProvider,
};

const PREFIX: &str = "MEDITRACK__";

/// Everything that can be set.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {
    pub(crate) server: Server,
    pub(crate) http: Http,
    pub(crate) database: Database,
    pub(crate) keys: Keys,
    pub(crate) store: Store,
    pub(crate) limits: Limits,
    pub(crate) import: Import,
    pub(crate) outbound: Outbound,
    pub(crate) mail: Mail,
    pub(crate) telehealth: Telehealth,
    pub(crate) notifications: Notifications,
    pub(crate) archive: Archive,
    pub(crate) events: Events,
    pub(crate) cache: Cache,
    pub(crate) files: Files,
    pub(crate) log: Log,
}

/// `[server]`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Server {
    /// Address and port.
    pub(crate) listen: SocketAddr,
    /// URL under which clients reach the server, such as `https://ehr.example.org`.
    pub(crate) public_url: Option<String>,
    /// What this installation is when it is not for care, such as `Training`: every page says so, in another colour.
    pub(crate) environment: Option<String>,
    /// Connections at once.
    pub(crate) max_connections: usize,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 3000)),
            public_url: None,
            environment: None,
            max_connections: 10_000,
        }
    }
}

/// `[http]`
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Http {
    /// Addresses and networks of reverse proxies, such as `10.0.0.0/8`. Only they are believed when they say
    /// for whom they ask.
    pub(crate) trusted_proxies: Vec<String>,
    /// The header by which they say so; any other one is ignored.
    pub(crate) forwarded_by: ForwardedHeader,
}

/// `http.forwarded_by`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum ForwardedHeader {
    #[default]
    XForwardedFor,
    Forwarded,
}

/// `[database]`
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Database {
    /// URL of a server of your own, as the application role. Without it MediTrack runs its own.
    pub(crate) url: Option<Hidden>,
    /// URL of the same database as the role that owns the schemas, for migrations.
    pub(crate) owner_url: Option<Hidden>,
}

/// `[keys]`
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Keys {
    /// Directory of the key-encryption keys; default: `keys` in the data directory.
    pub(crate) directory: Option<PathBuf>,
}

/// `[store]`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Store {
    /// MiB of sealed records kept in memory.
    pub(crate) cache_mib: u64,
}

impl Default for Store {
    fn default() -> Self {
        Self { cache_mib: 64 }
    }
}

/// `[limits]`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Limits {
    /// Requests per second of one client, in the long run.
    pub(crate) client_per_second: NonZeroU32,
    /// Requests of one client at once.
    pub(crate) client_burst: NonZeroU32,
    /// Requests per second of one tenant, in the long run.
    pub(crate) tenant_per_second: NonZeroU32,
    /// Requests of one tenant at once.
    pub(crate) tenant_burst: NonZeroU32,
    /// MiB of one request body, also after inflating.
    pub(crate) body_mib: usize,
}

impl Default for Limits {
    fn default() -> Self {
        let n = |n| NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN);
        Self {
            client_per_second: n(500),
            client_burst: n(2_000),
            tenant_per_second: n(5_000),
            tenant_burst: n(20_000),
            body_mib: 64,
        }
    }
}

/// `[import]`
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Import {
    /// Hosts (`host` or `host:port`) that `$import` may fetch from by any scheme and address. Others
    /// are reached by https at public addresses only.
    pub(crate) hosts: Vec<String>,
}

/// `[outbound]`
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Outbound {
    /// Hosts (`host` or `host:port`) that webhooks and subscriptions may call by any scheme and address.
    /// Others are called by https at public addresses only.
    pub(crate) hosts: Vec<String>,
}

/// `[mail]`
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Mail {
    /// Host of the SMTP server. Without it no mail leaves; administrators hand links on themselves.
    pub(crate) host: Option<String>,
    /// Port; by default 587, or 465 with `tls = "implicit"`.
    pub(crate) port: Option<u16>,
    /// `starttls`, `implicit`, or `none` for a server on this machine.
    pub(crate) tls: MailTls,
    /// Name to sign in with.
    pub(crate) user: Option<String>,
    /// Password to sign in with.
    pub(crate) password: Option<Hidden>,
    /// Sender, such as `Clinic <no-reply@clinic.example>`.
    pub(crate) from: Option<String>,
}

/// Protection of the connection to the mail server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum MailTls {
    #[default]
    StartTls,
    Implicit,
    None,
}

/// `[archive]`: a bucket with object lock (S3 API) that the audit logs are archived to once a day.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Archive {
    /// Address of the storage, such as `https://s3.eu-central-1.amazonaws.com`. Without it nothing
    /// is archived.
    pub(crate) endpoint: Option<String>,
    /// Name of the bucket.
    pub(crate) bucket: String,
    /// Region; `us-east-1` for storage that knows none.
    pub(crate) region: String,
    /// Id of the key.
    pub(crate) access_key: String,
    /// The key.
    pub(crate) secret_key: Option<Hidden>,
    /// Days for which nobody can delete what was archived.
    pub(crate) retention_days: u32,
    /// Days after which rows leave the database whose archive was read back and found whole; without it they stay.
    pub(crate) online_days: Option<u32>,
}

impl Default for Archive {
    fn default() -> Self {
        Self {
            endpoint: None,
            bucket: "meditrack-audit".to_owned(),
            region: "us-east-1".to_owned(),
            access_key: String::new(),
            secret_key: None,
            // Seven years.
            retention_days: 2_557,
            online_days: None,
        }
    }
}

/// `[log]`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Log {
    /// `info`, `debug`, or a filter such as `warn,mt_store=debug`.
    pub(crate) level: String,
    /// `text` or `json`.
    pub(crate) format: LogFormat,
    /// OTLP/HTTP endpoint for traces, such as `http://localhost:4318/v1/traces`.
    pub(crate) otlp: Option<String>,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            level: "info".to_owned(),
            format: LogFormat::Text,
            otlp: None,
        }
    }
}

/// Form of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    Text,
    Json,
}

/// A value that is read but never printed.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub(crate) struct Hidden(String);

impl Hidden {
    pub(crate) fn secret(&self) -> mt_kernel::Secret<String> {
        mt_kernel::Secret::new(self.0.clone())
    }
}

impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[secret]")
    }
}

impl Serialize for Hidden {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("[secret]")
    }
}

impl Config {
    /// Reads `file` when given, then the environment.
    pub(crate) fn load(file: Option<&Path>) -> anyhow::Result<Self> {
        let text = match file {
            Some(file) => std::fs::read_to_string(file)
                .with_context(|| format!("the configuration {} cannot be read", file.display()))?,
            None => String::new(),
        };
        Self::parse(&text, std::env::vars())
    }

    fn parse(
        text: &str,
        environment: impl Iterator<Item = (String, String)>,
    ) -> anyhow::Result<Self> {
        let mut table: toml::Table = text
            .parse()
            .context("the configuration is not valid TOML")?;
        for (name, value) in environment {
            if let Some(path) = name.strip_prefix(PREFIX) {
                let path: Vec<String> = path.split("__").map(str::to_lowercase).collect();
                overlay(&mut table, &path, &value)
                    .with_context(|| format!("the environment variable {name} fits no section"))?;
            }
        }
        Self::deserialize(toml::Value::Table(table)).context("the configuration is not usable")
    }
}

/// Puts `value` at `path`. Text that is a TOML number, boolean or array becomes one.
fn overlay(table: &mut toml::Table, path: &[String], value: &str) -> anyhow::Result<()> {
    let (last, sections) = path.split_last().context("the name is empty")?;
    let mut place = table;
    for section in sections {
        let next = place
            .entry(section.clone())
            .or_insert_with(|| toml::Table::new().into());
        place = next.as_table_mut().context("a section is expected")?;
    }
    let parsed = format!("x = {value}").parse::<toml::Table>().ok();
    let scalar = parsed.and_then(|mut table| table.remove("x"));
    let scalar = scalar.filter(|value| value.is_integer() || value.is_bool() || value.is_array());
    place.insert(last.clone(), scalar.unwrap_or_else(|| value.into()));
    Ok(())
}

/// Where data live unless told otherwise.
pub(crate) fn default_data_dir() -> PathBuf {
    let from = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    if let Some(data) = from("XDG_DATA_HOME") {
        return PathBuf::from(data).join("meditrack");
    }
    match from("HOME") {
        Some(home) => PathBuf::from(home).join(".local/share/meditrack"),
        None => PathBuf::from("meditrack-data"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str, environment: &[(&str, &str)]) -> anyhow::Result<Config> {
        let pairs = environment
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
        Config::parse(text, pairs)
    }

    #[test]
    fn the_environment_wins_over_the_file() {
        let environment = [
            ("MEDITRACK__SERVER__LISTEN", "0.0.0.0:80"),
            ("MEDITRACK__STORE__CACHE_MIB", "7"),
            ("OTHER", "x"),
        ];
        let config = parse("[server]\nlisten = \"127.0.0.1:1\"", &environment).unwrap();
        assert_eq!(config.server.listen.to_string(), "0.0.0.0:80");
        assert_eq!(config.store.cache_mib, 7);
    }

    #[test]
    fn an_unknown_key_stops_with_its_name() {
        for (text, name) in [("[server]\nlissten = 1", "lissten"), ("[sever]\n", "sever")] {
            let error = format!("{:#}", parse(text, &[]).unwrap_err());
            assert!(error.contains(name), "{error}");
        }
        let error = parse("", &[("MEDITRACK__LOG__COLOUR", "red")]).unwrap_err();
        assert!(format!("{error:#}").contains("colour"));
    }

    #[test]
    fn a_telephone_number_is_read_from_the_environment_too() {
        let named = [("MEDITRACK__NOTIFICATIONS__TWILIO__FROM", "+15551234567")];
        let text = "[notifications.twilio]\nfrom = \"+15551234567\"";
        for (text, environment) in [(text, &[][..]), ("", &named[..])] {
            let config = parse(text, environment).unwrap();
            let from = config.notifications.twilio.from;
            assert_eq!(from.as_deref(), Some("+15551234567"));
        }
    }

    #[test]
    fn secrets_are_read_and_not_printed() {
        let config = parse("[database]\nurl = \"postgres://u:hunter2@h/d\"", &[]).unwrap();
        assert_eq!(
            config.database.url.as_ref().unwrap().secret().expose(),
            "postgres://u:hunter2@h/d"
        );
        assert!(!toml::to_string(&config).unwrap().contains("hunter2"));
        assert!(!format!("{config:?}").contains("hunter2"));
    }

    #[test]
    fn the_bus_is_chosen_and_its_secrets_are_not_printed() {
        assert_eq!(parse("", &[]).unwrap().events.bus, Bus::Embedded);
        let environment = [
            ("MEDITRACK__EVENTS__BUS", "rabbitmq"),
            ("MEDITRACK__EVENTS__RABBITMQ__URL", "amqp://u:hunter2@h"),
            ("MEDITRACK__EVENTS__KAFKA__PASSWORD", "hunter2"),
        ];
        let config = parse("[events.rabbitmq]\nprefix = \"ward\"", &environment).unwrap();
        assert_eq!(config.events.bus, Bus::RabbitMq);
        let printed = format!("{config:?} {}", toml::to_string(&config).unwrap());
        assert!(printed.contains("ward") && !printed.contains("hunter2"));
        assert!(parse("[events]\nbus = \"pigeon\"", &[]).is_err());
        assert!(parse("[events.rabbitmq]\nurls = \"x\"", &[]).is_err());
    }
}
