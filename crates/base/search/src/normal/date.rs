//! Dates as ranges of microseconds.

use crate::query::Range;

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// The instants that a FHIR `date`, `dateTime` or `instant` stands for, in microseconds since the
/// Unix epoch, both ends included: `2020-02` is the whole of February 2020. Without a time zone
/// UTC is meant. Beyond FHIR, the seconds may be left out (`2020-02-01T10:30`), as search allows.
/// `None` for anything else, days that do not exist included.
#[must_use]
pub fn date_range(text: &str) -> Option<Range<i64>> {
    let (date, time) = match text.split_once('T') {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let bytes = date.as_bytes();
    let year = digits(bytes.get(0..4)?)?;
    let month = match bytes.len() {
        4 => None,
        _ => Some(two_digits(bytes, 4, b'-')?),
    };
    let day = match bytes.len() {
        4 | 7 => None,
        10 => Some(two_digits(bytes, 7, b'-')?),
        _ => return None,
    };
    let Some(month) = month else {
        let range = span(days(year, 1, 1)? * DAY, days(year + 1, 1, 1)? * DAY);
        return time.is_none().then_some(range);
    };
    let Some(day) = day else {
        let (next_year, next_month) = if month == 12 {
            (year + 1, 1)
        } else {
            (year, month + 1)
        };
        let range = span(
            days(year, month, 1)? * DAY,
            days(next_year, next_month, 1)? * DAY,
        );
        return time.is_none().then_some(range);
    };
    let midnight = days(year, month, day)? * DAY;
    let Some(time) = time else {
        return Some(span(midnight, midnight + DAY));
    };
    let (start, length, zone) = parse_time(time)?;
    let lo = midnight + start - parse_zone(zone)?;
    Some(span(lo, lo + length))
}

const fn span(start: i64, end: i64) -> Range<i64> {
    Range {
        lo: start,
        hi: end - 1,
    }
}

/// Time of day, length of what is meant by it, and the zone that follows.
fn parse_time(text: &str) -> Option<(i64, i64, &str)> {
    let bytes = text.as_bytes();
    let hour = digits(bytes.get(0..2)?).filter(|hour| *hour < 24)?;
    let minute = two_digits(bytes, 2, b':').filter(|minute| *minute < 60)?;
    let start = hour * HOUR + minute * MINUTE;
    if bytes.get(5) != Some(&b':') {
        return Some((start, MINUTE, text.get(5..)?));
    }
    // 60 is a leap second; it belongs to the following minute like everywhere in POSIX time.
    let second = two_digits(bytes, 5, b':').filter(|second| *second <= 60)?;
    let start = start + second * SECOND;
    let rest = text.get(8..)?;
    let Some(fraction) = rest.strip_prefix('.') else {
        return Some((start, SECOND, rest));
    };
    let count = fraction.bytes().take_while(u8::is_ascii_digit).count();
    let places = count.min(6);
    let value = digits(fraction.as_bytes().get(..places)?).filter(|_| count > 0)?;
    let unit = 10i64.pow(u32::try_from(6 - places).ok()?);
    Some((start + value * unit, unit, fraction.get(count..)?))
}

/// Offset from UTC; a space stands for a `+` that a client forgot to encode.
fn parse_zone(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let sign = match bytes.first() {
        None => return Some(0),
        Some(b'Z') if bytes.len() == 1 => return Some(0),
        Some(b'+' | b' ') => 1,
        Some(b'-') => -1,
        Some(_) => return None,
    };
    let hour = digits(bytes.get(1..3)?).filter(|hour| *hour <= 14)?;
    let minute = two_digits(bytes, 3, b':').filter(|minute| *minute < 60)?;
    (bytes.len() == 6).then_some(sign * (hour * HOUR + minute * MINUTE))
}

fn two_digits(bytes: &[u8], at: usize, separator: u8) -> Option<i64> {
    (bytes.get(at) == Some(&separator)).then_some(())?;
    digits(bytes.get(at + 1..at + 3)?)
}

fn digits(bytes: &[u8]) -> Option<i64> {
    bytes.iter().try_fold(0, |value, byte| {
        byte.is_ascii_digit()
            .then(|| value * 10 + i64::from(byte - b'0'))
    })
}

/// Days from the epoch to a date of the proleptic Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        _ => return None,
    };
    if !(1..=length).contains(&day) {
        return None;
    }
    // Years that begin in March put the leap day last, so that month lengths follow one formula.
    let (year, month) = if month <= 2 {
        (year - 1, month + 9)
    } else {
        (year, month - 3)
    };
    let century_days =
        365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    Some(century_days + (153 * month + 2) / 5 + day - 1 - 719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lo_to_hi(text: &str) -> (i64, i64) {
        date_range(text).map_or((0, 0), |range| (range.lo, range.hi))
    }

    #[test]
    fn partial_dates_are_the_whole_of_what_they_name() {
        assert_eq!(lo_to_hi("1970"), (0, 365 * DAY - 1));
        assert_eq!(
            lo_to_hi("2020-02"),
            (1_580_515_200 * SECOND, 1_583_020_800 * SECOND - 1)
        );
        assert_eq!(lo_to_hi("1969-12-31"), (-DAY, -1));
        assert_eq!(lo_to_hi("2000-02-29").0, 951_782_400 * SECOND);
        assert_eq!(
            lo_to_hi("2013-01-14T10:00"),
            (1_358_157_600 * SECOND, 1_358_157_660 * SECOND - 1)
        );
        assert_eq!(
            lo_to_hi("2013-01-14T10:00:00Z"),
            (1_358_157_600 * SECOND, 1_358_157_601 * SECOND - 1)
        );
        let milli = lo_to_hi("2013-01-14T12:00:00.250+02:00");
        assert_eq!(
            milli,
            (
                1_358_157_600 * SECOND + 250_000,
                1_358_157_600 * SECOND + 250_999
            )
        );
        let nano = lo_to_hi("2013-01-14T10:00:00.123456789Z");
        assert_eq!(
            nano,
            (
                1_358_157_600 * SECOND + 123_456,
                1_358_157_600 * SECOND + 123_456
            )
        );
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in [
            "",
            "20",
            "2020-",
            "2020-2",
            "2020-13",
            "2020-02-30",
            "1900-02-29",
            "2020-01-01T",
            "2020-01-01T24:00:00Z",
            "2020-01-01T10",
            "2020-01-01T10:00:00.Z",
            "2020T10:00",
            "2020-01-01T10:00:00z",
            "2020-01-01T10:00:00+1:00",
            "20200101",
            "2020-01-01 10:00",
        ] {
            assert_eq!(date_range(text), None, "{text}");
        }
    }

    #[test]
    fn every_day_of_four_centuries_follows_the_one_before() {
        let mut expected = days(1800, 1, 1).expect("a date");
        for year in 1800..2200 {
            for (month, day) in (1..=12).flat_map(|m| (1..=31).map(move |d| (m, d))) {
                if let Some(number) = days(year, month, day) {
                    assert_eq!(number, expected, "{year}-{month}-{day}");
                    expected += 1;
                }
            }
        }
    }
}
