//! Search (<http://hl7.org/fhir/R4/search.html>).

use mt_access::Interaction as Right;
use mt_fhir::ResourceType;
use mt_fhir::definitions::Compartment;
use mt_fhir::outcome::{Issue, IssueCode, OperationOutcome};
use mt_search::{Query, Scope};
use mt_store::Page;

use crate::answer::Answer;
use crate::api::Call;
use crate::authority;
use crate::bundle::{BundleWriter, Link};
use crate::error::Result;
use crate::summary::View;

pub(crate) async fn of_type(call: &Call<'_>, kind: ResourceType) -> Result<Answer> {
    run(call, "search-type", Scope::resource(kind), kind.name()).await
}

pub(crate) async fn system(call: &Call<'_>) -> Result<Answer> {
    run(call, "search-system", Scope::system(), "").await
}

pub(crate) async fn in_compartment(
    call: &Call<'_>,
    compartment: Compartment,
    id: &str,
    kind: Option<ResourceType>,
) -> Result<Answer> {
    let scope = Scope::compartment(compartment, id, kind);
    let inner = kind.map_or("*", ResourceType::name);
    let path = format!("{}/{id}/{inner}", compartment.resource_type().name());
    run(call, "search-compartment", scope, &path).await
}

async fn run(call: &Call<'_>, name: &'static str, scope: Scope, path: &str) -> Result<Answer> {
    let query = Query::parse(&call.registry, scope, &call.query, &call.parse_options())?;
    if let Some(types) = query.types.listed() {
        authority::require_search(call, types)?;
    }
    let query = with_page_size(call, query);
    let cursor = call
        .query
        .iter()
        .find(|(n, _)| n == "_cursor")
        .map(|(_, v)| v.as_str());
    let page = call
        .api
        .store
        .search(&call.caller(Right::Search), &query, cursor)
        .await?;
    let body = searchset(call, &query, path, &page)?;
    Ok(Answer::resource(name, body))
}

fn with_page_size(call: &Call<'_>, mut query: Query) -> Query {
    let limits = &call.api.limits;
    query.count = Some(query.count.unwrap_or(limits.page).min(limits.max_page));
    query
}

/// A page as a Bundle. `self` says what was applied; `next` carries the cursor.
pub(crate) fn searchset(
    call: &Call<'_>,
    query: &Query,
    path: &str,
    page: &Page,
) -> Result<Vec<u8>> {
    let url = if path.is_empty() {
        call.base.clone()
    } else {
        format!("{}/{path}", call.base)
    };
    let applied = query.applied_query();
    let own = if applied.is_empty() {
        url.clone()
    } else {
        format!("{url}?{applied}")
    };
    let next = page.next.as_ref().map(|cursor| {
        let separator = if applied.is_empty() { "" } else { "&" };
        format!("{url}?{applied}{separator}_cursor={cursor}")
    });
    let mut links = vec![Link {
        relation: "self",
        url: &own,
    }];
    links.extend(next.as_deref().map(|url| Link {
        relation: "next",
        url,
    }));
    let id = call.correlation_id.to_string();
    let mut bundle = BundleWriter::new("searchset", &call.base, &id, page.total, &links);
    let view = View::of(query.summary, &query.elements);
    for entry in &page.entries {
        let stored = &entry.resource;
        match &view {
            Some(view) => bundle.search_entry(stored, entry.mode, &view.apply(&stored.body)?),
            None => bundle.search_entry(stored, entry.mode, &stored.body),
        }
    }
    if let Some(outcome) = ignored(query) {
        bundle.outcome_entry(&outcome);
    }
    Ok(bundle.finish())
}

/// What lenient handling left out, by name.
fn ignored(query: &Query) -> Option<OperationOutcome> {
    if query.ignored.is_empty() {
        return None;
    }
    let issue = |ignored: &mt_search::query::Ignored| {
        let text = format!(
            "the parameter {} was ignored: {}",
            ignored.name, ignored.reason
        );
        Issue::warning(IssueCode::NotSupported, text).at(ignored.name.clone())
    };
    Some(OperationOutcome::new(
        query.ignored.iter().map(issue).collect(),
    ))
}
