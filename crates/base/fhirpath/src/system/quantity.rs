//! `System.Quantity`: a decimal with a UCUM unit or a calendar duration unit.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;

use mt_ucum::Unit as UcumUnit;
use rust_decimal::Decimal;

use super::{compare_rounded, significant_places};

/// A decimal and its unit.
#[derive(Clone, Debug)]
pub struct Quantity<'a> {
    /// The number.
    pub value: Decimal,
    /// What is counted.
    pub unit: Unit<'a>,
}

/// A unit of measure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unit<'a> {
    /// A UCUM code, or text that is compared literally when it is not one.
    Ucum(Cow<'a, str>),
    /// A calendar duration keyword, `year` or `days`.
    Calendar(CalendarUnit),
}

/// Units of calendar durations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum CalendarUnit {
    Millisecond,
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

const CALENDAR: [(CalendarUnit, &str, &str, &str); 8] = [
    (CalendarUnit::Year, "year", "years", "a"),
    (CalendarUnit::Month, "month", "months", "mo"),
    (CalendarUnit::Week, "week", "weeks", "wk"),
    (CalendarUnit::Day, "day", "days", "d"),
    (CalendarUnit::Hour, "hour", "hours", "h"),
    (CalendarUnit::Minute, "minute", "minutes", "min"),
    (CalendarUnit::Second, "second", "seconds", "s"),
    (
        CalendarUnit::Millisecond,
        "millisecond",
        "milliseconds",
        "ms",
    ),
];

impl CalendarUnit {
    /// The unit of a duration keyword, singular or plural.
    #[must_use]
    pub fn from_keyword(word: &str) -> Option<Self> {
        CALENDAR
            .iter()
            .find(|(_, one, many, _)| *one == word || *many == word)
            .map(|entry| entry.0)
    }

    fn entry(self) -> (&'static str, &'static str) {
        CALENDAR
            .iter()
            .find(|entry| entry.0 == self)
            .map_or(("second", "s"), |entry| (entry.1, entry.3))
    }

    /// Months and years have no fixed length.
    const fn is_fixed(self) -> bool {
        !matches!(self, Self::Month | Self::Year)
    }
}

impl<'a> Unit<'a> {
    /// A UCUM unit.
    #[must_use]
    pub fn ucum(code: impl Into<Cow<'a, str>>) -> Self {
        Self::Ucum(code.into())
    }

    /// The unit of a duration keyword.
    #[must_use]
    pub fn calendar(word: &str) -> Option<Self> {
        CalendarUnit::from_keyword(word).map(Self::Calendar)
    }

    /// The UCUM code that measures the same.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Ucum(code) => code,
            Self::Calendar(unit) => unit.entry().1,
        }
    }

    /// The calendar unit by which a date may be moved: a keyword, or a UCUM unit of fixed length.
    #[must_use]
    pub fn duration(&self) -> Option<CalendarUnit> {
        match self {
            Self::Calendar(unit) => Some(*unit),
            Self::Ucum(code) => CalendarUnit::from_keyword(code).or_else(|| {
                CALENDAR
                    .iter()
                    .find(|entry| entry.3 == code && entry.0.is_fixed())
                    .map(|entry| entry.0)
            }),
        }
    }

    fn is_one(&self) -> bool {
        matches!(self, Self::Ucum(code) if code == "1")
    }

    /// Whether one is a calendar unit and the other a UCUM unit, and one of them a year or month:
    /// calendar years differ in length, UCUM's do not, so they are never equal nor unequal.
    fn is_ambiguous_with(&self, other: &Self) -> bool {
        let pair = match (self, other) {
            (Self::Calendar(calendar), Self::Ucum(code)) => (calendar, code),
            (Self::Ucum(code), Self::Calendar(calendar)) => (calendar, code),
            _ => return false,
        };
        !pair.0.is_fixed() || matches!(&**pair.1, "a" | "mo")
    }
}

impl<'a> Quantity<'a> {
    /// A quantity.
    #[must_use]
    pub const fn new(value: Decimal, unit: Unit<'a>) -> Self {
        Self { value, unit }
    }

    /// This quantity counted in `unit`; `None` when the units measure different things.
    #[must_use]
    pub fn convert(&self, unit: &Unit<'_>) -> Option<Decimal> {
        if self.unit == *unit {
            return Some(self.value);
        }
        if let (Unit::Calendar(from), Unit::Calendar(to)) = (&self.unit, unit) {
            let (from, to) = calendar_lengths(*from, *to);
            return self.value.checked_mul(from)?.checked_div(to);
        }
        let from = UcumUnit::parse(self.unit.code()).ok()?;
        let to = UcumUnit::parse(unit.code()).ok()?;
        from.convert(self.value, &to).ok()
    }

