//! Recurrence: the part of RFC 5545's RRULE that appointments use, on wall-clock dates.
//!
//! Dates recur, not instants: a visit at nine stays at nine when the clocks change, and jiff alone
//! decides what nine o'clock is. A crate that expands rules on instants would bring a second time-zone
//! database beside jiff's, and the two may disagree.

use jiff::civil::{Date, Weekday};
use jiff::{Span, ToSpan};
use mt_kernel::{ErrorKind, Fault};

/// Most occurrences of one rule.
pub(crate) const MOST: usize = 366;
/// Most characters of a rule: lists in it are looked through for every date.
const LONGEST: usize = 500;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Frequency {
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

/// A rule such as `FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE;COUNT=10`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recurrence {
    frequency: Frequency,
    interval: i32,
    end: End,
    /// Weekday, and which one of the month (0: every).
    by_day: Vec<(i8, Weekday)>,
    /// Negative counts from the end of the month.
    by_month_day: Vec<i8>,
    week_start: Weekday,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Count(usize),
    Until(Date),
}

/// Why a rule is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecurrenceError {
    /// A part is not understood.
    #[error("the recurrence part {0} is not understood")]
    Part(String),
    /// A part that is needed is missing.
    #[error("a recurrence needs FREQ, and either COUNT or UNTIL")]
    Missing,
    /// More occurrences than may be booked at once.
    #[error("a recurrence has at most {MOST} occurrences")]
    TooMany,
}

impl From<RecurrenceError> for Fault {
    fn from(error: RecurrenceError) -> Self {
        Self::new(ErrorKind::Invalid, error.to_string()).at("recurrence")
    }
}

impl Recurrence {
    /// Reads a rule.
    ///
    /// # Errors
    /// [`RecurrenceError`]: a rule that never ends, and parts that are not supported (`BYSETPOS`, `BYHOUR`, …),
    /// are refused rather than misunderstood.
    pub fn parse(text: &str) -> Result<Self, RecurrenceError> {
        let mut rule = Self {
            frequency: Frequency::Daily,
            interval: 1,
            end: End::Count(0),
            by_day: Vec::new(),
            by_month_day: Vec::new(),
            week_start: Weekday::Monday,
        };
        let (mut frequency, mut end) = (None, None);
        if text.len() > LONGEST {
            return Err(RecurrenceError::Part(text.chars().take(40).collect()));
        }
        for part in text.strip_prefix("RRULE:").unwrap_or(text).split(';') {
            let refuse = || RecurrenceError::Part(part.chars().take(40).collect());
            let (name, value) = part.split_once('=').ok_or_else(refuse)?;
            let taken = match name {
                "FREQ" if frequency.is_none() => {
                    frequency = Some(frequency_of(value).ok_or_else(refuse)?);
                    Some(())
                }
                "INTERVAL" => value
                    .parse()
                    .ok()
                    .filter(|n| (1..=366).contains(n))
                    .map(|n| rule.interval = n),
                "COUNT" if end.is_none() => value
                    .parse()
                    .ok()
                    .filter(|n| *n > 0)
                    .map(|n| end = Some(End::Count(n))),
                "UNTIL" if end.is_none() => until(value).map(|date| end = Some(End::Until(date))),
                "BYDAY" => list(value, by_day).map(|days| rule.by_day = days),
                "BYMONTHDAY" => list(value, month_day).map(|days| rule.by_month_day = days),
                "WKST" => weekday(value).map(|day| rule.week_start = day),
                _ => None,
            };
            taken.ok_or_else(refuse)?;
        }
        rule.frequency = frequency.ok_or(RecurrenceError::Missing)?;
        rule.end = end.ok_or(RecurrenceError::Missing)?;
        if matches!(rule.end, End::Count(count) if count > MOST) {
            return Err(RecurrenceError::TooMany);
        }
        let numbered = rule.by_day.iter().any(|(which, _)| *which != 0);
        let of_month = numbered || !rule.by_month_day.is_empty();
        let unfit = match rule.frequency {
            Frequency::Monthly => false,
            Frequency::Yearly => of_month || !rule.by_day.is_empty(),
            Frequency::Daily | Frequency::Weekly => of_month,
        };
        if unfit {
            return Err(RecurrenceError::Part(
                "BYDAY or BYMONTHDAY with this FREQ".to_owned(),
            ));
        }
        Ok(rule)
    }

