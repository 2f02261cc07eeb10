//! The audit trail: lists with filters, decisions about entries, files to take away.

use std::net::IpAddr;

use axum::Json;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures::stream;
use mt_api::{Caller, Page, Paging, Problem};
use mt_audit::{Cursor, Entry, EventCode, Filter, Kind, Outcome};
use mt_fhir::ResourceType;
use mt_kernel::{ErrorKind, Fault, Instant, OpCtx};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{opened, page, stale_cursor};
use crate::{Privacy, PrivacyError, Review, ReviewState, as_csv, as_ndjson, csv_header};

/// Entries that an export reads at once.
const AT_ONCE: usize = 1_000;

/// Which entries; every given criterion must hold.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(super) struct Criteria {
    /// Not before (RFC 3339).
    from: Option<String>,
    /// Before (RFC 3339).
    until: Option<String>,
    /// Id of the login or client that acted.
    actor: Option<String>,
    /// FHIR resource of the person who acted: `Practitioner/7`.
    user: Option<String>,
    /// Network address of the client.
    address: Option<String>,
    /// Id of a patient.
    patient: Option<String>,
    /// A record: `Observation/9`.
    record: Option<String>,
    /// Form of the entry: commit, read, history, search, event, refused-write.
    kind: Option<String>,
    /// Kind of event: login, export, break-glass, …
    event: Option<String>,
    /// Whether it was refused.
    refused: Option<bool>,
    /// Correlation id of the request.
    request: Option<Uuid>,
    /// What was decided about it: open, reviewed, escalated.
    review: Option<ReviewState>,
}

impl Criteria {
    fn filter(&self) -> Result<Filter, Fault> {
        let record = self.record.as_deref().map(|text| {
            let parts = text.split_once('/');
            let known =
                parts.and_then(|(kind, id)| Some((ResourceType::from_name(kind)?, id.to_owned())));
            known.ok_or_else(|| invalid("record", "a record is written as Type/id"))
        });
        let kind = named(&self.kind, "kind", &Kind::ALL, |one| format!("{one:?}"))?;
        let event = named(&self.event, "event", &EventCode::ALL, |one| {
            format!("{one:?}")
        })?;
        Ok(Filter {
            from: instant(self.from.as_deref(), "from")?,
            until: instant(self.until.as_deref(), "until")?,
            actor: self.actor.clone(),
            fhir_user: self.user.clone(),
            address: address(self.address.as_deref())?,
            patient: self.patient.clone(),
            within: None,
            resource: record.transpose()?,
            kind,
            event,
            refused: self.refused,
            correlation: self.request,
            oldest_first: false,
        })
    }
}

fn invalid(at: &'static str, why: &'static str) -> Fault {
    Fault::new(ErrorKind::Invalid, why).at(at)
}

fn instant(text: Option<&str>, at: &'static str) -> Result<Option<Instant>, Fault> {
    let read = |text: &str| {
        let time: jiff::Timestamp = text.parse().ok()?;
        Some(Instant(time.as_microsecond()))
    };
    text.map(|text| read(text).ok_or_else(|| invalid(at, "a time is written after RFC 3339")))
        .transpose()
}

fn address(text: Option<&str>) -> Result<Option<IpAddr>, Fault> {
    let read = |text: &str| {
        let address: Option<IpAddr> = text.parse().ok();
        let address = address.map(|address| address.to_canonical());
        address.ok_or_else(|| invalid("address", "this is no network address"))
    };
    text.map(read).transpose()
}

/// The one of `all` that the caller names.
fn named<T: Copy>(
    asked: &Option<String>,
    at: &'static str,
    all: &[T],
    name: impl Fn(T) -> String,
) -> Result<Option<T>, Fault> {
    let Some(asked) = asked else {
        return Ok(None);
    };
    let found = all.iter().copied().find(|one| kebab(&name(*one)) == *asked);
    found
        .map(Some)
        .ok_or_else(|| invalid(at, "there is no such kind"))
}

/// `BreakGlass` as `break-glass`.
fn kebab(name: &str) -> String {
    let mut out = String::new();
    for (at, letter) in name.chars().enumerate() {
        if letter.is_uppercase() && at > 0 {
            out.push('-');
        }
        out.extend(letter.to_lowercase());
    }
    out
}

/// One entry of the trail.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct EntryView {
    /// Its number.
    seq: i64,
    /// When.
    at: String,
    /// Form of the entry.
    kind: String,
    /// Kind of event.
    event: Option<String>,
    /// Login or client that acted.
    actor: String,
    /// FHIR resource of the person who acted.
    user: Option<String>,
    /// From which network address; absent for what no client asked for.
    address: Option<String>,
    /// In which roles.
    roles: Vec<String>,
    /// Why: v3 PurposeOfUse.
    purpose: &'static str,
    /// HTTP status of the refusal; absent when it was done.
    refused: Option<u16>,
    /// Records, as `Type/id`.
    records: Vec<String>,
    /// The query.
    query: Option<String>,
    /// The reason that a person gave.
    reason: Option<String>,
    /// Correlation id of the request.
    request: Uuid,
    /// What was decided about it.
    review: Option<Review>,
}

