//! What the context needs of others: what organisations decided, and the ways out.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use mt_kernel::{Fault, TenantId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::{Channel, OpenText};

/// What an organisation says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organisation {
    /// Name for people.
    pub name: String,
    /// Language of those who chose none.
    pub language: String,
    /// IANA zone of those who chose none.
    pub time_zone: String,
    /// How many minutes before an appointment its patient is reminded.
    pub reminder_minutes: Vec<u32>,
}

/// Knows the organisations.
pub trait Organisations: Send + Sync + 'static {
    /// What an organisation decided.
    ///
    /// # Errors
    /// When it cannot be asked now.
    fn of(&self, tenant: TenantId) -> BoxFuture<'_, Result<Organisation, Fault>>;
}

/// Where a message goes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Address {
    /// A mail address.
    Email {
        /// `name@host`
        address: String,
    },
    /// A telephone that takes text messages.
    Sms {
        /// E.164: `+15551234567`.
        number: String,
    },
    /// A device that Firebase Cloud Messaging wakes.
    Fcm {
        /// Registration token.
        token: String,
    },
    /// A browser that a push service wakes (RFC 8030).
    Web {
        /// URL of the push service.
        endpoint: String,
        /// The browser's public key, base64url.
        p256dh: String,
        /// The browser's secret, base64url.
        auth: String,
    },
}

impl Address {
    /// The way by which it is reached.
    #[must_use]
    pub const fn channel(&self) -> Channel {
        match self {
            Self::Email { .. } => Channel::Email,
            Self::Sms { .. } => Channel::Sms,
            Self::Fcm { .. } | Self::Web { .. } => Channel::Push,
        }
    }

    /// What tells it from others of its kind.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Email { address } => address,
            Self::Sms { number } => number,
            Self::Fcm { token } => token,
            Self::Web { endpoint, .. } => endpoint,
        }
    }
}

/// An address names a person and is not printed.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({})", self.channel().code())
    }
}

/// A message on its way out. Its words are open: there is no field that could carry health information.
#[derive(Clone, Debug)]
pub struct Dispatch {
    /// Id of the delivery: the same at every attempt.
    pub delivery: Uuid,
    /// Whose.
    pub tenant: TenantId,
    /// Where to.
    pub address: Address,
    /// Subject line, or title.
    pub subject: OpenText,
    /// Text.
    pub text: OpenText,
    /// Where the person reads more.
    pub link: String,
    /// Link by which mail of this kind is stopped.
    pub unsubscribe: Option<String>,
    /// Whether it may wake a sleeping device.
    pub urgent: bool,
    /// How long it is worth anything.
    pub lifetime: Duration,
}

/// What came of an attempt. Reasons are fixed words: they are stored and shown in the clear.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// The other side took it.
    Taken(Option<u16>),
    /// Not now.
    Later {
        /// Why.
        reason: &'static str,
        /// HTTP status.
        status: Option<u16>,
        /// `Retry-After`.
        wish: Option<Duration>,
    },
    /// Never.
    Never {
        /// Why.
        reason: &'static str,
        /// HTTP status.
        status: Option<u16>,
    },
    /// Never, and nothing must be sent to this address again.
    Gone {
        /// Why.
        reason: &'static str,
        /// HTTP status.
        status: Option<u16>,
    },
}

/// A way out.
pub trait Transport: Send + Sync + 'static {
    /// Tries once.
    fn send<'a>(&'a self, dispatch: &'a Dispatch) -> BoxFuture<'a, Sent>;
}

/// The ways out that this installation has.
#[derive(Clone, Default)]
pub struct Transports {
    /// A mail server, or a vendor of mail.
    pub email: Option<Arc<dyn Transport>>,
    /// A vendor of text messages.
    pub sms: Option<Arc<dyn Transport>>,
    /// Firebase Cloud Messaging.
    pub fcm: Option<Arc<dyn Transport>>,
    /// Push services of browsers.
    pub web: Option<Arc<dyn Transport>>,
}

impl fmt::Debug for Transports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let have: Vec<&str> = Channel::ALL
            .into_iter()
            .filter(|channel| self.has(*channel))
            .map(Channel::code)
            .collect();
        f.debug_tuple("Transports").field(&have).finish()
    }
}

impl Transports {
    /// Whether anything leaves by this way.
    #[must_use]
    pub fn has(&self, channel: Channel) -> bool {
        match channel {
            Channel::Email => self.email.is_some(),
            Channel::Sms => self.sms.is_some(),
            Channel::Push => self.fcm.is_some() || self.web.is_some(),
        }
    }

    /// The way to an address.
    #[must_use]
    pub fn to(&self, address: &Address) -> Option<&Arc<dyn Transport>> {
        match address {
            Address::Email { .. } => self.email.as_ref(),
            Address::Sms { .. } => self.sms.as_ref(),
            Address::Fcm { .. } => self.fcm.as_ref(),
            Address::Web { .. } => self.web.as_ref(),
        }
    }
}
