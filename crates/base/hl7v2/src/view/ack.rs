//! ACK: what a receiver answered.

use super::segment::{Err, Msa, Msh};
use crate::ack::AckCode;
use crate::message::Message;

/// An acknowledgement, or the acknowledging part of a response.
#[derive(Clone, Debug)]
pub struct Ack<'m> {
    /// Header.
    pub header: Msh<'m>,
    /// The acknowledgement.
    pub acknowledgement: Option<Msa<'m>>,
    /// What was wrong.
    pub errors: Vec<Err<'m>>,
}

impl<'m> Ack<'m> {
    /// Views any message this way.
    #[must_use]
    pub fn of(message: &'m Message<'_>) -> Self {
        Self {
            header: message.msh(),
            acknowledgement: message.first(Msa::of),
            errors: message.segments().filter_map(Err::of).collect(),
        }
    }

    /// The code in MSA-1, when it is one of table 0008.
    #[must_use]
    pub fn code(&self) -> Option<AckCode> {
        self.acknowledgement?.code().text().parse().ok()
    }

    /// The control id of the message acknowledged, in MSA-2.
    #[must_use]
    pub fn acknowledged(&self) -> Option<std::borrow::Cow<'m, str>> {
        self.acknowledgement?.control_id().some_text()
    }
}
