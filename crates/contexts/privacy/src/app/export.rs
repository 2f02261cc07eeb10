//! De-identified export: records of care as NDJSON, patient by patient.

use mt_audit::{Event, EventCode};
use mt_fhir::json::Limits;
use mt_fhir::{Doc, ResourceType};
use mt_kernel::OpCtx;
use mt_search::{ParseOptions, Query, Scope};
use mt_store::{Caller, Store};
use tokio::sync::mpsc;

use super::Privacy;
use super::restrict::restricted;
use crate::domain::deidentify::{Dates, Deidentifier};
use crate::{PrivacyError, Result};

/// Records of one page of a search.
const PAGE: &str = "200";

/// A de-identified export that was ordered and entered in the trail.
///
/// The key of the pseudonyms is made for this export and forgotten with it, so that not even this
/// installation can trace a pseudonym back.
pub struct DeidentifiedExport {
    store: Store,
    caller: Caller,
    rules: Deidentifier,
}

impl Privacy {
    /// Orders a de-identified export of the caller's organisation.
    ///
    /// # Errors
    /// [`PrivacyError::Refused`] without a purpose; when the export cannot be entered in the trail.
    pub fn order_deidentified(
        &self,
        ctx: &OpCtx,
        purpose: &str,
        dates: Dates,
    ) -> Result<DeidentifiedExport> {
        if purpose.trim().is_empty() {
            return Err(PrivacyError::Refused("say what the export is for"));
        }
        let event = Event {
            reason: Some(purpose),
            query: Some("de-identified"),
            ..Event::done(EventCode::Export)
        };
        self.audit.record(ctx, &event)?;
        let key = mt_crypto::random_bytes::<32>()?;
        Ok(DeidentifiedExport {
            store: self.store.clone(),
            // What names nobody is no disclosure of anybody's record.
            caller: Caller::unrestricted(ctx.clone()),
            rules: Deidentifier::new(key, dates, ctx.now),
        })
    }
}

impl DeidentifiedExport {
    /// Sends the records to `lines`, one JSON text each; returns how many.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn run(self, lines: &mpsc::Sender<String>) -> Result<u64> {
        let query = self.query(ResourceType::PATIENT, &[]).await?;
        let restricted = restricted(&self.store, &self.caller).await?;
        let (mut sent, mut cursor) = (0, None::<String>);
        loop {
            let page = self
                .store
                .search(&self.caller, &query, cursor.as_deref())
                .await?;
            for entry in &page.entries {
                // A restricted record is not processed, not even without its name.
                if restricted.contains(entry.resource.id.as_ref()) {
                    continue;
                }
                let patient = parsed(&entry.resource.body)?;
                let sending = self.patient(&patient, lines).await?;
                let Some(count) = sending else {
                    return Ok(sent); // the receiver is gone
                };
                sent += count;
            }
            cursor = page.next;
            if cursor.is_none() {
                return Ok(sent);
            }
        }
    }

    /// One patient's records; `None` when nobody listens any more.
    async fn patient(&self, patient: &Doc, lines: &mpsc::Sender<String>) -> Result<Option<u64>> {
        let root = patient.root();
        let id = root.str("id").unwrap_or_default();
        let birth_date = root.str("birthDate");
        let mut sent = 0;
        let kinds = ResourceType::all().filter(|kind| Deidentifier::exports(*kind));
        for kind in kinds {
            let (name, value) = if kind == ResourceType::PATIENT {
                ("_id", id.to_owned())
            } else {
                ("patient", id.to_owned())
            };
            let query = self.query(kind, &[(name, &value)]).await?;
            let mut cursor = None::<String>;
            loop {
                let page = self
                    .store
                    .search(&self.caller, &query, cursor.as_deref())
                    .await?;
                for entry in &page.entries {
                    let record = parsed(&entry.resource.body)?;
                    let Some(safe) = self.rules.apply(record.root(), id, birth_date) else {
                        continue;
                    };
                    if lines.send(safe.to_string()).await.is_err() {
                        return Ok(None);
                    }
                    sent += 1;
                }
                cursor = page.next;
                if cursor.is_none() {
                    break;
                }
            }
        }
        Ok(Some(sent))
    }

    async fn query(&self, kind: ResourceType, criteria: &[(&str, &str)]) -> Result<Query> {
        let ctx = &self.caller.ctx;
        let registry = self.store.tenants().params(ctx.tenant).await?;
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let mut pairs: Vec<(String, String)> = criteria.iter().map(own).collect();
        pairs.push(("_count".to_owned(), PAGE.to_owned()));
        let options = ParseOptions::at(ctx.now);
        Query::parse(&registry, Scope::resource(kind), &pairs, &options)
            .map_err(|_| PrivacyError::Refused("the export cannot search"))
    }
}

fn parsed(body: &[u8]) -> Result<Doc> {
    Doc::parse(body.to_vec(), &Limits::default()).map_err(|_| PrivacyError::Damaged)
}
