//! `GET /api/v1/patients/{id}/timeline`: what happened to a patient, as far as the caller may know it.
//!
//! Who may read the patient may ask; a moment is shown when its record is within the caller's reach. The page
//! is then shorter than asked for, and goes on behind what was left out.

use std::collections::{BTreeMap, HashSet};

use axum::Json;
use axum::extract::{Path, Query, State};
use mt_access::Interaction;
use mt_api::{Caller, Page, Paging, Permission, Position, Problem, Routes, routes};
use mt_database::Database;
use mt_events::catalogue::{EVENTS, EventType, Value};
use mt_fhir::ResourceType;
use mt_fhir::datetime::DateTime;
use mt_kernel::{ErrorKind, Fault, Instant};
use mt_search::{ParseOptions, Scope};
use mt_store::Store;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{Moment, Timeline, TimelineFilter};

/// Fields that stand beside the others in an entry.
const SUBJECT: &[&str] = &[
    "subject_type",
    "subject_id",
    "subject_version",
    "patient_id",
];

/// Records looked up in one search.
const LOOK_UP: usize = 100;

/// Timelines and the records that they speak of.
#[derive(Clone, Debug)]
pub struct Timelines {
    timeline: Timeline,
    store: Store,
}

impl Timelines {
    /// The timelines beside the records of `store`.
    #[must_use]
    pub fn new(database: Database, store: Store) -> Self {
        let keys = std::sync::Arc::new(store.tenants().clone());
        Self {
            timeline: Timeline::new(database, keys),
            store,
        }
    }
}

/// The route with its permission.
#[must_use]
pub fn table() -> Routes<Timelines> {
    Routes::new().route(
        Permission::records("Patient", Interaction::Read),
        routes!(timeline),
    )
}

/// What of the timeline is asked for.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Asked {
    /// Names of events, separated by commas.
    event: Option<String>,
    /// Topics without `-events`, separated by commas, such as `lab,scheduling`.
    category: Option<String>,
    /// From this moment on: a FHIR dateTime.
    from: Option<String>,
    /// Before this moment: a FHIR dateTime.
    to: Option<String>,
}

/// Something that happened.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct TimelineEntry {
    /// Id of the event.
    id: Uuid,
    /// When it was committed.
    at: String,
    /// Name of the event, as in the catalogue.
    event: &'static str,
    /// What happened, in one sentence.
    says: &'static str,
    /// The record that it is about, as `Type/id`.
    record: String,
    /// The version that resulted.
    version: i64,
    /// Further fields of the event.
    details: BTreeMap<String, serde_json::Value>,
}

/// What happened to a patient, newest first.
#[utoipa::path(get, path = "/patients/{id}/timeline", tag = "timeline",
    params(("id" = String, Path, description = "Id of the patient"), Asked, Paging),
    responses((status = 200, body = Page<TimelineEntry>)))]
pub(super) async fn timeline(
    State(timelines): State<Timelines>,
    caller: Caller,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
    paging: Paging,
) -> Result<Json<Page<TimelineEntry>>, Problem> {
    let store = &timelines.store;
    let reader = caller.records(store, Interaction::Read).await?;
    let patient = store.read(&reader, ResourceType::PATIENT, &id).await;
    patient.map_err(Fault::from)?;

    let keys = timelines.timeline.keys(caller.tenant()).await?;
    let list = format!("timeline of {id}");
    let mut filter = asked.filter()?;
    if let Some(cursor) = &paging.cursor {
        filter.after = Some(place(&Position::open(cursor, &keys, &caller, &list)?)?);
    }
    let limit = i64::from(paging.limit);
    let mut moments = timelines
        .timeline
        .page(caller.tenant(), &id, &filter, limit + 1)
        .await?;
    let more = moments.len() > usize::try_from(limit).unwrap_or(usize::MAX);
    if more {
        moments.pop();
    }
    let next = match moments.last() {
        Some(last) if more => Some(position(last).seal(&keys, &caller, &list)?),
        _ => None,
    };
    let visible = timelines.visible(&caller, &moments).await?;
    let items = moments
        .iter()
        .filter_map(|moment| entry(moment, &visible))
        .collect();
    Ok(Json(Page { items, next }))
}

