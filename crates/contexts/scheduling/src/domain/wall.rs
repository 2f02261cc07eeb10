//! Wall-clock time: what a clock on the clinic's wall shows, and which instant that is.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use mt_kernel::{ErrorKind, Fault, Instant};
use serde::{Deserialize, Serialize};

/// A time of day, `00:00` to `24:00`, to the minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WallTime(u16);

impl WallTime {
    /// Minutes since midnight.
    #[must_use]
    pub const fn minutes(self) -> u16 {
        self.0
    }

    /// This time on `date`; `24:00` is the next midnight. `None` at the end of the calendar.
    pub(crate) fn on(self, date: Date) -> Option<DateTime> {
        let (date, minutes) = if self.0 == 1440 {
            (date.tomorrow().ok()?, 0)
        } else {
            (date, self.0)
        };
        let (hour, minute) = (
            i8::try_from(minutes / 60).ok()?,
            i8::try_from(minutes % 60).ok()?,
        );
        Some(date.to_datetime(Time::new(hour, minute, 0, 0).ok()?))
    }
}

impl FromStr for WallTime {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        let read = || {
            let (hour, minute) = text.split_once(':')?;
            let digits = |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
            if !digits(hour) || !digits(minute) {
                return None;
            }
            let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
            let total = hour * 60 + minute;
            (minute < 60 && total <= 1440).then_some(Self(total))
        };
        read().ok_or_else(|| {
            let text = "a time of day is written 09:30, from 00:00 to 24:00";
            Fault::new(ErrorKind::Invalid, text)
        })
    }
}

impl fmt::Display for WallTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl TryFrom<String> for WallTime {
    type Error = Fault;

    fn try_from(text: String) -> Result<Self, Fault> {
        text.parse()
    }
}

impl From<WallTime> for String {
    fn from(time: WallTime) -> Self {
        time.to_string()
    }
}

/// The zone of this IANA name.
///
/// # Errors
/// [`ErrorKind::Invalid`] when there is none.
pub fn zone(name: &str) -> Result<TimeZone, Fault> {
    TimeZone::get(name)
        .map_err(|_| Fault::new(ErrorKind::Invalid, "the time zone is not known").at("tz"))
}

/// The instant at which a wall clock of `zone` shows `wall`.
///
/// A time that a clock change skips is moved on by what was skipped, and of a time that comes twice
/// the first is meant (RFC 5545 §3.3.5). `None` at the ends of the calendar.
#[must_use]
pub fn instant_of(zone: &TimeZone, wall: DateTime) -> Option<Instant> {
    let at = zone.to_ambiguous_timestamp(wall).compatible().ok()?;
    Some(Instant(at.as_microsecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_day_is_hours_and_minutes_of_two_digits() {
        for (text, minutes) in [("00:00", 0), ("09:30", 570), ("24:00", 1440)] {
            let time: WallTime = text.parse().unwrap();
            assert_eq!(
                (time.minutes(), time.to_string()),
                (minutes, text.to_owned())
            );
        }
        for text in [
            "24:01", "9:30", "09:60", "", "ab:cd", "+9:30", "0930", "99:99",
        ] {
            assert!(text.parse::<WallTime>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_a_clock_change_skips_is_moved_on_and_what_comes_twice_is_meant_once() {
        let zone = zone("Europe/Berlin").unwrap();
        let at = |text: &str| {
            let wall: DateTime = text.parse().unwrap();
            instant_of(&zone, wall).unwrap().timestamp().to_string()
        };
        assert_eq!(at("2026-03-29T02:30"), "2026-03-29T01:30:00Z");
        assert_eq!(at("2026-10-25T02:30"), "2026-10-25T00:30:00Z");
    }
}
