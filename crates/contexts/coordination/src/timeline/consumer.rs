//! Adds each event that names a patient to that patient's timeline.

use std::sync::Arc;

use futures::future::BoxFuture;
use mt_crypto::TenantKeys;
use mt_database::TenantTx;
use mt_events::catalogue::{EventType, TOPICS, Topic, Value};
use mt_events::{Consumer, Event, HandlerError, Keys, Transaction};
use uuid::Uuid;

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
    select $1, r.* from unnest($2::int8[], $3::int8[], $4::uuid[], $5::int2[], $6::uuid[], $7::bytea[]) as r \
    on conflict do nothing";

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

    /// Adds those of the events that name a patient, by one statement unless a patient among them was erased.
    async fn add(&self, events: &[&Event], tx: &TenantTx) -> Result<(), HandlerError> {
        let keys = self.keys.of(tx.tenant()).await;
        let keys = keys.map_err(|_| HandlerError::Retry("tenant-inactive"))?;
        let mut rows = Rows::default();
        for event in events {
            let Some(patient) = patient_of(event)? else {
                continue;
            };
            // What was told of the patient before, and arrived only after it was forgotten, goes for good.
            if event.kind.name == ERASED {
                std::mem::take(&mut rows).write(tx).await?;
                let gone = crate::forget_patient(tx, &keys, &patient).await;
                gone.map_err(|_| HandlerError::Retry("erasure"))?;
            } else {
                rows.push(&keys, event, &patient)?;
            }
        }
        rows.write(tx).await
    }
}

/// The patient whom an event names.
fn patient_of(event: &Event) -> Result<Option<String>, HandlerError> {
    let values = event
        .values()
        .map_err(|_| HandlerError::Poison("payload"))?;
    Ok(values.into_iter().find_map(|(name, value)| match value {
        Value::Text(id) if name == "patient_id" => Some(id),
        _ => None,
    }))
}

/// Rows to be added, an array for each column.
#[derive(Default)]
struct Rows {
    patients: Vec<i64>,
    ats: Vec<i64>,
    ids: Vec<Uuid>,
    kinds: Vec<i16>,
    correlations: Vec<Uuid>,
    bodies: Vec<Vec<u8>>,
}

impl Rows {
    fn push(
        &mut self,
        keys: &TenantKeys,
        event: &Event,
        patient: &str,
    ) -> Result<(), HandlerError> {
        let token = patient_token(keys, patient).map_err(|_| HandlerError::Retry("keys"))?;
        let sealed = event.seal(keys).map_err(|_| HandlerError::Retry("keys"))?;
        self.patients.push(token);
        self.ats.push(event.at.0);
        self.ids.push(event.id);
        self.kinds.push(event.kind.number);
        self.correlations.push(event.correlation);
        self.bodies.push(sealed.body);
        Ok(())
    }

    async fn write(self, tx: &TenantTx) -> Result<(), HandlerError> {
        if self.ids.is_empty() {
            return Ok(());
        }
        let tenant = tx.tenant().0;
        tx.execute(
            ADD,
            &[
                &tenant,
                &self.patients,
                &self.ats,
                &self.ids,
                &self.kinds,
                &self.correlations,
                &self.bodies,
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
        Box::pin(async move { self.add(&[event], tx).await })
    }

    fn handle_all<'a>(
        &'a self,
        events: &'a [&'a Event],
        tx: &'a TenantTx,
    ) -> BoxFuture<'a, Result<(), HandlerError>> {
        Box::pin(self.add(events, tx))
    }
}
