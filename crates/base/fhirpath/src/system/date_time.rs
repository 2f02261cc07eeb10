//! `System.DateTime`: a date, perhaps with a time of day and an offset from UTC.

use std::cmp::Ordering;
use std::fmt;

use super::time::{HOUR, MINUTE};
use super::{Date, Span, Time, take_digits};

/// A date and time of partial precision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DateTime {
    pub(super) date: Date,
    pub(super) time: Option<Time>,
    /// Minutes east of UTC, when known.
    pub(super) offset: Option<i16>,
}

impl DateTime {
    /// Reads the FHIR and FHIRPath forms, with or without `T` after a date.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let Some((date, rest)) = text.split_once('T') else {
            return Date::parse(text).map(Self::from);
        };
        let date = Date::parse(date)?;
        let (time, offset) = split_offset(rest)?;
        if time.is_empty() {
            return Some(Self {
                date,
                time: None,
                offset,
            });
        }
        // A time of day needs a whole date.
        date.day()?;
        Some(Self {
            date,
            time: Some(Time::parse(time)?),
            offset,
        })
    }

    /// The moment `instant`, in UTC with milliseconds.
    #[must_use]
    pub fn from_instant(instant: mt_kernel::Instant) -> Option<Self> {
        Self::parse(&instant.to_fhir())
    }

    /// The date part.
    #[must_use]
    pub const fn date(self) -> Date {
        self.date
    }

    /// The time of day, when known.
    #[must_use]
    pub const fn time(self) -> Option<Time> {
        self.time
    }

    /// Minutes east of UTC, when known.
    #[must_use]
    pub const fn offset(self) -> Option<i16> {
        self.offset
    }

    /// How many digits it holds: 4, 6, 8, 10, 12, 14 or 17.
    #[must_use]
    pub const fn precision(self) -> u8 {
        match self.time {
            None => self.date.precision(),
            Some(time) => 8 + time.precision(),
        }
    }

    fn comparison_precision(self) -> u8 {
        self.precision().min(14)
    }

    /// Nanoseconds since 1970 that it may stand for; local time counts as UTC.
    fn span(self) -> Span {
        let Some(time) = self.time else {
            return self.date.span();
        };
        let midnight = self.date.start() - i128::from(self.offset.unwrap_or(0)) * MINUTE;
        let span = time.span();
        Span {
            low: midnight + span.low,
            high: midnight + span.high,
        }
    }

    /// Order, or `None` when it depends on an unknown part: precision or offset from UTC.
    #[must_use]
    pub fn compare(self, other: Self) -> Option<Ordering> {
        let (mut left, mut right) = (self.span(), other.span());
        let same_precision = self.comparison_precision() == other.comparison_precision();
        match (self.offset, other.offset) {
            (Some(_), None) => right = widen(right),
            (None, Some(_)) => left = widen(left),
            _ if same_precision => return Some(left.low.cmp(&right.low)),
            _ => {}
        }
        left.compare_disjoint(right)
    }
}

/// A local time may be anywhere between +14:00 and −12:00.
fn widen(span: Span) -> Span {
    Span {
        low: span.low - 14 * HOUR,
        high: span.high + 12 * HOUR,
    }
}

/// Splits `10:30+02:00` into the time and the minutes east of UTC.
fn split_offset(text: &str) -> Option<(&str, Option<i16>)> {
    if let Some(time) = text.strip_suffix('Z') {
        return Some((time, Some(0)));
    }
    let Some(at) = text.find(['+', '-']) else {
        return Some((text, None));
    };
    let (hours, rest) = take_digits(&text[at + 1..], 2)?;
    let (minutes, rest) = take_digits(rest.strip_prefix(':')?, 2)?;
    if !rest.is_empty() || hours > 14 || minutes > 59 {
        return None;
    }
    let offset = i16::try_from(hours * 60 + minutes).ok()?;
    let sign = if text.as_bytes()[at] == b'-' { -1 } else { 1 };
    Some((&text[..at], Some(sign * offset)))
}

impl From<Date> for DateTime {
    fn from(date: Date) -> Self {
        Self {
            date,
            time: None,
            offset: None,
        }
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.date)?;
        let Some(time) = self.time else {
            return Ok(());
        };
        write!(f, "T{time}")?;
        match self.offset {
            None => Ok(()),
            Some(0) => f.write_str("Z"),
            Some(minutes) => {
                let sign = if minutes < 0 { '-' } else { '+' };
                let minutes = minutes.unsigned_abs();
                write!(f, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_count_in_comparisons() {
        let compare = |a, b| {
            DateTime::parse(a)
                .unwrap()
                .compare(DateTime::parse(b).unwrap())
        };
        assert_eq!(
            compare("2017-11-05T01:30:00.0-04:00", "2017-11-05T00:30:00.0-05:00"),
            Some(Ordering::Equal)
        );
        assert_eq!(compare("2012-04-15T15:00:00Z", "2012-04-15T10:00:00"), None);
        assert_eq!(
            compare("2012-04-15T15:00:00Z", "2012-04-13T10:00:00"),
            Some(Ordering::Greater)
        );
    }

    #[test]
    fn a_second_and_its_fraction_are_one_precision() {
        let compare = |a, b| {
            DateTime::parse(a)
                .unwrap()
                .compare(DateTime::parse(b).unwrap())
        };
        assert_eq!(
            compare("2012-04-15T15:30:31", "2012-04-15T15:30:31.0"),
            Some(Ordering::Equal)
        );
        assert_eq!(compare("2018-03-01T10:30", "2018-03-01T10:30:00"), None);
    }

    #[test]
    fn text_round_trips() {
        for text in [
            "2015",
            "2015-02-04",
            "2015-02-04T14:34:28.123+10:00",
            "2015-02-04T14Z",
            "2015-02-04T14:34:28.1-05:30",
        ] {
            assert_eq!(DateTime::parse(text).unwrap().to_string(), text);
        }
        for text in [
            "2015-02T14",
            "2015-02-04T25",
            "2015-02-04T14:34+1",
            "2015-02-04T14:34:28+15:00",
        ] {
            assert_eq!(DateTime::parse(text), None, "{text}");
        }
    }
}
