//! Dates as ranges of microseconds.

use mt_fhir::datetime::DateTime;

use crate::query::Range;

/// The instants that a FHIR `date`, `dateTime` or `instant` stands for, in microseconds since the
/// Unix epoch, both ends included: `2020-02` is the whole of February 2020. Without a time zone
/// UTC is meant. Beyond FHIR, the seconds may be left out (`2020-02-01T10:30`), as search allows.
/// `None` for anything else, days that do not exist included.
#[must_use]
pub fn date_range(text: &str) -> Option<Range<i64>> {
    let (lo, hi) = DateTime::parse_search(text)?.bounds();
    Some(Range { lo, hi })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partial_dates_are_the_whole_of_what_they_name() {
        const DAY: i64 = 86_400_000_000;
        let bounds = |text: &str| date_range(text).map(|range| (range.lo, range.hi));
        assert_eq!(bounds("1970"), Some((0, 365 * DAY - 1)));
        assert_eq!(bounds("1969-12-31"), Some((-DAY, -1)));
        let minute = 1_358_157_600_000_000;
        assert_eq!(
            bounds("2013-01-14T10:00"),
            Some((minute, minute + 59_999_999))
        );
        assert_eq!(
            bounds("2013-01-14T12:00:00.250+02:00"),
            Some((minute + 250_000, minute + 250_999))
        );
        for text in [
            "",
            "2020-13",
            "2020-02-30",
            "2020-01-01T10",
            "2020-01-01 10:00",
        ] {
            assert_eq!(bounds(text), None, "{text}");
        }
    }
}
