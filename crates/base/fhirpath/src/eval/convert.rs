//! Conversions (FHIRPath §5.5): `toX()` gives the value or nothing, `convertsToX()` says which.

use std::str::FromStr;

use rust_decimal::Decimal;

use super::call::{optional, truth};
use super::equality::as_quantity;
use super::{Evaluator, Result, Scope};
use crate::functions::Function;
use crate::syntax::{NodeId, parse_quantity_text};
use crate::system::{Date, DateTime, Quantity, Time, Unit};
use crate::value::{Collection, Value};

impl<'a> Evaluator<'a, '_> {
    pub(super) fn conversion_call(
        &mut self,
        function: Function,
        arguments: &[NodeId],
        input: &[Value<'a>],
        scope: Scope<'a, '_>,
    ) -> Result<Collection<'a>> {
        use Function as F;
        let Some(item) = self.singleton(input)? else {
            return Ok(Collection::new());
        };
        let unit = match arguments {
            [unit, ..] => self.text_argument(*unit, scope, function.name())?,
            [] => None,
        };
        let value = item.to_system();
        let converted = value.as_ref().and_then(|value| match function {
            F::ToBoolean | F::ConvertsToBoolean => to_boolean(value).map(Value::Boolean),
            F::ToInteger | F::ConvertsToInteger | F::ToLong | F::ConvertsToLong => {
                to_integer(value).map(Value::Integer)
            }
            F::ToDecimal | F::ConvertsToDecimal => to_decimal(value).map(Value::Decimal),
            F::ToString | F::ConvertsToString => Some(to_string(value)),
            F::ToDate | F::ConvertsToDate => to_date(value).map(Value::Date),
            F::ToDateTime | F::ConvertsToDateTime => to_date_time(value).map(Value::DateTime),
            F::ToTime | F::ConvertsToTime => to_time(value).map(Value::Time),
            _ => to_quantity(value, unit.as_deref()).map(Value::Quantity),
        });
        Ok(match function {
            F::ToBoolean
            | F::ToInteger
            | F::ToLong
            | F::ToDecimal
            | F::ToString
            | F::ToDate
            | F::ToDateTime
            | F::ToTime
            | F::ToQuantity => optional(converted),
            _ => truth(converted.is_some()),
        })
    }
}

fn to_boolean(value: &Value<'_>) -> Option<bool> {
    match value {
        Value::Boolean(value) => Some(*value),
        Value::Integer(0) => Some(false),
        Value::Integer(1) => Some(true),
        Value::Decimal(value) if value.is_zero() => Some(false),
        Value::Decimal(value) if *value == Decimal::ONE => Some(true),
        Value::String(text) => match text.to_ascii_lowercase().as_str() {
            "true" | "t" | "yes" | "y" | "1" | "1.0" => Some(true),
            "false" | "f" | "no" | "n" | "0" | "0.0" => Some(false),
            _ => None,
        },
        _ => None,
    }
}

fn to_integer(value: &Value<'_>) -> Option<i64> {
    match value {
        Value::Integer(value) => Some(*value),
        Value::Boolean(value) => Some(i64::from(*value)),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

fn to_decimal(value: &Value<'_>) -> Option<Decimal> {
    match value {
        Value::Integer(value) => Some(Decimal::from(*value)),
        Value::Decimal(value) => Some(*value),
        Value::Boolean(value) => Some(Decimal::from(u8::from(*value))),
        Value::String(text) => is_decimal(text)
            .then(|| Decimal::from_str(text).ok())
            .flatten(),
        _ => None,
    }
}

/// `(+|-)?d+(.d+)?`
fn is_decimal(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    is_digits(whole) && is_digits(fraction)
}

fn to_string<'a>(value: &Value<'a>) -> Value<'a> {
    match value {
        Value::String(text) => Value::String(text.clone()),
        other => Value::String(other.to_string().into()),
    }
}

fn to_date(value: &Value<'_>) -> Option<Date> {
    match value {
        Value::Date(date) => Some(*date),
        Value::DateTime(date_time) => Some(date_time.date()),
        Value::String(text) => DateTime::parse(text).map(DateTime::date),
        _ => None,
    }
}

fn to_date_time(value: &Value<'_>) -> Option<DateTime> {
    match value {
        Value::Date(date) => Some((*date).into()),
        Value::DateTime(date_time) => Some(*date_time),
        Value::String(text) => DateTime::parse(text),
        _ => None,
    }
}

fn to_time(value: &Value<'_>) -> Option<Time> {
    match value {
        Value::Time(time) => Some(*time),
        Value::String(text) => Time::parse(text.strip_prefix('T').unwrap_or(text)),
        _ => None,
    }
}

fn to_quantity<'a>(value: &Value<'a>, unit: Option<&str>) -> Option<Quantity<'a>> {
    let quantity = match value {
        Value::Boolean(value) => Quantity::new(Decimal::from(u8::from(*value)), Unit::ucum("1")),
        Value::String(text) => parse_quantity_text(text)?,
        other => as_quantity(other)?,
    };
    let Some(unit) = unit else {
        return Some(quantity);
    };
    let unit = Unit::calendar(unit).unwrap_or_else(|| Unit::ucum(unit.to_owned()));
    let value = quantity.convert(&unit)?;
    Some(Quantity::new(value, unit))
}
