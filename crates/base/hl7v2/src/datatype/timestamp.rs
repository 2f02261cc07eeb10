//! Dates and times: DT, TS and DTM (chapter 2A, `YYYY[MM[DD[HH[MM[SS[.S[S[S[S]]]]]]]]][+/-ZZZZ]`).

use std::fmt;
use std::str::FromStr;

/// A point in time as precise as its sender wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Timestamp {
    /// Year, 0 to 9999.
    pub year: u16,
    /// Month, 1 to 12; 1 when not given.
    pub month: u8,
    /// Day of the month; 1 when not given.
    pub day: u8,
    /// Hour, 0 to 23.
    pub hour: u8,
    /// Minute.
    pub minute: u8,
    /// Second.
    pub second: u8,
    /// Ten-thousandths of a second.
    pub fraction: u16,
    /// Offset from UTC in minutes, when given.
    pub offset: Option<i16>,
    /// How much of the above was given.
    pub precision: Precision,
}

/// The smallest unit that a time was written with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Precision {
    /// `YYYY`
    Year,
    /// `YYYYMM`
    Month,
    /// `YYYYMMDD`
    Day,
    /// `YYYYMMDDHH`
    Hour,
    /// `YYYYMMDDHHMM`
    Minute,
    /// `YYYYMMDDHHMMSS`
    Second,
    /// With this many decimals of a second, 1 to 4.
    Fraction(u8),
}

/// Why a text is no date or time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimestampError {
    /// Another shape than the standard's.
    #[error("a date or time is written as YYYY[MM[DD[HH[MM[SS[.S[S[S[S]]]]]]]]][+/-ZZZZ]")]
    Shape,
    /// A month 13, a 30 February, an hour 25.
    #[error("there is no such date or time")]
    Range,
}

impl Timestamp {
    /// The date in ISO 8601 and FHIR `date` form, as precise as given: `2026`, `2026-04`.
    #[must_use]
    pub fn to_iso_date(&self) -> String {
        match self.precision {
            Precision::Year => format!("{:04}", self.year),
            Precision::Month => format!("{:04}-{:02}", self.year, self.month),
            _ => format!("{:04}-{:02}-{:02}", self.year, self.month, self.day),
        }
    }

    /// ISO 8601 and FHIR `dateTime` form. A time needs an offset: `default_offset` (minutes)
    /// stands in when the sender gave none, and the date alone is returned when that is absent.
    #[must_use]
    pub fn to_iso_date_time(&self, default_offset: Option<i16>) -> String {
        let date = self.to_iso_date();
        let Some(offset) = self.offset.or(default_offset) else {
            return date;
        };
        if self.precision < Precision::Hour {
            return date;
        }
        let (hour, minute, second) = (self.hour, self.minute, self.second);
        let mut text = format!("{date}T{hour:02}:{minute:02}:{second:02}");
        if let Precision::Fraction(digits) = self.precision {
            text.push('.');
            text.push_str(&self.decimals(digits));
        }
        let (sign, minutes) = (if offset < 0 { '-' } else { '+' }, offset.unsigned_abs());
        text.push_str(&format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60));
        text
    }

    fn decimals(&self, digits: u8) -> String {
        let all = format!("{:04}", self.fraction);
        all.chars().take(usize::from(digits.clamp(1, 4))).collect()
    }

    fn checked(self) -> Result<Self, TimestampError> {
        let leap = self.year.is_multiple_of(4)
            && (!self.year.is_multiple_of(100) || self.year.is_multiple_of(400));
        let days = match self.month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            _ => return Err(TimestampError::Range),
        };
        let date = (1..=days).contains(&self.day);
        let time = self.hour < 24 && self.minute < 60 && self.second < 60;
        let offset = self.offset.is_none_or(|offset| offset.abs() <= 15 * 60);
        (date && time && offset)
            .then_some(self)
            .ok_or(TimestampError::Range)
    }
}

impl FromStr for Timestamp {
    type Err = TimestampError;

