//! FHIR decimals: exact values that remember how precisely they were written.
//!
//! `5`, `5.0` and `5.00` are equal in value but not in precision, and search compares with the
//! precision (R4 search.html#number), so neither floating point nor a normalising decimal will do.

use std::cmp::Ordering;
use std::fmt;

/// `coefficient × 10^exponent`; `5.0` is 50 × 10⁻¹.
#[derive(Clone, Copy, Debug)]
pub struct Decimal {
    coefficient: i128,
    exponent: i32,
}

/// Digits beyond this are refused: FHIR asks for 18, and one more must fit for bounds.
const MAX_DIGITS: usize = 36;

/// Exponents beyond this are refused: no measurement has them, and comparing must stay cheap.
const MAX_EXPONENT: i32 = 4_000;

impl Decimal {
    /// A decimal from its parts.
    pub fn new(coefficient: i64, exponent: i8) -> Self {
        Decimal {
            coefficient: coefficient.into(),
            exponent: exponent.into(),
        }
    }

    /// Reads a JSON number. `None` when it is not one or has over 36 digits.
    pub fn parse(text: &str) -> Option<Decimal> {
        let (negative, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (digits, exponent) = match rest.split_once(['e', 'E']) {
            Some((digits, exponent)) => (digits, parse_exponent(exponent)?),
            None => (rest, 0),
        };
        let (whole, fraction) = match digits.split_once('.') {
            Some((_, "")) => return None,
            Some((whole, fraction)) => (whole, fraction),
            None => (digits, ""),
        };
        if whole.is_empty() || (whole.len() > 1 && whole.starts_with('0')) {
            return None;
        }
        let mut coefficient = 0_i128;
        let mut count = 0;
        for byte in whole.bytes().chain(fraction.bytes()) {
            if !byte.is_ascii_digit() {
                return None;
            }
            count += usize::from(count > 0 || byte != b'0');
            if count > MAX_DIGITS {
                return None;
            }
            coefficient = coefficient * 10 + i128::from(byte - b'0');
        }
        let exponent = exponent - i32::try_from(fraction.len()).ok()?;
        if exponent.abs() > MAX_EXPONENT {
            return None;
        }
        Some(Decimal {
            coefficient: if negative { -coefficient } else { coefficient },
            exponent,
        })
    }

    /// Number of digits behind the decimal point; 0 for whole numbers.
    pub fn scale(self) -> u32 {
        self.exponent.min(0).unsigned_abs()
    }

    /// The interval that the written precision stands for: `5.0` is [4.95, 5.05). With an
    /// exponent (`1e2`) the last written digit counts: [50, 150).
    pub fn bounds(self) -> (Decimal, Decimal) {
        let exponent = self.exponent - 1;
        let middle = self.coefficient * 10;
        (
            Decimal {
                coefficient: middle - 5,
                exponent,
            },
            Decimal {
                coefficient: middle + 5,
                exponent,
            },
        )
    }

    /// The nearest floating point number.
    pub fn to_f64(self) -> f64 {
        // Through text, so that the result is correctly rounded.
        format!("{}e{}", self.coefficient, self.exponent)
            .parse()
            .unwrap_or(f64::NAN)
    }

    /// Whether the value is a whole number.
    pub fn is_integer(self) -> bool {
        self.stripped().exponent >= 0
    }

    /// The value as an integer, when it is one and fits.
    pub fn to_i64(self) -> Option<i64> {
        let stripped = self.stripped();
        let power = 10_i128.checked_pow(u32::try_from(stripped.exponent).ok()?)?;
        i64::try_from(stripped.coefficient.checked_mul(power)?).ok()
    }

    /// Without trailing zeros, so that equal values have equal parts.
    fn stripped(self) -> Decimal {
        let Decimal {
            mut coefficient,
            mut exponent,
        } = self;
        if coefficient == 0 {
            return Decimal {
                coefficient: 0,
                exponent: 0,
            };
        }
        while coefficient % 10 == 0 {
            coefficient /= 10;
            exponent += 1;
        }
        Decimal {
            coefficient,
            exponent,
        }
    }

    /// Power of ten of the first digit, for comparing sizes without aligning.
    fn magnitude(self) -> i32 {
        // ilog10 of an i128 is below 39.
        self.coefficient
            .unsigned_abs()
            .checked_ilog10()
            .map_or(i32::MIN, |log| {
                i32::try_from(log)
                    .unwrap_or(i32::MAX)
                    .saturating_add(self.exponent)
            })
    }
}

impl PartialEq for Decimal {
    /// By value: `5.0 == 5`.
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Decimal {}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let (a, b) = (self.stripped(), other.stripped());
        let signs = a.coefficient.signum().cmp(&b.coefficient.signum());
        if signs != Ordering::Equal || a.coefficient == 0 {
            return signs;
        }
        let size = a.magnitude().cmp(&b.magnitude()).then_with(|| {
            // Of the same magnitude, so both fit when aligned to the finer exponent.
            let least = a.exponent.min(b.exponent);
            let align = |d: Decimal| {
                let shift = d.exponent.abs_diff(least);
                d.coefficient
                    .unsigned_abs()
                    .saturating_mul(10_u128.saturating_pow(shift))
            };
            align(a).cmp(&align(b))
        });
        if a.coefficient < 0 {
            size.reverse()
        } else {
            size
        }
    }
}

