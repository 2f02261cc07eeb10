//! `_history` of a resource, a type or everything (<http://hl7.org/fhir/R4/http.html#history>).

use mt_access::Interaction as Right;
use mt_fhir::ResourceType;
use mt_fhir::datetime;
use mt_kernel::Instant;
use mt_store::{HistoryQuery, HistoryScope};

use crate::answer::Answer;
use crate::api::Call;
use crate::bundle::{BundleWriter, Link};
use crate::error::{FhirError, Result};

pub(crate) async fn instance(call: &Call<'_>, kind: ResourceType, id: &str) -> Result<Answer> {
    let scope = HistoryScope::Instance(kind, id.to_owned());
    run(call, "history-instance", Right::Read, scope).await
}

pub(crate) async fn of_type(call: &Call<'_>, kind: ResourceType) -> Result<Answer> {
    run(call, "history-type", Right::Search, HistoryScope::Type(kind)).await
}

pub(crate) async fn system(call: &Call<'_>) -> Result<Answer> {
    run(call, "history-system", Right::Search, HistoryScope::System).await
}

async fn run(
    call: &Call<'_>,
    name: &'static str,
    right: Right,
    scope: HistoryScope,
) -> Result<Answer> {
    let query = HistoryQuery {
        scope,
        since: instant(call, "_since")?,
        at: instant(call, "_at")?,
        count: count(call)?,
        cursor: value(call, "_cursor").map(str::to_owned),
    };
    let page = call.api.store.history(&call.caller(right), &query).await?;
    let path = format!("{}/{}", call.base, call.path);
    let applied = applied(call);
    let own = format!("{path}?{applied}");
    let next = page.next.as_ref().map(|cursor| {
        let separator = if applied.is_empty() { "" } else { "&" };
        format!("{path}?{applied}{separator}_cursor={cursor}")
    });
    let mut links = vec![Link { relation: "self", url: own.trim_end_matches('?') }];
    links.extend(next.as_deref().map(|url| Link { relation: "next", url }));
    let id = call.correlation_id.to_string();
    let mut bundle = BundleWriter::new("history", &call.base, &id, page.total, &links);
    for entry in &page.entries {
        bundle.history_entry(&entry.resource);
    }
    Ok(Answer::resource(name, bundle.finish()))
}

fn value<'c>(call: &'c Call<'_>, name: &str) -> Option<&'c str> {
    call.query.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
}

/// The parameters that took effect, as in the request.
fn applied(call: &Call<'_>) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in &call.query {
        if matches!(name.as_str(), "_since" | "_at" | "_count") {
            form.append_pair(name, value);
        }
    }
    form.finish()
}

fn instant(call: &Call<'_>, name: &str) -> Result<Option<Instant>> {
    let Some(text) = value(call, name) else { return Ok(None) };
    let bounds = datetime::interval(text)
        .ok_or_else(|| FhirError::parameter(name, "the value is no FHIR date or instant"))?;
    Ok(Some(Instant(bounds.lo)))
}

fn count(call: &Call<'_>) -> Result<u32> {
    let limits = &call.api.limits;
    let Some(text) = value(call, "_count") else { return Ok(limits.page) };
    let n: u32 = text
        .parse()
        .map_err(|_| FhirError::parameter("_count", "the value is no whole number"))?;
    Ok(n.clamp(1, limits.max_page))
}
