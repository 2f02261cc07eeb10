//! FHIR `date`, `dateTime`, `instant` and `time`: points in time of partial precision.
//!
//! `2024-03` is not a moment but a month. Search and sorting compare such values as intervals, so
//! each one converts to its first and last microsecond (R4 search.html#date).

const MICROS_PER_SECOND: i64 = 1_000_000;
const MICROS_PER_MINUTE: i64 = 60 * MICROS_PER_SECOND;
const MICROS_PER_HOUR: i64 = 60 * MICROS_PER_MINUTE;
const MICROS_PER_DAY: i64 = 24 * MICROS_PER_HOUR;

/// How much of a moment is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Precision {
    /// `2024`
    Year,
    /// `2024-03`
    Month,
    /// `2024-03-01`
    Day,
    /// `2024-03-01T10:30`, in search and FHIRPath only
    Minute,
    /// `2024-03-01T10:30:00`
    Second,
    /// `2024-03-01T10:30:00.000`
    Fraction,
}

/// A date, or a moment on a date. Parts beyond the precision are at their least value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateTime {
    /// 1 to 9999.
    pub year: u16,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31, right for the month.
    pub day: u8,
    /// Microseconds since midnight.
    pub micros: i64,
    /// Digits of the fraction of a second, for precision `Fraction`; beyond six they are cut off.
    pub fraction_digits: u8,
    /// Minutes east of UTC; `None` when the text has no zone.
    pub offset: Option<i16>,
    /// How much is given.
    pub precision: Precision,
}

/// A time of day without zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Time {
    /// Microseconds since midnight.
    pub micros: i64,
    /// Digits of the fraction of a second; beyond six they are cut off.
    pub fraction_digits: u8,
    /// `Minute`, `Second` or `Fraction`.
    pub precision: Precision,
}

impl DateTime {
    /// A FHIR `date`: `YYYY`, `YYYY-MM` or `YYYY-MM-DD`, and a day that the calendar has.
    pub fn parse_date(text: &str) -> Option<DateTime> {
        let mut reader = Reader(text.as_bytes());
        let date = reader.date()?;
        reader.at_end().then_some(date)
    }

    /// A FHIR `dateTime`: a date, or a full date with seconds and zone.
    pub fn parse_date_time(text: &str) -> Option<DateTime> {
        let parsed = DateTime::parse_search(text)?;
        let has_time = parsed.precision >= Precision::Minute;
        let is_whole = parsed.precision >= Precision::Second && parsed.offset.is_some();
        (!has_time || is_whole).then_some(parsed)
    }

    /// A FHIR `instant`: date, seconds and zone are all there.
    pub fn parse_instant(text: &str) -> Option<DateTime> {
        DateTime::parse_date_time(text).filter(|d| d.precision >= Precision::Second)
    }

    /// A date as search parameters and FHIRPath allow it: minutes and zone may be left out.
    pub fn parse_search(text: &str) -> Option<DateTime> {
        let mut reader = Reader(text.as_bytes());
        let mut parsed = reader.date()?;
        if parsed.precision == Precision::Day && reader.take(b'T') {
            let time = reader.time()?;
            parsed.micros = time.micros;
            parsed.fraction_digits = time.fraction_digits;
            parsed.precision = time.precision;
            parsed.offset = reader.zone()?;
        }
        reader.at_end().then_some(parsed)
    }

    /// First and last microsecond since 1970-01-01T00:00Z. Without zone, in UTC.
    pub fn bounds(self) -> (i64, i64) {
        self.bounds_in(0)
    }

    /// As [`DateTime::bounds`], with the zone that a text without one is meant in, in minutes east
    /// of UTC.
    pub fn bounds_in(self, default_offset: i16) -> (i64, i64) {
        let offset = i64::from(self.offset.unwrap_or(default_offset)) * MICROS_PER_MINUTE;
        let start = self.days() * MICROS_PER_DAY + self.micros - offset;
        (start, start + self.length() - 1)
    }

    /// The first microsecond, as [`DateTime::bounds`].
    pub fn start(self) -> i64 {
        self.bounds().0
    }

    /// Days since 1970-01-01 in the proleptic Gregorian calendar.
    pub fn days(self) -> i64 {
        days_from_civil(self.year.into(), self.month, self.day)
    }

    fn length(self) -> i64 {
        match self.precision {
            Precision::Year => (365 + i64::from(is_leap(self.year))) * MICROS_PER_DAY,
            Precision::Month => i64::from(days_in_month(self.year, self.month)) * MICROS_PER_DAY,
            Precision::Day => MICROS_PER_DAY,
            precision => time_length(precision, self.fraction_digits),
        }
    }
}

