//! Dates of the calendar, and times that keep the precision and offset in which they were written.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A text that is no date or time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum DateError {
    /// Not `YYYY-MM-DD`, or no day of the calendar.
    #[error("not a day of the calendar written as YYYY-MM-DD")]
    Date,
    /// Not `YYYY-MM-DDThh:mm:ss` with optional fraction and offset.
    #[error("not a time written as YYYY-MM-DDThh:mm:ss with an optional fraction and offset")]
    Time,
}

/// A day of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// A day, if the calendar has it.
    pub fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        let is_leap =
            year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days = match month {
            2 if is_leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return None,
        };
        ((1..=9999).contains(&year) && (1..=days).contains(&day)).then_some(Self {
            year,
            month,
            day,
        })
    }

    /// Year, month and day.
    pub fn parts(self) -> (u16, u8, u8) {
        (self.year, self.month, self.day)
    }

    /// Days since a fixed day long ago, to compare distances.
    pub(crate) fn day_number(self) -> i64 {
        let (year, month) = (i64::from(self.year), i64::from(self.month));
        let (year, month) = if month > 2 {
            (year, month - 3)
        } else {
            (year - 1, month + 9)
        };
        365 * year + year / 4 - year / 100
            + year / 400
            + (153 * month + 2) / 5
            + i64::from(self.day)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{:04}-{:02}-{:02}",
            self.year, self.month, self.day
        )
    }
}

impl FromStr for Date {
    type Err = DateError;

    fn from_str(text: &str) -> Result<Self, DateError> {
        let bytes = text.as_bytes();
        let is_shaped = bytes.len() == 10 && bytes[4] == b'-' && bytes[7] == b'-';
        if !is_shaped {
            return Err(DateError::Date);
        }
        let part = |range| {
            text.get(range)
                .and_then(super::leaf::count)
                .ok_or(DateError::Date)
        };
        let (year, month, day) = (part(0..4)?, part(5..7)?, part(8..10)?);
        let narrow = |number: u32| u8::try_from(number).map_err(|_| DateError::Date);
        let year = u16::try_from(year).map_err(|_| DateError::Date)?;
        Self::new(year, narrow(month)?, narrow(day)?).ok_or(DateError::Date)
    }
}

/// A time of day on a day, as written: `2026-01-15T09:30:00Z`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DateTime {
    date: Date,
    time: String,
}

impl DateTime {
    /// The day, in the offset of the sender.
    pub fn date(&self) -> Date {
        self.date
    }

    /// Whether the time says how far it is from UTC. Bare local times are refused by some networks.
    pub fn has_offset(&self) -> bool {
        self.time.ends_with('Z') || self.time.contains(['+', '-'])
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}T{}", self.date, self.time)
    }
}

impl FromStr for DateTime {
    type Err = DateError;

    fn from_str(text: &str) -> Result<Self, DateError> {
        let (date, time) = text.split_once('T').ok_or(DateError::Time)?;
        let date = date.parse()?;
        if is_time(time) {
            Ok(Self {
                date,
                time: time.to_owned(),
            })
        } else {
            Err(DateError::Time)
        }
    }
}

/// `hh:mm:ss`, an optional fraction of at most nine digits, an optional offset.
fn is_time(time: &str) -> bool {
    let clock_end = time.find(['Z', '+', '-']).unwrap_or(time.len());
    let (clock, offset) = time.split_at(clock_end);
    let (clock, fraction) = clock
        .split_once('.')
        .map_or((clock, None), |(c, f)| (c, Some(f)));
    let is_fraction = |f: &str| f.len() <= 9 && super::leaf::count(f).is_some();
    let is_offset = match offset {
        "" | "Z" => true,
        offset => offset
            .get(1..)
            .is_some_and(|hours| is_clock(hours, &[15, 60])),
    };
    is_clock(clock, &[24, 60, 60]) && fraction.is_none_or(is_fraction) && is_offset
}

/// Two digits for each part, each below its bound.
fn is_clock(text: &str, bounds: &[u32]) -> bool {
    let parts: Vec<&str> = text.split(':').collect();
    let is_below = |(part, bound): (&&str, &u32)| {
        part.len() == 2 && super::leaf::count(part).is_some_and(|number| number < *bound)
    };
    parts.len() == bounds.len() && parts.iter().zip(bounds).all(is_below)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_that_the_calendar_lacks_are_refused() {
        for text in [
            "2026-02-29",
            "2026-13-01",
            "2026-00-10",
            "2026-1-01",
            "0000-01-01",
            "20260101",
            "2026-01-0é",
        ] {
            assert!(text.parse::<Date>().is_err(), "{text}");
        }
        assert!("2024-02-29".parse::<Date>().is_ok());
    }

    #[test]
    fn a_time_keeps_its_precision_and_offset() {
        for text in [
            "2026-01-15T09:30:00Z",
            "2022-05-26T06:19:46.4635651Z",
            "2026-01-15T09:30:00-05:00",
            "2026-01-15T09:30:00",
        ] {
            assert_eq!(text.parse::<DateTime>().unwrap().to_string(), text);
        }
        for text in [
            "2026-01-15",
            "2026-01-15T24:00:00Z",
            "2026-01-15T09:30Z",
            "2026-01-15T09:30:00+5",
            "2026-01-15T09:30:00.Z",
        ] {
            assert!(text.parse::<DateTime>().is_err(), "{text}");
        }
    }

    #[test]
    fn days_are_counted_across_months_and_leap_days() {
        let day = |text: &str| text.parse::<Date>().unwrap().day_number();
        assert_eq!(day("2024-03-01") - day("2024-02-28"), 2);
        assert_eq!(day("2027-01-01") - day("2026-01-01"), 365);
    }
}
