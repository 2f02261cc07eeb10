//! The tenant's own terminology resources, found through the record store as the caller may.

use futures::future::{BoxFuture, FutureExt};
use mt_access::Interaction as Right;
use mt_fhir::json::Limits;
use mt_fhir::{Doc, ResourceType};
use mt_kernel::{ErrorKind, Fault};
use mt_search::{Query, Scope as SearchScope};
use mt_store::StoreError;
use mt_terminology::content::Kind;
use mt_terminology::{Canonical, TenantContent};

use crate::api::Call;
use crate::error::{FhirError, Result};

/// Versions of one resource, or maps of one code system, that are looked at.
const MOST: u32 = 20;

/// The records that the caller may read.
pub(super) struct Records<'c>(pub(super) &'c Call<'c>);

impl TenantContent for Records<'_> {
    fn find<'a>(
        &'a self,
        kind: Kind,
        canonical: &'a Canonical,
    ) -> BoxFuture<'a, Result<Vec<Doc>, Fault>> {
        let mut pairs = vec![("url".to_owned(), escaped(&canonical.url))];
        if let Some(version) = &canonical.version {
            pairs.push(("version".to_owned(), escaped(version)));
        }
        self.search(resource_type(kind), pairs).boxed()
    }

    fn maps_of<'a>(&'a self, system: &'a str) -> BoxFuture<'a, Result<Vec<Doc>, Fault>> {
        let pairs = vec![("source-system".to_owned(), escaped(system))];
        let reverse = vec![("target-system".to_owned(), escaped(system))];
        async move {
            let mut found = self.search(ResourceType::CONCEPT_MAP, pairs).await?;
            let more = self.search(ResourceType::CONCEPT_MAP, reverse).await?;
            let id = |doc: &Doc| doc.root().str("id").map(str::to_owned);
            let known: Vec<_> = found.iter().map(id).collect();
            found.extend(more.into_iter().filter(|doc| !known.contains(&id(doc))));
            Ok(found)
        }
        .boxed()
    }
}

impl Records<'_> {
    async fn search(
        &self,
        kind: ResourceType,
        mut pairs: Vec<(String, String)>,
    ) -> Result<Vec<Doc>, Fault> {
        let call = self.0;
        pairs.push(("_sort".to_owned(), "-_lastUpdated".to_owned()));
        let scope = SearchScope::resource(kind);
        let mut query = Query::parse(&call.registry, scope, &pairs, &call.parse_options())?;
        query.count = Some(MOST);
        let caller = call.caller(Right::Search);
        let page = call
            .api
            .store
            .search(&caller, &query, None)
            .await
            .map_err(fault)?;
        page.entries
            .iter()
            .map(|entry| parse(entry.resource.body.to_vec()))
            .collect()
    }

    /// The resource on which an operation is invoked.
    pub(super) async fn instance(&self, kind: ResourceType, id: &str) -> Result<Doc> {
        let call = self.0;
        let stored = call
            .api
            .store
            .read(&call.caller(Right::Read), kind, id)
            .await?;
        parse(stored.body.to_vec()).map_err(FhirError::from)
    }
}

fn parse(body: Vec<u8>) -> Result<Doc, Fault> {
    let damaged = |_| Fault::new(ErrorKind::Internal, "a stored resource cannot be read");
    Doc::parse(body, &Limits::default()).map_err(damaged)
}

fn fault(error: StoreError) -> Fault {
    let first = error.faults().into_iter().next();
    first.unwrap_or_else(|| Fault::new(error.kind(), "the records cannot be searched"))
}

/// A value that stands for itself in a search (<http://hl7.org/fhir/R4/search.html#escaping>).
fn escaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for char in value.chars() {
        if matches!(char, '\\' | ',' | '$' | '|') {
            out.push('\\');
        }
        out.push(char);
    }
    out
}

const fn resource_type(kind: Kind) -> ResourceType {
    match kind {
        Kind::CodeSystem => ResourceType::CODE_SYSTEM,
        Kind::ValueSet => ResourceType::VALUE_SET,
        Kind::ConceptMap => ResourceType::CONCEPT_MAP,
    }
}
