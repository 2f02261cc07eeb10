//! `AuditEvent`: read and search over the audit trail (<http://hl7.org/fhir/R4/auditevent.html>).
//!
//! The resources are rendered from the log and stored nowhere. What a search means is decided by the
//! same matcher that all searches follow; the trail's own index only narrows down where to look.

use std::net::IpAddr;

use mt_access::{Decision, Interaction as Right, Reach};
use mt_audit::{Cursor, Entry, Filter, audit_event};
use mt_authority::queries;
use mt_fhir::{Doc, ResourceType};
use mt_kernel::{ErrorKind, Instant, OpCtx};
use mt_search::query::{Comparator, Leaf, ReferenceValue, SortBy, StringMatch, SystemMatch, Test};
use mt_search::{Clause, NoOthers, Query, Scope};
use mt_store::{EntryMode, Page, Stored};

use super::search::searchset;
use crate::answer::Answer;
use crate::api::Call;
use crate::error::{FhirError, Result};
use crate::summary::View;

/// The name of this server in its audit events.
const SERVER: &str = "MediTrack";
/// Entries that one page asks the trail for at once.
const CHUNK: usize = 200;
/// How often one page goes back to the trail for more.
const CHUNKS: usize = 25;

pub(crate) async fn read(call: &Call<'_>, id: &str) -> Result<Answer> {
    let sight = Sight::of(call, Right::Read)?;
    let seq: i64 = id.parse().map_err(|_| FhirError::not_found())?;
    let event = one(call, &sight, seq).await?;
    let event = event
        .filter(|event| event.stored.id.as_ref() == id)
        .ok_or_else(FhirError::not_found)?;
    let mut answer = Answer::resource("read", event.stored.body);
    if let Some(view) = View::read(&call.query)? {
        answer.body = view.apply(&answer.body)?.into();
    }
    Ok(answer)
}

pub(crate) async fn search(call: &Call<'_>, scope: Scope, path: &str) -> Result<Answer> {
    let mut query = Query::parse(&call.registry, scope, &call.query, &call.parse_options())?;
    refuse_what_is_not_offered(&query)?;
    let sight = Sight::of(call, Right::Search)?;
    let limits = &call.api.limits;
    let count = query.count.unwrap_or(limits.page).clamp(1, limits.max_page);
    query.count = Some(count);
    let filter = Filter {
        within: sight.patients.clone(),
        oldest_first: oldest_first(&query)?,
        ..narrowed(&query)
    };
    let page = page(call, &query, &filter, &sight, count as usize).await?;
    let body = searchset(call, &query, path, &page)?;
    Ok(Answer::resource("search-type", body))
}

/// What is asked of the trail on behalf of the caller.
fn context(call: &Call<'_>) -> OpCtx {
    call.caller(Right::Read).ctx
}

/// One event, rendered.
struct Event {
    stored: Stored,
    doc: Doc,
}

impl Event {
    fn render(entry: &Entry) -> Result<Self> {
        let body = audit_event(entry, SERVER);
        let damaged = |_| FhirError::new(ErrorKind::Internal, "an audit event cannot be rendered");
        let doc = Doc::parse(body.clone(), &mt_fhir::json::Limits::default()).map_err(damaged)?;
        let stored = Stored {
            resource_type: ResourceType::AUDIT_EVENT,
            id: entry.seq.to_string().into(),
            version: 1,
            last_updated: entry.at,
            deleted: false,
            body: body.into(),
        };
        Ok(Self { stored, doc })
    }

    fn matches(&self, call: &Call<'_>, query: &Query) -> Result<bool> {
        mt_search::matches(&call.registry, query, &NoOthers, self.doc.root())
            .map_err(|error| FhirError::new(ErrorKind::Unsupported, error.to_string()))
    }
}

/// What of the trail the caller may see.
struct Sight {
    /// `None`: everybody's. Otherwise only what is about these patients.
    patients: Option<Vec<String>>,
    /// Empty, or any one of these must match.
    criteria: Vec<Query>,
}

impl Sight {
    /// One way in which the trail is open, the widest first: ways are never added up, since the
    /// patients of one and the criteria of another would together open more than either.
    fn of(call: &Call<'_>, right: Right) -> Result<Self> {
        let kind = ResourceType::AUDIT_EVENT;
        let Decision::Allowed(reaches) = call.session.grant().decide(kind, right) else {
            let message = "you may not read the audit trail";
            return Err(FhirError::new(ErrorKind::Forbidden, message));
        };
        let widest = |reach: &&Reach| (reach.compartments.is_some(), !reach.criteria.is_empty());
        let reach = reaches.iter().min_by_key(widest).cloned();
        let mut reach = reach.unwrap_or_default();
        let owners = reach.compartments.take();
        let patients = owners.map(|owners| {
            let own =
                |owner: &&mt_access::Compartment| owner.resource_type == ResourceType::PATIENT;
            owners
                .iter()
                .filter(own)
                .map(|owner| owner.id.to_string())
                .collect()
        });
        let criteria = if reach.criteria.is_empty() {
            Vec::new()
        } else {
            let understood = queries(&reach, kind, &call.registry, call.now);
            if understood.is_empty() {
                let message = "a criterion of your scopes cannot be applied to the audit trail";
                return Err(FhirError::new(ErrorKind::Forbidden, message));
            }
            understood
        };
        Ok(Self { patients, criteria })
    }