    /// The dates on which it falls, from `first` on, in order. `first` itself counts when it fits
    /// the rule.
    ///
    /// # Errors
    /// [`RecurrenceError::TooMany`].
    pub fn dates(&self, first: Date) -> Result<Vec<Date>, RecurrenceError> {
        let mut dates = Vec::new();
        // A rule may ask for days that come seldom: the search ends, not only its results.
        for step in 0..10 * i32::try_from(MOST).unwrap_or(i32::MAX) {
            let Some(period) = self.period(first, step) else {
                return Ok(dates);
            };
            for date in period.into_iter().filter(|date| *date >= first) {
                match self.end {
                    End::Until(last) if date > last => return Ok(dates),
                    End::Count(count) if dates.len() == count => return Ok(dates),
                    _ if dates.len() == MOST => return Err(RecurrenceError::TooMany),
                    _ => dates.push(date),
                }
            }
            if matches!(self.end, End::Count(count) if dates.len() == count) {
                break;
            }
        }
        Ok(dates)
    }

    /// The dates of the period that is `step` intervals after that of `first`, in order; `None` at
    /// the end of the calendar.
    fn period(&self, first: Date, step: i32) -> Option<Vec<Date>> {
        let ahead = step.checked_mul(self.interval)?;
        match self.frequency {
            Frequency::Daily => {
                let date = first.checked_add(ahead.days()).ok()?;
                let fits = self.by_day.is_empty()
                    || self.by_day.iter().any(|(_, day)| *day == date.weekday());
                Some(if fits { vec![date] } else { Vec::new() })
            }
            Frequency::Weekly => {
                let back = first.weekday().since(self.week_start);
                let start = first.checked_sub(Span::new().days(back)).ok()?;
                let start = start.checked_add(ahead.weeks()).ok()?;
                let wanted = |date: &Date| match self.by_day.as_slice() {
                    [] => date.weekday() == first.weekday(),
                    days => days.iter().any(|(_, day)| *day == date.weekday()),
                };
                let week = (0..7).filter_map(|day| start.checked_add(Span::new().days(day)).ok());
                Some(week.filter(wanted).collect())
            }
            Frequency::Monthly => {
                let month = first.first_of_month().checked_add(ahead.months()).ok()?;
                Some(self.month(month, first))
            }
            Frequency::Yearly => {
                let year = i16::try_from(i32::from(first.year()) + ahead).ok()?;
                // 29 February comes in leap years only.
                let date = Date::new(year, first.month(), first.day());
                (year <= 9998).then(|| date.into_iter().collect())
            }
        }
    }

    fn month(&self, month: Date, first: Date) -> Vec<Date> {
        let days = month.days_in_month();
        let all = (1..=days).filter_map(|day| Date::new(month.year(), month.month(), day).ok());
        let by_number = |date: &Date| {
            let day = date.day();
            self.by_month_day.contains(&day) || self.by_month_day.contains(&(day - days - 1))
        };
        let by_weekday = |date: &Date| {
            let (from_start, from_end) = ((date.day() - 1) / 7 + 1, (date.day() - days) / 7 - 1);
            self.by_day.iter().any(|(which, day)| {
                *day == date.weekday()
                    && (*which == 0 || *which == from_start || *which == from_end)
            })
        };
        let wanted = |date: &Date| match (self.by_month_day.is_empty(), self.by_day.is_empty()) {
            (true, true) => date.day() == first.day(),
            (false, true) => by_number(date),
            (true, false) => by_weekday(date),
            (false, false) => by_number(date) && by_weekday(date),
        };
        all.filter(wanted).collect()
    }
}

fn frequency_of(value: &str) -> Option<Frequency> {
    Some(match value {
        "DAILY" => Frequency::Daily,
        "WEEKLY" => Frequency::Weekly,
        "MONTHLY" => Frequency::Monthly,
        "YEARLY" => Frequency::Yearly,
        _ => return None,
    })
}

/// A date, or the date of a date-time: an occurrence on that day still counts.
fn until(value: &str) -> Option<Date> {
    let digits = value
        .get(..8)
        .filter(|text| text.bytes().all(|b| b.is_ascii_digit()))?;
    let rest = value.get(8..)?;
    let (year, month, day) = (digits.get(..4)?, digits.get(4..6)?, digits.get(6..)?);
    let plain = rest.is_empty() || (rest.starts_with('T') && rest.len() <= 8);
    plain
        .then(|| Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok())
        .flatten()
}

fn list<T>(value: &str, one: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
    value.split(',').map(one).collect()
}

fn by_day(text: &str) -> Option<(i8, Weekday)> {
    let at = text.len().checked_sub(2)?;
    let (which, day) = (text.get(..at)?, text.get(at..)?);
    let which = if which.is_empty() {
        0
    } else {
        which
            .parse()
            .ok()
            .filter(|n: &i8| *n != 0 && (-5..=5).contains(n))?
    };
    Some((which, weekday(day)?))
}

fn month_day(text: &str) -> Option<i8> {
    text.parse()
        .ok()
        .filter(|day: &i8| *day != 0 && (-31..=31).contains(day))
}

