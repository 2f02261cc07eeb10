//! What stands around a PID.

use super::order::Observation;
use super::segment::{Al1, Dg1, Gt1, In1, Mrg, Nk1, Nte, Pd1, Pid, Pr1, Pv1, Pv2};
use crate::message::Segment;

/// A patient with visit, kin, allergies, diagnoses and insurance.
#[derive(Clone, Debug, Default)]
pub struct Patient<'m> {
    /// Who.
    pub identity: Option<Pid<'m>>,
    /// Further demographics.
    pub demographics: Option<Pd1<'m>>,
    /// Identifiers that a merge retires.
    pub merge: Option<Mrg<'m>>,
    /// Notes on the patient.
    pub notes: Vec<Nte<'m>>,
    /// The visit.
    pub visit: Option<Pv1<'m>>,
    /// More about the visit.
    pub visit_more: Option<Pv2<'m>>,
    /// Next of kin.
    pub kin: Vec<Nk1<'m>>,
    /// Allergies.
    pub allergies: Vec<Al1<'m>>,
    /// Diagnoses of the patient or visit.
    pub diagnoses: Vec<Dg1<'m>>,
    /// Procedures.
    pub procedures: Vec<Pr1<'m>>,
    /// Guarantors.
    pub guarantors: Vec<Gt1<'m>>,
    /// Insurances.
    pub insurances: Vec<In1<'m>>,
    /// Observations on the patient, outside any order.
    pub observations: Vec<Observation<'m>>,
    /// Segments without a place of their own here, Z segments among them.
    pub others: Vec<Segment<'m>>,
}

impl<'m> Patient<'m> {
    /// Whether `segment` begins another patient.
    pub(super) fn ends_before(&self, segment: Segment<'m>) -> bool {
        self.identity.is_some() && segment.name().as_str() == Pid::NAME
    }

    /// Files a segment under the patient.
    pub(super) fn take(&mut self, segment: Segment<'m>) {
        let name = segment.name();
        match name.as_str() {
            Pid::NAME => self.identity = Pid::of(segment),
            Pd1::NAME => self.demographics = Pd1::of(segment),
            Mrg::NAME => self.merge = Mrg::of(segment),
            Pv1::NAME => self.visit = Pv1::of(segment),
            Pv2::NAME => self.visit_more = Pv2::of(segment),
            Nte::NAME => self.note(segment),
            Nk1::NAME => self.kin.extend(Nk1::of(segment)),
            Al1::NAME => self.allergies.extend(Al1::of(segment)),
            Dg1::NAME => self.diagnoses.extend(Dg1::of(segment)),
            Pr1::NAME => self.procedures.extend(Pr1::of(segment)),
            Gt1::NAME => self.guarantors.extend(Gt1::of(segment)),
            In1::NAME => self.insurances.extend(In1::of(segment)),
            "OBX" => self.observations.extend(Observation::of(segment)),
            _ => self.others.push(segment),
        }
    }

    /// A note belongs to the observation before it, or else to the patient.
    fn note(&mut self, segment: Segment<'m>) {
        let notes = match self.observations.last_mut() {
            Some(observation) => &mut observation.notes,
            None => &mut self.notes,
        };
        notes.extend(Nte::of(segment));
    }
}
