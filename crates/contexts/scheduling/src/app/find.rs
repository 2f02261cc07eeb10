//! Appointments as they are looked for: one, many, what stands in the way.

use jiff::Timestamp;
use mt_access::Interaction;
use mt_api::Caller;
use mt_fhir::ResourceType;
use mt_kernel::Fault;
use mt_search::{ParseOptions, Query, Scope};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;
use uuid::Uuid;

use super::book::instant;
use super::slots::{list, show};
use super::view::AppointmentView;
use crate::Scheduling;
use crate::domain::{State, zone};
use crate::error::{Result, SchedulingError};
use crate::store::{named, row_key};

/// Which appointments are looked for.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// Day or instant from which on.
    #[serde(default)]
    pub from: Option<String>,
    /// Day or instant before which.
    #[serde(default)]
    pub to: Option<String>,
    /// References to actors, any of which takes part; separated by commas.
    #[serde(default)]
    pub actor: Option<String>,
    /// Reference to the patient.
    #[serde(default)]
    pub patient: Option<String>,
    /// States, separated by commas.
    #[serde(default)]
    pub state: Option<String>,
    /// IANA zone of days; the organisation's when absent.
    #[serde(default)]
    pub tz: Option<String>,
    /// Most in one page, up to 1000.
    #[serde(default)]
    pub limit: Option<usize>,
    /// Where the page before ended.
    #[serde(default)]
    pub cursor: Option<String>,
}

/// A page of appointments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Appointments {
    /// The appointments, by their start.
    pub items: Vec<AppointmentView>,
    /// Cursor of the next page.
    pub next: Option<String>,
}

/// For whom and when conflicts are looked for.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Conflict {
    /// References to actors, separated by commas.
    pub actor: String,
    /// From when.
    #[param(value_type = String, format = DateTime)]
    pub start: Timestamp,
    /// Until when.
    #[param(value_type = String, format = DateTime)]
    pub end: Timestamp,
    /// The appointment that is being moved, which stands in nobody's way.
    #[serde(default)]
    pub moving: Option<String>,
}

/// What stands in the way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct InTheWay {
    /// From when.
    pub start: String,
    /// Until when.
    pub end: String,
    /// Whose.
    pub actor: String,
    /// `appointment`, `hold` or `closed`.
    pub kind: &'static str,
}

/// All that stands in the way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Conflicts {
    /// In order of actor and start.
    pub conflicts: Vec<InTheWay>,
}

/// Most appointments that a rule looks at.
const ALL: usize = 1000;

impl Scheduling {
    /// One appointment.
    ///
    /// # Errors
    /// When there is none within the caller's reach.
    pub async fn appointment(&self, caller: &Caller, id: &str) -> Result<AppointmentView> {
        let records = self.records(caller, Interaction::Read).await?;
        let stored = self
            .store
            .read(&records, ResourceType::APPOINTMENT, id)
            .await?;
        AppointmentView::of(&stored)
    }

    /// The appointments that are looked for, within the caller's reach.
    ///
    /// # Errors
    /// When the question cannot be meant.
    pub async fn appointments(&self, caller: &Caller, wanted: &Wanted) -> Result<Appointments> {
        let (_, settings) = self.settings(caller.tenant()).await?;
        let zone = zone(wanted.tz.as_deref().unwrap_or(&settings.time_zone))?;
        let mut pairs = Vec::new();
        for (prefix, text, place) in [("ge", &wanted.from, "from"), ("lt", &wanted.to, "to")] {
            if let Some(text) = text {
                let at = edge(text, &zone).ok_or_else(|| {
                    SchedulingError::invalid("a day or an instant is needed", place)
                })?;
                pairs.push(("date".to_owned(), format!("{prefix}{}", at.to_fhir())));
            }
        }
        let actors = list(wanted.actor.as_deref());
        for actor in &actors {
            named(actor, "actor")?;
        }
        if !actors.is_empty() {
            pairs.push(("actor".to_owned(), actors.join(",")));
        }
        if let Some(patient) = &wanted.patient {
            named(patient, "patient")?;
            pairs.push(("patient".to_owned(), patient.clone()));
        }
        let states: Vec<State> = list(wanted.state.as_deref())
            .into_iter()
            .map(|code| {
                State::from_code(code)
                    .ok_or_else(|| SchedulingError::invalid("there is no such state", "state"))
            })
            .collect::<Result<_>>()?;
        if !states.is_empty() {
            let mut codes: Vec<&str> = states.iter().map(|state| state.status()).collect();
            if states.contains(&State::Scheduled) {
                codes.push("pending");
            }
            codes.sort_unstable();
            codes.dedup();
            pairs.push(("status".to_owned(), codes.join(",")));
        }
        let limit = wanted.limit.unwrap_or(100).clamp(1, ALL);
        let cursor = wanted.cursor.as_deref();
        let (mut items, next) = self.find(caller, pairs, limit, cursor).await?;
        // Several states share a status.
        items.retain(|one| states.is_empty() || states.contains(&one.state));
        Ok(Appointments { items, next })
    }

