//! MDM: documents and changes of their status.

use super::group::OrderMessage;
use super::order::{Observation, Order};
use super::patient::Patient;
use super::segment::{Evn, Msh, Txa};
use crate::message::Message;

/// A document message.
#[derive(Clone, Debug)]
pub struct Mdm<'m> {
    /// Header.
    pub header: Msh<'m>,
    /// The event.
    pub event: Option<Evn<'m>>,
    /// The patient.
    pub patient: Patient<'m>,
    /// Orders the document answers.
    pub orders: Vec<Order<'m>>,
    /// The document's header.
    pub document: Option<Txa<'m>>,
    /// The document's content: every OBX after TXA, with its notes.
    pub body: Vec<Observation<'m>>,
}

impl<'m> Mdm<'m> {
    /// Views any message this way.
    #[must_use]
    pub fn of(message: &'m Message<'_>) -> Self {
        let is_document = |segment: &crate::Segment<'m>| Txa::of(*segment).is_some();
        let at = message.segments().position(|segment| is_document(&segment));
        let mut after = Patient::default();
        for segment in message.segments().skip(at.map_or(usize::MAX, |at| at + 1)) {
            after.take(segment);
        }
        let OrderMessage { header, groups } = OrderMessage::of(message);
        let mut group = groups.into_iter().next().unwrap_or_default();
        // Content was filed with the last order or the patient; it is the document's.
        let ordinal = at.map_or(usize::MAX, |at| at + 1);
        let before =
            |observation: &Observation<'m>| observation.result.segment().ordinal() < ordinal;
        group.patient.observations.retain(before);
        for order in &mut group.orders {
            order.observations.retain(before);
        }
        Self {
            header,
            event: message.first(Evn::of),
            patient: group.patient,
            orders: group.orders,
            document: message.first(Txa::of),
            body: after.observations,
        }
    }
}