    fn admits(&self, call: &Call<'_>, event: &Event) -> bool {
        // What cannot be decided is not seen.
        let admits = |query| event.matches(call, query).unwrap_or(false);
        self.criteria.is_empty() || self.criteria.iter().any(admits)
    }
}

/// Follows the trail until the page is full, the trail ends, or enough was looked at: then the page
/// is short and has a next one.
async fn page(
    call: &Call<'_>,
    query: &Query,
    filter: &Filter,
    sight: &Sight,
    count: usize,
) -> Result<Page> {
    let asked = call.query.iter().find(|(name, _)| name == "_cursor");
    let mut cursor: Option<Cursor> = asked
        .map(|(_, text)| text.parse())
        .transpose()
        .map_err(|_| FhirError::parameter("_cursor", "this is not a cursor of the audit trail"))?;
    let mut page = Page::default();
    let ctx = context(call);
    if let Some(seqs) = named(query) {
        page.entries = by_number(call, query, sight, &seqs).await?;
        return Ok(page);
    }
    for _ in 0..CHUNKS {
        let found = call
            .api
            .audit
            .list(&ctx, filter, CHUNK.min(count * 4), cursor);
        let found = found.await.map_err(told)?;
        for entry in &found.entries {
            cursor = Some(entry.cursor());
            let event = Event::render(entry)?;
            if sight.admits(call, &event) && event.matches(call, query)? {
                page.entries.push(mt_store::Entry {
                    resource: event.stored,
                    mode: EntryMode::Match,
                });
            }
            if page.entries.len() == count {
                page.next = cursor.map(|cursor| cursor.to_string());
                return Ok(page);
            }
        }
        cursor = found.next;
        if cursor.is_none() {
            return Ok(page);
        }
    }
    page.next = cursor.map(|cursor| cursor.to_string());
    Ok(page)
}

/// The entries with these numbers that match and that the caller may see.
async fn by_number(
    call: &Call<'_>,
    query: &Query,
    sight: &Sight,
    seqs: &[i64],
) -> Result<Vec<mt_store::Entry>> {
    let mut entries = Vec::new();
    for seq in seqs {
        if let Some(event) = one(call, sight, *seq).await?
            && event.matches(call, query)?
        {
            entries.push(mt_store::Entry {
                resource: event.stored,
                mode: EntryMode::Match,
            });
        }
    }
    Ok(entries)
}

/// The entry with a number, when the caller may see it.
async fn one(call: &Call<'_>, sight: &Sight, seq: i64) -> Result<Option<Event>> {
    let (ctx, trail) = (context(call), &call.api.audit);
    let found = match &sight.patients {
        Some(patients) => trail.entry_within(&ctx, seq, patients).await,
        None => trail.entry(&ctx, seq).await,
    };
    let event = found.map_err(told)?.map(|entry| Event::render(&entry));
    Ok(event.transpose()?.filter(|event| sight.admits(call, event)))
}

/// The numbers that a search names by `_id`; what is no number is no entry.
fn named(query: &Query) -> Option<Vec<i64>> {
    query.conditions().find_map(|clause| match clause {
        Clause::Id {
            ids,
            negated: false,
        } => Some(ids.iter().filter_map(|id| id.parse().ok()).collect()),
        _ => None,
    })
}

fn refuse_what_is_not_offered(query: &Query) -> Result<()> {
    let reason = if !query.includes.is_empty() {
        "audit events do not include other resources"
    } else if query.counts_only() {
        "audit events are not counted"
    } else {
        return Ok(());
    };
    Err(FhirError::new(ErrorKind::Unsupported, reason))
}

/// The trail is in order of time, one way or the other.
fn oldest_first(query: &Query) -> Result<bool> {
    match &query.sort[..] {
        [] => Ok(false),
        [key] => match &key.by {
            SortBy::LastUpdated => Ok(!key.descending),
            SortBy::Param(param) if param.code == "date" => Ok(!key.descending),
            SortBy::Id | SortBy::Param(_) => Err(unsorted()),
        },
        _ => Err(unsorted()),
    }
}

fn unsorted() -> FhirError {
    FhirError::parameter("_sort", "audit events are sorted by date, up or down")
}

/// What the trail's index knows of a search: a superset of what matches.
fn narrowed(query: &Query) -> Filter {
    let mut filter = Filter::default();
    if let Some(compartment) = &query.compartment
        && compartment.compartment.resource_type() == ResourceType::PATIENT
    {
        filter.patient = Some(compartment.id.clone());
    }
    for clause in query.conditions() {
        if let Clause::Leaf(leaf) = clause {
            narrow(&mut filter, leaf);
        }
    }
    filter
}

