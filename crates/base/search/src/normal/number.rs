//! Numbers with the precision they are written in.

use rust_decimal::Decimal;

use crate::query::Range;

/// A number as written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Number {
    /// The nearest double.
    pub value: f64,
    /// All values that round to the number at the precision it is written in
    /// (<http://hl7.org/fhir/R4/search.html#number>): `100` is [99.5, 100.5), `1e2` is [95, 105).
    pub implicit: Range<f64>,
}

/// Reads a decimal number: `-5.40`, `1e2`; `None` for anything else.
#[must_use]
pub fn parse_number(text: &str) -> Option<Number> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let unsigned = mantissa.strip_prefix('-').unwrap_or(mantissa);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let well_formed = !whole.is_empty()
        && digits(whole)
        && digits(fraction)
        && !(fraction.is_empty() && unsigned.contains('.'));
    if !well_formed {
        return None;
    }
    let power: i32 = exponent.map_or(Some(0), |e| e.parse().ok())?;
    let value: f64 = text.parse().ok().filter(|value: &f64| value.is_finite())?;
    // The specification's `1e2` is as precise as `1.0e2`.
    let places = fraction.len().max(usize::from(exponent.is_some()));
    let last_place = power.checked_sub(i32::try_from(places).ok()?)?;
    Some(Number {
        value,
        implicit: implicit_range(text, value, last_place),
    })
}

/// The half-open interval of half a unit of the last place around the number, as closed doubles.
fn implicit_range(text: &str, value: f64, last_place: i32) -> Range<f64> {
    let exact = Decimal::from_str_exact(text).or_else(|_| Decimal::from_scientific(text));
    let half = (-27..=27)
        .contains(&last_place)
        .then(|| half_unit(last_place))
        .flatten();
    if let (Ok(exact), Some(half)) = (exact, half)
        && let (Some(lo), Some(hi)) = (exact.checked_sub(half), exact.checked_add(half))
        && let (Ok(lo), Ok(hi)) = (lo.to_string().parse::<f64>(), hi.to_string().parse::<f64>())
    {
        return Range {
            lo,
            hi: hi.next_down().max(lo),
        };
    }
    let half = 0.5 * 10f64.powi(last_place);
    Range {
        lo: value - half,
        hi: (value + half).next_down().max(value),
    }
}

fn half_unit(last_place: i32) -> Option<Decimal> {
    let unit = if last_place >= 0 {
        Decimal::from_i128_with_scale(10i128.checked_pow(last_place.unsigned_abs())?, 0)
    } else {
        Decimal::from_i128_with_scale(1, last_place.unsigned_abs())
    };
    unit.checked_mul(Decimal::from_i128_with_scale(5, 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_precision_written_decides_the_range() {
        let cases: [(&str, f64, f64); 6] = [
            ("100", 99.5, 100.5),
            ("100.00", 99.995, 100.005),
            ("1e2", 95.0, 105.0),
            ("1.00e2", 99.5, 100.5),
            ("-5.4", -5.45, -5.35),
            ("0", -0.5, 0.5),
        ];
        for (text, lo, above) in cases {
            let number = parse_number(text).expect(text);
            assert_eq!(number.implicit.lo, lo, "{text}");
            assert_eq!(number.implicit.hi, above.next_down(), "{text}");
        }
    }

    #[test]
    fn numbers_of_any_size_have_a_range_around_them() {
        for text in [
            "1e300",
            "0.00000000000000000000000000000000001",
            "123456789012345678901234567890",
        ] {
            let number = parse_number(text).expect(text);
            assert!(number.implicit.lo <= number.value && number.value <= number.implicit.hi);
        }
    }

    #[test]
    fn what_is_no_decimal_is_refused() {
        for text in [
            "", "-", ".5", "5.", "1e", "e5", "0x1", "1 ", "NaN", "inf", "+1", "1e999",
        ] {
            assert_eq!(parse_number(text), None, "{text}");
        }
    }
}
