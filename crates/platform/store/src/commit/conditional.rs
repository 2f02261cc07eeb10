//! Commits of changes that find their resources by criteria.
//!
//! Under READ COMMITTED, in one transaction: advisory locks on the criteria and on the ids that the
//! batch names, in one order for everybody; then the searches, which see what those who held the locks
//! before have committed; then the decision and the rows. Parallel conditional creates with the
//! same criteria therefore make one resource.

use std::sync::Arc;

use futures::future::join_all;
use mt_database::{Error, TenantTx};
use mt_kernel::ErrorKind;

use super::decide::Work;
use super::persist::{PersistError, persist, persist_in};
use super::plan::{plan_id, plan_new, refuse_overlap};
use super::prepare::{Planned, absent, content_node};
use super::type_column;
use crate::source::Source;
use crate::tenants::Tenant;
use crate::{
    Action, Batch, Caller, Change, Committed, Content, Effect, Result, Store, StoreError, Stored,
    Target,
};

/// How often the transaction is tried again because others came first.
const ATTEMPTS: u32 = 6;

impl Store {
    pub(super) async fn commit_conditional(
        &self,
        caller: &Caller,
        tenant: &Arc<Tenant>,
        batch: Batch,
    ) -> Result<Vec<Committed>> {
        for _ in 1..ATTEMPTS {
            // References are rewritten in place, and a second attempt may find other resources.
            match self.try_conditional(caller, tenant, batch.clone()).await {
                Err(StoreError::Contended) => {}
                settled => return settled,
            }
        }
        self.try_conditional(caller, tenant, batch).await
    }

    async fn try_conditional(
        &self,
        caller: &Caller,
        tenant: &Arc<Tenant>,
        mut batch: Batch,
    ) -> Result<Vec<Committed>> {
        let tx = self.database().tenant(tenant.id).await?;
        lock(&tx, tenant, &batch.changes).await.map_err(contended)?;
        let source = Source::Transaction(&tx);
        let planned = self
            .plan_conditional(source, caller, tenant, &batch)
            .await?;
        refuse_overlap(&planned)?;
        self.rename(source, caller, tenant, &mut batch, &planned)
            .await?;
        let currents = self.currents(source, tenant, &planned, false).await?;
        let (_, outcome) = self
            .decide(caller, tenant, Work { batch, planned }, currents)
            .await?;
        let decided = outcome?;
        let Some(unit) = decided.unit else {
            tx.rollback().await;
            return Ok(decided.outcomes);
        };
        let units = [unit];
        persist_in(&tx, &units).await?;
        match tx.commit().await {
            Ok(()) => {}
            // The same rows cannot be written twice: writing them again shows what happened.
            Err(Error::CommitUnknown) => persist(self.database(), tenant.id, &units, true).await?,
            Err(error) => return Err(contended(PersistError::from(error))),
        }
        for unit in &units {
            self.note_commit(tenant, unit);
        }
        Ok(decided.outcomes)
    }

    async fn plan_conditional(
        &self,
        source: Source<'_>,
        caller: &Caller,
        tenant: &Arc<Tenant>,
        batch: &Batch,
    ) -> Result<Vec<Planned>> {
        let plans = batch
            .changes
            .iter()
            .enumerate()
            .map(|(entry, change)| async move {
                let plan = self.plan_change(source, caller, tenant, batch, entry, change);
                plan.await.map_err(|error| error.at(entry))
            });
        // All questions leave at once, and the connection answers one after the other.
        join_all(plans).await.into_iter().collect()
    }

    async fn plan_change(
        &self,
        source: Source<'_>,
        caller: &Caller,
        tenant: &Arc<Tenant>,
        batch: &Batch,
        entry: usize,
        change: &Change,
    ) -> Result<Planned> {
        let (target, content) = match &change.action {
            Action::Create {
                if_none_exist: None,
                ..
            } => return Ok(plan_new(entry, change)),
            Action::Create {
                if_none_exist: Some(query),
                ..
            } => {
                let found = self
                    .only_match(source, caller, tenant, change, query)
                    .await?;
                return Ok(match found {
                    Some(existing) => settled(tenant, entry, existing),
                    None => plan_new(entry, change),
                });
            }
            Action::Update {
                target, content, ..
            } => (target, Some(content)),
            Action::Patch { target, .. } | Action::Delete { target, .. } => (target, None),
        };
        let query = match target {
            Target::Id(id) => return plan_id(tenant, entry, change, id),
            Target::Criteria(query) => query,
        };
        match self
            .only_match(source, caller, tenant, change, query)
            .await?
        {
            Some(existing) => plan_id(tenant, entry, change, &existing.id),
            None => self.plan_without_match(tenant, batch, entry, change, content),
        }
    }

