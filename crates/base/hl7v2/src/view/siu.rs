//! SIU: appointments and the resources they take.

use super::patient::Patient;
use super::segment::{Aig, Ail, Aip, Ais, Msh, Nte, Rgs, Sch, Tq1};
use crate::message::Message;

/// An appointment message.
#[derive(Clone, Debug)]
pub struct Siu<'m> {
    /// Header.
    pub header: Msh<'m>,
    /// The appointment.
    pub appointment: Option<Sch<'m>>,
    /// Its timing, from version 2.5 on.
    pub timings: Vec<Tq1<'m>>,
    /// Notes on it.
    pub notes: Vec<Nte<'m>>,
    /// The patients.
    pub patients: Vec<Patient<'m>>,
    /// Groups of resources.
    pub resources: Vec<Resources<'m>>,
}

/// The resources of one RGS group.
#[derive(Clone, Debug, Default)]
pub struct Resources<'m> {
    /// The group, when it was announced.
    pub group: Option<Rgs<'m>>,
    /// Services.
    pub services: Vec<Ais<'m>>,
    /// Equipment and other general resources.
    pub general: Vec<Aig<'m>>,
    /// Places.
    pub locations: Vec<Ail<'m>>,
    /// Persons.
    pub persons: Vec<Aip<'m>>,
    /// Notes on the resources.
    pub notes: Vec<Nte<'m>>,
}

impl<'m> Siu<'m> {
    /// Views any message this way.
    #[must_use]
    pub fn of(message: &'m Message<'_>) -> Self {
        let mut view = Self {
            header: message.msh(),
            appointment: None,
            timings: Vec::new(),
            notes: Vec::new(),
            patients: Vec::new(),
            resources: Vec::new(),
        };
        for segment in message.segments().skip(1) {
            view.take(segment);
        }
        view
    }

    fn take(&mut self, segment: crate::Segment<'m>) {
        match segment.name().as_str() {
            Sch::NAME => self.appointment = Sch::of(segment),
            Tq1::NAME => self.timings.extend(Tq1::of(segment)),
            Rgs::NAME => self.resources.push(Resources {
                group: Rgs::of(segment),
                ..Resources::default()
            }),
            Ais::NAME => self.resources_now().services.extend(Ais::of(segment)),
            Aig::NAME => self.resources_now().general.extend(Aig::of(segment)),
            Ail::NAME => self.resources_now().locations.extend(Ail::of(segment)),
            Aip::NAME => self.resources_now().persons.extend(Aip::of(segment)),
            Nte::NAME if !self.resources.is_empty() => {
                self.resources_now().notes.extend(Nte::of(segment));
            }
            Nte::NAME if self.patients.is_empty() => self.notes.extend(Nte::of(segment)),
            _ => self.patient_for(segment).take(segment),
        }
    }

    fn resources_now(&mut self) -> &mut Resources<'m> {
        if self.resources.is_empty() {
            self.resources.push(Resources::default());
        }
        let last = self.resources.len() - 1;
        &mut self.resources[last]
    }

    fn patient_for(&mut self, segment: crate::Segment<'m>) -> &mut Patient<'m> {
        let begins = self
            .patients
            .last()
            .is_none_or(|last| last.ends_before(segment));
        if begins {
            self.patients.push(Patient::default());
        }
        let last = self.patients.len() - 1;
        &mut self.patients[last]
    }
}