impl fmt::Display for Decimal {
    /// With the digits of the precision: `5.0`; a positive exponent is written as such.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.coefficient < 0 { "-" } else { "" };
        let digits = self.coefficient.unsigned_abs().to_string();
        if self.exponent > 0 {
            return write!(f, "{sign}{digits}e{}", self.exponent);
        }
        let scale = self.scale() as usize;
        let padded = format!("{digits:0>width$}", width = scale + 1);
        let (whole, fraction) = padded.split_at(padded.len() - scale);
        let point = if scale > 0 { "." } else { "" };
        write!(f, "{sign}{whole}{point}{fraction}")
    }
}

fn parse_exponent(text: &str) -> Option<i32> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    let size: i32 = if is_plain {
        digits.parse().ok()?
    } else {
        return None;
    };
    // Checked again once the fraction is counted; this keeps the sum from overflowing.
    let exponent = if text.starts_with('-') { -size } else { size };
    (size <= 2 * MAX_EXPONENT).then_some(exponent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decimal(text: &str) -> Decimal {
        Decimal::parse(text).unwrap_or_else(|| panic!("{text}"))
    }

    #[test]
    fn precision_survives_but_does_not_tell_values_apart() {
        assert_eq!(decimal("5.0").to_string(), "5.0");
        assert_eq!(decimal("-0.050").to_string(), "-0.050");
        assert_eq!(decimal("5.0"), decimal("5"));
        assert_eq!(decimal("1e3"), decimal("1000.0"));
        assert_eq!(decimal("0"), decimal("-0.00"));
        assert!(decimal("-1e300") < decimal("1e-300"));
        assert!(decimal("9.99") < decimal("10"));
    }

    #[test]
    fn bounds_are_half_a_unit_of_the_last_digit() {
        let bounds = |text| decimal(text).bounds();
        assert_eq!(bounds("100"), (decimal("99.5"), decimal("100.5")));
        assert_eq!(bounds("100.00"), (decimal("99.995"), decimal("100.005")));
        assert_eq!(bounds("1e2"), (decimal("50"), decimal("150")));
    }

    #[test]
    fn what_is_not_a_json_number_is_refused() {
        for text in [
            "", "-", "+1", "01", "1.", ".5", "1e", "1e+", "1.5.5", "0x1", "1_0", "NaN",
        ] {
            assert!(Decimal::parse(text).is_none(), "{text}");
        }
        assert!(Decimal::parse(&"9".repeat(37)).is_none());
        assert!(Decimal::parse("1e99999999999").is_none());
    }

    #[test]
    fn whole_numbers_convert() {
        assert_eq!(decimal("12e2").to_i64(), Some(1200));
        assert_eq!(decimal("12.00").to_i64(), Some(12));
        assert_eq!(decimal("12.5").to_i64(), None);
        assert_eq!(decimal("1e40").to_i64(), None);
        assert!((decimal("0.1").to_f64() - 0.1).abs() < f64::EPSILON);
    }

    proptest! {
        #[test]
        fn order_agrees_with_scaled_integers(a in -10_000_i64..10_000, b in -10_000_i64..10_000, s in 0_i8..4) {
            let shifted = Decimal { coefficient: i128::from(b) * 10, exponent: i32::from(-s) - 1 };
            prop_assert_eq!(Decimal::new(a, -s).cmp(&shifted), a.cmp(&b));
        }

        #[test]
        fn text_round_trips(text in "-?(0|[1-9][0-9]{0,17})(\\.[0-9]{1,12})?") {
            let negative_zero = text.starts_with('-') && !text.bytes().any(|b| (b'1'..=b'9').contains(&b));
            prop_assume!(!negative_zero);
            prop_assert_eq!(decimal(&text).to_string(), text);
        }
    }
}
