//! When somebody or something can be booked: weekly hours, exceptions, holidays.
//!
//! It is kept as wall-clock time with its zone, because that is what people mean by "Mondays at
//! nine"; instants come from it for a window of days.

use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::TimeZone;
use mt_kernel::{ErrorKind, Fault, Instant};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::wall::{WallTime, instant_of, zone};

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Day {
    /// Monday.
    Mon,
    /// Tuesday.
    Tue,
    /// Wednesday.
    Wed,
    /// Thursday.
    Thu,
    /// Friday.
    Fri,
    /// Saturday.
    Sat,
    /// Sunday.
    Sun,
}

impl From<Weekday> for Day {
    fn from(day: Weekday) -> Self {
        match day {
            Weekday::Monday => Self::Mon,
            Weekday::Tuesday => Self::Tue,
            Weekday::Wednesday => Self::Wed,
            Weekday::Thursday => Self::Thu,
            Weekday::Friday => Self::Fri,
            Weekday::Saturday => Self::Sat,
            Weekday::Sunday => Self::Sun,
        }
    }
}

/// Hours that come again every week, or every few weeks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Block {
    /// On which days.
    pub days: Vec<Day>,
    /// From when, such as `09:00`.
    #[schema(value_type = String)]
    pub start: WallTime,
    /// Until when; not after `start` means on the next day.
    #[schema(value_type = String)]
    pub end: WallTime,
    /// Codes of the services; none means any.
    #[serde(default)]
    pub services: Vec<String>,
    /// Where, a reference to a Location.
    #[serde(default)]
    pub location: Option<String>,
    /// First day.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    pub from: Option<Date>,
    /// Last day.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    pub until: Option<Date>,
    /// 1 for every week, 2 for every other week counted from that of `from`.
    #[serde(default = "every_week")]
    pub every_weeks: u8,
}

const fn every_week() -> u8 {
    1
}

/// Whether an exception takes hours away or adds some.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ExceptionKind {
    /// Nothing can be booked.
    Closed,
    /// Can be booked besides the weekly hours, also on a holiday.
    Open,
}

/// Hours of one time that differ from the weekly ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Exception {
    /// Names it.
    #[serde(default = "Uuid::now_v7")]
    pub id: Uuid,
    /// Whether it takes hours away.
    pub kind: ExceptionKind,
    /// From when, in wall-clock time.
    #[schema(value_type = String)]
    pub start: DateTime,
    /// Until when.
    #[schema(value_type = String)]
    pub end: DateTime,
    /// Codes of the services for which it opens; none means any. A closure closes for all.
    #[serde(default)]
    pub services: Vec<String>,
    /// Where, for hours that are added.
    #[serde(default)]
    pub location: Option<String>,
    /// Why, for colleagues.
    #[serde(default)]
    pub note: Option<String>,
}

/// When one actor (a person, a room, a device) can be booked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Availability {
    /// IANA zone of all times in it.
    pub time_zone: String,
    /// Weekly hours.
    pub weekly: Vec<Block>,
    /// What differs from them.
    #[serde(default)]
    pub exceptions: Vec<Exception>,
    /// Days off, besides those of the organisation.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub holidays: Vec<Date>,
    /// Distance between the starts of slots.
    #[serde(default = "quarter")]
    pub slot_minutes: u16,
    /// Minutes kept free before each appointment.
    #[serde(default)]
    pub buffer_before: u16,
    /// Minutes kept free after each appointment.
    #[serde(default)]
    pub buffer_after: u16,
    /// How long ahead a slot must be to be offered, in minutes.
    #[serde(default)]
    pub lead_minutes: u32,
    /// How far ahead slots are offered, in days.
    #[serde(default = "half_year")]
    pub horizon_days: u16,
    /// How many appointments at once.
    #[serde(default = "one")]
    pub capacity: u16,
    /// How many more when overbooking is asked for.
    #[serde(default)]
    pub overbook: u16,
}

const fn quarter() -> u16 {
    15
}

const fn half_year() -> u16 {
    183
}

const fn one() -> u16 {
    1
}

/// A stretch of time in which an actor can be booked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening<'a> {
    /// From when.
    pub start: Instant,
    /// Until when.
    pub end: Instant,
    /// Where, when that is said.
    pub location: Option<&'a str>,
}