fn weekday(text: &str) -> Option<Weekday> {
    Some(match text {
        "MO" => Weekday::Monday,
        "TU" => Weekday::Tuesday,
        "WE" => Weekday::Wednesday,
        "TH" => Weekday::Thursday,
        "FR" => Weekday::Friday,
        "SA" => Weekday::Saturday,
        "SU" => Weekday::Sunday,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn dates(rule: &str, first: Date) -> Vec<String> {
        let dates = Recurrence::parse(rule).unwrap().dates(first).unwrap();
        dates
            .iter()
            .map(|one| one.strftime("%m-%d").to_string())
            .collect()
    }

    /// After the examples of RFC 5545 §3.8.5.3, whose first date is 2 September 1997.
    #[test]
    fn rules_fall_on_the_dates_of_the_standard() {
        let first = date(1997, 9, 2);
        for (rule, expected) in [
            ("FREQ=DAILY;COUNT=4", "09-02 09-03 09-04 09-05"),
            ("FREQ=DAILY;INTERVAL=10;COUNT=3", "09-02 09-12 09-22"),
            (
                "FREQ=WEEKLY;UNTIL=19970924T000000Z",
                "09-02 09-09 09-16 09-23",
            ),
            (
                "FREQ=WEEKLY;COUNT=4;WKST=SU;BYDAY=TU,TH",
                "09-02 09-04 09-09 09-11",
            ),
            (
                "FREQ=WEEKLY;INTERVAL=2;COUNT=4;WKST=SU;BYDAY=TU,TH",
                "09-02 09-04 09-16 09-18",
            ),
            ("FREQ=MONTHLY;COUNT=3;BYDAY=1FR", "09-05 10-03 11-07"),
            ("FREQ=MONTHLY;COUNT=3;BYDAY=-2MO", "09-22 10-20 11-17"),
            ("FREQ=MONTHLY;COUNT=3;BYMONTHDAY=-3", "09-28 10-29 11-28"),
            ("FREQ=MONTHLY;COUNT=2;BYDAY=FR;BYMONTHDAY=13", "02-13 03-13"),
            ("FREQ=MONTHLY;INTERVAL=2;COUNT=3", "09-02 11-02 01-02"),
            ("FREQ=YEARLY;COUNT=2", "09-02 09-02"),
        ] {
            assert_eq!(dates(rule, first).join(" "), expected, "{rule}");
        }
    }

    #[test]
    fn weeks_begin_where_the_rule_says() {
        let first = date(1997, 8, 5);
        let rule = |start: &str| format!("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST={start}");
        assert_eq!(
            dates(&rule("MO"), first).join(" "),
            "08-05 08-10 08-19 08-24"
        );
        assert_eq!(
            dates(&rule("SU"), first).join(" "),
            "08-05 08-17 08-19 08-31"
        );
    }

    #[test]
    fn months_and_years_without_the_day_are_left_out() {
        assert_eq!(
            dates("FREQ=MONTHLY;COUNT=3", date(2026, 1, 31)).join(" "),
            "01-31 03-31 05-31"
        );
        let leap = Recurrence::parse("FREQ=YEARLY;COUNT=2").unwrap();
        assert_eq!(
            leap.dates(date(2024, 2, 29)).unwrap(),
            [date(2024, 2, 29), date(2028, 2, 29)]
        );
    }

    #[test]
    fn what_never_ends_or_is_not_understood_is_refused() {
        for rule in [
            "FREQ=DAILY",
            "COUNT=3",
            "",
            "FREQ=HOURLY;COUNT=2",
            "FREQ=DAILY;COUNT=0",
            "FREQ=DAILY;COUNT=367",
            "FREQ=DAILY;COUNT=2;UNTIL=20260101",
            "FREQ=WEEKLY;BYDAY=1MO;COUNT=2",
            "FREQ=DAILY;INTERVAL=0;COUNT=2",
            "FREQ=MONTHLY;BYMONTHDAY=32;COUNT=1",
            "FREQ=DAILY;BYSETPOS=1;COUNT=1",
            "FREQ=DAILY;UNTIL=2026",
            "FREQ=DAILY;COUNT=2;é=1",
            "FREQ=DAILY;COUNT=10000",
            &format!("FREQ=WEEKLY;COUNT=2;BYDAY=MO{}", ",MO".repeat(10_000)),
        ] {
            assert!(Recurrence::parse(rule).is_err(), "{rule}");
        }
        // Ten thousand days, said by their end.
        let long = Recurrence::parse("FREQ=DAILY;UNTIL=20530410").unwrap();
        let first = date(2025, 11, 23);
        assert_eq!(long.dates(first), Err(RecurrenceError::TooMany));
        let ages = Recurrence::parse("FREQ=YEARLY;INTERVAL=366;UNTIL=99991231").unwrap();
        assert_eq!(ages.dates(first).unwrap().len(), 22);
        let never = Recurrence::parse("FREQ=MONTHLY;BYMONTHDAY=31;BYDAY=1MO;COUNT=1").unwrap();
        assert_eq!(never.dates(date(2026, 1, 1)).unwrap(), []);
    }
}