    /// All appointments of a search, up to a thousand.
    pub(super) async fn find_all(
        &self,
        caller: &Caller,
        pairs: Vec<(String, String)>,
    ) -> Result<Vec<AppointmentView>> {
        Ok(self.find(caller, pairs, ALL, None).await?.0)
    }

    /// What `read` makes of the stored Appointments of a search, up to a thousand.
    pub(super) async fn find_as<T>(
        &self,
        caller: &Caller,
        pairs: Vec<(String, String)>,
        read: impl Fn(&mt_store::Stored) -> Option<T>,
    ) -> Result<Vec<T>> {
        let page = self.page(caller, pairs, ALL, None).await?;
        let stored = page.entries.iter().map(|entry| &entry.resource);
        Ok(stored.filter_map(read).collect())
    }

    async fn find(
        &self,
        caller: &Caller,
        mut pairs: Vec<(String, String)>,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<(Vec<AppointmentView>, Option<String>)> {
        pairs.push(("_sort".to_owned(), "date".to_owned()));
        let page = self.page(caller, pairs, limit, cursor).await?;
        let items = page
            .entries
            .iter()
            .filter_map(|entry| AppointmentView::of(&entry.resource).ok());
        Ok((items.collect(), page.next))
    }

    async fn page(
        &self,
        caller: &Caller,
        mut pairs: Vec<(String, String)>,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<mt_store::Page> {
        pairs.push(("_count".to_owned(), limit.to_string()));
        let registry = self.store.tenants().params(caller.tenant()).await?;
        let scope = Scope::resource(ResourceType::APPOINTMENT);
        let query = Query::parse(&registry, scope, &pairs, &ParseOptions::at(self.now()));
        let query =
            query.map_err(|error| Fault::new(mt_kernel::ErrorKind::Invalid, error.to_string()))?;
        let records = self.records(caller, Interaction::Search).await?;
        Ok(self.store.search(&records, &query, cursor).await?)
    }

    /// What stands in the way of an appointment; says nothing of whose appointments they are.
    ///
    /// # Errors
    /// When the question cannot be meant.
    pub async fn conflicts(&self, caller: &Caller, asked: &Conflict) -> Result<Conflicts> {
        let tenant = caller.tenant();
        let (start, end) = (instant(asked.start), instant(asked.end));
        if end <= start || end.0 - start.0 > 86_400_000_000 {
            return Err(SchedulingError::invalid(
                "the end must be within a day of the start",
                "end",
            ));
        }
        let (_, settings) = self.settings(tenant).await?;
        let shown = zone(&settings.time_zone)?;
        let keys = self.keys(tenant).await?;
        let moving = match asked.moving.as_deref() {
            Some(id) => Some(row_key(&keys, ResourceType::APPOINTMENT, id)?),
            None => None,
        };
        let mut conflicts = Vec::new();
        for actor in list(Some(&asked.actor)) {
            let (kind, id) = named(actor, "actor")?;
            let key: Uuid = row_key(&keys, kind, id)?;
            let calendar = self.calendar(tenant, actor).await?;
            let mut add = |from, to, kind| {
                conflicts.push(InTheWay {
                    start: show(from, &shown),
                    end: show(to, &shown),
                    actor: actor.to_owned(),
                    kind,
                });
            };
            for claim in self.claims(tenant, &[key], (start, end)).await? {
                if moving != Some(claim.appointment) {
                    let kind = if claim.held { "hold" } else { "appointment" };
                    add(claim.busy.start, claim.busy.end, kind);
                }
            }
            if let Some(calendar) = calendar {
                let hours = &calendar.availability;
                let zone = zone(&hours.time_zone)?;
                let day = |at: mt_kernel::Instant| at.timestamp().to_zoned(zone.clone()).date();
                let days = (day(start), day(end).tomorrow().unwrap_or(day(end)));
                let mut open = hours
                    .openings(&zone, None, days, &settings.holidays)
                    .into_iter();
                if !open.any(|one| one.start <= start && end <= one.end) {
                    add(start, end, "closed");
                }
            }
        }
        Ok(Conflicts { conflicts })
    }
}

/// A day (its beginning) or an instant.
fn edge(text: &str, zone: &jiff::tz::TimeZone) -> Option<mt_kernel::Instant> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some(instant(at));
    }
    let day: jiff::civil::Date = text.parse().ok()?;
    crate::domain::instant_of(zone, day.to_datetime(jiff::civil::Time::midnight()))
}
