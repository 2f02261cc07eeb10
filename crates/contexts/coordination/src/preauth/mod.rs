//! Laboratory orders that need the payer's authorisation, joined with the coverages of their patients.
//!
//! Orders and coverages come by different topics in any order, so both sides of the join are tables. A patient's rows are joined
//! by one transaction at a time. An order that meets an active coverage becomes a `Task` (*request the payer's
//! authorisation*), whose commit says `insurance.preauth.required.v1`; one that meets none for 24 hours becomes a Task without a
//! coverage; an order that is cancelled first never does. The Task's id follows from the order: however often events come, and in
//! which order, the outcome is the same.

mod records;
mod rows;

use std::sync::Arc;

use futures::future::BoxFuture;
use mt_crypto::TenantKeys;
use mt_database::TenantTx;
use mt_events::catalogue::{EventType, Topic, Value};
use mt_events::{Consumer, Event, HandlerError, Keys, Transaction};
use mt_fhir::ResourceType;
use mt_kernel::TenantId;
use mt_store::{Caller, Store};
use uuid::Uuid;

use crate::switches::{Automation, Switches};
use crate::writing::{self, OPEN_TASK, text};
use rows::{Order, State};

pub(crate) use records::REQUEST;
pub(crate) use rows::patient_token;

/// How long an order waits for a coverage, seconds: the window in which events are joined.
const WINDOW: i64 = 24 * 3_600;
const NAME: &str = "preauthorization";

/// The group `preauthorization`.
#[derive(Clone)]
pub struct Preauthorization {
    store: Store,
    keys: Arc<dyn Keys>,
    switches: Arc<dyn Switches>,
}

impl std::fmt::Debug for Preauthorization {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Preauthorization").finish_non_exhaustive()
    }
}

impl Preauthorization {
    /// Writes through `store`, where `switches` say so.
    #[must_use]
    pub fn new(store: Store, keys: Arc<dyn Keys>, switches: Arc<dyn Switches>) -> Self {
        Self {
            store,
            keys,
            switches,
        }
    }

    /// Ends the waiting of a tenant's orders whose window is over, at most a hundred at once. Returns how many.
    ///
    /// # Errors
    /// When the database or the store does not answer; they are looked at again.
    pub async fn expire(&self, tenant: TenantId) -> Result<usize, HandlerError> {
        let keys = self.keys(tenant).await?;
        let tx = self.store.database().tenant(tenant).await?;
        let now = self.store.clock().now();
        let due = rows::due(&tx, &keys, now).await?;
        for order in &due {
            let caller = writing::system(&self.store, tenant, Uuid::now_v7(), NAME);
            self.settle(&tx, &keys, &caller, order, true).await?;
        }
        tx.commit().await?;
        Ok(due.len())
    }

    async fn take(&self, event: &Event, tx: &TenantTx) -> Result<(), HandlerError> {
        let values = event
            .values()
            .map_err(|_| HandlerError::Poison("payload"))?;
        let (Some(id), Some(patient)) = (text(&values, "subject_id"), text(&values, "patient_id"))
        else {
            // An order or a coverage of nobody joins nothing.
            return Ok(());
        };
        let keys = self.keys(event.tenant).await?;
        rows::lock(tx, &keys, patient).await?;
        let caller = writing::caller(&self.store, event, NAME);
        match event.kind.name {
            "lab.order.created.v1" => {
                let needs = Value::Flag(true);
                let is_meant = values
                    .iter()
                    .any(|(name, value)| name == "requires_preauth" && *value == needs);
                if !is_meant || !self.is_on(event.tenant).await? {
                    return Ok(());
                }
                let order = Order {
                    id: id.to_owned(),
                    patient: patient.to_owned(),
                    priority: text(&values, "priority").map(str::to_owned),
                };
                let until = event.at.plus_seconds(WINDOW);
                if rows::add(tx, &keys, &order, until).await? == State::Waiting {
                    let is_over = until <= self.store.clock().now();
                    self.settle(tx, &keys, &caller, &order, is_over).await?;
                }
                Ok(())
            }
            "lab.order.cancelled.v1" => {
                let order = Order {
                    id: id.to_owned(),
                    patient: patient.to_owned(),
                    priority: None,
                };
                rows::cancel(tx, &keys, &order).await?;
                self.withdraw(&caller, &order).await
            }
            _ => {
                let is_active = text(&values, "status") == Some("active");
                rows::cover(tx, &keys, patient, id, is_active).await?;
                if is_active {
                    for order in rows::waiting(tx, &keys, patient).await? {
                        self.settle(tx, &keys, &caller, &order, false).await?;
                    }
                }
                Ok(())
            }
        }
    }

