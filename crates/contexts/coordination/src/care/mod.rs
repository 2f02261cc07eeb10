//! Care coordination: what has to be done when a patient is admitted, as records that people work with.
//!
//! An admission starts a `CarePlan` with `Task`s. Ids follow from the encounter, and a record that is there already is
//! left as it is: however often the event comes, the plan is started once, and what people changed stays.

mod records;

use std::sync::Arc;

use futures::future::BoxFuture;
use mt_database::TenantTx;
use mt_events::catalogue::{EventType, Topic, Value};
use mt_events::{Consumer, Event, HandlerError};
use mt_kernel::{Actor, ErrorKind, OpCtx, PurposeOfUse};
use mt_store::{Batch, Caller, Store, StoreError};

use records::{Admission, plan};

/// The group `care-coordinator`.
pub struct CareCoordinator {
    store: Store,
}

impl CareCoordinator {
    /// Writes through `store`, as every writer does.
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    async fn start_plan(&self, event: &Event) -> Result<(), HandlerError> {
        let values = event
            .values()
            .map_err(|_| HandlerError::Poison("payload"))?;
        let text = |wanted: &str| {
            values.iter().find_map(|(name, value)| match value {
                Value::Text(text) if name == wanted => Some(text.as_str()),
                _ => None,
            })
        };
        let (Some(encounter), Some(patient)) = (text("subject_id"), text("patient_id")) else {
            return Err(HandlerError::Poison("subject"));
        };
        let admission = Admission {
            tenant: event.tenant,
            encounter,
            patient,
            at: event.at,
        };
        let mut batch = Batch::new();
        for change in plan(&admission).ok_or(HandlerError::Poison("plan"))? {
            batch.push(change);
        }
        match self.store.commit(&self.caller(event), batch).await {
            Ok(_) => Ok(()),
            Err(error) if is_there_already(&error) => Ok(()),
            Err(error) => Err(match error.kind() {
                ErrorKind::Unavailable | ErrorKind::Internal | ErrorKind::TooMany => {
                    HandlerError::Retry("store")
                }
                _ => HandlerError::Poison("refused"),
            }),
        }
    }

    /// The coordinator itself, on account of the request that admitted the patient.
    fn caller(&self, event: &Event) -> Caller {
        Caller::unrestricted(OpCtx {
            tenant: event.tenant,
            actor: Actor::system("care-coordinator"),
            purpose: PurposeOfUse::Treatment,
            correlation_id: event.correlation,
            now: self.store.clock().now(),
        })
    }
}

/// The plan was begun before: the batch is refused as a whole, and that is right.
fn is_there_already(error: &StoreError) -> bool {
    match error {
        StoreError::Entry { cause, .. } => is_there_already(cause),
        StoreError::VersionMismatch { .. } => true,
        _ => false,
    }
}

impl Consumer for CareCoordinator {
    fn name(&self) -> &'static str {
        "care-coordinator"
    }

    fn topics(&self) -> Vec<&'static Topic> {
        Topic::named("patient-events").into_iter().collect()
    }

    fn wants(&self, kind: &'static EventType) -> bool {
        kind.name == "patient.admitted.v1"
    }

    fn handle<'a>(
        &'a self,
        event: &'a Event,
        _: &'a TenantTx,
    ) -> BoxFuture<'a, Result<(), HandlerError>> {
        Box::pin(self.start_plan(event))
    }
}

/// The coordinator as the registry of consumers takes it.
#[must_use]
pub fn coordinator(store: Store) -> Arc<dyn Consumer> {
    Arc::new(CareCoordinator::new(store))
}
