//! `_history` of a resource, a type or everything (<http://hl7.org/fhir/R4/http.html#history>).

use mt_access::Interaction as Right;
use mt_fhir::ResourceType;
use mt_fhir::datetime::DateTime;
use mt_kernel::{ErrorKind, Instant};
use mt_search::query::Range;
use mt_store::{HistoryOf, HistoryQuery};

use crate::answer::Answer;
use crate::api::Call;
use crate::bundle::{BundleWriter, Link};
use crate::error::{FhirError, Result};

pub(crate) async fn instance(call: &Call<'_>, kind: ResourceType, id: &str) -> Result<Answer> {
    run(
        call,
        "history-instance",
        Right::Read,
        HistoryOf::Instance(kind, id),
    )
    .await
}

pub(crate) async fn of_type(call: &Call<'_>, kind: ResourceType) -> Result<Answer> {
    run(call, "history-type", Right::Search, HistoryOf::Type(kind)).await
}

pub(crate) async fn system(call: &Call<'_>) -> Result<Answer> {
    run(call, "history-system", Right::Search, HistoryOf::System).await
}

async fn run(
    call: &Call<'_>,
    name: &'static str,
    right: Right,
    of: HistoryOf<'_>,
) -> Result<Answer> {
    let query = HistoryQuery {
        of,
        since: range(call, "_since")?.map(|range| Instant(range.lo)),
        at: range(call, "_at")?,
        count: count(call)?,
        cursor: value(call, "_cursor"),
    };
    let page = call.api.store.history(&call.caller(right), &query).await?;
    if let HistoryOf::Instance(kind, id) = query.of
        && page.entries.is_empty()
        && query.cursor.is_none()
    {
        require_visible(call, kind, id).await?;
    }
    let path = format!("{}/{}", call.base, call.path);
    let applied = applied(call);
    let own = format!("{path}?{applied}");
    let next = page.next.as_ref().map(|cursor| {
        let separator = if applied.is_empty() { "" } else { "&" };
        format!("{path}?{applied}{separator}_cursor={cursor}")
    });
    let mut links = vec![Link {
        relation: "self",
        url: own.trim_end_matches('?'),
    }];
    links.extend(next.as_deref().map(|url| Link {
        relation: "next",
        url,
    }));
    let id = call.correlation_id.to_string();
    let mut bundle = BundleWriter::new("history", &call.base, &id, page.total, &links);
    for entry in &page.entries {
        bundle.history_entry(&entry.resource);
    }
    Ok(Answer::resource(name, bundle.finish()))
}

/// A record of which no version may be seen is answered like one that does not exist; one that only
/// has no version in the asked time has an empty history.
async fn require_visible(call: &Call<'_>, kind: ResourceType, id: &str) -> Result<()> {
    let caller = call.caller(Right::Read);
    match call.api.store.read(&caller, kind, id).await {
        Err(error) if error.kind() == ErrorKind::NotFound => Err(FhirError::not_found()),
        Err(error) if error.kind() != ErrorKind::Gone => Err(error.into()),
        _ => Ok(()),
    }
}

fn value<'c>(call: &'c Call<'_>, name: &str) -> Option<&'c str> {
    call.query
        .iter()
        .find(|(n, _)| n == name)
        .map(|(_, v)| v.as_str())
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

fn range(call: &Call<'_>, name: &str) -> Result<Option<Range<i64>>> {
    let Some(text) = value(call, name) else {
        return Ok(None);
    };
    let moment = DateTime::parse_search(text)
        .ok_or_else(|| FhirError::parameter(name, "the value is no FHIR date or instant"))?;
    let (lo, hi) = moment.bounds();
    Ok(Some(Range { lo, hi }))
}

fn count(call: &Call<'_>) -> Result<usize> {
    let limits = &call.api.limits;
    let Some(text) = value(call, "_count") else {
        return Ok(limits.page as usize);
    };
    let n: u32 = text
        .parse()
        .map_err(|_| FhirError::parameter("_count", "the value is no whole number"))?;
    Ok(n.clamp(1, limits.max_page) as usize)
}
