//! Services of others: video, vendors of messages, brokers of events, a shared cache, a virus scanner.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Hidden;

/// `[telehealth]`: who carries picture and sound of video visits.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Telehealth {
    /// `own` (from browser to browser), `100ms` or `twilio`.
    pub(crate) provider: VideoProvider,
    /// STUN servers, such as `stun:stun.example.org`. Without one only browsers in one network find each other.
    pub(crate) stun: Vec<String>,
    /// TURN servers, such as `turns:turn.example.org:443?transport=tcp`.
    pub(crate) turn: Vec<String>,
    /// The secret that the TURN servers share with us (`static-auth-secret` of coturn).
    pub(crate) turn_secret: Option<Hidden>,
    /// Access key of 100ms, or account SID (`AC…`) of Twilio.
    pub(crate) account: Option<String>,
    /// Key SID (`SK…`) of Twilio.
    pub(crate) key: Option<String>,
    /// App secret of 100ms, or secret of Twilio's key.
    pub(crate) secret: Option<Hidden>,
    /// Id of the 100ms template, whose roles are `host` and `guest`.
    pub(crate) template: Option<String>,
}

/// Who carries picture and sound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum VideoProvider {
    #[default]
    Own,
    #[serde(rename = "100ms")]
    Hms,
    Twilio,
}

/// `[notifications]`: vendors by which people are told things. Without them mail goes through `[mail]`, and nothing else leaves.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Notifications {
    pub(crate) sendgrid: SendGrid,
    pub(crate) twilio: Twilio,
    pub(crate) fcm: Fcm,
    pub(crate) web_push: WebPush,
}

/// `[notifications.sendgrid]`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SendGrid {
    /// API key. With it notifications are mailed by SendGrid and not through `[mail]`.
    pub(crate) key: Option<Hidden>,
    /// Mail address of the sender.
    pub(crate) from: Option<String>,
    /// Verification key of the signed event webhook.
    pub(crate) webhook_key: Option<String>,
    /// Address of the API.
    pub(crate) url: String,
}

impl Default for SendGrid {
    fn default() -> Self {
        Self {
            key: None,
            from: None,
            webhook_key: None,
            url: "https://api.sendgrid.com".to_owned(),
        }
    }
}

/// `[notifications.twilio]`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Twilio {
    /// SID of the account. Without it no text message leaves.
    pub(crate) account: Option<String>,
    /// Auth token of the account.
    pub(crate) token: Option<Hidden>,
    /// SID of a messaging service that sends.
    pub(crate) service: Option<String>,
    /// Number that sends when there is no service, such as `"+15551234567"`.
    #[serde(deserialize_with = "telephone")]
    pub(crate) from: Option<String>,
    /// Address of the API.
    pub(crate) url: String,
}

impl Default for Twilio {
    fn default() -> Self {
        Self {
            account: None,
            token: None,
            service: None,
            from: None,
            url: "https://api.twilio.com".to_owned(),
        }
    }
}

/// A telephone number; the environment makes an integer of `+15551234567`.
fn telephone<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Text(String),
        Number(u64),
    }
    let written = Option::<Written>::deserialize(from)?;
    Ok(written.map(|written| match written {
        Written::Text(text) => text,
        Written::Number(number) => format!("+{number}"),
    }))
}

/// `[notifications.fcm]`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Fcm {
    /// File of the service account. Without it no device is woken.
    pub(crate) account_file: Option<PathBuf>,
    /// Address of the API.
    pub(crate) url: String,
}

impl Default for Fcm {
    fn default() -> Self {
        Self {
            account_file: None,
            url: "https://fcm.googleapis.com".to_owned(),
        }
    }
}

/// `[notifications.web_push]`
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct WebPush {
    /// Whom push services may ask, such as `mailto:operator@clinic.example`. Without it no browser is woken.
    pub(crate) contact: Option<String>,
}

/// `[events]`: what carries the events from the outbox to those who take them.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Events {
    /// `embedded` (the database), `kafka` or `rabbitmq`.
    pub(crate) bus: Bus,
    /// How Kafka is reached.
    pub(crate) kafka: Kafka,
    /// How RabbitMQ is reached.
    pub(crate) rabbitmq: RabbitMq,
}

/// What carries events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Bus {
    #[default]
    Embedded,
    Kafka,
    RabbitMq,
}

impl Bus {
    /// Its name in the configuration.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::Kafka => "kafka",
            Self::RabbitMq => "rabbitmq",
        }
    }
}

/// `[events.kafka]`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Kafka {
    /// `host:port`, several separated by commas.
    pub(crate) brokers: String,
    /// What the names of topics and groups begin with.
    pub(crate) prefix: String,
    /// Whether missing topics are made.
    pub(crate) create_topics: bool,
    /// Copies of each topic that is made.
    pub(crate) replication: i32,
    /// Name to sign in with (SASL).
    pub(crate) user: Option<String>,
    /// Password to sign in with.
    pub(crate) password: Option<Hidden>,
    /// URL of the schema registry; without one, nobody but our consumers can read the messages.
    pub(crate) registry: Option<String>,
    /// Name to sign in to the schema registry with.
    pub(crate) registry_user: Option<String>,
    /// Password to sign in to the schema registry with.
    pub(crate) registry_password: Option<Hidden>,
    /// Settings of librdkafka for TLS and SASL (`security.*`, `sasl.*`, `ssl.*`); no passwords here.
    pub(crate) security: std::collections::BTreeMap<String, String>,
}

impl Default for Kafka {
    fn default() -> Self {
        Self {
            brokers: String::new(),
            prefix: String::new(),
            create_topics: true,
            replication: 3,
            user: None,
            password: None,
            registry: None,
            registry_user: None,
            registry_password: None,
            security: std::collections::BTreeMap::new(),
        }
    }
}

/// `[events.rabbitmq]`
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RabbitMq {
    /// `amqp://name:password@host:port/vhost`, or `amqps://…`.
    pub(crate) url: Option<Hidden>,
    /// What the names of exchanges and queues begin with.
    pub(crate) prefix: String,
    /// Certificates (PEM) that the broker's is verified by; those of the system when absent.
    pub(crate) ca_file: Option<PathBuf>,
}

impl Default for RabbitMq {
    fn default() -> Self {
        Self {
            url: None,
            prefix: "meditrack".to_owned(),
            ca_file: None,
        }
    }
}

/// `[cache]`: what the processes of a cluster share to spare the database.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Cache {
    /// How Redis is reached; without a URL each process has its own memory alone.
    pub(crate) redis: Redis,
}

/// `[files]`: files within records.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Files {
    /// Where ClamAV's daemon listens: `/run/clamav/clamd.ctl` or `tcp://host:port`. It looks at every file before it is stored.
    pub(crate) clamd: Option<String>,
}

/// `[cache.redis]`
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Redis {
    /// `redis://name:password@host:port/database`, or `rediss://…`.
    pub(crate) url: Option<Hidden>,
    /// Certificates (PEM) that the server's is verified by; those of the system when absent.
    pub(crate) ca_file: Option<PathBuf>,
}
