//! Messages that are patients with orders: ORM, OML, ORU, VXU, RDE, RDS and their kin.

use super::order::Order;
use super::patient::Patient;
use super::segment::{Msh, Spm};
use crate::message::Message;

/// A message of orders or of what became of them.
#[derive(Clone, Debug)]
pub struct OrderMessage<'m> {
    /// Header.
    pub header: Msh<'m>,
    /// Patients, each with orders.
    pub groups: Vec<PatientGroup<'m>>,
}

/// A patient with orders.
#[derive(Clone, Debug, Default)]
pub struct PatientGroup<'m> {
    /// The patient.
    pub patient: Patient<'m>,
    /// The patient's orders, in order of appearance.
    pub orders: Vec<Order<'m>>,
}

impl<'m> OrderMessage<'m> {
    /// Views any message this way.
    #[must_use]
    pub fn of(message: &'m Message<'_>) -> Self {
        let mut groups: Vec<PatientGroup<'m>> = Vec::new();
        for segment in message.segments().skip(1) {
            let begins = groups
                .last()
                .is_none_or(|group| group.patient.ends_before(segment));
            if begins {
                groups.push(PatientGroup::default());
            }
            if let Some(group) = groups.last_mut() {
                group.take(segment);
            }
        }
        Self {
            header: message.msh(),
            groups,
        }
    }

    /// All orders of all patients.
    pub fn orders(&self) -> impl Iterator<Item = &Order<'m>> {
        self.groups.iter().flat_map(|group| &group.orders)
    }
}

impl<'m> PatientGroup<'m> {
    /// Where orders follow their specimen, another specimen begins the next order.
    fn next_specimen(&self, last: &Order<'m>, segment: crate::Segment<'m>) -> bool {
        let by_specimen = self
            .orders
            .first()
            .is_some_and(|first| first.specimen_first);
        by_specimen && last.request.is_some() && segment.name().as_str() == Spm::NAME
    }

    fn take(&mut self, segment: crate::Segment<'m>) {
        let begins = match self.orders.last() {
            None => Order::begins_with(segment),
            Some(order) => order.ends_before(segment) || self.next_specimen(order, segment),
        };
        if begins {
            self.orders.push(Order::default());
        }
        match self.orders.last_mut() {
            Some(order) => order.take(segment),
            None => self.patient.take(segment),
        }
    }
}