impl Time {
    /// A FHIR `time`: `hh:mm:ss` with an optional fraction.
    pub fn parse(text: &str) -> Option<Time> {
        Time::parse_partial(text).filter(|t| t.precision >= Precision::Second)
    }

    /// A time of which only hours and minutes need be given.
    pub fn parse_partial(text: &str) -> Option<Time> {
        let mut reader = Reader(text.as_bytes());
        let time = reader.time()?;
        reader.at_end().then_some(time)
    }

    /// First and last microsecond since midnight.
    pub fn bounds(self) -> (i64, i64) {
        let length = time_length(self.precision, self.fraction_digits);
        (self.micros, self.micros + length - 1)
    }
}

/// The number of days of a month.
pub fn days_in_month(year: u16, month: u8) -> u8 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 => 28 + u8::from(is_leap(year)),
        _ => 31,
    }
}

/// Year, month, day of a number of days since 1970-01-01.
pub fn civil_from_days(days: i64) -> (i64, u8, u8) {
    // Eras of 400 years that start on March 1st, so that the leap day comes last.
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    // Both are in calendar range by construction.
    (year, month as u8, day as u8)
}

/// Days since 1970-01-01 of a date.
pub fn days_from_civil(year: i64, month: u8, day: u8) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let shifted_month = (i64::from(month) + 9) % 12;
    let day_of_year = (153 * shifted_month + 2) / 5 + i64::from(day) - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

fn is_leap(year: u16) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

fn time_length(precision: Precision, fraction_digits: u8) -> i64 {
    match precision {
        Precision::Minute => MICROS_PER_MINUTE,
        Precision::Fraction => 10_i64.pow(6_u32.saturating_sub(fraction_digits.into())),
        _ => MICROS_PER_SECOND,
    }
}

/// Reads fixed-width parts off the front.
struct Reader<'t>(&'t [u8]);