impl EntryView {
    fn new(entry: &Entry, review: Option<Review>) -> Self {
        let detail = &entry.detail;
        let records = detail.resources.iter();
        Self {
            seq: entry.seq,
            at: entry.at.to_fhir(),
            kind: kebab(&format!("{:?}", entry.kind)),
            event: detail.event.map(|event| kebab(&format!("{event:?}"))),
            actor: detail.actor.id.to_string(),
            user: detail.actor.fhir_user.as_deref().map(str::to_owned),
            address: detail.address.map(|address| address.to_string()),
            roles: detail.actor.roles.iter().map(ToString::to_string).collect(),
            purpose: detail.purpose.code(),
            refused: match &detail.outcome {
                Outcome::Success => None,
                Outcome::Refused { status, .. } => Some(*status),
            },
            records: records
                .map(|one| format!("{}/{}", one.resource_type, one.id))
                .collect(),
            query: detail.query.clone(),
            reason: detail.reason.clone(),
            request: entry.correlation,
            review,
        }
    }
}

/// Entries, newest first.
#[utoipa::path(get, path = "/audit/entries", tag = "audit",
    params(Criteria, Paging), responses((status = 200, body = Page<EntryView>)))]
pub(super) async fn entries(
    State(privacy): State<Privacy>,
    caller: Caller,
    Query(criteria): Query<Criteria>,
    paging: Paging,
) -> Result<Json<Page<EntryView>>, Problem> {
    const LIST: &str = "audit/entries";
    let after = opened(&privacy, &caller, &paging, LIST).await?;
    let after = after
        .map(|bytes| String::from_utf8(bytes).map_err(|_| stale_cursor()))
        .transpose()?;
    let limit = paging.limit as usize;
    let (items, next) = match criteria.review {
        Some(state @ (ReviewState::Reviewed | ReviewState::Escalated)) => {
            if criteria.filter()? != Filter::default() {
                let why = "what was decided is asked for without other criteria";
                return Err(invalid("review", why).into());
            }
            decided(&privacy, &caller.ctx, state, limit, after).await?
        }
        open => {
            let cursor = after.map(|text| text.parse::<Cursor>());
            let cursor = cursor.transpose().map_err(|_| stale_cursor())?;
            let filter = criteria.filter()?;
            let (page, mut reviews) = privacy.entries(&caller.ctx, &filter, limit, cursor).await?;
            let views = page
                .entries
                .iter()
                .map(|entry| EntryView::new(entry, reviews.remove(&entry.seq)));
            let undecided = |view: &EntryView| {
                open.is_none()
                    || view
                        .review
                        .as_ref()
                        .is_none_or(|one| one.state == ReviewState::Open)
            };
            let next = page.next.map(|cursor| cursor.to_string());
            (views.filter(undecided).collect(), next)
        }
    };
    let next = next.map(String::into_bytes);
    Ok(Json(page(&privacy, &caller, LIST, items, next).await?))
}

/// Entries about which somebody decided, by number.
async fn decided(
    privacy: &Privacy,
    ctx: &OpCtx,
    state: ReviewState,
    limit: usize,
    after: Option<String>,
) -> Result<(Vec<EntryView>, Option<String>), Problem> {
    let before = after.map_or(Ok(i64::MAX), |text| text.parse());
    let before = before.map_err(|_| stale_cursor())?;
    let (found, last) = privacy.decided(ctx, state, before, limit).await?;
    let views = found
        .into_iter()
        .map(|(entry, review)| EntryView::new(&entry, Some(review)));
    Ok((views.collect(), last.map(|seq| seq.to_string())))
}

/// One entry.
#[utoipa::path(get, path = "/audit/entries/{seq}", tag = "audit",
    params(("seq" = i64, Path, description = "Number of the entry")),
    responses((status = 200, body = EntryView)))]
pub(super) async fn entry(
    State(privacy): State<Privacy>,
    caller: Caller,
    Path(seq): Path<i64>,
) -> Result<Json<EntryView>, Problem> {
    let (entry, review) = privacy.entry(&caller.ctx, seq).await?;
    Ok(Json(EntryView::new(&entry, review)))
}

/// What is decided about an entry.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Decision {
    /// The decision.
    state: ReviewState,
    /// Why; needed to escalate.
    #[serde(default)]
    note: String,
}

