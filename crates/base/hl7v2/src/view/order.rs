//! Orders with what was requested, observed, dispensed or given.

use super::segment::{Dg1, Nte, Obr, Obx, Orc, Rxa, Rxc, Rxd, Rxe, Rxo, Rxr, Spm, Tq1};
use crate::message::Segment;

/// One order: what follows an ORC, OBR or pharmacy segment.
#[derive(Clone, Debug, Default)]
pub struct Order<'m> {
    /// Common order.
    pub common: Option<Orc<'m>>,
    /// Requested observation.
    pub request: Option<Obr<'m>>,
    /// Medicine as ordered.
    pub prescription: Option<Rxo<'m>>,
    /// Medicine as the pharmacy encoded it.
    pub encoded: Option<Rxe<'m>>,
    /// Medicine as dispensed.
    pub dispense: Option<Rxd<'m>>,
    /// Medicine or vaccine as given.
    pub administration: Option<Rxa<'m>>,
    /// Routes.
    pub routes: Vec<Rxr<'m>>,
    /// Components of a compound.
    pub components: Vec<Rxc<'m>>,
    /// Timing.
    pub timings: Vec<Tq1<'m>>,
    /// Notes on the order.
    pub notes: Vec<Nte<'m>>,
    /// Diagnoses that justify it.
    pub diagnoses: Vec<Dg1<'m>>,
    /// Observations: results, or facts the order needs.
    pub observations: Vec<Observation<'m>>,
    /// Specimens. In OUL, where a specimen comes before its orders, it is with the first of them.
    pub specimens: Vec<Specimen<'m>>,
    /// Whether the order began with its specimen.
    pub(super) specimen_first: bool,
    /// Segments without a place of their own here, Z segments among them.
    pub others: Vec<Segment<'m>>,
}

/// An observation with its notes.
#[derive(Clone, Debug)]
pub struct Observation<'m> {
    /// The observation.
    pub result: Obx<'m>,
    /// Notes on it.
    pub notes: Vec<Nte<'m>>,
}

/// A specimen with observations on it.
#[derive(Clone, Debug)]
pub struct Specimen<'m> {
    /// The specimen.
    pub specimen: Spm<'m>,
    /// Observations on the specimen itself.
    pub observations: Vec<Observation<'m>>,
}

impl<'m> Observation<'m> {
    pub(super) fn of(segment: Segment<'m>) -> Option<Self> {
        let result = Obx::of(segment)?;
        let notes = Vec::new();
        Some(Self { result, notes })
    }
}

impl<'m> Order<'m> {
    /// Whether `segment` begins an order at all.
    pub(super) fn begins_with(segment: Segment<'m>) -> bool {
        matches!(
            segment.name().as_str(),
            Orc::NAME | Obr::NAME | Rxo::NAME | Rxe::NAME | Rxd::NAME | Rxa::NAME | Spm::NAME
        )
    }

    /// Whether `segment` begins another order than this one.
    pub(super) fn ends_before(&self, segment: Segment<'m>) -> bool {
        match segment.name().as_str() {
            // In OUL the common order comes after the request.
            Orc::NAME => {
                self.common.is_some() || self.request.is_none() || !self.observations.is_empty()
            }
            Obr::NAME => self.request.is_some() || self.has_details(),
            Rxo::NAME => self.prescription.is_some() || self.encoded.is_some(),
            Rxe::NAME => self.encoded.is_some(),
            Rxd::NAME => self.dispense.is_some(),
            Rxa::NAME => self.administration.is_some(),
            _ => false,
        }
    }

    fn has_details(&self) -> bool {
        !self.observations.is_empty() || !self.specimens.is_empty() && !self.specimen_first
    }

    /// Files a segment under the order.
    pub(super) fn take(&mut self, segment: Segment<'m>) {
        let name = segment.name();
        match name.as_str() {
            Orc::NAME => self.common = Orc::of(segment),
            Obr::NAME => self.request = Obr::of(segment),
            Rxo::NAME => self.prescription = Rxo::of(segment),
            Rxe::NAME => self.encoded = Rxe::of(segment),
            Rxd::NAME => self.dispense = Rxd::of(segment),
            Rxa::NAME => self.administration = Rxa::of(segment),
            Rxr::NAME => self.routes.extend(Rxr::of(segment)),
            Rxc::NAME => self.components.extend(Rxc::of(segment)),
            Tq1::NAME => self.timings.extend(Tq1::of(segment)),
            Dg1::NAME => self.diagnoses.extend(Dg1::of(segment)),
            Obx::NAME => self.observations_now().extend(Observation::of(segment)),
            Nte::NAME => self.note(segment),
            Spm::NAME => self.specimen(segment),
            _ => self.others.push(segment),
        }
    }

    fn specimen(&mut self, segment: Segment<'m>) {
        self.specimen_first |= self.common.is_none() && self.request.is_none();
        self.specimens
            .extend(Spm::of(segment).map(|specimen| Specimen {
                specimen,
                observations: Vec::new(),
            }));
    }

    /// Observations after a specimen are on the specimen, unless its order has come in between.
    fn observations_now(&mut self) -> &mut Vec<Observation<'m>> {
        let results = self.specimen_first && self.request.is_some();
        match self.specimens.last_mut() {
            Some(specimen) if !results => &mut specimen.observations,
            _ => &mut self.observations,
        }
    }

    /// A note belongs to the observation before it, or else to the order.
    fn note(&mut self, segment: Segment<'m>) {
        let note = Nte::of(segment);
        match self.observations_now().last_mut() {
            Some(observation) => observation.notes.extend(note),
            None => self.notes.extend(note),
        }
    }
}