fn narrow(filter: &mut Filter, leaf: &Leaf) {
    match (leaf.param.code.as_str(), &leaf.test) {
        ("date", Test::Date(values)) => {
            if let [value] = &values[..] {
                let (from, until) = span(value.comparator, value.range.lo, value.range.hi);
                filter.from = filter.from.max(from);
                filter.until = match (filter.until, until) {
                    (Some(one), Some(other)) => Some(one.min(other)),
                    (one, other) => one.or(other),
                };
            }
        }
        (code @ ("patient" | "entity" | "agent"), Test::Reference { values, .. }) => {
            let [
                ReferenceValue::Local {
                    resource_type, id, ..
                },
            ] = &values[..]
            else {
                return;
            };
            let kind = resource_type.unwrap_or(ResourceType::PATIENT);
            match code {
                "patient" if kind == ResourceType::PATIENT => filter.patient = Some(id.clone()),
                "entity" if *resource_type == Some(ResourceType::PATIENT) => {
                    filter.patient = Some(id.clone());
                }
                "entity" => {
                    filter.resource = resource_type.map(|kind| (kind, id.clone()));
                }
                "agent" => {
                    filter.fhir_user = resource_type.map(|kind| format!("{kind}/{id}"));
                }
                _ => {}
            }
        }
        (
            "altid",
            Test::Token {
                values,
                negated: false,
            },
        ) => {
            if let [value] = &values[..]
                && matches!(value.system, SystemMatch::Any | SystemMatch::Absent)
            {
                filter.actor.clone_from(&value.code);
            }
        }
        (
            "address",
            Test::String {
                how: StringMatch::Exact,
                values,
            },
        ) => {
            // Other comparisons find parts of addresses, which the index does not know.
            if let [value] = &values[..] {
                filter.address = as_written(&value.text);
            }
        }
        _ => {}
    }
}

/// The network address that is written like this in an event: of another way to write it there is none.
fn as_written(text: &str) -> Option<IpAddr> {
    let address: IpAddr = text.parse().ok()?;
    (address.to_string() == text).then_some(address)
}

/// Bounds outside of which nothing can match a date.
fn span(comparator: Comparator, lo: i64, hi: i64) -> (Option<Instant>, Option<Instant>) {
    let after = |at: i64| Some(Instant(at.saturating_sub(1_000)));
    let before = |at: i64| Some(Instant(at.saturating_add(1_000)));
    match comparator {
        Comparator::Eq => (after(lo), before(hi)),
        Comparator::Gt | Comparator::Ge | Comparator::Sa => (after(lo), None),
        Comparator::Lt | Comparator::Le | Comparator::Eb => (None, before(hi)),
        Comparator::Ne | Comparator::Ap | Comparator::Overlaps => (None, None),
    }
}

fn told(error: mt_audit::AuditError) -> FhirError {
    FhirError::from(mt_kernel::Fault::from(error))
}

#[cfg(test)]
mod tests {
    use mt_search::{ParamRegistry, ParseOptions};

    use super::*;

    fn query(text: &str) -> Query {
        let pairs = mt_search::decode_pairs(text).unwrap();
        let options = ParseOptions::at(Instant(0));
        let scope = Scope::resource(ResourceType::AUDIT_EVENT);
        Query::parse(&ParamRegistry::official(), scope, &pairs, &options).unwrap()
    }

    #[test]
    fn the_index_is_asked_for_no_less_than_what_matches() {
        let filter = narrowed(&query(
            "date=ge2026-01-01&date=lt2026-02-01&agent=Practitioner/7",
        ));
        assert_eq!(filter.fhir_user.as_deref(), Some("Practitioner/7"));
        assert!(filter.from < filter.until);
        assert_eq!(
            narrowed(&query("entity=Patient/p")).patient.as_deref(),
            Some("p")
        );
        assert_eq!(
            narrowed(&query("patient=Patient/p")).patient.as_deref(),
            Some("p")
        );
        assert_eq!(
            narrowed(&query("patient=Patient/p,Patient/q")).patient,
            None
        );
        assert_eq!(narrowed(&query("date=ne2026-01-01")), Filter::default());
        let address = |text: &str| narrowed(&query(text)).address;
        let known: IpAddr = "203.0.113.9".parse().unwrap();
        assert_eq!(address("address:exact=203.0.113.9"), Some(known));
        // The beginning of an address is the beginning of others.
        assert_eq!(address("address=203.0.113.9"), None);
        assert_eq!(address("address:exact=203.0.113.9,203.0.113.1"), None);
        assert_eq!(address("address:exact=2001:DB8::1"), None);
        assert_eq!(
            narrowed(&query("altid=anna")).actor.as_deref(),
            Some("anna")
        );
    }

    #[test]
    fn the_trail_is_sorted_by_time_only() {
        assert!(oldest_first(&query("_sort=date")).unwrap());
        assert!(!oldest_first(&query("_sort=-date")).unwrap());
        assert!(!oldest_first(&query("")).unwrap());
        assert!(oldest_first(&query("_sort=agent")).is_err());
        assert!(oldest_first(&query("_sort=date,_id")).is_err());
    }
}
