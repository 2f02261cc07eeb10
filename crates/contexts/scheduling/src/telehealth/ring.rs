//! The bell of a video visit: an event that something of it is new, never what.
//!
//! It is said in the transaction that makes it true and travels with all other events, so that it rings wherever
//! somebody who looks at the encounter is connected.

use mt_database::TenantTx;
use mt_events::EventError;
use mt_events::catalogue::{EventType, Value, encode};
use mt_kernel::{ErrorKind, Fault};
use mt_store::DomainEvent;
use uuid::Uuid;

use super::Telehealth;
use super::calls::Visit;
use crate::app::AppointmentView;
use crate::error::Result;

const CHANGED: &str = "telehealth.room.changed.v1";

impl Telehealth {
    /// Rings for those who look at the visit's Encounter, once `tx` is committed; before there is one nobody does.
    pub(super) async fn ring(&self, tx: &TenantTx, visit: &Visit) -> Result<()> {
        let Some(encounter) = &visit.kept.room.encounter else {
            return Ok(());
        };
        let event = changed(&visit.view, encounter)
            .map_err(|_| Fault::new(ErrorKind::Internal, "an event cannot be written"))?;
        let now = self.scheduling.now();
        let store = &self.scheduling.store;
        Ok(store.say(tx, Uuid::now_v7(), now, &[event]).await?)
    }
}

fn changed(view: &AppointmentView, encounter: &str) -> Result<DomainEvent, EventError> {
    let kind = EventType::named(CHANGED).ok_or(EventError::Damaged("name"))?;
    let patient = view.patient.as_ref();
    let patient = patient.and_then(|one| one.reference.strip_prefix("Patient/"));
    let mut values = vec![
        ("subject_type", Value::from("Appointment")),
        ("subject_id", view.id.as_str().into()),
        ("subject_version", Value::Whole(0)),
        ("encounter_id", encounter.into()),
    ];
    values.extend(patient.map(|id| ("patient_id", Value::from(id))));
    Ok(DomainEvent {
        name: kind.name,
        key: patient.unwrap_or(&view.id).to_owned(),
        payload: encode(kind, &values)?,
    })
}
