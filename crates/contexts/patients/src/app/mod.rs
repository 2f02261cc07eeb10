//! What people do with patients: register, find, correct, merge, declare inactive.

mod activity;
mod ahead;
mod departures;
mod find;
mod merge;
mod numbers;
mod photo;
mod provenance;
mod register;
mod view;

pub use activity::{Activity, Deactivated};
pub use departures::departures;
pub use find::{Duplicate, Duplicates, Found, FoundPage, Wanted};
pub use merge::{Merge, Merged, Unmerge};
pub use numbers::{NumberSettings, NumberSettingsView};
pub use photo::Photo;
pub use register::Registration;
pub use view::{Number, PatientLinks, PatientView};

use std::sync::Arc;

use mt_access::Interaction;
use mt_api::Caller;
use mt_fhir::ResourceType;
use mt_search::{ParamRegistry, ParseOptions, Query, Scope};
use mt_store::Stored;

use crate::Patients;
use crate::error::Result;

impl Patients {
    /// The caller as the record store wants it.
    async fn records(&self, caller: &Caller, right: Interaction) -> Result<mt_store::Caller> {
        Ok(caller.records(&self.store, right).await?)
    }

    async fn registry(&self, caller: &Caller) -> Result<ParamRegistry> {
        Ok(self.store.tenants().params(caller.tenant()).await?)
    }

    /// A patient within the caller's reach.
    async fn stored(&self, records: &mt_store::Caller, id: &str) -> Result<Stored> {
        Ok(self.store.read(records, ResourceType::PATIENT, id).await?)
    }

    /// A query of our own making.
    fn query(
        &self,
        registry: &ParamRegistry,
        kind: ResourceType,
        pairs: &[(&str, String)],
        count: u32,
    ) -> Result<Query> {
        let owned = |(name, value): &(&str, String)| ((*name).to_owned(), value.clone());
        let pairs: Vec<(String, String)> = pairs.iter().map(owned).collect();
        let options = ParseOptions::at(self.store.clock().now());
        let mut query = Query::parse(registry, Scope::resource(kind), &pairs, &options)?;
        query.count = Some(count);
        Ok(query)
    }
}

/// A caller whose Provenance of what it does is written whatever its roles say: it is entered by us.
fn attesting(records: mt_store::Caller) -> mt_store::Caller {
    mt_store::Caller {
        authority: Arc::new(provenance::Attesting(records.authority)),
        ..records
    }
}
