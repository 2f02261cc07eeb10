//! The sending end: one persistent connection to one destination, in order, until delivered.

mod link;
mod window;
mod worker;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use mt_hl7v2::ack::{AckCode, AckMode, Outcome};
use mt_hl7v2::mllp::FrameProfile;
use mt_hl7v2::{Message, ParseError};
use rustls::pki_types::ServerName;
use tokio::sync::{mpsc, oneshot};

use window::Job;

/// A destination and how to treat it.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// `host:port`.
    pub address: String,
    /// TLS, when the destination wants it.
    pub tls: Option<ClientTls>,
    /// How answers are framed.
    pub frame: FrameProfile,
    /// How many messages may be under way at once. 1, stop and wait, keeps the order whatever
    /// happens; with more, a message sent again may arrive after one that followed it.
    pub depth: usize,
    /// How many messages may wait to be sent.
    pub queue: usize,
    /// Longest time to connect, the TLS handshake included.
    pub connect: Duration,
    /// Longest time for an answer; then the connection is made anew and the message sent again.
    pub answer: Duration,
    /// Pauses between attempts.
    pub backoff: Backoff,
    /// After how many attempts a message that is not answered, or answered with AR or CR, is
    /// given up; absent for never.
    pub attempts: Option<u32>,
    /// What happens to the messages after one that was answered with AE or CE.
    pub on_error: ErrorPolicy,
}

/// TLS towards a destination.
#[derive(Clone, Debug)]
pub struct ClientTls {
    /// Authorities and own certificate; see [`crate::tls::client`].
    pub config: Arc<rustls::ClientConfig>,
    /// The name that the server's certificate must show.
    pub name: ServerName<'static>,
}

/// Pauses that double from attempt to attempt.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    /// The first.
    pub first: Duration,
    /// The longest.
    pub longest: Duration,
}

impl Backoff {
    /// The pause after `attempt` failed attempts.
    #[must_use]
    pub fn pause(&self, attempt: u32) -> Duration {
        let doubled = 2_u32.saturating_pow(attempt.saturating_sub(1).min(20));
        self.first.saturating_mul(doubled).min(self.longest)
    }
}

/// What happens after a message was answered with an error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ErrorPolicy {
    /// The connection halts until [`Client::resume`]: nothing overtakes the message that a
    /// person must look at. What laboratories usually want.
    #[default]
    Halt,
    /// The next message is sent.
    Continue,
}

impl ClientConfig {
    /// The default settings for a destination.
    #[must_use]
    pub fn new(address: impl Into<String>) -> Self {
        Self {
            address: address.into(),
            tls: None,
            frame: FrameProfile::default(),
            depth: 1,
            queue: 1024,
            connect: Duration::from_secs(10),
            answer: Duration::from_secs(30),
            backoff: Backoff {
                first: Duration::from_millis(500),
                longest: Duration::from_secs(60),
            },
            attempts: None,
            on_error: ErrorPolicy::Halt,
        }
    }
}

/// A message was taken by its destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// `AA` or `CA`; absent when the message asks for no answer.
    pub code: Option<AckCode>,
    /// The acknowledgement.
    pub ack: Bytes,
    /// How often it was sent.
    pub attempts: u32,
}

/// A message was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// It is no message.
    #[error("not an HL7 v2 message: {0}")]
    NotAMessage(#[from] ParseError),
    /// It has no MSH-10, by which its answer could be known.
    #[error("the message has no control id in MSH-10")]
    NoControlId,
    /// Its content was refused: it must be corrected, and is parked here with its answer.
    #[error("the destination answered {code}: the message must be corrected")]
    Parked {
        /// `AE` or `CE`.
        code: AckCode,
        /// The acknowledgement, with what is wrong.
        ack: Bytes,
    },
    /// Given up after the configured number of attempts.
    #[error("not taken after {attempts} attempts")]
    GivenUp {
        /// How often it was sent.
        attempts: u32,
        /// The last answer, when there was one.
        ack: Option<Bytes>,
    },
    /// A message before it was refused and the connection waits for [`Client::resume`].
    #[error("the connection is halted by a message that was refused")]
    Halted,
    /// The client was closed before the message was taken.
    #[error("the client was closed")]
    Closed,
}

/// A handle on the connection to one destination. Clones share the connection; when the last is
/// dropped, what was submitted is still sent and the connection then closed.
#[derive(Clone, Debug)]
pub struct Client {
    jobs: mpsc::Sender<Job>,
    halted: Arc<AtomicBool>,
}

/// A message on its way; resolves when it is taken or refused.
#[derive(Debug)]
pub struct Pending(oneshot::Receiver<Result<Delivery, SendError>>);

impl Client {
    /// Starts the connection. It connects when there is something to send.
    #[must_use]
    pub fn start(config: ClientConfig) -> Self {
        let (jobs, waiting) = mpsc::channel(config.queue.max(1));
        let halted = Arc::new(AtomicBool::new(false));
        tokio::spawn(worker::run(config, waiting, Arc::clone(&halted)));
        Self { jobs, halted }
    }

    /// Sends a message and waits until it is taken.
    ///
    /// # Errors
    /// [`SendError`].
    pub async fn send(&self, message: impl Into<Bytes>) -> Result<Delivery, SendError> {
        self.submit(message).await?.await
    }

    /// Queues a message, waiting for room only. Messages are sent in the order of submission.
    ///
    /// # Errors
    /// [`SendError`] when it cannot be sent at all.
    pub async fn submit(&self, message: impl Into<Bytes>) -> Result<Pending, SendError> {
        let message = message.into();
        let parsed = Message::parse(&message)?;
        let control_id = parsed.header().field(10).leaf().text().into_owned();
        if control_id.is_empty() {
            return Err(SendError::NoControlId);
        }
        let answered = AckMode::of(&parsed).immediate(Outcome::Accepted).is_some();
        let (reply, pending) = oneshot::channel();
        let job = Job::new(message, control_id, answered, reply);
        self.jobs.send(job).await.map_err(|_| SendError::Closed)?;
        Ok(Pending(pending))
    }

    /// Whether a refused message halts the connection.
    #[must_use]
    pub fn is_halted(&self) -> bool {
        self.halted.load(Ordering::SeqCst)
    }

    /// Lets the connection go on after a refused message was dealt with.
    pub fn resume(&self) {
        self.halted.store(false, Ordering::SeqCst);
    }
}

impl Future for Pending {
    type Output = Result<Delivery, SendError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0)
            .poll(context)
            .map(|outcome| outcome.unwrap_or(Err(SendError::Closed)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let backoff = Backoff {
            first: Duration::from_millis(100),
            longest: Duration::from_secs(1),
        };
        let pauses: Vec<u128> = [1, 2, 3, 4, 5, 99, u32::MAX]
            .map(|attempt| backoff.pause(attempt).as_millis())
            .to_vec();
        assert_eq!(pauses, [100, 200, 400, 800, 1000, 1000, 1000]);
    }
}
