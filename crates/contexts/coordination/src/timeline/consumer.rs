//! Adds each event that names a patient to that patient's timeline.

use std::sync::Arc;

use futures::future::BoxFuture;
use mt_database::TenantTx;
use mt_events::catalogue::{EventType, TOPICS, Topic, Value};
use mt_events::{Consumer, Event, HandlerError, Keys, Transaction};

use super::rows::patient_token;

/// Topics that say nothing about the care of a patient, or say it a second time.
const ASIDE: &[&str] = &[
    "audit-events",
    "notification-events",
    "dlq-events",
    "record-events",
];

/// The last that is told of a patient.
const ERASED: &str = "patient.erased.v1";

const ADD: &str = "insert into coordination.timeline (tenant, patient, at, id, event, correlation, body) \
    values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing";

/// The group `timeline`.
pub struct TimelineConsumer {
    keys: Arc<dyn Keys>,
}

impl TimelineConsumer {
    /// With the keys of the tenants that serve.
    #[must_use]
    pub fn new(keys: Arc<dyn Keys>) -> Self {
        Self { keys }
    }

    async fn add(&self, event: &Event, tx: &TenantTx) -> Result<(), HandlerError> {
        let values = event
            .values()
            .map_err(|_| HandlerError::Poison("payload"))?;
        let patient = values.iter().find_map(|(name, value)| match value {
            Value::Text(id) if name == "patient_id" => Some(id),
            _ => None,
        });
        let Some(patient) = patient else {
            return Ok(());
        };
        let keys = self.keys.of(event.tenant).await;
        let keys = keys.map_err(|_| HandlerError::Retry("tenant-inactive"))?;
        // What was told of the patient before, and arrived only after it was forgotten, goes for good.
        if event.kind.name == ERASED {
            let gone = crate::forget_patient(tx, &keys, patient).await;
            return gone.map(drop).map_err(|_| HandlerError::Retry("erasure"));
        }
        let token = patient_token(&keys, patient).map_err(|_| HandlerError::Retry("keys"))?;
        let sealed = event.seal(&keys).map_err(|_| HandlerError::Retry("keys"))?;
        tx.execute(
            ADD,
            &[
                &event.tenant.0,
                &token,
                &event.at.0,
                &event.id,
                &event.kind.number,
                &event.correlation,
                &sealed.body,
            ],
        )
        .await?;
        Ok(())
    }
}

impl Consumer for TimelineConsumer {
    fn name(&self) -> &'static str {
        "timeline"
    }

    fn topics(&self) -> Vec<&'static Topic> {
        let all = TOPICS.into_iter();
        all.filter(|topic| !ASIDE.contains(&topic.name)).collect()
    }

    fn wants(&self, kind: &'static EventType) -> bool {
        kind.all_fields().any(|field| field.name == "patient_id")
    }

    fn transaction(&self) -> Transaction {
        Transaction::Shared
    }

    fn handle<'a>(
        &'a self,
        event: &'a Event,
        tx: &'a TenantTx,
    ) -> BoxFuture<'a, Result<(), HandlerError>> {
        Box::pin(self.add(event, tx))
    }
}