    /// No match: an update creates, with the id in the content if there is one; a deletion has nothing
    /// to do; a patch has nothing to patch.
    fn plan_without_match(
        &self,
        tenant: &Tenant,
        batch: &Batch,
        entry: usize,
        change: &Change,
        content: Option<&Content>,
    ) -> Result<Planned> {
        let node = content
            .map(|content| content_node(content, batch.doc.as_ref()))
            .transpose()?;
        match (&change.action, node.and_then(|node| node.str("id"))) {
            (Action::Update { .. }, Some(id)) => plan_id(tenant, entry, change, id),
            (Action::Update { .. }, None) => Ok(plan_new(entry, change)),
            (Action::Delete { .. }, _) => {
                let mut plan = plan_new(entry, change);
                plan.settled = Some(absent(&plan, 0, self.clock().now()));
                Ok(plan)
            }
            _ => Err(StoreError::NotFound),
        }
    }

    /// The one resource that matches, or none.
    async fn only_match(
        &self,
        source: Source<'_>,
        caller: &Caller,
        tenant: &Arc<Tenant>,
        change: &Change,
        query: &mt_search::Query,
    ) -> Result<Option<Stored>> {
        if query.conditions().next().is_none() {
            let message = "a conditional operation needs at least one criterion";
            return Err(StoreError::refused(ErrorKind::Precondition, message));
        }
        let mut found = self
            .matching(source, caller, tenant, change.resource_type, query, 2)
            .await?;
        if found.len() > 1 {
            return Err(StoreError::MultipleMatches);
        }
        Ok(found.pop())
    }
}

/// Takes the advisory locks of a batch in one order.
async fn lock(tx: &TenantTx, tenant: &Tenant, changes: &[Change]) -> Result<(), PersistError> {
    let mut keys: Vec<i64> = changes
        .iter()
        .filter_map(|change| lock_key(tenant, change))
        .collect();
    keys.sort_unstable();
    keys.dedup();
    let sql = "select pg_advisory_xact_lock(k) from unnest($1::int8[]) k";
    tx.query(sql, &[&keys]).await?;
    Ok(())
}

fn lock_key(tenant: &Tenant, change: &Change) -> Option<i64> {
    let named = |what: &[u8], text: &str| {
        let number = type_column(change.resource_type).to_be_bytes();
        Some(tenant.blind.token(&[what, &number, text.as_bytes()]))
    };
    let target = match &change.action {
        Action::Create { if_none_exist, .. } => {
            return named(b"lock criteria", &if_none_exist.as_ref()?.applied_query());
        }
        Action::Update { target, .. }
        | Action::Patch { target, .. }
        | Action::Delete { target, .. } => target,
    };
    match target {
        Target::Id(id) => named(b"lock id", id),
        Target::Criteria(query) => named(b"lock criteria", &query.applied_query()),
    }
}

fn settled(tenant: &Tenant, entry: usize, existing: Stored) -> Planned {
    Planned {
        entry,
        resource_type: existing.resource_type,
        id: tenant.key_of(existing.resource_type, &existing.id),
        literal: Arc::clone(&existing.id),
        settled: Some(Committed {
            resource_type: existing.resource_type,
            id: existing.id,
            version: existing.version,
            last_updated: existing.last_updated,
            effect: Effect::Matched,
            body: existing.body,
        }),
        fresh: false,
    }
}

/// Deadlocks and lost races are tried again.
fn contended(error: PersistError) -> StoreError {
    match error {
        PersistError::Database(Error::Contended) => StoreError::Contended,
        other => other.into(),
    }
}
