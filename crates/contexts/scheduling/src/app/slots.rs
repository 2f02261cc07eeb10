//! The search for slots: calendars and claims in two queries, the rest in memory.

use std::collections::HashMap;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use mt_kernel::{Instant, TenantId};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;
use uuid::Uuid;

use crate::Scheduling;
use crate::domain::{Busy, Found, Search, Settings, free_at, instant_of, slots, zone};
use crate::error::{Result, SchedulingError};
use crate::store::{Calendar, named, row_key};

/// Which slots are looked for.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SlotQuery {
    /// References to actors, separated by commas; none means all that offer the service.
    #[serde(default)]
    pub actor: Option<String>,
    /// References to rooms and devices that must be free as well, separated by commas.
    #[serde(default)]
    pub with: Option<String>,
    /// Code of the service.
    #[serde(default)]
    pub service: Option<String>,
    /// Reference to the Location where it must be.
    #[serde(default)]
    pub location: Option<String>,
    /// First day.
    #[param(value_type = String, format = Date)]
    pub from: Date,
    /// Day after the last.
    #[param(value_type = String, format = Date)]
    pub to: Date,
    /// IANA zone of the days and of the answer; the organisation's when absent.
    #[serde(default)]
    pub tz: Option<String>,
    /// How long; the service's length when absent.
    #[serde(default)]
    pub minutes: Option<u16>,
    /// Most slots in the answer, up to 5000.
    #[serde(default)]
    pub limit: Option<usize>,
}

/// A slot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = Slot)]
pub struct SlotView {
    /// From when, with the offset of the zone asked for.
    pub start: String,
    /// Until when.
    pub end: String,
    /// Whose.
    pub actor: String,
    /// Where.
    pub location: Option<String>,
    /// How many more fit.
    pub free: u16,
    /// How many fit in all.
    pub capacity: u16,
}

/// Slots in order of their start.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = Slots)]
pub struct SlotPage {
    /// Zone of the answer.
    pub tz: String,
    /// The slots.
    pub slots: Vec<SlotView>,
    /// Whether there are more than the limit.
    pub truncated: bool,
}

/// Most days of one search.
const DAYS: i32 = 92;

impl Scheduling {
    /// The slots that `query` asks for.
    ///
    /// # Errors
    /// When the question cannot be meant, or the database does not answer.
    pub async fn slots(&self, tenant: TenantId, query: &SlotQuery) -> Result<SlotPage> {
        let (_, settings) = self.settings(tenant).await?;
        let all = self.open_calendars(tenant).await?;
        let asked = list(query.actor.as_deref());
        let with = list(query.with.as_deref());
        let wanted: Vec<Calendar> = all
            .iter()
            .filter(|one| {
                if asked.is_empty() {
                    !with.contains(&one.actor.as_str())
                } else {
                    asked.contains(&one.actor.as_str())
                }
            })
            .cloned()
            .collect();
        let mut others = Vec::with_capacity(with.len());
        let keys = self.keys(tenant).await?;
        for reference in &with {
            let (kind, id) = named(reference, "with")?;
            let calendar = all.iter().find(|one| one.actor == **reference).cloned();
            others.push((row_key(&keys, kind, id)?, calendar));
        }
        let keys: Vec<Uuid> = others.iter().map(|(key, _)| *key).collect();
        let closed = !self.inactive(tenant, &keys).await?.is_empty();
        let wanted = if closed { &[][..] } else { &wanted };
        self.slots_of(tenant, &settings, query, wanted, &others)
            .await
    }

