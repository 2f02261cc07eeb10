//! `lowBoundary` and `highBoundary`: the extremes that a value of limited precision may stand for.

use rust_decimal::{Decimal, RoundingStrategy};

use super::{Date, DateTime, Time};

/// The most digits after the point that a decimal holds.
pub(crate) const MAX_DECIMAL_PLACES: u32 = 28;

/// Which end of the range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Boundary {
    Low,
    High,
}

impl Boundary {
    /// The boundary of `value` ± half a unit of its last digit, to `places` (8 when absent).
    pub(crate) fn decimal(self, value: Decimal, places: Option<i64>) -> Option<Decimal> {
        let places = u32::try_from(places.unwrap_or(8))
            .ok()
            .filter(|p| *p <= MAX_DECIMAL_PLACES)?;
        let half_scale = value
            .scale()
            .checked_add(1)
            .filter(|s| *s <= MAX_DECIMAL_PLACES)?;
        let half = Decimal::new(5, half_scale);
        let (exact, strategy) = match self {
            Self::Low => (
                value.checked_sub(half)?,
                RoundingStrategy::ToNegativeInfinity,
            ),
            Self::High => (
                value.checked_add(half)?,
                RoundingStrategy::ToPositiveInfinity,
            ),
        };
        let mut rounded = exact.round_dp_with_strategy(places, strategy);
        // A value below half a unit of the asked precision cannot be told from zero.
        let nearest = value.round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero);
        if nearest.is_zero() && !value.is_zero() && places < value.scale() && places > 0 {
            rounded = Decimal::ZERO;
        }
        rounded.rescale(places);
        Some(rounded)
    }

    /// The boundary with `precision` digits (4, 6 or 8; 8 when absent).
    pub(crate) fn date(self, value: Date, precision: Option<i64>) -> Option<Date> {
        let precision = one_of(precision.unwrap_or(8), &[4, 6, 8])?;
        let filled = match self {
            Self::Low => value.first_day(),
            Self::High => value.last_day(),
        };
        Some(filled.truncate(precision))
    }

    /// The boundary with `precision` digits (up to 17, which is the default).
    ///
    /// An unknown offset from UTC is +14:00 for the low and −12:00 for the high boundary.
    pub(crate) fn date_time(self, value: DateTime, precision: Option<i64>) -> Option<DateTime> {
        let precision = one_of(precision.unwrap_or(17), &[4, 6, 8, 10, 12, 14, 17])?;
        let date = self.date(value.date, None)?;
        if precision <= 8 {
            return Some(DateTime::from(date.truncate(precision)));
        }
        let time = match value.time {
            Some(time) => self.time(time, Some(i64::from(precision - 8)))?,
            None => {
                let midnight = Time::parse(if self == Self::Low { "00" } else { "23" })?;
                self.time(midnight, Some(i64::from(precision - 8)))?
            }
        };
        let offset = value.offset.unwrap_or(match self {
            Self::Low => 14 * 60,
            Self::High => -12 * 60,
        });
        Some(DateTime {
            date,
            time: Some(time),
            offset: Some(offset),
        })
    }

    /// The boundary with `precision` digits (2, 4, 6 or 9, which is the default).
    pub(crate) fn time(self, value: Time, precision: Option<i64>) -> Option<Time> {
        let precision = one_of(precision.unwrap_or(9), &[2, 4, 6, 9])?;
        Some(value.fill(self == Self::High).truncate(precision))
    }
}

fn one_of(precision: i64, allowed: &[u8]) -> Option<u8> {
    allowed.iter().copied().find(|p| i64::from(*p) == precision)
}
