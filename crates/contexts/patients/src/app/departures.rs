//! Patients who were declared inactive through whichever door: what is still to come is called off.
//!
//! The API does so in the same transaction. Whoever writes `Patient.active` by FHIR or an import is followed here.

use std::sync::Arc;

use futures::future::BoxFuture;
use mt_database::TenantTx;
use mt_events::catalogue::{EventType, Topic};
use mt_events::{Consumer, Event, HandlerError, Transaction};
use mt_fhir::{Node, ResourceType};
use mt_kernel::{Actor, ErrorKind, OpCtx, PurposeOfUse};
use mt_store::{Batch, Caller};

use crate::Patients;
use crate::document::parse;
use crate::domain::merge::linked;
use crate::error::Result;

/// The group `patient-departures`.
struct Departures(Patients);

impl Departures {
    async fn follow(&self, event: &Event) -> Result<()> {
        let patient = &*event.key;
        let caller = self.caller(event);
        let stored = match self
            .0
            .store
            .read(&caller, ResourceType::PATIENT, patient)
            .await
        {
            Ok(stored) => Some(stored),
            Err(error) if matches!(error.kind(), ErrorKind::Gone | ErrorKind::NotFound) => None,
            Err(error) => return Err(error.into()),
        };
        if let Some(stored) = stored {
            let doc = parse(&stored.body)?;
            let active = doc.root().get("active").and_then(Node::as_bool) != Some(false);
            // A merged record's appointments are those of the one that stands for it.
            if active || !linked(doc.root(), "replaced-by").is_empty() {
                return Ok(());
            }
        }
        let mut batch = Batch::new();
        for (_, change) in self.0.to_call_off(&caller, patient).await? {
            batch.push(change);
        }
        if !batch.is_empty() {
            self.0.store.commit(&caller, batch).await?;
        }
        Ok(())
    }

    /// This context itself, on account of the request that declared the patient inactive.
    fn caller(&self, event: &Event) -> Caller {
        Caller::unrestricted(OpCtx {
            tenant: event.tenant,
            actor: Actor::system("patient-departures"),
            purpose: PurposeOfUse::Operations,
            correlation_id: event.correlation,
            now: self.0.store.clock().now(),
        })
    }
}

impl Consumer for Departures {
    fn name(&self) -> &'static str {
        "patient-departures"
    }

    fn topics(&self) -> Vec<&'static Topic> {
        Topic::named("patient-events").into_iter().collect()
    }

    fn wants(&self, kind: &'static EventType) -> bool {
        kind.name == "patient.deactivated.v1"
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

/// What follows when patients leave, as the registry of consumers takes it.
#[must_use]
pub fn departures(patients: Patients) -> Arc<dyn Consumer> {
    Arc::new(Departures(patients))
}
