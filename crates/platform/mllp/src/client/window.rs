//! The messages under way: sent or to be sent again, oldest first.

use std::collections::VecDeque;

use bytes::Bytes;
use mt_hl7v2::Message;
use mt_hl7v2::ack::{AckCode, Outcome};
use mt_hl7v2::view::Ack;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::{Delivery, ErrorPolicy, SendError};

/// A message with whoever waits for it.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) message: Bytes,
    control_id: String,
    /// Whether an answer to success is asked for.
    pub(super) answered: bool,
    pub(super) attempts: u32,
    /// When it was sent on the connection of the moment; absent when it must be sent (again).
    pub(super) sent: Option<Instant>,
    last_ack: Option<Bytes>,
    reply: oneshot::Sender<Result<Delivery, SendError>>,
}

impl Job {
    pub(super) fn new(
        message: Bytes,
        control_id: String,
        answered: bool,
        reply: oneshot::Sender<Result<Delivery, SendError>>,
    ) -> Self {
        Self {
            message,
            control_id,
            answered,
            attempts: 0,
            sent: None,
            last_ack: None,
            reply,
        }
    }

    /// Tells whoever waits; nobody may be waiting any more.
    pub(super) fn resolve(self, outcome: Result<Delivery, SendError>) {
        let _ = self.reply.send(outcome);
    }

    pub(super) fn delivered(self, code: Option<AckCode>, ack: Bytes) {
        let attempts = self.attempts;
        self.resolve(Ok(Delivery {
            code,
            ack,
            attempts,
        }));
    }
}

/// What an answer means for the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// Go on.
    Next,
    /// Send a message again after a pause for this many attempts.
    Pause(u32),
    /// A refused message halts the connection.
    Halt,
    /// The answer cannot be read; the stream is not to be trusted.
    Garbled,
}

/// The messages under way, in order.
#[derive(Debug, Default)]
pub(super) struct Window(pub(super) VecDeque<Job>);

impl Window {
    /// The next message to send, unless one before it waits to be sent again.
    pub(super) fn next_unsent(&mut self) -> Option<&mut Job> {
        self.0.iter_mut().find(|job| job.sent.is_none())
    }

    /// When the oldest message that was sent was sent.
    pub(super) fn oldest_sent(&self) -> Option<Instant> {
        self.0.iter().filter_map(|job| job.sent).min()
    }

    /// The connection is lost: everything must be sent again. Gives up what was tried too often.
    pub(super) fn lost(&mut self, limit: Option<u32>) {
        for mut job in std::mem::take(&mut self.0) {
            job.sent = None;
            if limit.is_some_and(|limit| job.attempts >= limit) {
                give_up(job);
            } else {
                self.0.push_back(job);
            }
        }
    }

    /// One attempt to connect failed: it counts for the oldest message.
    pub(super) fn unreachable(&mut self, limit: Option<u32>) -> u32 {
        let Some(job) = self.0.front_mut() else {
            return 1;
        };
        job.attempts += 1;
        let attempts = job.attempts;
        if limit.is_some_and(|limit| attempts >= limit) {
            self.0.pop_front().into_iter().for_each(give_up);
        }
        attempts
    }

    /// A message asks for no answer to success: once written it counts as taken.
    pub(super) fn resolve_unanswered(&mut self) {
        while let Some(at) = self
            .0
            .iter()
            .position(|job| job.sent.is_some() && !job.answered)
        {
            if let Some(job) = self.0.remove(at) {
                job.delivered(None, Bytes::new());
            }
        }
    }

    /// Takes an answer.
    pub(super) fn answer(
        &mut self,
        ack: Bytes,
        policy: ErrorPolicy,
        limit: Option<u32>,
    ) -> Progress {
        let Some((code, control_id)) = read(&ack) else {
            return Progress::Garbled;
        };
        let of_this = |job: &Job| job.sent.is_some() && job.control_id == control_id;
        let Some(at) = self.0.iter().position(of_this) else {
            // Late, for a message that was sent twice, or an application's answer after a
            // commit: whoever needs those reads them on a listener of their own.
            metrics::counter!("mllp_answers_unmatched_total").increment(1);
            return Progress::Next;
        };
        if code.outcome() == Outcome::Rejected {
            let job = &mut self.0[at];
            job.sent = None;
            job.last_ack = Some(ack);
            let attempts = job.attempts;
            if limit.is_some_and(|limit| attempts >= limit) {
                self.0.remove(at).into_iter().for_each(give_up);
                return Progress::Next;
            }
            return Progress::Pause(attempts);
        }
        let Some(job) = self.0.remove(at) else {
            return Progress::Next;
        };
        if code.outcome() == Outcome::Accepted {
            job.delivered(Some(code), ack);
            return Progress::Next;
        }
        job.resolve(Err(SendError::Parked { code, ack }));
        match policy {
            ErrorPolicy::Halt => Progress::Halt,
            ErrorPolicy::Continue => Progress::Next,
        }
    }

    /// Refuses everything that has not been sent.
    pub(super) fn halt(&mut self) {
        for job in std::mem::take(&mut self.0) {
            if job.sent.is_some() {
                self.0.push_back(job);
            } else {
                job.resolve(Err(SendError::Halted));
            }
        }
    }
}

fn give_up(job: Job) {
    let (attempts, ack) = (job.attempts, job.last_ack.clone());
    job.resolve(Err(SendError::GivenUp { attempts, ack }));
}

fn read(ack: &[u8]) -> Option<(AckCode, String)> {
    let message = Message::parse(ack).ok()?;
    let view = Ack::of(&message);
    Some((view.code()?, view.acknowledged()?.into_owned()))
}
