//! `System.Date`: a year, a month or a day.

use std::cmp::Ordering;
use std::fmt;

use super::{Span, take_digits};

pub(super) const DAY: i128 = 86_400_000_000_000;

/// A date known to the year, the month or the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Date {
    year: i16,
    /// 0 when only the year is known.
    month: u8,
    /// 0 when only the month is known.
    day: u8,
}

impl Date {
    /// A date of the precision of its arguments; `None` when there is no such day.
    #[must_use]
    pub fn new(year: i16, month: Option<u8>, day: Option<u8>) -> Option<Self> {
        let date = Self {
            year,
            month: month.unwrap_or(0),
            day: day.unwrap_or(0),
        };
        let month_is_valid = month.is_none_or(|m| (1..=12).contains(&m));
        let day_is_valid = match (month, day) {
            (None, Some(_)) => false,
            (Some(m), Some(d)) => {
                (1..=12).contains(&m) && (1..=days_in_month(year, m)).contains(&d)
            }
            _ => true,
        };
        ((1..=9999).contains(&year) && month_is_valid && day_is_valid).then_some(date)
    }

    /// Reads `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (year, rest) = take_digits(text, 4)?;
        let (month, rest) = Self::part(rest)?;
        let (day, rest) = Self::part(rest)?;
        if !rest.is_empty() {
            return None;
        }
        Self::new(i16::try_from(year).ok()?, month, day)
    }

    fn part(text: &str) -> Option<(Option<u8>, &str)> {
        let Some(rest) = text.strip_prefix('-') else {
            return Some((None, text));
        };
        let (value, rest) = take_digits(rest, 2)?;
        Some((Some(u8::try_from(value).ok()?), rest))
    }

    /// The year.
    #[must_use]
    pub const fn year(self) -> i16 {
        self.year
    }

    /// The month, 1–12, when known.
    #[must_use]
    pub const fn month(self) -> Option<u8> {
        if self.month == 0 {
            None
        } else {
            Some(self.month)
        }
    }

    /// The day of the month, when known.
    #[must_use]
    pub const fn day(self) -> Option<u8> {
        if self.day == 0 { None } else { Some(self.day) }
    }

    /// How many digits the date holds: 4, 6 or 8.
    #[must_use]
    pub const fn precision(self) -> u8 {
        match (self.month, self.day) {
            (0, _) => 4,
            (_, 0) => 6,
            _ => 8,
        }
    }

    /// The first day that the date may stand for.
    pub(crate) fn first_day(self) -> Self {
        Self {
            year: self.year,
            month: self.month.max(1),
            day: self.day.max(1),
        }
    }

    /// The last day that the date may stand for.
    pub(crate) fn last_day(self) -> Self {
        let month = if self.month == 0 { 12 } else { self.month };
        let day = if self.day == 0 {
            days_in_month(self.year, month)
        } else {
            self.day
        };
        Self {
            year: self.year,
            month,
            day,
        }
    }

    /// The same date with at most `precision` digits.
    pub(crate) fn truncate(self, precision: u8) -> Self {
        Self {
            year: self.year,
            month: if precision >= 6 { self.month } else { 0 },
            day: if precision >= 8 { self.day } else { 0 },
        }
    }

    /// Nanoseconds from 1970-01-01 to the start of the first day.
    pub(super) fn start(self) -> i128 {
        i128::from(days_from_epoch(self.first_day())) * DAY
    }

    pub(crate) fn span(self) -> Span {
        let end = i128::from(days_from_epoch(self.last_day())) * DAY + DAY - 1;
        Span {
            low: self.start(),
            high: end,
        }
    }

    /// Order, or `None` when the precisions differ and the common part is equal.
    #[must_use]
    pub fn compare(self, other: Self) -> Option<Ordering> {
        if self.precision() == other.precision() {
            return Some((self.year, self.month, self.day).cmp(&(
                other.year,
                other.month,
                other.day,
            )));
        }
        self.span().compare_disjoint(other.span())
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}", self.year)?;
        if self.month != 0 {
            write!(f, "-{:02}", self.month)?;
        }
        if self.day != 0 {
            write!(f, "-{:02}", self.day)?;
        }
        Ok(())
    }
}

pub(super) const fn days_in_month(year: i16, month: u8) -> u8 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days from 1970-01-01 in the proleptic Gregorian calendar.
pub(super) fn days_from_epoch(date: Date) -> i64 {
    // Years start in March, so that the leap day is the last one of its year.
    let shifted = i64::from(date.year) - i64::from(date.month <= 2);
    let era = shifted.div_euclid(400);
    let year_of_era = shifted.rem_euclid(400);
    let month = (i64::from(date.month) + 9) % 12;
    let day_of_year = (153 * month + 2) / 5 + i64::from(date.day) - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The inverse of [`days_from_epoch`]; `None` outside the years 1–9999.
pub(super) fn date_from_days(days: i64) -> Option<Date> {
    let shifted = days.checked_add(719_468)?;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * day_of_year + 2) / 153;
    let day = u8::try_from(day_of_year - (153 * month_index + 2) / 5 + 1).ok()?;
    let month = u8::try_from(if month_index < 10 {
        month_index + 3
    } else {
        month_index - 9
    })
    .ok()?;
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    Date::new(i16::try_from(year).ok()?, Some(month), Some(day))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_dates_are_inverse() {
        for days in (-719_000..2_900_000).step_by(317) {
            let date = date_from_days(days).expect("inside the range");
            assert_eq!(days_from_epoch(date), days, "{date}");
        }
        let epoch = Date::parse("1970-01-01").expect("a date");
        assert_eq!(days_from_epoch(epoch), 0);
    }

    #[test]
    fn impossible_dates_are_refused() {
        for text in [
            "2015-13",
            "2015-02-29",
            "2015-00",
            "201",
            "2015-1",
            "0000",
            "2015-01-32",
            "2015-01-01x",
        ] {
            assert_eq!(Date::parse(text), None, "{text}");
        }
        assert!(Date::parse("2016-02-29").is_some());
    }

    #[test]
    fn different_precision_compares_only_when_the_answer_is_certain() {
        let compare = |a, b| Date::parse(a).unwrap().compare(Date::parse(b).unwrap());
        assert_eq!(compare("2018-03", "2018-03-01"), None);
        assert_eq!(compare("2018", "2019-01-01"), Some(Ordering::Less));
        assert_eq!(compare("2018-03-02", "2018-03-01"), Some(Ordering::Greater));
    }
}
