//! From a frame to its answer: read, check, store, and only then say yes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use mt_hl7v2::Message;
use mt_hl7v2::ack::{AckCode, AckMode, ErrorCode, Outcome, Problem, Reply, Severity, header_of};
use mt_hl7v2::conformance;
use mt_hl7v2::datatype::Timestamp;
use mt_hl7v2::mllp::{Commit, FrameFault, commit_frame};
use mt_kernel::{Clock, Instant};

use super::Profile;
use crate::store::{MessageKey, MessageStore, Peer, Received, Stored};
use crate::tls::sha256;

/// What all connections of a listener share.
pub(super) struct Exchange<S> {
    pub(super) profile: Arc<Profile>,
    pub(super) store: Arc<S>,
    pub(super) clock: Arc<dyn Clock>,
    /// Source of the control ids of answers: starts at the time of the start, in microseconds, so
    /// that ids differ between runs.
    pub(super) serial: Arc<AtomicU64>,
}

/// What to send back.
#[derive(Debug, Default)]
pub(super) struct Answer {
    /// Release 2 commit block, sent first.
    pub(super) commit: Option<[u8; 4]>,
    /// Acknowledgement.
    pub(super) message: Option<Bytes>,
    /// Whether to close the connection, because silence would be taken for success.
    pub(super) close: bool,
}

/// Why a message is not taken.
struct Refusal {
    outcome: Outcome,
    problems: Vec<Problem>,
}

impl Refusal {
    fn error(problem: Problem) -> Self {
        Self {
            outcome: Outcome::Error,
            problems: vec![problem],
        }
    }

    fn rejected(problem: Problem) -> Self {
        Self {
            outcome: Outcome::Rejected,
            problems: vec![problem],
        }
    }
}

impl<S: MessageStore> Exchange<S> {
    /// Takes one message and gives its answer.
    pub(super) async fn message(&self, bytes: Vec<u8>, peer: Peer) -> Answer {
        let received_at = self.clock.now();
        let bytes = Bytes::from(bytes);
        let Ok(message) = Message::parse_with(&bytes, &self.profile.parse) else {
            let problem = Problem::new(ErrorCode::SegmentSequence)
                .because("The message cannot be read as HL7 v2");
            return self.unreadable(&bytes, Refusal::error(problem));
        };
        let mode = AckMode::of(&message);
        if let Err(refusal) = self.check(&message) {
            return self.refuse(&message, mode, refusal);
        }
        let code = mode.immediate(Outcome::Accepted);
        let ack = code.map(|code| self.reply(code, received_at, &[], |reply| reply.to(&message)));
        let received = Received {
            key: self.key(&message),
            digest: sha256(&bytes),
            message: bytes.clone(),
            ack: ack.clone().unwrap_or_default(),
            peer,
            received_at,
        };
        match self.store.store(received).await {
            Ok(Stored::New) => self.accepted(ack, "new"),
            Ok(Stored::Duplicate { ack }) => {
                self.accepted(Some(ack).filter(|ack| !ack.is_empty()), "duplicate")
            }
            Ok(Stored::Conflict) => {
                let problem = Problem::new(ErrorCode::DuplicateKey)
                    .because("Another message was received under this control id");
                self.refuse(&message, mode, Refusal::error(problem))
            }
            Ok(Stored::Refused { outcome, problems }) => {
                self.refuse(&message, mode, Refusal { outcome, problems })
            }
            Err(unavailable) => {
                tracing::error!(%unavailable, connection = %self.profile.name, "a message is sent back");
                let problem = Problem::new(ErrorCode::Internal)
                    .because("The message cannot be stored now: send it again later");
                self.refuse(&message, mode, Refusal::rejected(problem))
            }
        }
    }

    /// Answers a frame that was given up.
    pub(super) fn broken(&self, fault: FrameFault, head: &[u8]) -> Answer {
        tracing::warn!(%fault, connection = %self.profile.name, "an MLLP frame is given up");
        match fault {
            // Its sender goes on with the next frame and does not wait for an answer.
            FrameFault::Interrupted => Answer::default(),
            FrameFault::TooLarge { .. } => {
                let problem = Problem::new(ErrorCode::ValueTooLong)
                    .because("The message is larger than this connection allows");
                self.unreadable(head, Refusal::error(problem))
            }
        }
    }

