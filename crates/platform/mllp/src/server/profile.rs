//! What a listener expects of those who connect to it.

use std::sync::Arc;
use std::time::Duration;

use mt_hl7v2::conformance;
use mt_hl7v2::mllp::FrameProfile;
use mt_hl7v2::{Message, ParseOptions};

use crate::store::Digest;

/// A listener's settings.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Name of the connection: part of the key by which repetitions are known.
    pub name: Arc<str>,
    /// How frames are found.
    pub frame: FrameProfile,
    /// How messages are read; CR only, unless this sender needs more.
    pub parse: ParseOptions,
    /// Which messages are taken.
    pub acceptance: Acceptance,
    /// Certificates that may connect, by SHA-256; empty for any that the authorities signed.
    pub certificates: Vec<Digest>,
    /// Times and numbers.
    pub limits: Limits,
}

impl Profile {
    /// The default settings under `name`.
    #[must_use]
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self {
            name: name.into(),
            frame: FrameProfile::default(),
            parse: ParseOptions::wire(),
            acceptance: Acceptance::default(),
            certificates: Vec::new(),
            limits: Limits::default(),
        }
    }
}

/// Which messages a listener takes; an empty list takes any.
#[derive(Clone, Debug, Default)]
pub struct Acceptance {
    /// Senders and receivers.
    pub routes: Vec<Route>,
    /// Message codes in MSH-9.1.
    pub message_codes: Vec<String>,
    /// Processing ids in MSH-11.
    pub processing_ids: Vec<String>,
    /// Rules a message must keep; errors among the findings refuse it.
    pub conformance: Option<Arc<conformance::Profile>>,
}

/// A sender and a receiver, by first components; an absent one may be anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Route {
    /// MSH-3.
    pub sending_application: Option<String>,
    /// MSH-4.
    pub sending_facility: Option<String>,
    /// MSH-5.
    pub receiving_application: Option<String>,
    /// MSH-6.
    pub receiving_facility: Option<String>,
}

impl Route {
    /// Whether `message` goes this way.
    #[must_use]
    pub fn takes(&self, message: &Message<'_>) -> bool {
        let header = message.header();
        let wanted = [
            (3, &self.sending_application),
            (4, &self.sending_facility),
            (5, &self.receiving_application),
            (6, &self.receiving_facility),
        ];
        wanted.iter().all(|(field, wanted)| {
            let is = |wanted: &String| header.field(*field).leaf().text() == wanted.as_str();
            wanted.as_ref().is_none_or(is)
        })
    }
}

/// How long and how many.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Longest time between two frames.
    pub idle: Duration,
    /// Longest time from the first byte of a frame to its last.
    pub frame: Duration,
    /// Longest time for an answer to be taken.
    pub write: Duration,
    /// Longest TLS handshake.
    pub handshake: Duration,
    /// Longest time for connections to end after a shutdown is asked for.
    pub drain: Duration,
    /// Most bytes outside of frames on one connection.
    pub junk_bytes: u64,
    /// Most connections in all.
    pub connections: usize,
    /// Most connections from one address.
    pub connections_per_peer: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            idle: Duration::from_secs(600),
            frame: Duration::from_secs(30),
            write: Duration::from_secs(30),
            handshake: Duration::from_secs(10),
            drain: Duration::from_secs(10),
            junk_bytes: 64 * 1024,
            connections: 512,
            connections_per_peer: 32,
        }
    }
}
