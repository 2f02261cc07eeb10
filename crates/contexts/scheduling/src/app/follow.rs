//! What follows from appointments that ended through whichever door: a time that was left is offered to those who wait,
//! and after too many missed appointments those to come are called off.
//!
//! The API does so at once. Whoever writes `Appointment.status` by FHIR, or declares a patient inactive, is followed here;
//! what the API has done already is not done again.

use std::sync::Arc;

use futures::future::BoxFuture;
use mt_access::Interaction;
use mt_database::TenantTx;
use mt_events::catalogue::{EventType, Topic, Value};
use mt_events::{Consumer, Event, HandlerError, Transaction};
use mt_fhir::ResourceType;
use mt_kernel::ErrorKind;

use super::public_caller;
use super::view::AppointmentView;
use crate::Scheduling;
use crate::domain::State;
use crate::error::Result;

/// The group `ended-appointments`.
struct Ended(Scheduling);

impl Ended {
    async fn follow(&self, event: &Event) -> Result<()> {
        let values = event.values().unwrap_or_default();
        let id = values.iter().find_map(|(name, value)| match value {
            Value::Text(id) if name == "subject_id" => Some(id.as_str()),
            _ => None,
        });
        let Some(id) = id else {
            return Ok(());
        };
        let scheduling = &self.0;
        let system = public_caller(event.tenant, "ended-appointments", scheduling.now());
        let records = scheduling.records(&system, Interaction::Read).await?;
        let kind = ResourceType::APPOINTMENT;
        let stored = match scheduling.store.read(&records, kind, id).await {
            Ok(stored) => stored,
            Err(error) if matches!(error.kind(), ErrorKind::Gone | ErrorKind::NotFound) => {
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        };
        let ended = AppointmentView::of(&stored)?;
        match ended.state {
            State::NoShow => scheduling.call_off_after_misses(&system, &ended).await,
            State::Cancelled | State::Rescheduled => {
                scheduling.fill_place_of(event.tenant, &ended).await
            }
            _ => Ok(()),
        }
    }
}

impl Consumer for Ended {
    fn name(&self) -> &'static str {
        "ended-appointments"
    }

    fn topics(&self) -> Vec<&'static Topic> {
        Topic::named("scheduling-events").into_iter().collect()
    }

    fn wants(&self, kind: &'static EventType) -> bool {
        matches!(
            kind.name,
            "appointment.cancelled.v1" | "appointment.no_show.v1"
        )
    }

    fn transaction(&self) -> Transaction {
        Transaction::Own
    }

    fn handle<'a>(
        &'a self,
        event: &'a Event,
        _: &'a TenantTx,
    ) -> BoxFuture<'a, Result<(), HandlerError>> {
        Box::pin(async move {
            self.follow(event)
                .await
                .map_err(|error| match error.kind() {
                    // Somebody else changed one of them meanwhile.
                    ErrorKind::Unavailable
                    | ErrorKind::TooMany
                    | ErrorKind::Precondition
                    | ErrorKind::Conflict => HandlerError::Retry("store"),
                    _ => HandlerError::Poison("refused"),
                })
        })
    }
}

/// What follows from appointments that ended, as the registry of consumers takes it.
#[must_use]
pub fn ended(scheduling: Scheduling) -> Arc<dyn Consumer> {
    Arc::new(Ended(scheduling))
}
