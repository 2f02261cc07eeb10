//! What of an entry is about certain patients: all that those patients may read of it.
//!
//! One search or one commit may touch the records of several patients. Who reads the trail of one of
//! them learns nothing of the others, neither from the records named nor from the query.

use std::collections::HashSet;
use std::sync::Arc;

use mt_fhir::ResourceType;
use mt_kernel::TenantId;

use super::{Entry, Filter};
use crate::log::mention::{Mentions, Patients};
use crate::{Audit, Result, Touched};

impl Audit {
    /// Cuts entries down to what is about the patients of `filter`, and says about whom each is.
    pub(super) async fn cut_down(
        &self,
        tenant: TenantId,
        mentions: &Mentions,
        filter: &Filter,
        entries: &mut [Entry],
    ) -> Result<()> {
        let tx = self.database().tenant(tenant).await?;
        let details = entries.iter().map(|entry| &entry.detail);
        let located = mentions.patients(&tx, details).await?;
        tx.rollback().await;
        let allowed: Vec<(i64, Arc<str>)> = filter
            .patients()
            .into_iter()
            .map(|id| (mentions.patient(id), Arc::from(id)))
            .collect();
        for entry in entries {
            entry.detail.address = filter.shown_address(entry);
            cut(entry, mentions, &located, &allowed);
        }
        Ok(())
    }
}

fn cut(entry: &mut Entry, mentions: &Mentions, located: &Patients, allowed: &[(i64, Arc<str>)]) {
    let mut found = HashSet::new();
    let mut is_about = |touched: &Touched| {
        let token = patient_of(touched, mentions, located);
        let known = token.filter(|token| allowed.iter().any(|(one, _)| one == token));
        found.extend(known);
        known.is_some()
    };
    entry.detail.resources.retain(&mut is_about);
    // A query names what was looked for, in others' records as well; a reason may name anyone.
    entry.detail.query = None;
    entry.detail.reason = None;
    let about = allowed.iter().filter(|(token, _)| found.contains(token));
    entry.about = about.map(|(_, id)| Arc::clone(id)).collect();
}

/// The hash of the patient in whose compartment a record lies.
fn patient_of(touched: &Touched, mentions: &Mentions, located: &Patients) -> Option<i64> {
    if touched.resource_type == ResourceType::PATIENT {
        return Some(mentions.patient(&touched.id));
    }
    let key = mentions.key(touched.resource_type, &touched.id);
    located.get(&(touched.resource_type, key)).copied()
}