    /// The slots of calendars as given, stored or not.
    pub(super) async fn slots_of(
        &self,
        tenant: TenantId,
        settings: &Settings,
        query: &SlotQuery,
        wanted: &[Calendar],
        with: &[(Uuid, Option<Calendar>)],
    ) -> Result<SlotPage> {
        let name = query
            .tz
            .clone()
            .unwrap_or_else(|| settings.time_zone.clone());
        let shown = zone(&name)?;
        let window = window(query, &shown)?;
        let keys = wanted
            .iter()
            .map(|one| one.key)
            .chain(with.iter().map(|(key, _)| *key));
        let keys: Vec<Uuid> = keys.collect();
        let mut busy: HashMap<Uuid, Vec<Busy>> = HashMap::new();
        // Buffers reach beyond the window.
        let margin = 4 * 3_600_000_000;
        let around = (Instant(window.0.0 - margin), Instant(window.1.0 + margin));
        for claim in self.claims(tenant, &keys, around).await? {
            busy.entry(claim.actor).or_default().push(claim.busy);
        }
        let length = length(query, settings)?;
        let asked = Asked {
            query,
            settings,
            window,
            length,
            now: self.now(),
        };
        let limit = query.limit.unwrap_or(1000).clamp(1, 5000);
        let mut found: Vec<(Found<'_>, &Calendar)> = Vec::new();
        for calendar in wanted {
            let taken = busy.get(&calendar.key).map_or(&[][..], Vec::as_slice);
            let here = asked.slots(calendar, taken)?;
            found.extend(here.into_iter().map(|slot| (slot, calendar)));
        }
        for (key, calendar) in with {
            let taken = busy.get(key).map_or(&[][..], Vec::as_slice);
            asked.keep_free(&mut found, calendar.as_ref(), taken)?;
        }
        found.sort_by(|(one, first), (other, second)| {
            (one.start, &first.actor).cmp(&(other.start, &second.actor))
        });
        let truncated = found.len() > limit;
        found.truncate(limit);
        let show = |at: Instant| show(at, &shown);
        let slots = found
            .into_iter()
            .map(|(slot, calendar)| SlotView {
                start: show(slot.start),
                end: show(slot.end),
                actor: calendar.actor.clone(),
                location: slot.location.map(str::to_owned),
                free: slot.free,
                capacity: calendar.availability.capacity,
            })
            .collect();
        Ok(SlotPage {
            tz: name,
            slots,
            truncated,
        })
    }
}

/// An instant as RFC 3339 with the offset of a zone.
pub(super) fn show(at: Instant, zone: &TimeZone) -> String {
    let zoned = at.timestamp().to_zoned(zone.clone());
    zoned.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

pub(super) fn list(text: Option<&str>) -> Vec<&str> {
    let parts = text.unwrap_or_default().split(',');
    parts
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect()
}

fn window(query: &SlotQuery, zone: &TimeZone) -> Result<(Instant, Instant)> {
    let days = query.from.until(query.to).map_or(0, |span| span.get_days());
    if !(1..=DAYS).contains(&days) {
        return Err(SchedulingError::invalid(
            "a search covers 1 to 92 days",
            "to",
        ));
    }
    let edge = |date: Date| {
        instant_of(zone, date.to_datetime(jiff::civil::Time::midnight()))
            .ok_or_else(|| SchedulingError::invalid("the day is at the end of time", "from"))
    };
    Ok((edge(query.from)?, edge(query.to)?))
}

fn length(query: &SlotQuery, settings: &Settings) -> Result<i64> {
    let service = match query.service.as_deref() {
        Some(code) => Some(
            settings
                .service(code)
                .ok_or_else(|| SchedulingError::invalid("there is no such service", "service"))?,
        ),
        None => None,
    };
    let minutes = query
        .minutes
        .or(service.map(|service| service.minutes))
        .unwrap_or(30);
    if !(1..=480).contains(&minutes) {
        return Err(SchedulingError::invalid(
            "a slot takes 1 to 480 minutes",
            "minutes",
        ));
    }
    Ok(i64::from(minutes) * 60_000_000)
}

/// One search, understood.
struct Asked<'q> {
    query: &'q SlotQuery,
    settings: &'q Settings,
    window: (Instant, Instant),
    length: i64,
    now: Instant,
}

impl Asked<'_> {
    fn openings<'c>(&self, calendar: &'c Calendar) -> Result<Vec<crate::domain::Opening<'c>>> {
        let hours = &calendar.availability;
        let zone = zone(&hours.time_zone)?;
        // The days of the calendar's own zone that the window touches.
        let day = |at: Instant| at.timestamp().to_zoned(zone.clone()).date();
        let (first, last) = (day(self.window.0), day(self.window.1));
        let last = last.tomorrow().unwrap_or(last);
        let service = self.query.service.as_deref();
        Ok(hours.openings(&zone, service, (first, last), &self.settings.holidays))
    }

    fn slots<'c>(&self, calendar: &'c Calendar, busy: &[Busy]) -> Result<Vec<Found<'c>>> {
        let minute = 60_000_000_i64;
        let hours = &calendar.availability;
        let rules = &self.settings.rules;
        let lead = i64::from(hours.lead_minutes.max(rules.lead_minutes)) * minute;
        let horizon = i64::from(hours.horizon_days.min(rules.horizon_days)) * 1440 * minute;
        let search = Search {
            length: self.length,
            step: i64::from(hours.slot_minutes) * minute,
            before: i64::from(hours.buffer_before) * minute,
            after: i64::from(hours.buffer_after) * minute,
            earliest: Instant(self.window.0.0.max(self.now.0 + lead)),
            latest: Instant((self.window.1.0 - 1).min(self.now.0 + horizon)),
            capacity: hours.capacity,
        };
        let mut openings = self.openings(calendar)?;
        if let Some(location) = self.query.location.as_deref() {
            openings.retain(|one| one.location.is_none_or(|here| here == location));
        }
        Ok(slots(&openings, busy, &search))
    }

    /// Keeps the slots in which another actor is free as well, and open when it has hours.
    fn keep_free(
        &self,
        found: &mut Vec<(Found<'_>, &Calendar)>,
        calendar: Option<&Calendar>,
        busy: &[Busy],
    ) -> Result<()> {
        let openings = calendar.map(|one| self.openings(one)).transpose()?;
        let (capacity, before, after) = calendar.map_or((1, 0, 0), |one| {
            let hours = &one.availability;
            let minutes = |number: u16| i64::from(number) * 60_000_000;
            (
                hours.capacity,
                minutes(hours.buffer_before),
                minutes(hours.buffer_after),
            )
        });
        found.retain(|(slot, _)| {
            let open = openings.as_ref().is_none_or(|openings| {
                let mut all = openings.iter();
                all.any(|one| one.start <= slot.start && slot.end <= one.end)
            });
            let window = (Instant(slot.start.0 - before), Instant(slot.end.0 + after));
            open && free_at(busy, window.0, window.1, capacity) > 0
        });
        Ok(())
    }
}
