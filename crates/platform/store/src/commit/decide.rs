//! From a planned batch to what is written, or to the refusal of one of its changes.

use std::sync::Arc;

use mt_crypto::Purpose;
use mt_kernel::Instant;

use super::events::{audit_place, seal_events};
use super::prepare::{Planned, Prepared, Preparer};
use super::unit::{PreparedRow, Unit};
use super::{Currents, type_column};
use crate::origin::carried;
use crate::tenants::Tenant;
use crate::{Action, Batch, Caller, Committed, Effect, Hooks, Result, Store, StoreError};

/// Batches from this size on are prepared off the threads that serve requests.
const LARGE: usize = 8;

/// A batch whose resources are known.
#[derive(Debug)]
pub(crate) struct Work {
    pub(crate) batch: Batch,
    pub(crate) planned: Vec<Planned>,
}

/// A batch that all hooks agreed to.
#[derive(Debug)]
pub(crate) struct Decided {
    /// What becomes of each change once the unit is written.
    pub(crate) outcomes: Vec<Committed>,
    /// What is to be written; `None` when nothing is.
    pub(crate) unit: Option<Unit>,
}

impl Decided {
    /// Whether some outcome says that nothing needs to change, which only the database can know.
    pub(crate) fn rests_on_current(&self) -> bool {
        let same = |effect| matches!(effect, Effect::Unchanged | Effect::Absent);
        self.outcomes.iter().any(|outcome| same(outcome.effect))
    }
}

impl Store {
    /// Decides a batch; a large one on a thread of its own. Hands the batch back in any case.
    pub(crate) async fn decide(
        &self,
        caller: &Caller,
        tenant: &Arc<Tenant>,
        work: Work,
        currents: Currents,
    ) -> Result<(Work, Result<Decided>)> {
        let started = std::time::Instant::now();
        let decided = if work.planned.len() < LARGE {
            let outcome = work.decide(self.hooks(), caller, tenant, &currents);
            (work, outcome)
        } else {
            let (store, caller, tenant) = (self.clone(), caller.clone(), Arc::clone(tenant));
            let task = tokio::task::spawn_blocking(carried(move || {
                let outcome = work.decide(store.hooks(), &caller, &tenant, &currents);
                (work, outcome)
            }));
            task.await
                .map_err(|_| StoreError::Damaged("a change could not be prepared"))?
        };
        metrics::histogram!("store_decide_seconds").record(started.elapsed().as_secs_f64());
        Ok(decided)
    }
}

impl Work {
    fn decide(
        &self,
        hooks: &Hooks,
        caller: &Caller,
        tenant: &Tenant,
        currents: &Currents,
    ) -> Result<Decided> {
        let mut preparer = Preparer {
            caller,
            tenant,
            hooks,
            bundle: self.batch.doc.as_ref(),
            at: commit_time(caller.ctx.now, currents),
            events: Vec::new(),
            bindings: Vec::new(),
        };
        let mut order: Vec<&Planned> = self.planned.iter().collect();
        order.sort_by_key(|plan| self.rank(plan));
        let mut outcomes = vec![None; self.planned.len()];
        let mut rows = Vec::with_capacity(self.planned.len());
        for plan in order {
            let action = self.action(plan)?;
            let current = currents.get(&(plan.resource_type, plan.id));
            let prepared = preparer.prepare(plan, action, current);
            let outcome = match prepared.map_err(|error| error.at(plan.entry))? {
                Prepared::Same(outcome) => outcome,
                Prepared::Row(row) => {
                    let outcome = row.committed();
                    rows.push(*row);
                    outcome
                }
            };
            if let Some(slot) = outcomes.get_mut(plan.entry) {
                *slot = Some(outcome);
            }
        }
        let (events, bindings) = (preparer.events, preparer.bindings);
        let outcomes: Option<Vec<Committed>> = outcomes.into_iter().collect();
        let outcomes = outcomes.ok_or(StoreError::Damaged("a change without an outcome"))?;
        let unit = if rows.is_empty() {
            None
        } else {
            Some(Unit {
                bindings: bindings.into_iter().map(|one| one.bound(tenant)).collect(),
                ..unit(hooks, caller, tenant, rows, &events, &outcomes)?
            })
        };
        Ok(Decided { outcomes, unit })
    }

    fn action(&self, plan: &Planned) -> Result<&Action> {
        let change = self.batch.changes.get(plan.entry);
        change
            .map(|change| &change.action)
            .ok_or(StoreError::Damaged("a plan without its change"))
    }

    /// FHIR's order of processing: delete, create, update and patch.
    fn rank(&self, plan: &Planned) -> u8 {
        match self.action(plan) {
            Ok(Action::Delete { .. }) => 0,
            Ok(Action::Create { .. }) => 1,
            _ => 2,
        }
    }
}

/// One time for all changes of a batch: whole milliseconds, later than every version it supersedes.
fn commit_time(now: Instant, currents: &Currents) -> Instant {
    let now = now.0 - now.0.rem_euclid(1000);
    let latest = currents
        .values()
        .map(|current| current.updated_at.0 + 1000)
        .max();
    Instant(latest.map_or(now, |latest| latest.max(now)))
}

fn unit(
    hooks: &Hooks,
    caller: &Caller,
    tenant: &Tenant,
    mut rows: Vec<PreparedRow>,
    events: &[crate::DomainEvent],
    outcomes: &[Committed],
) -> Result<Unit> {
    // One order of locks for everybody.
    rows.sort_by_key(|row| (type_column(row.resource_type), row.id));
    let at = rows
        .iter()
        .map(|row| row.at)
        .max()
        .unwrap_or(caller.ctx.now);
    let correlation = caller.ctx.correlation_id;
    let sealed_events = if events.is_empty() {
        None
    } else {
        Some(seal_events(&tenant.keys, at, correlation, events)?)
    };
    let detail = hooks.audit.describe_commit(caller, outcomes);
    let place = audit_place(at, correlation);
    Ok(Unit {
        at,
        correlation,
        rows,
        bindings: Vec::new(),
        events: sealed_events,
        audit: mt_crypto::seal(&tenant.keys, Purpose::Audit, &place, &detail)?,
    })
}
