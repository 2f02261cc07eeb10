//! Codes of tables 0008, 0357 and 0516.

use std::fmt;
use std::str::FromStr;

/// How a receiver disposed of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Taken.
    Accepted,
    /// Its content is wrong: the sender must correct it before sending again.
    Error,
    /// Not taken for a reason outside its content: the sender may send it again unchanged.
    Rejected,
}

/// Acknowledgement code, table 0008.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AckCode {
    /// `AA`: accepted by the application.
    ApplicationAccept,
    /// `AE`: the application found an error.
    ApplicationError,
    /// `AR`: rejected by the application.
    ApplicationReject,
    /// `CA`: in safe storage.
    CommitAccept,
    /// `CE`: cannot be stored because of its content.
    CommitError,
    /// `CR`: cannot be stored now, or not by this receiver.
    CommitReject,
}

impl AckCode {
    const ALL: [(Self, &'static str); 6] = [
        (Self::ApplicationAccept, "AA"),
        (Self::ApplicationError, "AE"),
        (Self::ApplicationReject, "AR"),
        (Self::CommitAccept, "CA"),
        (Self::CommitError, "CE"),
        (Self::CommitReject, "CR"),
    ];

    /// The application's code for `outcome`.
    #[must_use]
    pub const fn application(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Accepted => Self::ApplicationAccept,
            Outcome::Error => Self::ApplicationError,
            Outcome::Rejected => Self::ApplicationReject,
        }
    }

    /// The commit code for `outcome`.
    #[must_use]
    pub const fn commit(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Accepted => Self::CommitAccept,
            Outcome::Error => Self::CommitError,
            Outcome::Rejected => Self::CommitReject,
        }
    }

    /// What the code says about the message.
    #[must_use]
    pub const fn outcome(self) -> Outcome {
        match self {
            Self::ApplicationAccept | Self::CommitAccept => Outcome::Accepted,
            Self::ApplicationError | Self::CommitError => Outcome::Error,
            Self::ApplicationReject | Self::CommitReject => Outcome::Rejected,
        }
    }

    /// Whether this is about storage only, so that an application's answer may follow.
    #[must_use]
    pub const fn is_commit(self) -> bool {
        matches!(
            self,
            Self::CommitAccept | Self::CommitError | Self::CommitReject
        )
    }

    /// The two letters.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        let found = Self::ALL.iter().find(|(code, _)| *code == self);
        found.map_or("", |(_, letters)| letters)
    }
}

impl fmt::Display for AckCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text is no acknowledgement code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an acknowledgement code is AA, AE, AR, CA, CE or CR")]
pub struct AckCodeError;

impl FromStr for AckCode {
    type Err = AckCodeError;

    fn from_str(text: &str) -> Result<Self, AckCodeError> {
        let found = Self::ALL.iter().find(|(_, letters)| *letters == text);
        found.map(|(code, _)| *code).ok_or(AckCodeError)
    }
}

/// Message error condition, table 0357.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// 0
    Accepted,
    /// 100
    SegmentSequence,
    /// 101
    RequiredFieldMissing,
    /// 102
    DataType,
    /// 103
    TableValue,
    /// 104
    ValueTooLong,
    /// 200
    UnsupportedMessageType,
    /// 201
    UnsupportedEvent,
    /// 202
    UnsupportedProcessingId,
    /// 203
    UnsupportedVersion,
    /// 204
    UnknownKey,
    /// 205
    DuplicateKey,
    /// 206
    RecordLocked,
    /// 207
    Internal,
}

impl ErrorCode {
    /// The number in the table.
    #[must_use]
    pub const fn number(self) -> u16 {
        self.row().0
    }

    /// The words for the number.
    #[must_use]
    pub const fn text(self) -> &'static str {
        self.row().1
    }

    const fn row(self) -> (u16, &'static str) {
        match self {
            Self::Accepted => (0, "Message accepted"),
            Self::SegmentSequence => (100, "Segment sequence error"),
            Self::RequiredFieldMissing => (101, "Required field missing"),
            Self::DataType => (102, "Data type error"),
            Self::TableValue => (103, "Table value not found"),
            Self::ValueTooLong => (104, "Value too long"),
            Self::UnsupportedMessageType => (200, "Unsupported message type"),
            Self::UnsupportedEvent => (201, "Unsupported event code"),
            Self::UnsupportedProcessingId => (202, "Unsupported processing id"),
            Self::UnsupportedVersion => (203, "Unsupported version id"),
            Self::UnknownKey => (204, "Unknown key identifier"),
            Self::DuplicateKey => (205, "Duplicate key identifier"),
            Self::RecordLocked => (206, "Application record locked"),
            Self::Internal => (207, "Application internal error"),
        }
    }
}

/// Severity of an error, table 0516.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Severity {
    /// `E`: the message was not processed.
    Error,
    /// `W`: processed, with a doubt.
    Warning,
    /// `I`: processed, with a remark.
    Information,
    /// `F`: processing stopped at once.
    Fatal,
}

impl Severity {
    /// The letter in the table.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "E",
            Self::Warning => "W",
            Self::Information => "I",
            Self::Fatal => "F",
        }
    }
}
