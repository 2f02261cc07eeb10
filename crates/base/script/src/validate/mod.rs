//! Checks of a message: structure by its shape, forms of values, and the rules between them.

mod format;
mod issue;
mod medication;
mod rules;
mod sink;
mod structure;

pub use issue::{ErrorCode, Issue, Report, Severity};

use crate::document::Document;
use crate::error::ReadErrorReason as Reason;
use crate::xml::Limits;
use sink::Sink;

/// Checks a message. Bytes that are no SCRIPT message give a report with the one issue that says why.
pub fn validate(bytes: &[u8]) -> Report {
    validate_within(bytes, &Limits::default())
}

/// Checks a message within limits.
pub fn validate_within(bytes: &[u8], limits: &Limits) -> Report {
    match Document::parse_within(bytes, limits) {
        Ok(document) => check(&document),
        Err(error) => Report {
            version: None,
            transaction: None,
            message_id: None,
            issues: vec![Issue {
                severity: Severity::Error,
                rule: "unreadable",
                code: code_of(&error.reason),
                path: String::new(),
                position: error.position,
                sentence: error.reason.to_string(),
            }],
            more: 0,
        },
    }
}

/// Checks a message that was read.
pub fn check(document: &Document<'_>) -> Report {
    let mut sink = Sink::new(document);
    let message = document.message();
    structure::check(document, &mut sink);
    rules::check(document, &message, &mut sink);
    let (issues, more) = sink.finish();
    Report {
        version: Some(document.version()),
        transaction: Some(document.transaction()),
        message_id: message.header.message_id,
        issues,
        more,
    }
}

/// A message of another kind or size can be sent elsewhere or later; a broken one must be corrected.
fn code_of(reason: &Reason) -> ErrorCode {
    match reason {
        Reason::UnsupportedVersion
        | Reason::UnknownTransaction
        | Reason::Telecommunication
        | Reason::Edifact
        | Reason::NotScript => ErrorCode::ReceiverUnable,
        _ => ErrorCode::Rejected,
    }
}