    /// Makes the Task of an order that meets a coverage, or that waits no longer.
    async fn settle(
        &self,
        tx: &TenantTx,
        keys: &TenantKeys,
        caller: &Caller,
        order: &Order,
        is_over: bool,
    ) -> Result<(), HandlerError> {
        let coverage = self.coverage(tx, keys, caller, order).await?;
        if coverage.is_none() && !is_over {
            return Ok(());
        }
        let (tenant, now) = (tx.tenant(), caller.ctx.now);
        let task = records::task(tenant, order, coverage.as_deref(), now);
        let change = writing::put(&task, None).ok_or(HandlerError::Poison("task"))?;
        writing::begin(&self.store, caller, vec![change]).await?;
        rows::required(tx, &order.id).await
    }

    /// A coverage of the patient that is in force, as the record says now.
    async fn coverage(
        &self,
        tx: &TenantTx,
        keys: &TenantKeys,
        caller: &Caller,
        order: &Order,
    ) -> Result<Option<String>, HandlerError> {
        for id in rows::coverages(tx, keys, &order.patient).await? {
            let found = writing::read(&self.store, caller, ResourceType::COVERAGE, &id).await?;
            if found.is_some_and(|(record, _)| {
                records::is_in_force(&record, &order.patient, caller.ctx.now)
            }) {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }

    /// Calls the Task of a cancelled order off, when there is one and nobody is done with it.
    async fn withdraw(&self, caller: &Caller, order: &Order) -> Result<(), HandlerError> {
        let id = records::task_id(caller.ctx.tenant, &order.id);
        let found = writing::read(&self.store, caller, ResourceType::TASK, &id).await?;
        let Some((mut task, version)) = found else {
            return Ok(());
        };
        if !OPEN_TASK.iter().any(|open| task["status"] == *open) {
            return Ok(());
        }
        task["status"] = "cancelled".into();
        task["statusReason"] = serde_json::json!({ "text": "The order was cancelled" });
        let change = writing::put(&task, Some(version)).ok_or(HandlerError::Poison("task"))?;
        writing::replace(&self.store, caller, vec![change]).await
    }

    async fn is_on(&self, tenant: TenantId) -> Result<bool, HandlerError> {
        let on = self.switches.is_on(tenant, Automation::Preauthorization);
        on.await.map_err(|_| HandlerError::Retry("settings"))
    }

    async fn keys(&self, tenant: TenantId) -> Result<TenantKeys, HandlerError> {
        let keys = self.keys.of(tenant).await;
        keys.map_err(|_| HandlerError::Retry("tenant-inactive"))
    }
}

impl Consumer for Preauthorization {
    fn name(&self) -> &'static str {
        NAME
    }

    fn topics(&self) -> Vec<&'static Topic> {
        let names = ["lab-events", "insurance-events"];
        names.into_iter().filter_map(Topic::named).collect()
    }

    fn wants(&self, kind: &'static EventType) -> bool {
        [
            "lab.order.created.v1",
            "lab.order.cancelled.v1",
            "coverage.changed.v1",
        ]
        .contains(&kind.name)
    }

    fn transaction(&self) -> Transaction {
        Transaction::Own
    }

    fn handle<'a>(
        &'a self,
        event: &'a Event,
        tx: &'a TenantTx,
    ) -> BoxFuture<'a, Result<(), HandlerError>> {
        Box::pin(self.take(event, tx))
    }
}
