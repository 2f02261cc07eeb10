//! Where received messages go before they are acknowledged.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use mt_hl7v2::ack::{Outcome, Problem};
use mt_kernel::Instant;

/// SHA-256 of something.
pub type Digest = [u8; 32];

/// Takes received messages into safe storage.
///
/// The server acknowledges a message only after [`MessageStore::store`] has returned, and calls
/// it for the messages of one connection strictly one after the other. Everything positive that
/// it returns must survive the death of the process and the loss of power.
pub trait MessageStore: Send + Sync + 'static {
    /// Stores `received` unless its key is known.
    ///
    /// The acknowledgement in [`Received::ack`] is to be stored with the message, so that a
    /// repetition can be answered with the same bytes.
    fn store(&self, received: Received)
    -> impl Future<Output = Result<Stored, Unavailable>> + Send;
}

/// A message that arrived, with all that is known about how.
#[derive(Clone, Debug)]
pub struct Received {
    /// Who sent what, for telling repetitions.
    pub key: MessageKey,
    /// SHA-256 of [`Self::message`].
    pub digest: Digest,
    /// The message as it stood in the frame.
    pub message: Bytes,
    /// The positive acknowledgement that will be sent, to be stored with the message. Empty when
    /// none is due.
    pub ack: Bytes,
    /// Who is connected.
    pub peer: Peer,
    /// When the frame was complete.
    pub received_at: Instant,
}

/// Under what a message is known: two messages with one key must be the same bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MessageKey {
    /// Name of the connection, from its profile.
    pub connection: Arc<str>,
    /// MSH-3 as sent.
    pub sending_application: Bytes,
    /// MSH-4 as sent.
    pub sending_facility: Bytes,
    /// MSH-10 as sent.
    pub control_id: Bytes,
}

/// The other end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Where it connects from.
    pub address: SocketAddr,
    /// SHA-256 of its certificate under mutual TLS. The tenant is decided by listener and
    /// certificate; MSH alone proves nothing.
    pub certificate: Option<Digest>,
}

/// What became of a message that was handed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stored {
    /// It is stored; its acknowledgement is sent.
    New,
    /// The same message was stored before; its acknowledgement is sent again.
    Duplicate {
        /// The acknowledgement that was stored with it.
        ack: Bytes,
    },
    /// Another message was stored under this key: answered with error 205.
    Conflict,
    /// The application does not take it.
    Refused {
        /// [`Outcome::Error`] when the sender must correct it, [`Outcome::Rejected`] when it may
        /// be sent again unchanged.
        outcome: Outcome,
        /// What to report.
        problems: Vec<Problem>,
    },
}

/// The message cannot be stored now: the sender is told to send it again later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("messages cannot be stored at the moment")]
pub struct Unavailable;

impl<S: MessageStore> MessageStore for Arc<S> {
    fn store(
        &self,
        received: Received,
    ) -> impl Future<Output = Result<Stored, Unavailable>> + Send {
        S::store(self, received)
    }
}
