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
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn hours(days: &[Day], start: &str, end: &str) -> Block {
        Block {
            days: days.to_vec(),
            start: start.parse().unwrap(),
            end: end.parse().unwrap(),
            services: Vec::new(),
            location: None,
            from: None,
            until: None,
            every_weeks: 1,
        }
    }

    fn availability(zone: &str, weekly: Vec<Block>) -> Availability {
        Availability {
            time_zone: zone.to_owned(),
            weekly,
            exceptions: Vec::new(),
            holidays: Vec::new(),
            slot_minutes: 15,
            buffer_before: 0,
            buffer_after: 0,
            lead_minutes: 0,
            horizon_days: 183,
            capacity: 1,
            overbook: 0,
        }
    }

    fn shown(availability: &Availability, from: Date, to: Date) -> Vec<String> {
        let zone = zone(&availability.time_zone).unwrap();
        let open = availability.openings(&zone, None, (from, to), &[]);
        let show = |at: Instant| {
            let zoned = at.timestamp().to_zoned(zone.clone());
            zoned.strftime("%d %H:%M%z").to_string()
        };
        open.iter()
            .map(|one| format!("{}–{}", show(one.start), show(one.end)))
            .collect()
    }

    #[test]
    fn weekly_hours_keep_their_wall_clock_across_a_change_of_clocks() {
        let hours = availability(
            "Europe/Berlin",
            vec![hours(&[Day::Sun, Day::Sat], "09:00", "12:00")],
        );
        assert_eq!(
            shown(&hours, date(2026, 3, 28), date(2026, 3, 30)),
            ["28 09:00+0100–28 12:00+0100", "29 09:00+0200–29 12:00+0200"]
        );
    }

    #[test]
    fn a_night_shift_runs_past_midnight_and_is_cut_at_the_edge() {
        let hours = availability("Asia/Kathmandu", vec![hours(&[Day::Mon], "22:00", "02:00")]);
        let monday = date(2026, 11, 23);
        assert_eq!(
            shown(&hours, monday, date(2026, 11, 25)),
            ["23 22:00+0545–24 02:00+0545"]
        );
        assert_eq!(
            shown(&hours, date(2026, 11, 24), date(2026, 11, 25)),
            ["24 00:00+0545–24 02:00+0545"]
        );
    }

    #[test]
    fn hours_in_a_gap_shrink_and_hours_in_a_fold_grow() {
        // Lord Howe Island changes by half an hour, at two in the morning.
        let hours = availability(
            "Australia/Lord_Howe",
            vec![hours(&[Day::Sun], "01:00", "04:00")],
        );
        let zone = zone("Australia/Lord_Howe").unwrap();
        let length = |day: Date| {
            let open = hours.openings(&zone, None, (day, day.tomorrow().unwrap()), &[]);
            open.iter()
                .map(|one| (one.end.0 - one.start.0) / 60_000_000)
                .sum::<i64>()
        };
        assert_eq!(length(date(2026, 9, 27)), 180);
        assert_eq!(length(date(2026, 10, 4)), 150);
        assert_eq!(length(date(2026, 4, 5)), 210);
    }

    #[test]
    fn every_other_week_is_counted_from_the_first() {
        let mut block = hours(&[Day::Mon], "09:00", "10:00");
        block.every_weeks = 2;
        block.from = Some(date(2026, 11, 25));
        let hours = availability("UTC", vec![block]);
        let open = shown(&hours, date(2026, 11, 23), date(2026, 12, 28));
        assert_eq!(
            open,
            ["07 09:00+0000–07 10:00+0000", "21 09:00+0000–21 10:00+0000"]
        );
    }

    #[test]
    fn exceptions_and_holidays_change_single_days() {
        let mut hours = availability("UTC", vec![hours(&[Day::Mon, Day::Tue], "09:00", "12:00")]);
        let exception = |kind, start: &str, end: &str| Exception {
            id: Uuid::nil(),
            kind,
            start: start.parse().unwrap(),
            end: end.parse().unwrap(),
            services: Vec::new(),
            location: None,
            note: None,
        };
        hours.holidays = vec![date(2026, 11, 24)];
        hours.exceptions = vec![
            exception(
                ExceptionKind::Closed,
                "2026-11-23T10:00",
                "2026-11-23T11:00",
            ),
            exception(ExceptionKind::Open, "2026-11-24T15:00", "2026-11-24T16:00"),
        ];
        assert_eq!(
            shown(&hours, date(2026, 11, 23), date(2026, 11, 25)),
            [
                "23 09:00+0000–23 10:00+0000",
                "23 11:00+0000–23 12:00+0000",
                "24 15:00+0000–24 16:00+0000"
            ]
        );
    }

    #[test]
    fn a_block_of_a_service_is_not_for_another() {
        let mut block = hours(&[Day::Mon], "09:00", "10:00");
        block.services = vec!["new".to_owned()];
        let hours = availability("UTC", vec![block]);
        let zone = zone("UTC").unwrap();
        let days = (date(2026, 11, 23), date(2026, 11, 24));
        let open = |service| hours.openings(&zone, service, days, &[]).len();
        assert_eq!(
            (open(None), open(Some("new")), open(Some("old"))),
            (1, 1, 0)
        );
    }

    /// Zones whose offsets are odd, or whose clocks change at midnight, by half an hour, or as a ministry decides.
    const ODD: [&str; 9] = [
        "Australia/Lord_Howe",
        "Asia/Kathmandu",
        "Pacific/Chatham",
        "Africa/Cairo",
        "Asia/Gaza",
        "Africa/Casablanca",
        "America/St_Johns",
        "America/Havana",
        "Pacific/Apia",
    ];

    #[test]
    fn whoever_is_there_all_day_is_there_for_as_long_as_each_day_lasts() {
        let all = [
            Day::Mon,
            Day::Tue,
            Day::Wed,
            Day::Thu,
            Day::Fri,
            Day::Sat,
            Day::Sun,
        ];
        for name in ODD {
            let zone = zone(name).unwrap();
            let hours = availability(name, vec![hours(&all, "00:00", "24:00")]);
            let mut odd = 0;
            for year in [2011, 2026, 2031] {
                let mut day = date(year, 1, 1);
                while day.year() == year {
                    let next = day.tomorrow().unwrap();
                    let edge = |day: Date| {
                        instant_of(&zone, day.to_datetime(jiff::civil::Time::midnight())).unwrap()
                    };
                    let lasts = edge(next).0 - edge(day).0;
                    let open = hours.openings(&zone, None, (day, next), &[]);
                    let there: i64 = open.iter().map(|one| one.end.0 - one.start.0).sum();
                    assert_eq!(there, lasts, "{name} {day}");
                    odd += i32::from(lasts != 86_400_000_000);
                    day = next;
                }
            }
            assert_eq!(odd > 0, name != "Asia/Kathmandu", "{name}");
        }
    }

    proptest! {
        #[test]
        fn openings_are_in_order_without_overlap_and_show_the_hours_on_the_wall(
            zone_name in prop::sample::select(vec![
                "UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe",
                "Pacific/Apia", "America/St_Johns", "Pacific/Chatham", "Africa/Casablanca", "Africa/Cairo",
                "Asia/Gaza", "America/Havana",
            ]),
            day in 0_i64..20_000, blocks in prop::collection::vec((0_u16..96, 1_u16..96), 1..4),
        ) {
            let zone = zone(zone_name).unwrap();
            let from = date(1975, 1, 1).checked_add(jiff::Span::new().days(day)).unwrap();
            let to = from.checked_add(jiff::Span::new().days(9)).unwrap();
            let all = [Day::Mon, Day::Tue, Day::Wed, Day::Thu, Day::Fri, Day::Sat, Day::Sun];
            let weekly = blocks.iter().map(|(start, length)| {
                let time = |quarter: u16| {
                    let minutes = quarter % 96 * 15;
                    format!("{:02}:{:02}", minutes / 60, minutes % 60).parse().unwrap()
                };
                Block { start: time(*start), end: time(start + length), ..hours(&all, "00:00", "01:00") }
            }).filter(|block| block.start != block.end).collect();
            let hours = availability(zone_name, weekly);
            let open = hours.openings(&zone, None, (from, to), &[]);
            for pair in open.windows(2) {
                prop_assert!(pair[0].end <= pair[1].start);
            }
            for one in &open {
                prop_assert!(one.start < one.end);
                let local = one.start.timestamp().to_zoned(zone.clone());
                prop_assert!(local.date() >= from && local.date() < to);
            }
        }
    }
}