    fn from_str(text: &str) -> Result<Self, TimestampError> {
        let (text, offset) = match text.find(['+', '-']) {
            Some(at) => (&text[..at], Some(offset(&text[at..])?)),
            None => (text, None),
        };
        let (digits, decimals) = match text.split_once('.') {
            Some((digits, decimals)) => (digits, Some(decimals)),
            None => (text, None),
        };
        let (fraction, fraction_digits) = decimals.map_or(Ok((0, 0)), fraction)?;
        let precision = match (digits.len(), fraction_digits) {
            (4, 0) => Precision::Year,
            (6, 0) => Precision::Month,
            (8, 0) => Precision::Day,
            (10, 0) => Precision::Hour,
            (12, 0) => Precision::Minute,
            (14, 0) => Precision::Second,
            (14, given) => Precision::Fraction(given),
            _ => return Err(TimestampError::Shape),
        };
        let pair = |at: usize, absent: u8| match digits.get(at..at + 2) {
            None => Ok(absent),
            Some(pair) => number(pair),
        };
        let timestamp = Self {
            year: number(digits.get(..4).ok_or(TimestampError::Shape)?)?,
            month: pair(4, 1)?,
            day: pair(6, 1)?,
            hour: pair(8, 0)?,
            minute: pair(10, 0)?,
            second: pair(12, 0)?,
            fraction,
            offset,
            precision,
        };
        timestamp.checked()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}", self.year)?;
        let parts = [
            (Precision::Month, self.month),
            (Precision::Day, self.day),
            (Precision::Hour, self.hour),
            (Precision::Minute, self.minute),
            (Precision::Second, self.second),
        ];
        for (unit, value) in parts {
            if self.precision >= unit {
                write!(f, "{value:02}")?;
            }
        }
        if let Precision::Fraction(digits) = self.precision {
            write!(f, ".{}", self.decimals(digits))?;
        }
        if let Some(offset) = self.offset {
            let sign = if offset < 0 { '-' } else { '+' };
            let minutes = offset.unsigned_abs();
            write!(f, "{sign}{:02}{:02}", minutes / 60, minutes % 60)?;
        }
        Ok(())
    }
}

fn number<T: FromStr>(digits: &str) -> Result<T, TimestampError> {
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(TimestampError::Shape);
    }
    digits.parse().map_err(|_| TimestampError::Shape)
}

/// One to four decimals as ten-thousandths, and how many there are.
fn fraction(decimals: &str) -> Result<(u16, u8), TimestampError> {
    let digits = u8::try_from(decimals.len()).unwrap_or(u8::MAX);
    if !(1..=4).contains(&digits) {
        return Err(TimestampError::Shape);
    }
    let value: u16 = number(decimals)?;
    Ok((value * 10_u16.pow(u32::from(4 - digits)), digits))
}

fn offset(text: &str) -> Result<i16, TimestampError> {
    let (Some(sign), Some(hours), Some(minutes), 5) =
        (text.get(..1), text.get(1..3), text.get(3..), text.len())
    else {
        return Err(TimestampError::Shape);
    };
    let (hours, minutes): (i16, i16) = (number(hours)?, number(minutes)?);
    if minutes > 59 {
        return Err(TimestampError::Range);
    }
    let total = hours * 60 + minutes;
    Ok(if sign == "-" { -total } else { total })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_precision_prints_as_it_was_read() {
        for (text, iso) in [
            ("2026", "2026"),
            ("202604", "2026-04"),
            ("20260419", "2026-04-19"),
            ("2026041910", "2026-04-19T10:00:00+00:00"),
            ("202604191015", "2026-04-19T10:15:00+00:00"),
            ("20260419101500", "2026-04-19T10:15:00+00:00"),
            ("20260419101500.1", "2026-04-19T10:15:00.1+00:00"),
            ("20260419101500.0123", "2026-04-19T10:15:00.0123+00:00"),
            ("20250102153045-0530", "2025-01-02T15:30:45-05:30"),
            ("202101151620+0215", "2021-01-15T16:20:00+02:15"),
            ("20240229", "2024-02-29"),
        ] {
            let read: Timestamp = text.parse().unwrap();
            assert_eq!(read.to_string(), text);
            assert_eq!(read.to_iso_date_time(Some(0)), iso);
        }
    }

    #[test]
    fn a_time_without_any_offset_is_only_a_date_to_fhir() {
        let read: Timestamp = "20260419101500".parse().unwrap();
        assert_eq!(read.to_iso_date_time(None), "2026-04-19");
    }

    #[test]
    fn other_shapes_and_impossible_dates_are_refused() {
        for (text, error) in [
            ("", TimestampError::Shape),
            ("\"\"", TimestampError::Shape),
            ("202", TimestampError::Shape),
            ("20261", TimestampError::Shape),
            ("2026-01-15T14:30:00", TimestampError::Shape),
            ("01/15/2025 14:30:00", TimestampError::Shape),
            ("20250115 1430", TimestampError::Shape),
            ("20260419101500.", TimestampError::Shape),
            ("20260419101500.12345", TimestampError::Shape),
            ("202604191015.1", TimestampError::Shape),
            ("20260419+1", TimestampError::Shape),
            ("２０２６", TimestampError::Shape),
            ("20261301", TimestampError::Range),
            ("20230229", TimestampError::Range),
            ("2026041924", TimestampError::Range),
            ("20260419101500+9900", TimestampError::Range),
        ] {
            assert_eq!(text.parse::<Timestamp>(), Err(error), "{text}");
        }
    }
}
