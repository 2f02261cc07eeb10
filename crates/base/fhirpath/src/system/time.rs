//! `System.Time`: a time of day, known to the hour, minute, second or a fraction of it.

use std::cmp::Ordering;
use std::fmt;

use super::{Span, take_digits};

pub(super) const SECOND: i128 = 1_000_000_000;
pub(super) const MINUTE: i128 = 60 * SECOND;
pub(super) const HOUR: i128 = 60 * MINUTE;

/// A time of day of partial precision. Seconds and their fraction are one precision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Time {
    pub(super) hour: u8,
    pub(super) minute: Option<u8>,
    pub(super) second: Option<u8>,
    pub(super) nanosecond: u32,
    /// How many digits of the fraction are known, 0–9.
    pub(super) fraction_digits: u8,
}

impl Time {
    /// Reads `hh`, `hh:mm`, `hh:mm:ss` or `hh:mm:ss.fff` (one to nine digits).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (hour, rest) = take_digits(text, 2)?;
        let mut time = Self {
            hour: u8::try_from(hour).ok()?,
            minute: None,
            second: None,
            nanosecond: 0,
            fraction_digits: 0,
        };
        let rest = match rest.strip_prefix(':') {
            Some(rest) => time.parse_minutes(rest)?,
            None => rest,
        };
        let is_valid = time.hour < 24
            && time.minute.is_none_or(|m| m < 60)
            // 60 is a leap second, which XML Schema and FHIR allow.
            && time.second.is_none_or(|s| s <= 60);
        (rest.is_empty() && is_valid).then_some(time)
    }

    fn parse_minutes<'t>(&mut self, text: &'t str) -> Option<&'t str> {
        let (minute, rest) = take_digits(text, 2)?;
        self.minute = Some(u8::try_from(minute).ok()?);
        let Some(rest) = rest.strip_prefix(':') else {
            return Some(rest);
        };
        let (second, rest) = take_digits(rest, 2)?;
        self.second = Some(u8::try_from(second).ok()?);
        let Some(fraction) = rest.strip_prefix('.') else {
            return Some(rest);
        };
        // FHIR sets no limit on the digits; what a nanosecond cannot hold is dropped.
        let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
        let kept = digits.min(9);
        let (value, _) = take_digits(fraction, kept)?;
        if kept == 0 {
            return None;
        }
        self.fraction_digits = u8::try_from(kept).ok()?;
        self.nanosecond = value * 10u32.pow(9 - u32::from(self.fraction_digits));
        Some(&fraction[digits..])
    }

    /// The hour, 0–23.
    #[must_use]
    pub const fn hour(self) -> u8 {
        self.hour
    }

    /// The minute, when known.
    #[must_use]
    pub const fn minute(self) -> Option<u8> {
        self.minute
    }

    /// The second, when known.
    #[must_use]
    pub const fn second(self) -> Option<u8> {
        self.second
    }

    /// Whole milliseconds of the fraction, when one is known.
    #[must_use]
    pub const fn millisecond(self) -> Option<u16> {
        if self.fraction_digits == 0 {
            return None;
        }
        Some((self.nanosecond / 1_000_000) as u16)
    }

    /// How many digits the time holds: 2, 4, 6, or 9 with a fraction.
    #[must_use]
    pub const fn precision(self) -> u8 {
        match (self.minute, self.second) {
            (None, _) => 2,
            (_, None) => 4,
            _ if self.fraction_digits == 0 => 6,
            _ => 9,
        }
    }

    /// The precision that counts in comparisons: seconds and fractions are the same.
    pub(super) fn comparison_precision(self) -> u8 {
        self.precision().min(6)
    }

    /// The same time to the full millisecond, unknown parts at their least or greatest value.
    pub(crate) fn fill(self, to_high: bool) -> Self {
        let unknown = |highest| if to_high { highest } else { 0 };
        let has_fraction = self.fraction_digits > 0;
        Self {
            hour: self.hour,
            minute: Some(self.minute.unwrap_or(unknown(59))),
            second: Some(self.second.unwrap_or(unknown(59))),
            nanosecond: if !has_fraction && to_high {
                999_000_000
            } else {
                self.nanosecond
            },
            fraction_digits: if has_fraction {
                self.fraction_digits
            } else {
                3
            },
        }
    }

    /// The same time with at most `precision` digits (2, 4, 6 or 9).
    pub(crate) fn truncate(self, precision: u8) -> Self {
        let fraction_digits = if precision >= 9 {
            self.fraction_digits
        } else {
            0
        };
        Self {
            hour: self.hour,
            minute: self.minute.filter(|_| precision >= 4),
            second: self.second.filter(|_| precision >= 6),
            nanosecond: if fraction_digits == 0 {
                0
            } else {
                self.nanosecond
            },
            fraction_digits,
        }
    }

    /// Nanoseconds from midnight to the earliest moment that the time may stand for.
    pub(super) fn start(self) -> i128 {
        i128::from(self.hour) * HOUR
            + i128::from(self.minute.unwrap_or(0)) * MINUTE
            + i128::from(self.second.unwrap_or(0)) * SECOND
            + i128::from(self.nanosecond)
    }

    /// Nanoseconds from midnight. A second without fraction is that second exactly.
    pub(crate) fn span(self) -> Span {
        let length = match self.comparison_precision() {
            2 => HOUR,
            4 => MINUTE,
            _ => 1,
        };
        let low = self.start();
        Span {
            low,
            high: low + length - 1,
        }
    }

    /// Order, or `None` when the precisions differ and the common part is equal.
    #[must_use]
    pub fn compare(self, other: Self) -> Option<Ordering> {
        if self.comparison_precision() == other.comparison_precision() {
            return Some(self.start().cmp(&other.start()));
        }
        self.span().compare_disjoint(other.span())
    }

    /// The time of day at `nanoseconds` after midnight (below 24 h), as precise as `self`.
    pub(super) fn at(self, nanoseconds: i128) -> Self {
        let part =
            |unit: i128, modulus: i128| u8::try_from(nanoseconds / unit % modulus).unwrap_or(0);
        let nanosecond = u32::try_from(nanoseconds % SECOND).unwrap_or(0);
        Self {
            hour: part(HOUR, 24),
            minute: self.minute.map(|_| part(MINUTE, 60)),
            second: self.second.map(|_| part(SECOND, 60)),
            nanosecond: if self.second.is_some() { nanosecond } else { 0 },
            // Adding milliseconds to whole seconds makes the fraction known.
            fraction_digits: match self.fraction_digits {
                0 if self.second.is_some() && nanosecond != 0 => 3,
                digits => digits,
            },
        }
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}", self.hour)?;
        if let Some(minute) = self.minute {
            write!(f, ":{minute:02}")?;
        }
        if let Some(second) = self.second {
            write!(f, ":{second:02}")?;
        }
        if self.fraction_digits > 0 {
            let digits = usize::from(self.fraction_digits);
            let shown = self.nanosecond / 10u32.pow(9 - u32::from(self.fraction_digits));
            write!(f, ".{shown:0digits$}")?;
        }
        Ok(())
    }
}