impl Asked {
    fn filter(&self) -> Result<TimelineFilter, Fault> {
        let moment = |text: &Option<String>, name: &'static str| {
            let Some(text) = text else { return Ok(None) };
            let parsed = DateTime::parse_date_time(text).map(|moment| Instant(moment.start()));
            parsed
                .map(Some)
                .ok_or_else(|| malformed(name, "not a FHIR dateTime"))
        };
        Ok(TimelineFilter {
            kinds: self.kinds()?,
            from: moment(&self.from, "from")?,
            to: moment(&self.to, "to")?,
            after: None,
        })
    }

    fn kinds(&self) -> Result<Vec<&'static EventType>, Fault> {
        let mut kinds = Vec::new();
        for name in words(self.event.as_deref()) {
            let known = EventType::named(name);
            kinds.push(known.ok_or_else(|| malformed("event", "there is no such event"))?);
        }
        for name in words(self.category.as_deref()) {
            let before = kinds.len();
            let is_of = |kind: &&EventType| kind.topic.name.strip_suffix("-events") == Some(name);
            kinds.extend(EVENTS.iter().filter(is_of));
            if kinds.len() == before {
                return Err(malformed("category", "there is no such category"));
            }
        }
        Ok(kinds)
    }
}

fn words(list: Option<&str>) -> impl Iterator<Item = &str> {
    let all = list.unwrap_or_default().split(',');
    all.map(str::trim).filter(|word| !word.is_empty())
}

fn malformed(parameter: &'static str, message: &'static str) -> Fault {
    Fault::new(ErrorKind::Malformed, message).at(parameter)
}

impl Timelines {
    /// The records of `moments` that the caller may see, as `Type/id`.
    async fn visible(&self, caller: &Caller, moments: &[Moment]) -> Result<HashSet<String>, Fault> {
        let searcher = caller.records(&self.store, Interaction::Search).await?;
        let registry = self.store.tenants().params(caller.tenant()).await?;
        let mut wanted: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for moment in moments {
            if let (Some(kind), Some(id)) = (moment.text("subject_type"), moment.text("subject_id"))
            {
                let ids = wanted.entry(kind).or_default();
                if !ids.contains(&id) {
                    ids.push(id);
                }
            }
        }
        let mut visible = HashSet::new();
        for (name, ids) in wanted {
            let Some(kind) = ResourceType::from_name(name) else {
                continue;
            };
            if !searcher.access.allows_some(kind) {
                continue;
            }
            for some in ids.chunks(LOOK_UP) {
                let pairs = [
                    ("_id".to_owned(), some.join(",")),
                    ("_count".to_owned(), LOOK_UP.to_string()),
                ];
                let options = ParseOptions::at(caller.ctx.now);
                let query =
                    mt_search::Query::parse(&registry, Scope::resource(kind), &pairs, &options);
                let query = query.map_err(|_| Fault::new(ErrorKind::Internal, "a look-up"))?;
                let page = self.store.search(&searcher, &query, None).await?;
                let found = page.entries.iter().map(|entry| &entry.resource.id);
                visible.extend(found.map(|id| format!("{name}/{id}")));
            }
        }
        Ok(visible)
    }
}

fn entry(moment: &Moment, visible: &HashSet<String>) -> Option<TimelineEntry> {
    let record = format!(
        "{}/{}",
        moment.text("subject_type")?,
        moment.text("subject_id")?
    );
    if !visible.contains(&record) {
        return None;
    }
    let version = moment.values.iter().find_map(|(name, value)| match value {
        Value::Whole(version) if name == "subject_version" => Some(*version),
        _ => None,
    });
    let details = moment
        .values
        .iter()
        .filter(|(name, _)| !SUBJECT.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), json(value)))
        .collect();
    Some(TimelineEntry {
        id: moment.id,
        at: moment.at.to_fhir(),
        event: moment.kind.name,
        says: moment.kind.says,
        record,
        version: version.unwrap_or_default(),
        details,
    })
}

fn json(value: &Value) -> serde_json::Value {
    match value {
        Value::Text(text) => text.as_str().into(),
        Value::Whole(number) => (*number).into(),
        Value::Flag(flag) => (*flag).into(),
        Value::Texts(texts) => texts.as_slice().into(),
        Value::Wholes(numbers) => numbers.as_slice().into(),
    }
}

/// The place behind a moment: its time and id.
fn position(last: &Moment) -> Position {
    let mut bytes = last.at.0.to_be_bytes().to_vec();
    bytes.extend_from_slice(last.id.as_bytes());
    Position(bytes)
}

fn place(Position(bytes): &Position) -> Result<(Instant, Uuid), Fault> {
    let read = || {
        let (at, id) = bytes.split_first_chunk::<8>()?;
        Some((Instant(i64::from_be_bytes(*at)), Uuid::from_slice(id).ok()?))
    };
    read().ok_or_else(|| malformed("cursor", "the cursor is not of this list"))
}
