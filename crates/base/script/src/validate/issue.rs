//! What was found, where, how bad it is, and which code answers it.

use std::fmt;

use crate::error::Position;
use crate::transaction::Transaction;
use crate::version::Version;

/// How bad an issue is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// The message is understood in spite of it. The builder refuses it all the same.
    Warning,
    /// Nobody should act on the message.
    Error,
}

/// `Code` of an `Error` message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// 600: no connection to the next participant; sending again may help.
    Communication,
    /// 601: the receiver cannot process this kind of message.
    ReceiverUnable,
    /// 602: the system of the receiver failed.
    ReceiverSystem,
    /// 900: the message is refused as it is.
    Rejected,
}

impl ErrorCode {
    /// The code on the wire.
    pub fn code(self) -> &'static str {
        match self {
            Self::Communication => "600",
            Self::ReceiverUnable => "601",
            Self::ReceiverSystem => "602",
            Self::Rejected => "900",
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code())
    }
}

/// One finding. The sentence never repeats data, so issues may be logged.
#[derive(Debug, Clone, PartialEq)]
pub struct Issue {
    /// How bad it is.
    pub severity: Severity,
    /// The name of the rule.
    pub rule: &'static str,
    /// The code that an `Error` answer carries for it.
    pub code: ErrorCode,
    /// The element, such as `Message/Body/NewRx/Patient`; empty for a text that is no message.
    pub path: String,
    /// Where the element, or the one that lacks it, starts.
    pub position: Position,
    /// What is wrong, in words.
    pub sentence: String,
}

impl fmt::Display for Issue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let (position, rule, sentence) = (self.position, self.rule, &self.sentence);
        write!(formatter, "{position} {severity} [{rule}] ")?;
        if !self.path.is_empty() {
            write!(formatter, "{}: ", self.path)?;
        }
        formatter.write_str(sentence)
    }
}

/// The outcome of checking a message. It prints one issue a line.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Report {
    /// The version, when the message was readable.
    pub version: Option<Version>,
    /// The transaction, when the message was readable.
    pub transaction: Option<Transaction>,
    /// `MessageID`.
    pub message_id: Option<String>,
    /// Findings in the order of the message.
    pub issues: Vec<Issue>,
    /// Findings beyond the most that a report lists.
    pub more: usize,
}

impl Report {
    /// Whether the message may be acted on: it has no errors.
    pub fn is_valid(&self) -> bool {
        self.errors().next().is_none()
    }

    /// The findings that are errors.
    pub fn errors(&self) -> impl Iterator<Item = &Issue> {
        self.issues
            .iter()
            .filter(|issue| issue.severity == Severity::Error)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self
            .transaction
            .map_or("not a SCRIPT message", Transaction::name);
        let verdict = if self.is_valid() {
            "accepted"
        } else {
            "refused"
        };
        write!(formatter, "{name}")?;
        if let Some(version) = self.version {
            write!(formatter, " {version}")?;
        }
        writeln!(formatter, ": {verdict}")?;
        for issue in &self.issues {
            writeln!(formatter, "{issue}")?;
        }
        if self.more > 0 {
            writeln!(formatter, "and {} more", self.more)?;
        }
        Ok(())
    }
}