/// Decides about an entry. The entry itself does not change.
#[utoipa::path(put, path = "/audit/entries/{seq}/review", tag = "audit",
    params(("seq" = i64, Path, description = "Number of the entry")),
    request_body = Decision, responses((status = 200, body = Review)))]
pub(super) async fn review(
    State(privacy): State<Privacy>,
    caller: Caller,
    Path(seq): Path<i64>,
    Json(decision): Json<Decision>,
) -> Result<Json<Review>, Problem> {
    let review = privacy
        .review(&caller.ctx, seq, decision.state, &decision.note)
        .await?;
    Ok(Json(review))
}

/// The form of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Form {
    /// RFC 4180.
    Csv,
    /// A FHIR `AuditEvent` a line.
    Ndjson,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct As {
    /// The form.
    #[param(inline)]
    format: Form,
    /// What it is for.
    reason: String,
}

/// Takes the entries that match away in a file. Needs a second factor proved moments ago.
#[utoipa::path(get, path = "/audit/export", tag = "audit",
    params(Criteria, As), responses((status = 200, content_type = "text/csv", body = String)))]
pub(super) async fn export(
    State(privacy): State<Privacy>,
    caller: Caller,
    Query(criteria): Query<Criteria>,
    Query(asked): Query<As>,
) -> Result<Response, Problem> {
    let filter = criteria.filter()?;
    privacy.enter_export(&caller.ctx, &asked.reason, &filter)?;
    let (kind, name) = match asked.format {
        Form::Csv => ("text/csv; charset=utf-8; header=present", "audit.csv"),
        Form::Ndjson => ("application/fhir+ndjson", "audit.ndjson"),
    };
    let begin = Part {
        privacy,
        ctx: caller.ctx,
        filter,
        review: criteria.review,
        form: asked.format,
        after: After::Nothing,
    };
    let body = Body::from_stream(stream::try_unfold(begin, Part::next));
    let disposition = format!("attachment; filename=\"{name}\"");
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Ok(value) = HeaderValue::from_str(&disposition) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    Ok(response)
}

/// An export as far as it has come.
struct Part {
    privacy: Privacy,
    ctx: OpCtx,
    filter: Filter,
    review: Option<ReviewState>,
    form: Form,
    after: After,
}

/// Behind what an export goes on.
enum After {
    Nothing,
    Entry(Cursor),
    Everything,
}

impl Part {
    async fn next(mut self) -> Result<Option<(Vec<u8>, Self)>, PrivacyError> {
        let (cursor, mut out) = match self.after {
            After::Everything => return Ok(None),
            After::Entry(cursor) => (Some(cursor), Vec::new()),
            After::Nothing if self.form == Form::Csv => (None, csv_header().as_bytes().to_vec()),
            After::Nothing => (None, Vec::new()),
        };
        let (mut page, reviews) = self
            .privacy
            .entries(&self.ctx, &self.filter, AT_ONCE, cursor)
            .await?;
        if let Some(state) = self.review {
            let of = |entry: &Entry| {
                reviews
                    .get(&entry.seq)
                    .map_or(ReviewState::Open, |one| one.state)
            };
            page.entries.retain(|entry| of(entry) == state);
        }
        match self.form {
            Form::Csv => out.extend(as_csv(&page.entries, &reviews).into_bytes()),
            Form::Ndjson => out.extend(as_ndjson(&page.entries)),
        }
        self.after = page.next.map_or(After::Everything, After::Entry);
        Ok(Some((out, self)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn criteria_are_read_strictly() {
        let criteria = |pairs: &str| -> Result<Filter, Fault> {
            let uri = format!("/x?{pairs}").parse().unwrap();
            Query::<Criteria>::try_from_uri(&uri).unwrap().filter()
        };
        let pairs = "event=break-glass&kind=event&record=Observation/9&refused=true\
                     &address=::ffff:203.0.113.9";
        let filter = criteria(pairs).unwrap();
        assert_eq!(filter.address, Some("203.0.113.9".parse().unwrap()));
        assert_eq!(filter.event, Some(EventCode::BreakGlass));
        assert_eq!(filter.kind, Some(Kind::Event));
        assert_eq!(filter.refused, Some(true));
        assert_eq!(filter.resource.unwrap().1, "9");
        assert!(
            criteria("from=2026-01-01T00:00:00Z")
                .unwrap()
                .from
                .is_some()
        );
        for wrong in [
            "event=king",
            "kind=Read",
            "record=Nothing/1",
            "record=x",
            "from=yesterday",
            "address=127.0.0",
        ] {
            assert_eq!(
                criteria(wrong).unwrap_err().kind,
                ErrorKind::Invalid,
                "{wrong}"
            );
        }
    }
}
