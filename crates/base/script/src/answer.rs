//! Status, Error and Verify in answer to a message.

use crate::Message;
use crate::model::{DateTime, Header, SenderSoftware};
use crate::transaction::{Body, Error, Status, Verify};
use crate::validate::{ErrorCode, Report};
use crate::version::Version;

/// The most characters of a `Description`.
const DESCRIPTION: usize = 70;

/// What only the answering system knows: this library has no clock and makes up no identifiers.
#[derive(Debug, Clone, PartialEq)]
pub struct Stamp {
    /// A new `MessageID`.
    pub message_id: String,
    /// The time now, with its offset.
    pub sent_time: DateTime,
    /// The answering software.
    pub software: Option<SenderSoftware>,
}

/// How far a message came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StatusCode {
    /// 000: taken over for the next participant.
    Accepted,
    /// 010: taken over by the last receiver.
    Delivered,
}

impl StatusCode {
    /// The code on the wire.
    pub fn code(self) -> &'static str {
        match self {
            Self::Accepted => "000",
            Self::Delivered => "010",
        }
    }
}

/// Answers that a message was taken over. That is no clinical decision.
pub fn status(to: &Message, stamp: &Stamp, code: StatusCode) -> Message {
    let body = Status {
        code: Some(code.code().to_owned()),
        ..Status::default()
    };
    answer(to.version, &to.header, stamp, Body::Status(Box::new(body)))
}

/// Answers that a message was not taken over. Description codes are those of the network, at most four digits.
pub fn error(
    to: &Message,
    stamp: &Stamp,
    code: ErrorCode,
    description_code: Option<&str>,
    description: &str,
) -> Message {
    let body = Error {
        code: Some(code.code().to_owned()),
        description_code: description_code.map(str::to_owned).into_iter().collect(),
        description: Some(shorten(description)),
    };
    answer(to.version, &to.header, stamp, Body::Error(Box::new(body)))
}

/// Confirms the receipt of a message.
pub fn verify(to: &Message, stamp: &Stamp) -> Message {
    let body = Verify {
        code: Some("010".to_owned()),
        ..Verify::default()
    };
    answer(to.version, &to.header, stamp, Body::Verify(Box::new(body)))
}

/// The answer that a report calls for: Status 010 when it is valid, else Error with its first error.
pub fn acknowledge(to: &Message, report: &Report, stamp: &Stamp) -> Message {
    match report.errors().next() {
        None => status(to, stamp, StatusCode::Delivered),
        Some(issue) => {
            let field = issue.path.rsplit('/').next().unwrap_or_default();
            let whole = format!("{field}: {}", issue.sentence);
            let fits = !field.is_empty() && whole.chars().count() <= DESCRIPTION;
            error(
                to,
                stamp,
                issue.code,
                None,
                if fits { &whole } else { &issue.sentence },
            )
        }
    }
}

fn answer(version: Version, to: &Header, stamp: &Stamp, body: Body) -> Message {
    let header = Header {
        to: to.from.clone(),
        from: to.to.clone(),
        message_id: Some(stamp.message_id.clone()),
        relates_to_message_id: to.message_id.clone(),
        sent_time: Some(stamp.sent_time.clone()),
        sender_software: stamp.software.clone(),
        rx_reference_number: to.rx_reference_number.clone(),
        prescriber_order_number: to.prescriber_order_number.clone(),
        ..Header::default()
    };
    Message::new(version, header, body)
}

fn shorten(text: &str) -> String {
    text.trim()
        .chars()
        .take(DESCRIPTION)
        .collect::<String>()
        .trim()
        .to_owned()
}
