//! Which acknowledgements a message asks for (chapter 2, 2.9.2 and 2.9.3).

use super::{AckCode, Outcome};
use crate::message::Message;

/// When an acknowledgement is wanted, table 0155.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Condition {
    /// `AL`
    Always,
    /// `NE`, and what an empty field means in enhanced mode.
    Never,
    /// `ER`: only on an error or rejection.
    OnError,
    /// `SU`: only on success.
    OnSuccess,
}

/// The acknowledgements that a message asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AckMode {
    /// MSH-15 and MSH-16 are empty: one application acknowledgement.
    Original,
    /// Either is given: an accept acknowledgement when the message is in safe storage, and an
    /// application acknowledgement later.
    Enhanced {
        /// MSH-15.
        accept: Condition,
        /// MSH-16.
        application: Condition,
    },
    /// An acknowledgement in original mode, which is not acknowledged itself.
    Silent,
}

impl Condition {
    fn of(text: &str) -> Self {
        match text {
            "AL" => Self::Always,
            "ER" => Self::OnError,
            "SU" => Self::OnSuccess,
            _ => Self::Never,
        }
    }

    /// Whether the acknowledgement is wanted after `outcome`.
    #[must_use]
    pub fn wants(self, outcome: Outcome) -> bool {
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::OnError => outcome != Outcome::Accepted,
            Self::OnSuccess => outcome == Outcome::Accepted,
        }
    }
}

impl AckMode {
    /// What `message` asks for.
    #[must_use]
    pub fn of(message: &Message<'_>) -> Self {
        let header = message.msh();
        let accept = header.accept_acknowledgement();
        let application = header.application_acknowledgement();
        let answers = message.message_type().0 == "ACK";
        if accept.valued().is_none() && application.valued().is_none() {
            return if answers {
                Self::Silent
            } else {
                Self::Original
            };
        }
        Self::Enhanced {
            accept: Condition::of(&accept.text()),
            application: if answers {
                Condition::Never
            } else {
                Condition::of(&application.text())
            },
        }
    }

    /// The code to answer with at once, on the connection the message came by: the application's
    /// in original mode, the accept acknowledgement in enhanced mode. When only an application
    /// acknowledgement is wanted it is given at once, because its sender waits for it.
    #[must_use]
    pub fn immediate(self, outcome: Outcome) -> Option<AckCode> {
        match self {
            Self::Original => Some(AckCode::application(outcome)),
            Self::Silent => None,
            Self::Enhanced { accept, .. } if accept.wants(outcome) => {
                Some(AckCode::commit(outcome))
            }
            Self::Enhanced {
                accept: Condition::Never,
                application,
            } if application.wants(outcome) => Some(AckCode::application(outcome)),
            Self::Enhanced { .. } => None,
        }
    }

    /// The code of the application acknowledgement that must follow as a message of its own
    /// after the message was put in safe storage and then disposed of with `outcome`.
    #[must_use]
    pub fn deferred(self, outcome: Outcome) -> Option<AckCode> {
        match self {
            Self::Enhanced {
                accept,
                application,
            } if accept != Condition::Never && application.wants(outcome) => {
                Some(AckCode::application(outcome))
            }
            _ => None,
        }
    }
}