impl Reader<'_> {
    fn at_end(&self) -> bool {
        self.0.is_empty()
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.0.first() == Some(&byte);
        if found {
            self.0 = &self.0[1..];
        }
        found
    }

    fn digits(&mut self, count: usize) -> Option<u16> {
        let (digits, rest) = self.0.split_at_checked(count)?;
        let mut value = 0;
        for digit in digits {
            if !digit.is_ascii_digit() {
                return None;
            }
            value = value * 10 + u16::from(digit - b'0');
        }
        self.0 = rest;
        Some(value)
    }

    fn two_digits(&mut self, least: u8, most: u8) -> Option<u8> {
        let value = u8::try_from(self.digits(2)?).ok()?;
        (least..=most).contains(&value).then_some(value)
    }

    fn date(&mut self) -> Option<DateTime> {
        let year = self.digits(4).filter(|year| *year > 0)?;
        let (mut month, mut day, mut precision) = (1, 1, Precision::Year);
        if self.take(b'-') {
            month = self.two_digits(1, 12)?;
            precision = Precision::Month;
            if self.take(b'-') {
                day = self.two_digits(1, days_in_month(year, month))?;
                precision = Precision::Day;
            }
        }
        let (micros, fraction_digits, offset) = (0, 0, None);
        Some(DateTime {
            year,
            month,
            day,
            micros,
            fraction_digits,
            offset,
            precision,
        })
    }

    fn time(&mut self) -> Option<Time> {
        let hours = i64::from(self.two_digits(0, 23)?);
        if !self.take(b':') {
            return None;
        }
        let minutes = i64::from(self.two_digits(0, 59)?);
        let mut micros = hours * MICROS_PER_HOUR + minutes * MICROS_PER_MINUTE;
        let (mut precision, mut fraction_digits) = (Precision::Minute, 0);
        if self.take(b':') {
            // 60 is a leap second.
            micros += i64::from(self.two_digits(0, 60)?) * MICROS_PER_SECOND;
            precision = Precision::Second;
            if self.take(b'.') {
                let (fraction, digits) = self.fraction()?;
                micros += fraction;
                fraction_digits = digits;
                precision = Precision::Fraction;
            }
        }
        Some(Time {
            micros,
            fraction_digits,
            precision,
        })
    }

    /// Microseconds, and how many digits stood there.
    fn fraction(&mut self) -> Option<(i64, u8)> {
        let count = self.0.iter().take_while(|b| b.is_ascii_digit()).count();
        let (digits, rest) = self.0.split_at(count);
        self.0 = rest;
        let micros = (0..6).fold(0, |sum, at| {
            sum * 10 + digits.get(at).map_or(0, |digit| i64::from(digit - b'0'))
        });
        // Digits beyond a microsecond do not make the interval any shorter.
        (count > 0).then_some((micros, count.min(6) as u8))
    }

    /// The outer `None` is a malformed zone, the inner one none at all.
    fn zone(&mut self) -> Option<Option<i16>> {
        if self.at_end() {
            return Some(None);
        }
        if self.take(b'Z') {
            return Some(Some(0));
        }
        let sign = if self.take(b'+') {
            1
        } else if self.take(b'-') {
            -1
        } else {
            return None;
        };
        let hours = i16::from(self.two_digits(0, 14)?);
        if !self.take(b':') {
            return None;
        }
        let minutes = i16::from(self.two_digits(0, 59)?);
        (hours < 14 || minutes == 0).then_some(Some(sign * (hours * 60 + minutes)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_type_takes_its_own_precisions() {
        // (text, date, dateTime, instant, search)
        let cases = [
            ("2024", true, true, false, true),
            ("2024-02", true, true, false, true),
            ("2024-02-29", true, true, false, true),
            ("2024-02-29T10:30", false, false, false, true),
            ("2024-02-29T10:30Z", false, false, false, true),
            ("2024-02-29T10:30:00", false, false, false, true),
            ("2024-02-29T10:30:00Z", false, true, true, true),
            (
                "2024-02-29T10:30:60.123456789-03:30",
                false,
                true,
                true,
                true,
            ),
            ("2024-02-29T10:30:00+14:00", false, true, true, true),
        ];
        for (text, date, date_time, instant, search) in cases {
            assert_eq!(DateTime::parse_date(text).is_some(), date, "{text}");
            assert_eq!(
                DateTime::parse_date_time(text).is_some(),
                date_time,
                "{text}"
            );
            assert_eq!(DateTime::parse_instant(text).is_some(), instant, "{text}");
            assert_eq!(DateTime::parse_search(text).is_some(), search, "{text}");
        }
    }

    #[test]
    fn what_is_not_on_calendar_or_clock_is_refused() {
        let cases = [
            "",
            "0000",
            "24",
            "2024-",
            "2024-13",
            "2024-00",
            "2023-02-29",
            "1900-02-29",
            "2024-04-31",
            "2024-1-1",
            "2024-01-01T",
            "2024-01-01T24:00:00Z",
            "2024-01-01T10:60:00Z",
            "2024-01-01T10:30:61Z",
            "2024-01-01T10:30:00.Z",
            "2024-01-01T10:30:00+14:01",
            "2024-01-01T10:30:00+0100",
            "2024-01-01 10:30:00Z",
            "2024-01-01T10:30:00Zz",
            "２０２４",
            "2024T10:30:00Z",
        ];
        for text in cases {
            assert_eq!(DateTime::parse_search(text), None, "{text}");
        }
        for text in ["10", "10:30", "10:30:00Z", "24:00:00", "1:30:00"] {
            assert_eq!(Time::parse(text), None, "{text}");
        }
    }

    #[test]
    fn bounds_are_the_first_and_last_microsecond() {
        let bounds = |text| DateTime::parse_search(text).map(DateTime::bounds);
        let second = |s: i64| s * MICROS_PER_SECOND;
        assert_eq!(bounds("1970"), Some((0, second(365 * 86_400) - 1)));
        assert_eq!(
            bounds("1970-02"),
            Some((second(31 * 86_400), second(59 * 86_400) - 1))
        );
        assert_eq!(
            bounds("1970-01-02"),
            Some((second(86_400), second(2 * 86_400) - 1))
        );
        assert_eq!(
            bounds("1970-01-01T00:01"),
            Some((second(60), second(120) - 1))
        );
        assert_eq!(
            bounds("1970-01-01T01:00:00+01:00"),
            Some((0, second(1) - 1))
        );
        assert_eq!(bounds("1970-01-01T00:00:00.5Z"), Some((500_000, 599_999)));
        assert_eq!(
            bounds("1970-01-01T00:00:00.1234567Z"),
            Some((123_456, 123_456))
        );
        let local = DateTime::parse_date("1970-01-02").map(|d| d.bounds_in(-60).0);
        assert_eq!(local, Some(second(86_400 + 3_600)));
        assert_eq!(
            Time::parse("00:00:01.0").map(Time::bounds),
            Some((1_000_000, 1_099_999))
        );
    }

    proptest! {
        #[test]
        fn days_and_dates_convert_both_ways(days in -719_162_i64..2_932_896) {
            let (year, month, day) = civil_from_days(days);
            prop_assert_eq!(days_from_civil(year, month, day), days);
            let text = format!("{year:04}-{month:02}-{day:02}");
            prop_assert_eq!(DateTime::parse_date(&text).map(DateTime::days), Some(days));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[0-9TZ:.+-]{0,30}") {
            if let Some(parsed) = DateTime::parse_search(&text) {
                let (lo, hi) = parsed.bounds();
                prop_assert!(lo <= hi);
            }
        }
    }
}
