//! Carrying an export out.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use mt_access::Interaction as Right;
use mt_authority::Session;
use mt_fhir::ResourceType;
use mt_fhir::definitions::Compartment;
use mt_fhir::outcome::{Issue, IssueCode, OperationOutcome};
use mt_kernel::Instant;
use mt_search::{Handling, ParamRegistry, ParseOptions, Query, Scope};
use mt_store::{Caller, Claim, EntryMode, Page, Snapshot, Stored, Withheld};
use uuid::Uuid;

use super::super::files::{Files, Purpose};
use super::super::order::Order;
use super::super::refusal::Failure;
use super::super::status::Made;
use super::{Level, Wanted};
use crate::api::FhirApi;
use crate::error::FhirError;
use crate::summary::View;

/// Resources in a page.
const PAGE: u32 = 500;

/// Deletions in one Bundle of the files of deleted resources.
const DELETIONS: usize = 500;

/// What was being written when the snapshot was taken has a time before it and is not in it: the
/// next export since this one must find it.
const MARGIN_MICROS: i64 = 2_000_000;

/// How often an export is made because consents changed while it was made.
const ATTEMPTS: usize = 4;

pub(in crate::bulk) async fn run(api: &FhirApi, claim: &Claim) -> Result<Made, Failure> {
    let order: Order<Wanted> = serde_json::from_slice(&claim.job.request)
        .map_err(|_| Failure::Interrupted("the order cannot be read".to_owned()))?;
    let session = order.by.session(claim.tenant, claim.job.id)?;
    for _ in 0..ATTEMPTS {
        let (made, withheld) = attempt(api, claim, &order, &session).await?;
        // Nothing is handed out that is kept back by the time that it could be.
        if *kept_back(api, claim, &session).await? == *withheld {
            return Ok(made);
        }
    }
    let why = "consents change faster than the export is made";
    Err(Failure::Interrupted(why.to_owned()))
}

/// What consents keep from the caller now.
async fn kept_back(
    api: &FhirApi,
    claim: &Claim,
    session: &Arc<Session>,
) -> Result<Arc<Withheld>, Failure> {
    let registry = api.store.tenants().params(claim.tenant).await?;
    let caller = session.caller(&registry, Right::Search, claim.job.id, api.clock.now());
    let emergencies = session.grant().emergencies();
    let withheld = api.store.withheld(&caller.ctx, emergencies).await;
    Ok(withheld.map_err(FhirError::from)?)
}

/// Makes the export; returns what it left out as well.
async fn attempt(
    api: &FhirApi,
    claim: &Claim,
    order: &Order<Wanted>,
    session: &Arc<Session>,
) -> Result<(Made, Arc<Withheld>), Failure> {
    let registry = api.store.tenants().params(claim.tenant).await?;
    let now = api.clock.now();
    // What an earlier attempt has written saw another moment.
    claim.clear(&api.store, 0).await?;
    // A consent that this snapshot shows is known by then.
    let snapshot = api.store.snapshot(claim.tenant).await?;
    let withheld = kept_back(api, claim, session).await?;
    let keeps_back = !withheld.is_empty();
    let caller = session.caller(&registry, Right::Search, claim.job.id, now);
    let caller = caller.without(&withheld, &registry);
    let mut export = Export {
        api,
        wanted: &order.what,
        registry,
        caller,
        now,
        files: Files::new(&api.store, claim),
        referenced: BTreeSet::new(),
        snapshot,
    };
    match &order.what.level {
        Level::System => export.system().await?,
        Level::Patients(named) => export.patients(named.as_deref()).await?,
        Level::Group(id, named) => export.group(id, named.as_deref()).await?,
    }
    if keeps_back {
        export.tell_of_consents().await?;
    }
    Ok((export.finish().await?, withheld))
}

/// An export under way.
pub(super) struct Export<'a> {
    pub(super) api: &'a FhirApi,
    pub(super) wanted: &'a Wanted,
    pub(super) registry: ParamRegistry,
    pub(super) caller: Caller,
    pub(super) now: Instant,
    pub(super) files: Files<'a>,
    /// What exported records of patients refer to.
    pub(super) referenced: BTreeSet<(ResourceType, String)>,
    snapshot: Snapshot,
}