    fn check(&self, message: &Message<'_>) -> Result<(), Refusal> {
        let acceptance = &self.profile.acceptance;
        let header = message.header();
        let path = |field| header.path(1, field);
        let listed = |list: &[String], field: usize| {
            let text = header.field(field).leaf().text();
            list.is_empty() || list.iter().any(|item| *item == text)
        };
        if !acceptance.routes.is_empty() && !acceptance.routes.iter().any(|r| r.takes(message)) {
            let problem = Problem::new(ErrorCode::UnknownKey).at(path(3));
            let text = "This sender and receiver are not set up on this connection";
            return Err(Refusal::rejected(problem.because(text)));
        }
        if header.field(10).leaf().valued().is_none() {
            let problem = Problem::new(ErrorCode::RequiredFieldMissing).at(path(10));
            return Err(Refusal::error(problem));
        }
        let version = header.field(12).leaf().valued();
        if version.is_some()
            && !message
                .version()
                .is_some_and(mt_hl7v2::Version::is_supported)
        {
            let problem = Problem::new(ErrorCode::UnsupportedVersion).at(path(12));
            return Err(Refusal::rejected(problem));
        }
        if !listed(&acceptance.message_codes, 9) {
            let problem = Problem::new(ErrorCode::UnsupportedMessageType).at(path(9));
            return Err(Refusal::rejected(problem));
        }
        if !listed(&acceptance.processing_ids, 11) {
            let problem = Problem::new(ErrorCode::UnsupportedProcessingId).at(path(11));
            return Err(Refusal::rejected(problem));
        }
        let Some(profile) = &acceptance.conformance else {
            return Ok(());
        };
        let findings = conformance::check(message, profile);
        if findings
            .iter()
            .any(|finding| finding.severity == Severity::Error)
        {
            return Err(Refusal {
                outcome: Outcome::Error,
                problems: findings.iter().map(conformance::Finding::problem).collect(),
            });
        }
        Ok(())
    }

    fn key(&self, message: &Message<'_>) -> MessageKey {
        let header = message.header();
        let part = |field: usize| Bytes::copy_from_slice(header.field(field).raw());
        MessageKey {
            connection: Arc::clone(&self.profile.name),
            sending_application: part(3),
            sending_facility: part(4),
            control_id: part(10),
        }
    }

    fn accepted(&self, message: Option<Bytes>, what: &'static str) -> Answer {
        metrics::counter!("mllp_messages_total", "outcome" => what).increment(1);
        Answer {
            commit: self.commit(Commit::Acknowledged),
            message,
            close: false,
        }
    }

    fn refuse(&self, message: &Message<'_>, mode: AckMode, refusal: Refusal) -> Answer {
        let code = mode.immediate(refusal.outcome);
        let problems = &refusal.problems;
        let now = self.clock.now();
        let reply = code.map(|code| self.reply(code, now, problems, |reply| reply.to(message)));
        self.refused(reply, refusal.outcome)
    }

    fn unreadable(&self, bytes: &[u8], refusal: Refusal) -> Answer {
        let mode = header_of(bytes).map_or(AckMode::Original, |header| AckMode::of(&header));
        let code = mode.immediate(refusal.outcome);
        let problems = &refusal.problems;
        let now = self.clock.now();
        let reply =
            code.map(|code| self.reply(code, now, problems, |reply| reply.to_unreadable(bytes)));
        self.refused(reply, refusal.outcome)
    }

    fn refused(&self, message: Option<Bytes>, outcome: Outcome) -> Answer {
        let what = if outcome == Outcome::Rejected {
            "rejected"
        } else {
            "error"
        };
        metrics::counter!("mllp_messages_total", "outcome" => what).increment(1);
        let commit = self.commit(Commit::Refused);
        Answer {
            close: message.is_none() && commit.is_none() && outcome == Outcome::Rejected,
            message,
            commit,
        }
    }

    fn commit(&self, commit: Commit) -> Option<[u8; 4]> {
        self.profile.frame.release2.then(|| commit_frame(commit))
    }

    /// Writes an acknowledgement under a control id of its own.
    fn reply(
        &self,
        code: AckCode,
        at: Instant,
        problems: &[Problem],
        write: impl FnOnce(&Reply<'_>) -> Vec<u8>,
    ) -> Bytes {
        let control_id = base36(self.serial.fetch_add(1, Ordering::Relaxed));
        let reply = Reply {
            code,
            control_id: &control_id,
            timestamp: timestamp(at),
            problems,
        };
        Bytes::from(write(&reply))
    }
}

/// At most thirteen characters, where MSH-10 has room for twenty in every version.
fn base36(number: u64) -> String {
    let mut digits = Vec::new();
    let mut rest = number;
    loop {
        digits.push(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[(rest % 36) as usize]);
        rest /= 36;
        if rest == 0 {
            break;
        }
    }
    digits
        .iter()
        .rev()
        .map(|digit| char::from(*digit))
        .collect()
}

fn timestamp(at: Instant) -> Timestamp {
    let text = at.timestamp().strftime("%Y%m%d%H%M%S+0000").to_string();
    text.parse().unwrap_or(EPOCH)
}

/// For a clock that is set before year 0 or after 9999.
const EPOCH: Timestamp = Timestamp {
    year: 1970,
    month: 1,
    day: 1,
    hour: 0,
    minute: 0,
    second: 0,
    fraction: 0,
    offset: Some(0),
    precision: mt_hl7v2::datatype::Precision::Second,
};
