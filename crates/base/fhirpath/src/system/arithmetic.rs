//! Dates and times plus or minus a duration (FHIRPath §6.7).
//!
//! The decimal part of a duration is ignored, and a duration finer than the value's precision is
//! first converted to that precision: `@2014 + 24 months` is `@2016`.

use super::date::{DAY, date_from_days, days_from_epoch, days_in_month};
use super::time::{HOUR, MINUTE, SECOND};
use super::{CalendarUnit, Date, DateTime, Time};

impl Date {
    /// This date moved by `amount` units; `None` outside the years 1–9999.
    #[must_use]
    pub fn plus(self, amount: i64, unit: CalendarUnit) -> Option<Self> {
        if let Some(months) = months(amount, unit)? {
            return self.plus_months(months);
        }
        let days = i64::try_from(i128::from(amount).checked_mul(nanoseconds(unit))? / DAY).ok()?;
        match self.precision() {
            4 => self.plus_months((days / 365).checked_mul(12)?),
            6 => self.plus_months(days / 30),
            _ => date_from_days(days_from_epoch(self).checked_add(days)?),
        }
    }

    fn plus_months(self, months: i64) -> Option<Self> {
        if self.month().is_none() {
            let year = i64::from(self.year()).checked_add(months / 12)?;
            return Self::new(i16::try_from(year).ok()?, None, None);
        }
        let month = i64::from(self.month().unwrap_or(1)) - 1;
        let total = i64::from(self.year())
            .checked_mul(12)?
            .checked_add(month)?
            .checked_add(months)?;
        let year = i16::try_from(total.div_euclid(12)).ok()?;
        let month = u8::try_from(total.rem_euclid(12) + 1).ok()?;
        // The 31st moves to the last day of a shorter month.
        let day = self.day().map(|day| day.min(days_in_month(year, month)));
        Self::new(year, Some(month), day)
    }
}

impl DateTime {
    /// This moment moved by `amount` units; `None` outside the years 1–9999.
    #[must_use]
    pub fn plus(self, amount: i64, unit: CalendarUnit) -> Option<Self> {
        let Some(time) = self.time else {
            return Some(Self {
                date: self.date.plus(amount, unit)?,
                ..self
            });
        };
        if let Some(months) = months(amount, unit)? {
            return Some(Self {
                date: self.date.plus_months(months)?,
                ..self
            });
        }
        let step = i128::from(amount).checked_mul(nanoseconds(unit))?;
        let total = time.start().checked_add(to_precision(step, time))?;
        let days = i64::try_from(total.div_euclid(DAY)).ok()?;
        let date = date_from_days(days_from_epoch(self.date).checked_add(days)?)?;
        Some(Self {
            date,
            time: Some(time.at(total.rem_euclid(DAY))),
            ..self
        })
    }
}

impl Time {
    /// This time of day moved by `amount` units, around midnight; `None` for days and longer units.
    #[must_use]
    pub fn plus(self, amount: i64, unit: CalendarUnit) -> Option<Self> {
        if nanoseconds(unit) == 0 || nanoseconds(unit) >= DAY {
            return None;
        }
        let step = i128::from(amount).checked_mul(nanoseconds(unit))?;
        let total = self.start().checked_add(to_precision(step, self))?;
        Some(self.at(total.rem_euclid(DAY)))
    }
}

/// The step in whole units of the time's precision.
fn to_precision(step: i128, time: Time) -> i128 {
    let unit = match time.precision() {
        2 => HOUR,
        4 => MINUTE,
        _ => return step,
    };
    step / unit * unit
}

/// `Some(None)` when the unit is not a number of months, `None` on overflow.
#[expect(
    clippy::option_option,
    reason = "overflow and 'not months' are different answers"
)]
fn months(amount: i64, unit: CalendarUnit) -> Option<Option<i64>> {
    match unit {
        CalendarUnit::Year => amount.checked_mul(12).map(Some),
        CalendarUnit::Month => Some(Some(amount)),
        _ => Some(None),
    }
}

/// Nanoseconds in a unit of fixed length, 0 for months and years.
const fn nanoseconds(unit: CalendarUnit) -> i128 {
    match unit {
        CalendarUnit::Year | CalendarUnit::Month => 0,
        CalendarUnit::Week => 7 * DAY,
        CalendarUnit::Day => DAY,
        CalendarUnit::Hour => HOUR,
        CalendarUnit::Minute => MINUTE,
        CalendarUnit::Second => SECOND,
        CalendarUnit::Millisecond => SECOND / 1_000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_keeps_the_day_or_takes_the_last_one() {
        let date = |text| Date::parse(text).unwrap();
        assert_eq!(
            date("2020-01-31").plus(1, CalendarUnit::Month),
            Some(date("2020-02-29"))
        );
        assert_eq!(
            date("2020-02-29").plus(-1, CalendarUnit::Year),
            Some(date("2019-02-28"))
        );
        assert_eq!(
            date("2014").plus(24, CalendarUnit::Month),
            Some(date("2016"))
        );
        assert_eq!(date("9999-12-31").plus(1, CalendarUnit::Day), None);
        assert_eq!(date("2019-03-01").plus(i64::MAX, CalendarUnit::Week), None);
    }

    #[test]
    fn a_time_goes_around_midnight() {
        let time = |text| Time::parse(text).unwrap();
        assert_eq!(
            time("23:30").plus(45, CalendarUnit::Minute),
            Some(time("00:15"))
        );
        assert_eq!(
            time("01:00").plus(-2, CalendarUnit::Hour),
            Some(time("23:00"))
        );
        assert_eq!(time("01:00").plus(1, CalendarUnit::Day), None);
    }
}
