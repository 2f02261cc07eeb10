//! The clock, the components of dates and times, and boundaries of partial precision.

use rust_decimal::Decimal;

use super::call::{optional, truth};
use super::equality::{as_date_time, as_decimal, as_quantity};
use super::{Evaluator, Result, Scope};
use crate::functions::Function;
use crate::syntax::NodeId;
use crate::system::{Boundary, DateTime, Quantity};
use crate::value::{Collection, Value};

impl<'a> Evaluator<'a, '_> {
    pub(super) fn temporal_call(
        &mut self,
        function: Function,
        arguments: &[NodeId],
        input: &[Value<'a>],
        scope: Scope<'a, '_>,
    ) -> Result<Collection<'a>> {
        use Function as F;
        if matches!(function, F::Now | F::Today | F::TimeOfDay) {
            let now = DateTime::from_instant(self.context.now);
            return Ok(optional(now.and_then(|now| match function {
                F::Now => Some(Value::DateTime(now)),
                F::Today => Some(Value::Date(now.date())),
                _ => now.time().map(Value::Time),
            })));
        }
        let Some(value) = self.system(input, function.name())? else {
            return Ok(Collection::new());
        };
        match (function, arguments) {
            (F::Precision, _) => Ok(optional(precision(&value).map(Value::Integer))),
            (F::Comparable, [other]) => {
                let Some(other) = self.argument(*other, scope, "comparable")? else {
                    return Ok(Collection::new());
                };
                match (as_quantity(&value), as_quantity(&other)) {
                    (Some(a), Some(b)) => Ok(truth(a.is_comparable(&b))),
                    _ => self.mismatch("comparable", &value),
                }
            }
            _ => self.component(function, &value).map(optional),
        }
    }

    fn component(&self, function: Function, value: &Value<'a>) -> Result<Option<Value<'a>>> {
        use Function as F;
        let date_time = as_date_time(value);
        let date = date_time.map(DateTime::date);
        let time = match value {
            Value::Time(time) => Some(*time),
            _ => date_time.and_then(DateTime::time),
        };
        if date.is_none() && time.is_none() {
            return self.mismatch(function.name(), value);
        }
        let number = match function {
            F::DateOf => return Ok(date.map(Value::Date)),
            F::TimeOf => return Ok(time.map(Value::Time)),
            F::TimezoneOffsetOf => {
                let minutes = date_time.and_then(DateTime::offset);
                let hours = minutes.map(|m| Decimal::from(m) / Decimal::from(60));
                return Ok(hours.map(|h| Value::Decimal(h.normalize())));
            }
            F::YearOf => date.map(|date| i64::from(date.year())),
            F::MonthOf => date.and_then(|date| date.month()).map(i64::from),
            F::DayOf => date.and_then(|date| date.day()).map(i64::from),
            F::HourOf => time.map(|time| i64::from(time.hour())),
            F::MinuteOf => time.and_then(|time| time.minute()).map(i64::from),
            F::SecondOf => time.and_then(|time| time.second()).map(i64::from),
            _ => time.and_then(|time| time.millisecond()).map(i64::from),
        };
        Ok(number.map(Value::Integer))
    }

    pub(super) fn boundary(
        &mut self,
        function: Function,
        arguments: &[NodeId],
        input: &[Value<'a>],
        scope: Scope<'a, '_>,
    ) -> Result<Collection<'a>> {
        let boundary = match function {
            Function::LowBoundary => Boundary::Low,
            _ => Boundary::High,
        };
        let Some(value) = self.system(input, "boundary")? else {
            return Ok(Collection::new());
        };
        let precision = self.optional_integer(arguments, scope, "boundary")?;
        Ok(optional(match value {
            Value::Date(date) => boundary.date(date, precision).map(Value::Date),
            Value::DateTime(date_time) => boundary
                .date_time(date_time, precision)
                .map(Value::DateTime),
            Value::Time(time) => boundary.time(time, precision).map(Value::Time),
            Value::Quantity(quantity) => boundary
                .decimal(quantity.value, precision)
                .map(|value| Value::Quantity(Quantity::new(value, quantity.unit))),
            other => match as_decimal(&other) {
                Some(decimal) => boundary.decimal(decimal, precision).map(Value::Decimal),
                None => return self.mismatch("boundary", &other),
            },
        }))
    }
}

/// Digits after the point of a number, digits of a date or time.
fn precision(value: &Value<'_>) -> Option<i64> {
    Some(match value {
        Value::Integer(_) => 0,
        Value::Decimal(decimal) => i64::from(decimal.scale()),
        Value::Date(date) => i64::from(date.precision()),
        Value::DateTime(date_time) => i64::from(date_time.precision()),
        Value::Time(time) => i64::from(time.precision()),
        _ => return None,
    })
}
