//! ADT: what happened to a patient's visit or record.

use super::patient::Patient;
use super::segment::{Evn, Msh};
use crate::message::Message;

/// An ADT message.
#[derive(Clone, Debug)]
pub struct Adt<'m> {
    /// Header.
    pub header: Msh<'m>,
    /// The event.
    pub event: Option<Evn<'m>>,
    /// The patients: two for a swap or link (A17, A24), several for merges (A40), else one.
    pub patients: Vec<Patient<'m>>,
}

impl<'m> Adt<'m> {
    /// Views any message this way.
    #[must_use]
    pub fn of(message: &'m Message<'_>) -> Self {
        let mut patients = vec![Patient::default()];
        let about = message
            .segments()
            .skip(1)
            .filter(|segment| Evn::of(*segment).is_none());
        for segment in about {
            if patients
                .last()
                .is_some_and(|last| last.ends_before(segment))
            {
                patients.push(Patient::default());
            }
            if let Some(patient) = patients.last_mut() {
                patient.take(segment);
            }
        }
        Self {
            header: message.msh(),
            event: message.first(Evn::of),
            patients,
        }
    }
}
