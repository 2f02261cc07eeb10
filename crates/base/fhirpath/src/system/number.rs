//! Decimal rules that FHIRPath adds: equivalence by the less precise operand, rounding.

use std::cmp::Ordering;

use rust_decimal::{Decimal, RoundingStrategy};

/// Digits after the point, trailing zeros not counted.
pub(crate) fn significant_places(value: Decimal) -> u32 {
    value.normalize().scale()
}

/// `value` with exactly `places` digits after the point, halves away from zero.
pub(crate) fn round_to(value: Decimal, places: u32) -> Decimal {
    value.round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero)
}

/// The order of two decimals, both rounded to the places of the less precise one.
pub(crate) fn compare_rounded(left: Decimal, right: Decimal) -> Ordering {
    let places = significant_places(left).min(significant_places(right));
    round_to(left, places).cmp(&round_to(right, places))
}
