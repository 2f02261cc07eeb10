//! Values with a comparator: dates, numbers, quantities; and distances.

use mt_kernel::Instant;

use super::value::unescaped;
use super::{clip, escape};
use crate::normal::{self, Number};
use crate::query::{
    Comparator, DateValue, NearValue, NumberValue, QuantityValue, QueryError, Range, UnitMatch,
};

/// Radius of `near` without a distance.
const DEFAULT_METRES: f64 = 25_000.0;

/// Splits a comparator off a value.
fn comparator<'v>(name: &str, text: &'v str) -> Result<(Comparator, &'v str), QueryError> {
    let letters = text.bytes().take_while(u8::is_ascii_alphabetic).count();
    if letters == 0 {
        return Ok((Comparator::Eq, text));
    }
    let (prefix, rest) = text.split_at(letters);
    let comparator = Comparator::from_prefix(prefix);
    comparator
        .map(|comparator| (comparator, rest))
        .ok_or_else(|| QueryError::Value {
            name: clip(name),
            reason: "expected one of the prefixes eq ne gt lt ge le sa eb ap",
        })
}

/// `[prefix]date`
pub(super) fn date(name: &str, piece: &str, now: Instant) -> Result<DateValue, QueryError> {
    let (comparator, text) = comparator(name, piece)?;
    date_value(name, comparator, text, now)
}

/// A date under a comparator. `ap` reaches a tenth of the distance from now further each way.
pub(super) fn date_value(
    name: &str,
    comparator: Comparator,
    text: &str,
    now: Instant,
) -> Result<DateValue, QueryError> {
    // A `+` that the client did not encode has become a space.
    let text = text.replace(' ', "+");
    let range = normal::date_range(&text).ok_or_else(|| QueryError::Value {
        name: clip(name),
        reason: "expected a date, or a date and time",
    })?;
    let range = if comparator == Comparator::Ap {
        let away = |at: i64| now.0.saturating_sub(at).saturating_abs() / 10;
        Range {
            lo: range.lo.saturating_sub(away(range.lo)),
            hi: range.hi.saturating_add(away(range.hi)),
        }
    } else {
        range
    };
    Ok(DateValue {
        comparator,
        range,
        text,
    })
}

/// `[prefix]number`
pub(super) fn number(name: &str, piece: &str) -> Result<NumberValue, QueryError> {
    let (comparator, text) = comparator(name, piece)?;
    number_value(name, comparator, text)
}

/// A number under a comparator; its written precision counts for `eq` and `ne` alone.
pub(super) fn number_value(
    name: &str,
    comparator: Comparator,
    text: &str,
) -> Result<NumberValue, QueryError> {
    let Number { value, implicit } =
        normal::parse_number(text).ok_or_else(|| QueryError::Value {
            name: clip(name),
            reason: "expected a decimal number",
        })?;
    let range = match comparator {
        Comparator::Eq | Comparator::Ne | Comparator::Overlaps => implicit,
        Comparator::Ap => {
            let tenth = (value * 0.1).abs();
            Range {
                lo: (value - tenth).min(implicit.lo),
                hi: (value + tenth).max(implicit.hi),
            }
        }
        _ => Range::point(value),
    };
    Ok(NumberValue {
        comparator,
        range,
        text: text.to_owned(),
    })
}

/// `[prefix]number`, `[prefix]number|system|code` or `[prefix]number||code`
pub(super) fn quantity(name: &str, piece: &str) -> Result<QuantityValue, QueryError> {
    let (comparator, rest) = comparator(name, piece)?;
    quantity_value(name, comparator, rest)
}

/// A quantity under a comparator.
pub(super) fn quantity_value(
    name: &str,
    comparator: Comparator,
    text: &str,
) -> Result<QuantityValue, QueryError> {
    let parts = escape::split(text, '|');
    let parts: Vec<String> = parts
        .into_iter()
        .map(|part| unescaped(name, part))
        .collect::<Result<_, _>>()?;
    let (number, unit) = match parts.as_slice() {
        [number] => (number, UnitMatch::Any),
        [number, system, code] if system.is_empty() && code.is_empty() => (number, UnitMatch::Any),
        [number, system, code] if system.is_empty() => (number, UnitMatch::Text(code.clone())),
        [number, system, code] if !code.is_empty() => (
            number,
            UnitMatch::Code {
                system: system.clone(),
                code: code.clone(),
            },
        ),
        _ => {
            let reason = "expected number, number|system|code or number||code";
            return Err(QueryError::Value {
                name: clip(name),
                reason,
            });
        }
    };
    let number = number_value(name, comparator, number)?;
    let mut canonical = match &unit {
        UnitMatch::Code { system, code } if system == normal::UCUM => {
            normal::canonical_range(code, number.range)
        }
        _ => None,
    };
    // Rounding has closed the half-open range of the written precision.
    if let (Some(canonical), Comparator::Eq | Comparator::Ne | Comparator::Overlaps) =
        (&mut canonical, comparator)
    {
        canonical.range.hi = canonical.range.hi.next_down();
    }
    Ok(QuantityValue {
        number,
        unit,
        canonical,
    })
}

/// `latitude|longitude[|distance[|units]]`
pub(super) fn near(name: &str, piece: &str) -> Result<NearValue, QueryError> {
    let bad = |reason| QueryError::Value {
        name: clip(name),
        reason,
    };
    let parts: Vec<&str> = piece.split('|').collect();
    let (latitude, longitude, distance, unit) = match parts.as_slice() {
        [latitude, longitude] => (latitude, longitude, "", "km"),
        [latitude, longitude, distance] => (latitude, longitude, *distance, "km"),
        [latitude, longitude, distance, unit] => (latitude, longitude, *distance, *unit),
        _ => return Err(bad("expected latitude|longitude|distance|units")),
    };
    let number = |text: &str| normal::parse_number(text).map(|number| number.value);
    let within = |value: f64, limit: f64| value.abs() <= limit;
    let latitude = number(latitude).filter(|v| within(*v, 90.0));
    let longitude = number(longitude).filter(|v| within(*v, 180.0));
    let (Some(latitude), Some(longitude)) = (latitude, longitude) else {
        return Err(bad("expected degrees of latitude and longitude"));
    };
    let factor = match unit {
        "" | "km" => 1_000.0,
        "m" => 1.0,
        "mi" | "[mi_i]" | "[mi_us]" => 1_609.344,
        _ => return Err(bad("distances are in km, m or [mi_i]")),
    };
    let metres = match distance {
        "" => DEFAULT_METRES,
        text => {
            number(text)
                .filter(|v| *v >= 0.0)
                .ok_or_else(|| bad("expected a distance"))?
                * factor
        }
    };
    Ok(NearValue {
        latitude,
        longitude,
        metres,
        text: piece.to_owned(),
    })
}
