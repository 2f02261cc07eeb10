//! Care coordination: what has to be done when a patient is admitted, as records that people work with.
//!
//! An admission starts a `CarePlan` with `Task`s. Ids follow from the encounter, and a record that is there already is
//! left as it is: however often the event comes, the plan is started once, and what people changed stays. The discharge ends
//! the plan and calls off what of it is still open.

mod records;

use std::sync::Arc;

use futures::future::BoxFuture;
use mt_database::TenantTx;
use mt_events::catalogue::{EventType, Topic};
use mt_events::{Consumer, Event, HandlerError, Transaction};
use mt_fhir::ResourceType;
use mt_store::Store;
use serde_json::json;

use crate::switches::{Automation, Switches};
use crate::writing::{self, OPEN_TASK, text};
use records::{Admission, TASKS, plan};

const NAME: &str = "care-coordinator";

/// The group `care-coordinator`.
pub struct CareCoordinator {
    store: Store,
    switches: Arc<dyn Switches>,
}

impl CareCoordinator {
    /// Writes through `store`, as every writer does, where `switches` say so.
    #[must_use]
    pub fn new(store: Store, switches: Arc<dyn Switches>) -> Self {
        Self { store, switches }
    }

    async fn take(&self, event: &Event) -> Result<(), HandlerError> {
        let values = event
            .values()
            .map_err(|_| HandlerError::Poison("payload"))?;
        let (Some(encounter), Some(patient)) =
            (text(&values, "subject_id"), text(&values, "patient_id"))
        else {
            return Err(HandlerError::Poison("subject"));
        };
        let admission = Admission {
            tenant: event.tenant,
            encounter,
            patient,
            at: event.at,
        };
        if event.kind.name == "patient.discharged.v1" {
            // What was begun is ended, also where nothing is begun any more.
            return self.end(event, &admission).await;
        }
        let on = self
            .switches
            .is_on(event.tenant, Automation::CareCoordination);
        if !on.await.map_err(|_| HandlerError::Retry("settings"))? {
            return Ok(());
        }
        let caller = writing::caller(&self.store, event, NAME);
        let changes = plan(&admission).ok_or(HandlerError::Poison("plan"))?;
        writing::begin(&self.store, &caller, changes).await
    }

    /// Ends the plan of an admission, and calls off the tasks that nobody finished.
    async fn end(&self, event: &Event, admission: &Admission<'_>) -> Result<(), HandlerError> {
        let caller = writing::caller(&self.store, event, NAME);
        let id = admission.id("plan");
        let found = writing::read(&self.store, &caller, ResourceType::CARE_PLAN, &id).await?;
        let mut changes = Vec::new();
        if let Some((mut plan, version)) = found
            && (plan["status"] == "active" || plan["status"] == "on-hold")
        {
            plan["status"] = "completed".into();
            plan["period"]["end"] = event.at.to_fhir().into();
            changes.extend(writing::put(&plan, Some(version)));
        }
        for (code, ..) in TASKS {
            let id = admission.id(code);
            let found = writing::read(&self.store, &caller, ResourceType::TASK, &id).await?;
            if let Some((mut task, version)) = found
                && OPEN_TASK.iter().any(|open| task["status"] == *open)
            {
                task["status"] = "cancelled".into();
                task["statusReason"] = json!({ "text": "The patient was discharged" });
                changes.extend(writing::put(&task, Some(version)));
            }
        }
        writing::replace(&self.store, &caller, changes).await
    }
}

impl Consumer for CareCoordinator {
    fn name(&self) -> &'static str {
        NAME
    }

    fn topics(&self) -> Vec<&'static Topic> {
        Topic::named("patient-events").into_iter().collect()
    }

    fn wants(&self, kind: &'static EventType) -> bool {
        ["patient.admitted.v1", "patient.discharged.v1"].contains(&kind.name)
    }

    fn transaction(&self) -> Transaction {
        Transaction::Own
    }

    fn handle<'a>(
        &'a self,
        event: &'a Event,
        _: &'a TenantTx,
    ) -> BoxFuture<'a, Result<(), HandlerError>> {
        Box::pin(self.take(event))
    }
}

/// The coordinator as the registry of consumers takes it.
#[must_use]
pub fn coordinator(store: Store, switches: Arc<dyn Switches>) -> Arc<dyn Consumer> {
    Arc::new(CareCoordinator::new(store, switches))
}