    /// Order by value, or `None` when the units measure different things.
    #[must_use]
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        if self.unit.is_ambiguous_with(&other.unit) {
            return None;
        }
        Some(self.convert(&other.unit)?.cmp(&other.value))
    }

    /// Whether the units measure the same.
    #[must_use]
    pub fn is_comparable(&self, other: &Self) -> bool {
        Self::new(Decimal::ONE, self.unit.clone())
            .convert(&other.unit)
            .is_some()
    }

    /// Equality in the sense of `=`; `None` when it cannot be told.
    #[must_use]
    pub fn equal(&self, other: &Self) -> Option<bool> {
        if self.unit.is_ambiguous_with(&other.unit) {
            return None;
        }
        Some(
            self.convert(&other.unit)
                .is_some_and(|value| value == other.value),
        )
    }

    /// Equality in the sense of `~`: to the precision of the less precise value.
    #[must_use]
    pub fn equivalent(&self, other: &Self) -> bool {
        // Compared in the coarser unit, where the less precise value keeps its digits.
        let (Some(here), Some(there)) = (other.convert(&self.unit), self.convert(&other.unit))
        else {
            return false;
        };
        if significant_places(here) > significant_places(there) {
            compare_rounded(self.value, here) == Ordering::Equal
        } else {
            compare_rounded(there, other.value) == Ordering::Equal
        }
    }

    /// The sum in the finer of the two units.
    #[must_use]
    pub fn add(&self, other: &Self) -> Option<Self> {
        if self.unit.is_ambiguous_with(&other.unit) {
            return None;
        }
        let one = Self::new(Decimal::ONE, self.unit.clone());
        if one.convert(&other.unit)? >= Decimal::ONE {
            let value = self.convert(&other.unit)?.checked_add(other.value)?;
            return Some(Self::new(value, other.unit.clone()));
        }
        let value = self.value.checked_add(other.convert(&self.unit)?)?;
        Some(Self::new(value, self.unit.clone()))
    }

    /// The product, in the product of the units.
    #[must_use]
    pub fn multiply(&self, other: &Self) -> Option<Self> {
        let value = self.value.checked_mul(other.value)?;
        let unit = match (self.unit.is_one(), other.unit.is_one()) {
            (true, _) => other.unit.clone(),
            (_, true) => self.unit.clone(),
            _ => Unit::ucum(format!("({}).({})", self.unit.code(), other.unit.code())),
        };
        Some(Self::new(value, unit))
    }

    /// The quotient, in the quotient of the units; `None` for division by zero.
    #[must_use]
    pub fn divide(&self, other: &Self) -> Option<Self> {
        let value = self.value.checked_div(other.value)?;
        let unit = if self.unit == other.unit {
            Unit::ucum("1")
        } else if other.unit.is_one() {
            self.unit.clone()
        } else {
            Unit::ucum(format!("({})/({})", self.unit.code(), other.unit.code()))
        };
        Some(Self::new(value, unit))
    }
}

/// The lengths of two calendar units on a common scale. Between them a year has twelve months;
/// towards shorter units a year has 365 days and a month 30 (FHIRPath §3.1.9, calendar durations).
fn calendar_lengths(from: CalendarUnit, to: CalendarUnit) -> (Decimal, Decimal) {
    const fn milliseconds(unit: CalendarUnit, other: CalendarUnit) -> i64 {
        match unit {
            CalendarUnit::Year if other.is_fixed() => 365 * 86_400_000,
            CalendarUnit::Year => 12 * 30 * 86_400_000,
            CalendarUnit::Month => 30 * 86_400_000,
            CalendarUnit::Week => 7 * 86_400_000,
            CalendarUnit::Day => 86_400_000,
            CalendarUnit::Hour => 3_600_000,
            CalendarUnit::Minute => 60_000,
            CalendarUnit::Second => 1_000,
            CalendarUnit::Millisecond => 1,
        }
    }
    (
        Decimal::from(milliseconds(from, to)),
        Decimal::from(milliseconds(to, from)),
    )
}

impl fmt::Display for Quantity<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.unit {
            Unit::Ucum(code) => write!(f, "{} '{code}'", self.value),
            Unit::Calendar(unit) => {
                let plural = if self.value == Decimal::ONE { "" } else { "s" };
                write!(f, "{} {}{plural}", self.value, unit.entry().0)
            }
        }
    }
}