impl Availability {
    /// Refuses what cannot be meant.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] with the place.
    pub fn check(&self) -> Result<(), Fault> {
        zone(&self.time_zone).map_err(|fault| fault.at("timeZone"))?;
        let refuse = |place: &str, message: &'static str| {
            Err(Fault::new(ErrorKind::Invalid, message).at(place))
        };
        if self.weekly.len() > 100 || self.exceptions.len() > 1000 || self.holidays.len() > 1000 {
            return refuse(
                "weekly",
                "at most 100 blocks and 1000 exceptions and holidays",
            );
        }
        for block in &self.weekly {
            if block.days.is_empty() || block.start == block.end || block.start.minutes() == 1440 {
                return refuse("weekly", "a block needs days and a start before its end");
            }
            if block.every_weeks == 0 || block.every_weeks > 52 {
                return refuse("weekly", "a block comes again every 1 to 52 weeks");
            }
            if block.every_weeks > 1 && block.from.is_none() {
                return refuse("weekly", "a block of every few weeks needs its first day");
            }
            if block
                .from
                .zip(block.until)
                .is_some_and(|(from, until)| until < from)
            {
                return refuse("weekly", "a block cannot end before its first day");
            }
        }
        if self.exceptions.iter().any(|one| one.end <= one.start) {
            return refuse("exceptions", "an exception must end after it starts");
        }
        if !(5..=480).contains(&self.slot_minutes) {
            return refuse("slotMinutes", "slots are 5 to 480 minutes apart");
        }
        if self.buffer_before > 240 || self.buffer_after > 240 {
            return refuse("bufferBefore", "a buffer is at most 240 minutes");
        }
        if !(1..=500).contains(&self.capacity) || self.overbook > 100 {
            return refuse(
                "capacity",
                "the capacity is 1 to 500, and at most 100 may be overbooked",
            );
        }
        if self.horizon_days > 1830 || self.lead_minutes > 525_600 {
            return refuse("horizonDays", "slots are offered at most five years ahead");
        }
        Ok(())
    }

    /// When the actor can be booked for `service` between two days (`to` excluded), in order and
    /// without overlap; `closed` are the holidays of the organisation.
    #[must_use]
    pub fn openings(
        &self,
        zone: &TimeZone,
        service: Option<&str>,
        (from, to): (Date, Date),
        closed: &[Date],
    ) -> Vec<Opening<'_>> {
        let mut open = self.weekly_hours(zone, service, (from, to), closed);
        for exception in &self.exceptions {
            let Some((start, end)) = instants(zone, exception.start, exception.end) else {
                continue;
            };
            match exception.kind {
                ExceptionKind::Closed => open = without(open, start, end),
                ExceptionKind::Open if offers(&exception.services, service) => open.push(Opening {
                    start,
                    end,
                    location: exception.location.as_deref(),
                }),
                ExceptionKind::Open => {}
            }
        }
        let edge = |date: Date| instant_of(zone, date.to_datetime(jiff::civil::Time::midnight()));
        if let Some((first, last)) = edge(from).zip(edge(to)) {
            open = within(open, first, last);
        }
        merged(open)
    }

    fn weekly_hours(
        &self,
        zone: &TimeZone,
        service: Option<&str>,
        (from, to): (Date, Date),
        closed: &[Date],
    ) -> Vec<Opening<'_>> {
        let mut open = Vec::new();
        // A block of the evening before may run past midnight.
        let mut date = from.yesterday().unwrap_or(from);
        while date < to {
            if !closed.contains(&date) && !self.holidays.contains(&date) {
                let blocks = self.weekly.iter();
                let todays =
                    blocks.filter(|one| one.holds_on(date) && offers(&one.services, service));
                open.extend(todays.filter_map(|block| block.opening(zone, date)));
            }
            let Ok(next) = date.tomorrow() else { break };
            date = next;
        }
        open
    }
}

impl Block {
    fn holds_on(&self, date: Date) -> bool {
        self.days.contains(&Day::from(date.weekday()))
            && self.from.is_none_or(|from| from <= date)
            && self.until.is_none_or(|until| date <= until)
            && self.is_week_of(date)
    }

    fn is_week_of(&self, date: Date) -> bool {
        let Some(from) = self.from.filter(|_| self.every_weeks > 1) else {
            return true;
        };
        let monday =
            |day: Date| i64::from(days_of(day)) - i64::from(day.weekday().to_monday_zero_offset());
        (monday(date) - monday(from)) / 7 % i64::from(self.every_weeks) == 0
    }

    fn opening(&self, zone: &TimeZone, date: Date) -> Option<Opening<'_>> {
        let last = if self.end <= self.start {
            date.tomorrow().ok()?
        } else {
            date
        };
        let (start, end) = instants(zone, self.start.on(date)?, self.end.on(last)?)?;
        Some(Opening {
            start,
            end,
            location: self.location.as_deref(),
        })
    }
}

/// Days since 1970, for arithmetic on weeks.
pub(crate) fn days_of(date: Date) -> i32 {
    let epoch = jiff::civil::date(1970, 1, 1);
    date.since((jiff::Unit::Day, epoch))
        .map_or(0, |span| span.get_days())
}

fn offers(services: &[String], asked: Option<&str>) -> bool {
    services.is_empty() || asked.is_none_or(|code| services.iter().any(|one| one == code))
}

/// The instants of a stretch of wall-clock time; `None` when a clock change leaves nothing of it.
fn instants(zone: &TimeZone, start: DateTime, end: DateTime) -> Option<(Instant, Instant)> {
    let (start, end) = (instant_of(zone, start)?, instant_of(zone, end)?);
    (start < end).then_some((start, end))
}

/// What is left of `open` outside of a stretch.
fn without(open: Vec<Opening<'_>>, start: Instant, end: Instant) -> Vec<Opening<'_>> {
    let mut left = Vec::with_capacity(open.len() + 1);
    for one in open {
        let parts = [
            (one.start, one.end.min(start)),
            (one.start.max(end), one.end),
        ];
        let parts = parts.into_iter().filter(|(from, to)| from < to);
        left.extend(parts.map(|(start, end)| Opening {
            start,
            end,
            location: one.location,
        }));
    }
    left
}

fn within(open: Vec<Opening<'_>>, first: Instant, last: Instant) -> Vec<Opening<'_>> {
    open.into_iter()
        .map(|one| Opening {
            start: one.start.max(first),
            end: one.end.min(last),
            ..one
        })
        .filter(|one| one.start < one.end)
        .collect()
}

/// In order and without overlap; of two places at one time, the one that began first.
fn merged(mut open: Vec<Opening<'_>>) -> Vec<Opening<'_>> {
    open.sort_by_key(|one| (one.start, one.end));
    let mut all: Vec<Opening<'_>> = Vec::with_capacity(open.len());
    for mut one in open {
        if let Some(last) = all.last_mut() {
            if one.location == last.location && one.start <= last.end {
                last.end = last.end.max(one.end);
                continue;
            }
            one.start = one.start.max(last.end);
        }
        if one.start < one.end {
            all.push(one);
        }
    }
    all
}

#[cfg(test)]
mod tests;
