//! DFT and BAR: charges on a patient's account.

use super::patient::Patient;
use super::segment::{Dg1, Evn, Ft1, Msh, Nte, Pr1};
use crate::message::Message;

/// A message of charges.
#[derive(Clone, Debug)]
pub struct Dft<'m> {
    /// Header.
    pub header: Msh<'m>,
    /// The event.
    pub event: Option<Evn<'m>>,
    /// The patient, with what stands before or after the transactions.
    pub patient: Patient<'m>,
    /// The transactions.
    pub transactions: Vec<Transaction<'m>>,
}

/// One charge, credit or payment.
#[derive(Clone, Debug)]
pub struct Transaction<'m> {
    /// The transaction.
    pub transaction: Ft1<'m>,
    /// Notes on it.
    pub notes: Vec<Nte<'m>>,
    /// Its procedures.
    pub procedures: Vec<Pr1<'m>>,
    /// Its diagnoses.
    pub diagnoses: Vec<Dg1<'m>>,
}

impl<'m> Dft<'m> {
    /// Views any message this way.
    #[must_use]
    pub fn of(message: &'m Message<'_>) -> Self {
        let mut patient = Patient::default();
        let mut transactions: Vec<Transaction<'m>> = Vec::new();
        for segment in message.segments().skip(1) {
            if let Some(transaction) = Ft1::of(segment) {
                transactions.push(Transaction {
                    transaction,
                    notes: Vec::new(),
                    procedures: Vec::new(),
                    diagnoses: Vec::new(),
                });
                continue;
            }
            match (segment.name().as_str(), transactions.last_mut()) {
                (Evn::NAME, _) => {}
                (Nte::NAME, Some(last)) => last.notes.extend(Nte::of(segment)),
                (Pr1::NAME, Some(last)) => last.procedures.extend(Pr1::of(segment)),
                (Dg1::NAME, Some(last)) => last.diagnoses.extend(Dg1::of(segment)),
                _ => patient.take(segment),
            }
        }
        Self {
            header: message.msh(),
            event: message.first(Evn::of),
            patient,
            transactions,
        }
    }
}
