//! Quantities: values with units as intervals.

use std::borrow::Cow;

use mt_fhir::{Node, names};

use super::convert::text;
use super::value::QuantityIndex;
use crate::normal::{UCUM, canonical_range};
use crate::query::Range;

/// `Quantity` and what specialises it; the comparator opens the interval.
pub(super) fn quantity(node: Node<'_>) -> Option<QuantityIndex<'_>> {
    let value = number(node)?;
    let range = match text(node, names::COMPARATOR) {
        Some("<") => Range {
            lo: f64::NEG_INFINITY,
            hi: value.next_down(),
        },
        Some("<=") => Range {
            lo: f64::NEG_INFINITY,
            hi: value,
        },
        Some(">=") => Range {
            lo: value,
            hi: f64::INFINITY,
        },
        Some(">") => Range {
            lo: value.next_up(),
            hi: f64::INFINITY,
        },
        _ => Range::point(value),
    };
    Some(with_unit(range, node))
}

/// `Money`, with the currency as unit.
pub(super) fn money(node: Node<'_>) -> Option<QuantityIndex<'_>> {
    let code = text(node, names::CURRENCY).map(Cow::Borrowed);
    Some(QuantityIndex {
        range: Range::point(number(node)?),
        system: code
            .is_some()
            .then_some(Cow::Borrowed("urn:iso:std:iso:4217")),
        code,
        unit: None,
        canonical: None,
    })
}

/// `Range`; a missing end is open.
pub(super) fn range(node: Node<'_>) -> Option<QuantityIndex<'_>> {
    let low = node
        .get_name(names::LOW)
        .filter(|low| number(*low).is_some());
    let high = node
        .get_name(names::HIGH)
        .filter(|high| number(*high).is_some());
    let range = Range {
        lo: low.and_then(number).unwrap_or(f64::NEG_INFINITY),
        hi: high.and_then(number).unwrap_or(f64::INFINITY),
    };
    Some(with_unit(range, low.or(high)?)).filter(|index| index.range.lo <= index.range.hi)
}

/// `SampledData`: from the least to the greatest sample.
pub(super) fn sampled(node: Node<'_>) -> Option<QuantityIndex<'_>> {
    let origin = node.get_name(names::ORIGIN)?;
    let zero = number(origin)?;
    let scalar = |name| node.get_name(name)?.number_text()?.parse::<f64>().ok();
    let factor = scalar(names::FACTOR).unwrap_or(1.0);
    let sample = |token: &str| match token {
        "E" => None,
        "L" => scalar(names::LOWER_LIMIT),
        "U" => scalar(names::UPPER_LIMIT),
        digits => digits
            .parse::<f64>()
            .ok()
            .filter(|v| v.is_finite())
            .map(|v| v * factor + zero),
    };
    let samples = text(node, names::DATA)?
        .split_ascii_whitespace()
        .filter_map(sample);
    let join = |range: Option<Range<f64>>, value: f64| {
        let range = range.unwrap_or(Range::point(value));
        Some(Range {
            lo: range.lo.min(value),
            hi: range.hi.max(value),
        })
    };
    Some(with_unit(samples.fold(None, join)?, origin))
}

fn number(node: Node<'_>) -> Option<f64> {
    let digits = node.get_name(names::VALUE)?.number_text()?;
    digits.parse::<f64>().ok().filter(|value| value.is_finite())
}

fn with_unit<'a>(range: Range<f64>, node: Node<'a>) -> QuantityIndex<'a> {
    let (system, code) = (text(node, names::SYSTEM), text(node, names::CODE));
    let ucum = code.filter(|_| system == Some(UCUM));
    QuantityIndex {
        range,
        system: system.map(Cow::Borrowed),
        code: code.map(Cow::Borrowed),
        unit: text(node, names::UNIT).map(Cow::Borrowed),
        canonical: ucum.and_then(|code| canonical_range(code, range)),
    }
}