impl Export<'_> {
    async fn system(&mut self) -> Result<(), Failure> {
        for kind in self.kinds() {
            self.of_type(kind, |_| true).await?;
            if let Some(since) = self.wanted.since {
                self.deleted(kind, Instant(since)).await?;
            }
        }
        Ok(())
    }

    /// The types that are wanted and of which the caller may see something.
    pub(super) fn kinds(&self) -> Vec<ResourceType> {
        let named = |kind: &ResourceType| match &self.wanted.types {
            Some(types) => types.iter().any(|name| name == kind.name()),
            None => true,
        };
        ResourceType::all()
            .filter(named)
            .filter(|kind| self.caller.access.allows_some(*kind))
            .collect()
    }

    /// Writes the resources of a type that `belongs` lets pass.
    pub(super) async fn of_type(
        &mut self,
        kind: ResourceType,
        belongs: impl Fn(&Stored) -> bool,
    ) -> Result<(), Failure> {
        let queries = self.queries(kind, &Scope::resource(kind))?;
        // A resource may meet several filters.
        let mut seen: Option<HashSet<Arc<str>>> = (queries.len() > 1).then(HashSet::new);
        for query in queries {
            let mut cursor = None;
            loop {
                let page = self.page(&query, cursor.as_deref()).await?;
                for stored in matched(&page) {
                    let known = seen
                        .as_mut()
                        .is_some_and(|seen| !seen.insert(Arc::clone(&stored.id)));
                    if !known && belongs(stored) {
                        self.write(stored).await?;
                    }
                }
                cursor = page.next;
                if cursor.is_none() {
                    break;
                }
            }
        }
        Ok(())
    }

    /// The searches that find what is wanted of a type within `scope`: one for each filter.
    pub(super) fn queries(&self, kind: ResourceType, scope: &Scope) -> Result<Vec<Query>, Failure> {
        let of_kind = |filter: &&String| filter.split('?').next() == Some(kind.name());
        let filters: Vec<&String> = self.wanted.filters.iter().filter(of_kind).collect();
        let mut queries = Vec::with_capacity(filters.len().max(1));
        for filter in &filters {
            let criteria = filter.split_once('?').map_or("", |(_, criteria)| criteria);
            let pairs = mt_search::decode_pairs(criteria).map_err(FhirError::from)?;
            queries.push(self.query(scope.clone(), pairs)?);
        }
        if filters.is_empty() {
            queries.push(self.query(scope.clone(), Vec::new())?);
        }
        Ok(queries)
    }

    pub(super) fn query(
        &self,
        scope: Scope,
        mut pairs: Vec<(String, String)>,
    ) -> Result<Query, Failure> {
        if let Some(since) = self.wanted.since {
            let since = Instant(since).to_fhir();
            pairs.push(("_lastUpdated".to_owned(), format!("gt{since}")));
        }
        let options = ParseOptions {
            handling: Handling::Strict,
            limits: self.api.limits.query,
            ..ParseOptions::at(self.now)
        };
        let query = Query::parse(&self.registry, scope, &pairs, &options);
        let mut query = query.map_err(FhirError::from)?;
        query.count = Some(PAGE);
        Ok(query)
    }

    pub(super) async fn page(&self, query: &Query, cursor: Option<&str>) -> Result<Page, Failure> {
        let store = &self.api.store;
        Ok(store
            .search_at(&self.snapshot, &self.caller, query, cursor)
            .await?)
    }

    /// Writes a resource in the wanted view.
    pub(super) async fn write(&mut self, stored: &Stored) -> Result<(), Failure> {
        let kind = stored.resource_type;
        let elements = self.elements_of(kind);
        if elements.is_empty() {
            return self.files.push(kind, &stored.body).await;
        }
        let body = View::Elements(elements).apply(&stored.body)?;
        self.files.push(kind, &body).await
    }

    fn elements_of(&self, kind: ResourceType) -> Vec<String> {
        let named = self.wanted.elements.iter();
        let mine = named.filter_map(|element| match element.split_once('.') {
            Some((of, element)) => (of == kind.name()).then_some(element),
            None => Some(element.as_str()),
        });
        mine.map(str::to_owned).collect()
    }

    /// Lists what was deleted since the last export, as Bundles of deletions.
    async fn deleted(&mut self, kind: ResourceType, since: Instant) -> Result<(), Failure> {
        let mut behind = Some(Uuid::nil());
        while let Some(from) = behind {
            let store = &self.api.store;
            let (gone, next) = store
                .deleted_at(&self.snapshot, &self.caller, kind, since, from)
                .await?;
            for some in gone.chunks(DELETIONS) {
                let entries = some.iter().map(|one| {
                    let url = format!("{}/{}", kind.name(), one.id);
                    serde_json::json!({ "request": { "method": "DELETE", "url": url } })
                });
                let bundle = serde_json::json!({ "resourceType": "Bundle", "type": "transaction",
                    "entry": entries.collect::<Vec<_>>() });
                let line = bundle.to_string();
                self.files
                    .add(Purpose::Deleted, "Bundle", line.as_bytes())
                    .await?;
            }
            behind = next;
        }
        Ok(())
    }

    /// Says in the file of errors that records may be missing; which, or whether any, stays unsaid.
    async fn tell_of_consents(&mut self) -> Result<(), Failure> {
        let text = "records that a patient's consent or a restriction of processing keeps from you are left out";
        let issue = Issue::information(IssueCode::Suppressed, text);
        let outcome = OperationOutcome::from(issue).to_json();
        let files = &mut self.files;
        files
            .add(Purpose::Error, "OperationOutcome", &outcome)
            .await
    }

    async fn finish(self) -> Result<Made, Failure> {
        let at = Instant(self.snapshot.at.0 - MARGIN_MICROS);
        Ok(Made {
            transaction_time: at.to_fhir(),
            ..self.files.finish().await?
        })
    }
}

/// The matches of a page.
pub(super) fn matched(page: &Page) -> impl Iterator<Item = &Stored> {
    let matches = page
        .entries
        .iter()
        .filter(|entry| entry.mode == EntryMode::Match);
    matches.map(|entry| &entry.resource)
}

/// Whether resources of a type can be in a patient's compartment.
pub(super) fn is_of_patients(kind: ResourceType) -> bool {
    kind == ResourceType::PATIENT
        || !mt_fhir::definitions::compartment_params(Compartment::Patient, kind).is_empty()
}
