//! When somebody may be disturbed, by the clock on their own wall.

use jiff::ToSpan;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use mt_kernel::Instant;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The hour at which a digest leaves.
const MORNING: i8 = 8;

/// From when to when nothing but what is urgent is sent. `from` after `to` passes midnight; equal times are no hours at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuietHours {
    /// The first minute of quiet, such as `21:00`.
    #[schema(value_type = String)]
    #[serde(with = "minute")]
    pub from: Time,
    /// The first minute after, such as `08:00`.
    #[schema(value_type = String)]
    #[serde(with = "minute")]
    pub to: Time,
}

impl Default for QuietHours {
    fn default() -> Self {
        Self {
            from: Time::constant(21, 0, 0, 0),
            to: Time::constant(8, 0, 0, 0),
        }
    }
}

impl QuietHours {
    fn holds(&self, time: Time) -> bool {
        if self.from <= self.to {
            self.from <= time && time < self.to
        } else {
            time >= self.from || time < self.to
        }
    }
}

/// The earliest moment, from `now` on, that lies outside the quiet hours of `zone`.
#[must_use]
pub(crate) fn not_before(now: Instant, zone: &TimeZone, quiet: Option<QuietHours>) -> Instant {
    let Some(quiet) = quiet else {
        return now;
    };
    let wall = now.timestamp().to_zoned(zone.clone()).datetime();
    if !quiet.holds(wall.time()) {
        return now;
    }
    let end = if wall.time() < quiet.to {
        Some(wall.date())
    } else {
        wall.date().tomorrow().ok()
    };
    let end = end.and_then(|date| at(zone, date, quiet.to));
    // A change of clocks may end the hours in the past.
    end.map_or(now, |end| end.max(now))
}

/// The next morning after `now`, when digests leave.
#[must_use]
pub(crate) fn next_morning(now: Instant, zone: &TimeZone) -> Instant {
    let today = now.timestamp().to_zoned(zone.clone()).date();
    let morning = Time::constant(MORNING, 0, 0, 0);
    [Some(today), today.checked_add(1.day()).ok()]
        .into_iter()
        .flatten()
        .filter_map(|date| at(zone, date, morning))
        .find(|at| *at > now)
        .unwrap_or(now)
}

/// A time that a change of clocks skips is moved on by what was skipped; of one that comes twice the first is meant.
fn at(zone: &TimeZone, date: Date, time: Time) -> Option<Instant> {
    let wall = zone.to_ambiguous_timestamp(date.to_datetime(time));
    let at = wall.compatible().ok()?;
    Some(Instant(at.as_microsecond()))
}

/// `21:30`, and nothing else.
mod minute {
    use jiff::civil::Time;
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(time: &Time, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(&format!("{:02}:{:02}", time.hour(), time.minute()))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Time, D::Error> {
        let text = String::deserialize(from)?;
        read(&text).ok_or_else(|| D::Error::custom("a time of day is written 21:30"))
    }

    fn read(text: &str) -> Option<Time> {
        let (hour, minute) = text.split_once(':')?;
        let two = |part: &str| {
            let digits = part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
            digits.then(|| part.parse::<i8>().ok()).flatten()
        };
        Time::new(two(hour)?, two(minute)?, 0, 0).ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn instant(text: &str) -> Instant {
        Instant(text.parse::<jiff::Timestamp>().unwrap().as_microsecond())
    }

    fn quiet(from: &str, to: &str) -> QuietHours {
        serde_json::from_value(serde_json::json!({"from": from, "to": to})).unwrap()
    }

    #[test]
    fn what_falls_into_quiet_hours_waits_for_their_end_on_the_persons_wall() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let night = Some(QuietHours::default());
        let noon = Some(quiet("12:00", "14:00"));
        for (now, hours, then) in [
            // Summer: two hours ahead of UTC.
            ("2026-07-01T18:59:00Z", night, "2026-07-01T18:59:00Z"),
            ("2026-07-01T19:00:00Z", night, "2026-07-02T06:00:00Z"),
            ("2026-07-02T05:59:59Z", night, "2026-07-02T06:00:00Z"),
            ("2026-07-02T06:00:00Z", night, "2026-07-02T06:00:00Z"),
            ("2026-07-02T10:30:00Z", noon, "2026-07-02T12:00:00Z"),
            ("2026-07-02T10:30:00Z", None, "2026-07-02T10:30:00Z"),
            // The night in which clocks go forward is an hour shorter.
            ("2026-03-28T21:00:00Z", night, "2026-03-29T06:00:00Z"),
            ("2026-01-10T21:00:00Z", night, "2026-01-11T07:00:00Z"),
        ] {
            let found = not_before(instant(now), &berlin, hours);
            assert_eq!(found, instant(then), "{now}");
        }
        let none = Some(quiet("08:00", "08:00"));
        let now = instant("2026-07-02T06:00:00Z");
        assert_eq!(not_before(now, &berlin, none), now);
    }

    #[test]
    fn a_digest_leaves_at_the_next_morning() {
        let lima = TimeZone::get("America/Lima").unwrap();
        let next = |now: &str| next_morning(instant(now), &lima);
        assert_eq!(
            next("2026-07-01T12:59:00Z"),
            instant("2026-07-01T13:00:00Z")
        );
        assert_eq!(
            next("2026-07-01T13:00:00Z"),
            instant("2026-07-02T13:00:00Z")
        );
    }

    #[test]
    fn a_time_of_day_is_hours_and_minutes_of_two_digits() {
        for bad in ["24:00", "9:30", "09:60", "0930", "", "+9:30", "09:30:00"] {
            let read: Result<QuietHours, _> =
                serde_json::from_value(serde_json::json!({"from": bad, "to": "08:00"}));
            assert!(read.is_err(), "{bad}");
        }
        let written = serde_json::to_value(QuietHours::default()).unwrap();
        assert_eq!(written, serde_json::json!({"from": "21:00", "to": "08:00"}));
    }

    proptest! {
        #[test]
        fn nothing_is_sent_in_quiet_hours_nor_put_off_for_more_than_a_day(
            now in 0_i64..4_000_000_000, from in 0_i8..24, to in 0_i8..24,
        ) {
            let zone = TimeZone::fixed(jiff::tz::offset(-5));
            let quiet = QuietHours { from: Time::constant(from, 30, 0, 0), to: Time::constant(to, 0, 0, 0) };
            let now = Instant(now * 1_000_000);
            let then = not_before(now, &zone, Some(quiet));
            let wall = then.timestamp().to_zoned(zone).datetime().time();
            prop_assert!(!quiet.holds(wall));
            prop_assert!(now <= then && then.0 - now.0 <= 24 * 3_600 * 1_000_000);
        }
    }
}
