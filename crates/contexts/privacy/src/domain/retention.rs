//! When the time is over for which a patient's record must be kept.

use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use mt_kernel::Instant;

/// Age from which retention counts at the earliest: a child's record is kept as long as one of somebody who has
/// just come of age.
const MAJORITY_YEARS: i16 = 18;

/// The day on which the retention of a record ends: `years` after the last entry, and after the patient came of age.
/// Without an entry there is nothing to keep.
#[must_use]
pub fn retention_ends(last: Option<Instant>, birth: Option<&str>, years: u16) -> Option<Date> {
    let last = last?.timestamp().to_zoned(TimeZone::UTC).date();
    let of_age = birth
        .and_then(first_day)
        .map(|born| later(born, MAJORITY_YEARS));
    let from = of_age.map_or(last, |of_age| of_age.max(last));
    Some(later(from, i16::try_from(years).unwrap_or(i16::MAX)))
}

/// Whether it is over at `now`.
#[must_use]
pub fn is_over(ends: Option<Date>, now: Instant) -> bool {
    let today = now.timestamp().to_zoned(TimeZone::UTC).date();
    ends.is_none_or(|ends| ends < today)
}

/// A FHIR date, cut ones from their last day on: who was born in 1990 may have been born in December.
fn first_day(birth: &str) -> Option<Date> {
    match birth.len() {
        4 => Date::new(birth.parse().ok()?, 12, 31).ok(),
        7 => {
            let first: Date = format!("{birth}-01").parse().ok()?;
            Some(first.last_of_month())
        }
        _ => birth.get(..10)?.parse().ok(),
    }
}

/// Years later; what lies behind the calendar's end never comes.
fn later(date: Date, years: i16) -> Date {
    date.checked_add(i64::from(years).years())
        .unwrap_or(Date::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        let time: jiff::Timestamp = text.parse().unwrap();
        Instant(time.as_microsecond())
    }

    #[test]
    fn retention_counts_from_the_last_entry_and_from_coming_of_age() {
        let last = Some(at("2014-05-06T07:00:00Z"));
        for (birth, years, expected) in [
            (None, 10, "2024-05-06"),
            (Some("1950-01-01"), 10, "2024-05-06"),
            (Some("2010-03-04"), 10, "2038-03-04"),
            (Some("2010-02"), 10, "2038-02-28"),
            (Some("2010"), 10, "2038-12-31"),
            (Some("soon"), 0, "2014-05-06"),
        ] {
            let ends = retention_ends(last, birth, years).unwrap();
            assert_eq!(ends.to_string(), expected, "{birth:?}");
        }
        assert_eq!(retention_ends(None, Some("2010"), 10), None);
    }

    #[test]
    fn the_last_day_still_belongs_to_it() {
        let ends = retention_ends(Some(at("2014-05-06T07:00:00Z")), None, 10);
        assert!(!is_over(ends, at("2024-05-06T23:59:00Z")));
        assert!(is_over(ends, at("2024-05-07T00:00:00Z")));
        assert!(is_over(None, at("2024-05-07T00:00:00Z")));
    }
}
