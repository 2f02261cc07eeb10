//! The one write path: *authorise → validate → decide → persist*, after files were looked at.
//!
//! A change whose resource is known is decided on what is current and written under the condition
//! that it still is; when another change came first, it is decided again. Changes with criteria
//! are decided inside a transaction under advisory locks.

mod bound;
mod conditional;
mod decide;
mod encode;
mod events;
mod files;
mod group;
mod known;
mod persist;
mod plan;
mod prepare;
mod references;
mod say;
mod unit;

use std::collections::HashMap;

use mt_fhir::ResourceType;
use mt_kernel::{ErrorKind, Fault};
use tracing::Instrument;
use uuid::Uuid;

pub(crate) use encode::{EncodedRow, RowArray};
pub(crate) use events::audit_place;
pub use events::{StoredEvent, decode_events, open_audit_detail, open_events};
pub(crate) use group::GroupCommit;
pub(crate) use persist::REPLACE_AUX;
pub(crate) use prepare::{Current, encode_aux, encode_row, parse_stored};
pub(crate) use references::{Criteria, Renames};
pub use say::say;
pub(crate) use unit::{Unit, type_column};

use crate::{
    Action, Batch, Caller, Change, Committed, Interaction, ReadAccess, Result, Store, StoreError,
};

/// Current versions by resource.
pub(crate) type Currents = HashMap<(ResourceType, Uuid), Current>;

impl Store {
    /// Commits one change.
    ///
    /// # Errors
    /// [`StoreError`]; nothing has been written then.
    pub async fn commit_one(&self, caller: &Caller, change: Change) -> Result<Committed> {
        let outcome = self.commit(caller, Batch::from(change)).await;
        let mut committed = outcome.map_err(|error| match error {
            StoreError::Entry { cause, .. } => *cause,
            other => other,
        })?;
        committed
            .pop()
            .ok_or(StoreError::Damaged("a commit without an outcome"))
    }

    /// Commits changes together or not at all; returns what became of each, in the order of the
    /// batch. When this returns the changes are durable.
    ///
    /// # Errors
    /// [`StoreError::Entry`] names the change that was refused; nothing has been written then.
    pub async fn commit(&self, caller: &Caller, batch: Batch) -> Result<Vec<Committed>> {
        let started = std::time::Instant::now();
        let tenant = self.tenants().get(caller.ctx.tenant).await?;
        let span = tracing::info_span!(target: "trace", "commit", changes = batch.len());
        self.require_room_for(caller, &batch)?;
        self.look_at_files(caller, &batch).await?;
        let asked: Vec<_> = batch.changes.iter().map(asked).collect();
        let outcome = if batch.changes.iter().any(plan::has_criteria) {
            let commit = self.commit_conditional(caller, &tenant, batch);
            commit.instrument(span).await
        } else {
            let commit = self.commit_known(caller, &tenant, batch);
            commit.instrument(span).await
        };
        metrics::histogram!("store_commit_seconds").record(started.elapsed().as_secs_f64());
        if let Err(error) = &outcome {
            self.note_refused_change(caller, &asked, error)?;
        }
        outcome
    }

    /// A change that was not the caller's to make is an entry of the audit trail as well.
    fn note_refused_change(
        &self,
        caller: &Caller,
        asked: &[(Interaction, ResourceType)],
        error: &StoreError,
    ) -> Result<()> {
        let entry = match error {
            StoreError::Entry { entry, .. } => *entry,
            _ => 0,
        };
        let denied = matches!(error.kind(), ErrorKind::Forbidden | ErrorKind::NotFound);
        match asked.get(entry) {
            Some((interaction, kind)) if denied => {
                let fault = Fault::from(error.clone());
                self.note_refusal(caller, *interaction, Some(*kind), &fault)
            }
            _ => Ok(()),
        }
    }

    /// Enters in the audit trail that something was refused.
    ///
    /// # Errors
    /// When the trail cannot be written.
    pub fn note_refusal(
        &self,
        caller: &Caller,
        interaction: Interaction,
        resource_type: Option<ResourceType>,
        refusal: &Fault,
    ) -> Result<()> {
        let access = ReadAccess {
            interaction,
            resource_type,
            resources: &[],
            query: None,
            refusal: Some(refusal),
        };
        Ok(self.hooks().audit.note(caller, &access)?)
    }
}

fn asked(change: &Change) -> (Interaction, ResourceType) {
    let interaction = match change.action {
        Action::Create { .. } => Interaction::Create,
        Action::Update { .. } => Interaction::Update,
        Action::Patch { .. } => Interaction::Patch,
        Action::Delete { .. } => Interaction::Delete,
    };
    (interaction, change.resource_type)
}
