//! Typed views: messages as the groups of segments they mean.
//!
//! A view never fails and never copies: it sorts the segments of a message into patients,
//! orders, observations and so on, and what it has no place for stays reachable as a segment.

mod ack;
mod adt;
mod dft;
mod group;
mod mdm;
mod order;
mod patient;
pub mod segment;
mod siu;

use crate::message::{Message, Segment};

pub use ack::Ack;
pub use adt::Adt;
pub use dft::{Dft, Transaction};
pub use group::{OrderMessage, PatientGroup};
pub use mdm::Mdm;
pub use order::{Observation, Order, Specimen};
pub use patient::Patient;
pub use siu::{Resources, Siu};

/// A message seen as what its type says it is.
#[derive(Clone, Debug)]
pub enum View<'m> {
    /// ADT: admissions, transfers, demographics, merges.
    Adt(Adt<'m>),
    /// ORM, OML, OMG, OMP, OMD and the other orders.
    Orders(OrderMessage<'m>),
    /// ORU, OUL: results.
    Results(OrderMessage<'m>),
    /// VXU: vaccinations.
    Vaccinations(OrderMessage<'m>),
    /// RDE, RDS, RAS, RGV: prescriptions, dispenses, administrations.
    Pharmacy(OrderMessage<'m>),
    /// SIU: appointments.
    Siu(Siu<'m>),
    /// MDM: documents.
    Mdm(Mdm<'m>),
    /// DFT, BAR: charges.
    Dft(Dft<'m>),
    /// ACK, and the acknowledgement part of a response.
    Ack(Ack<'m>),
    /// Another type; its segments are in the message.
    Other,
}

impl Message<'_> {
    /// The message as its type (MSH-9.1) says.
    #[must_use]
    pub fn view(&self) -> View<'_> {
        match &*self.message_type().0 {
            "ADT" => View::Adt(Adt::of(self)),
            "ORM" | "OML" | "OMG" | "OMP" | "OMD" | "OMS" | "OMN" | "OMI" | "REF" | "PPR" => {
                View::Orders(OrderMessage::of(self))
            }
            "ORU" | "OUL" => View::Results(OrderMessage::of(self)),
            "VXU" => View::Vaccinations(OrderMessage::of(self)),
            "RDE" | "RDS" | "RAS" | "RGV" => View::Pharmacy(OrderMessage::of(self)),
            "SIU" => View::Siu(Siu::of(self)),
            "MDM" => View::Mdm(Mdm::of(self)),
            "DFT" | "BAR" => View::Dft(Dft::of(self)),
            "ACK" => View::Ack(Ack::of(self)),
            _ => View::Other,
        }
    }

    /// The header by its fields.
    #[must_use]
    pub fn msh(&self) -> segment::Msh<'_> {
        segment::Msh::of(self.header()).expect("the first segment of a message is MSH")
    }

    /// The first segment that `view` accepts, such as `message.first(Pid::of)`.
    pub fn first<'m, T>(&'m self, view: impl FnMut(Segment<'m>) -> Option<T>) -> Option<T> {
        self.segments().find_map(view)
    }
}
