//! What people do with notes: begin them, sign, ask for a second signature, give or refuse it, decide who needs one; and with a
//! chart: look into it, acknowledge its results.

mod acknowledge;
mod cosign;
mod drafts;
mod looked;
mod names;
mod print;
mod requests;
mod settings;
mod sign;

pub use acknowledge::{AcknowledgedResult, AcknowledgedResults, Acknowledging, SeenResult};
pub use cosign::{Cosigned, Returned};
pub use drafts::{Draft, KeptDraft, ListedDraft};
pub use looked::Looked;
pub use print::Printed;
pub use settings::{CosignSettings, CosignSettingsView};
pub use sign::{SignNote, SignedNote};

use mt_access::Interaction;
use mt_api::Caller;
use mt_fhir::ResourceType;
use mt_kernel::{ErrorKind, Fault};
use mt_search::{ParseOptions, Query, Scope};
use mt_store::{Committed, Stored};

use crate::Charting;
use crate::document::object;
use crate::error::{ChartingError, Result};

/// The type of notes.
pub(crate) fn note_type() -> Result<ResourceType> {
    ResourceType::from_name("Composition").ok_or(ChartingError::Unreadable)
}

/// The type of tasks.
pub(crate) fn task_type() -> Result<ResourceType> {
    ResourceType::from_name("Task").ok_or(ChartingError::Unreadable)
}

impl Charting {
    /// The caller as the record store wants it.
    async fn records(&self, caller: &Caller, right: Interaction) -> Result<mt_store::Caller> {
        Ok(caller.records(&self.store, right).await?)
    }

    /// A note within the caller's reach.
    async fn note(&self, records: &mt_store::Caller, id: &str) -> Result<Stored> {
        Ok(self.store.read(records, note_type()?, id).await?)
    }

    /// What matches a query of our own making, as far as the caller may find it.
    async fn found(
        &self,
        caller: &Caller,
        kind: ResourceType,
        pairs: &[(&str, String)],
        most: u32,
    ) -> Result<Vec<Stored>> {
        let records = self.records(caller, Interaction::Search).await?;
        let registry = self.store.tenants().params(caller.tenant()).await?;
        let owned = |(name, value): &(&str, String)| ((*name).to_owned(), value.clone());
        let pairs: Vec<(String, String)> = pairs.iter().map(owned).collect();
        let options = ParseOptions::at(caller.ctx.now);
        let mut query = Query::parse(&registry, Scope::resource(kind), &pairs, &options)?;
        query.count = Some(most);
        let page = self.store.search(&records, &query, None).await?;
        Ok(page
            .entries
            .into_iter()
            .map(|entry| entry.resource)
            .collect())
    }
}

/// The reference of whoever signs.
fn signer(caller: &Caller) -> Result<&str> {
    caller.ctx.actor.fhir_user.as_deref().ok_or_else(|| {
        let message = "your account has no record of its own, such as a Practitioner, to sign as";
        Fault::new(ErrorKind::Forbidden, message).into()
    })
}

/// What was written of the type.
fn written(committed: &[Committed], kind: ResourceType) -> Result<SignedNote> {
    let note = committed.iter().find(|one| one.resource_type == kind);
    let note = note.ok_or(ChartingError::Unreadable)?;
    Ok(SignedNote {
        version: note.version,
        note: object(&note.body)?.into(),
    })
}
