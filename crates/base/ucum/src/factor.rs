//! Magnitudes: exact fractions with separate powers of ten and of π.
//!
//! All of UCUM's definitions are decimal fractions of each other and of π, so conversions between
//! them are exact; what outgrows 128 bits falls back to floating point.

use rust_decimal::Decimal;
use rust_decimal::prelude::{FromPrimitive, ToPrimitive};

/// A positive number.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Factor {
    /// numerator / denominator × 10^ten × π^pi, the fraction in lowest terms.
    Exact {
        numerator: u128,
        denominator: u128,
        ten: i32,
        pi: i32,
    },
    /// Beyond the range of the exact form.
    Approximate(f64),
}

impl Factor {
    pub(crate) const ONE: Self = Self::Exact {
        numerator: 1,
        denominator: 1,
        ten: 0,
        pi: 0,
    };
    pub(crate) const PI: Self = Self::Exact {
        numerator: 1,
        denominator: 1,
        ten: 0,
        pi: 1,
    };

    /// A whole number; `None` for zero.
    pub(crate) fn integer(value: u128) -> Option<Self> {
        (value > 0).then(|| Self::reduced(value, 1, 0, 0))
    }

    /// A decimal with optional exponent, as the essence writes them: `6.02214076`, `980665e-5`.
    pub(crate) fn decimal(text: &str) -> Option<Self> {
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let ten = exponent
            .parse::<i32>()
            .ok()?
            .checked_sub(i32::try_from(fraction.len()).ok()?)?;
        let numerator = format!("{whole}{fraction}")
            .parse()
            .ok()
            .filter(|n| *n > 0)?;
        Some(Self::reduced(numerator, 1, ten, 0))
    }

    fn reduced(numerator: u128, denominator: u128, ten: i32, pi: i32) -> Self {
        let divisor = greatest_common_divisor(numerator, denominator).max(1);
        let (mut numerator, mut denominator) = (numerator / divisor, denominator / divisor);
        let mut ten = ten;
        while numerator % 10 == 0 && numerator > 0 {
            numerator /= 10;
            ten += 1;
        }
        while denominator % 10 == 0 && denominator > 0 {
            denominator /= 10;
            ten -= 1;
        }
        Self::Exact {
            numerator,
            denominator,
            ten,
            pi,
        }
    }

    pub(crate) fn multiply(self, other: Self) -> Self {
        if let (
            Self::Exact {
                numerator: n1,
                denominator: d1,
                ten: t1,
                pi: p1,
            },
            Self::Exact {
                numerator: n2,
                denominator: d2,
                ten: t2,
                pi: p2,
            },
        ) = (self, other)
        {
            // Crosswise reduction first keeps the products small.
            let (a, b) = (
                greatest_common_divisor(n1, d2).max(1),
                greatest_common_divisor(n2, d1).max(1),
            );
            let numerator = (n1 / a).checked_mul(n2 / b);
            let denominator = (d1 / b).checked_mul(d2 / a);
            let ten = t1.checked_add(t2);
            if let (Some(n), Some(d), Some(ten), Some(pi)) =
                (numerator, denominator, ten, p1.checked_add(p2))
            {
                return Self::reduced(n, d, ten, pi);
            }
        }
        Self::Approximate(self.to_f64() * other.to_f64())
    }

    pub(crate) fn reciprocal(self) -> Self {
        match self {
            Self::Exact {
                numerator,
                denominator,
                ten,
                pi,
            } => Self::Exact {
                numerator: denominator,
                denominator: numerator,
                ten: -ten,
                pi: -pi,
            },
            Self::Approximate(value) => Self::Approximate(value.recip()),
        }
    }

    pub(crate) fn power(self, exponent: i32) -> Self {
        if exponent < 0 {
            return self.reciprocal().power(exponent.saturating_neg());
        }
        if let Self::Exact {
            numerator,
            denominator,
            ten,
            pi,
        } = self
        {
            let steps = exponent.unsigned_abs();
            let parts = (numerator.checked_pow(steps), denominator.checked_pow(steps));
            let powers = (ten.checked_mul(exponent), pi.checked_mul(exponent));
            if let ((Some(n), Some(d)), (Some(ten), Some(pi))) = (parts, powers) {
                return Self::reduced(n, d, ten, pi);
            }
        }
        Self::Approximate(self.to_f64().powi(exponent))
    }

    /// The nearest floating point number.
    pub(crate) fn to_f64(self) -> f64 {
        match self {
            Self::Exact {
                numerator,
                denominator,
                ten,
                pi,
            } => {
                let fraction = numerator as f64 / denominator as f64;
                // Dividing by an exact power of ten rounds once; multiplying by its inverse twice.
                let scaled = if ten < 0 {
                    fraction / 10f64.powi(ten.saturating_neg())
                } else {
                    fraction * 10f64.powi(ten)
                };
                scaled * std::f64::consts::PI.powi(pi)
            }
            Self::Approximate(value) => value,
        }
    }

    /// `value` × this factor; `None` when a [`Decimal`] cannot hold at least 13 digits of it.
    pub(crate) fn apply(self, value: Decimal) -> Option<Decimal> {
        match self {
            Self::Exact {
                numerator,
                denominator,
                ten,
                pi,
            } => {
                let fraction = (
                    Decimal::from_u128(numerator)?,
                    Decimal::from_u128(denominator)?,
                );
                // Large numbers first, so that division has the most digits to give.
                let scale_up = |value| multiply_fraction(shift(value, ten.max(0))?, fraction, pi);
                let late = scale_up(value).and_then(|value| shift(value, ten.min(0)));
                let early = || {
                    let value = multiply_fraction(shift(value, ten.min(0))?, fraction, pi)?;
                    shift(value, ten.max(0))
                };
                // Very small results have few of their digits left in a decimal.
                let expected = value.to_f64()? * self.to_f64();
                let is_precise = |found: &Decimal| {
                    let found = found.to_f64().unwrap_or(f64::NAN);
                    found == expected || (found / expected - 1.0).abs() < 1e-13
                };
                late.filter(is_precise).or_else(early).filter(is_precise)
            }
            Self::Approximate(factor) => Decimal::from_f64(value.to_f64()? * factor),
        }
    }
}

/// π to 28 digits.
fn pi_decimal() -> Decimal {
    Decimal::from_i128_with_scale(31_415_926_535_897_932_384_626_433_833, 28)
}

/// `value` × numerator / denominator × π^`pi`.
fn multiply_fraction(value: Decimal, fraction: (Decimal, Decimal), pi: i32) -> Option<Decimal> {
    let mut result = value.checked_mul(fraction.0)?;
    for _ in 0..pi {
        result = result.checked_mul(pi_decimal())?;
    }
    result = result.checked_div(fraction.1)?;
    for _ in pi..0 {
        result = result.checked_div(pi_decimal())?;
    }
    Some(result)
}

/// `value` × 10^`ten`; `None` when the whole digits do not fit, or none of them would remain.
fn shift(value: Decimal, ten: i32) -> Option<Decimal> {
    let mut shifted = value;
    if ten >= 0 {
        let from_scale = value.scale().min(ten.unsigned_abs());
        shifted.set_scale(value.scale() - from_scale).ok()?;
        let rest = ten.unsigned_abs() - from_scale;
        return shifted.checked_mul(Decimal::from_u128(10u128.checked_pow(rest)?)?);
    }
    if shifted
        .set_scale(value.scale().saturating_add(ten.unsigned_abs()))
        .is_ok()
    {
        return Some(shifted);
    }
    let divisor = Decimal::from_u128(10u128.checked_pow(ten.unsigned_abs())?)?;
    let quotient = value.checked_div(divisor)?;
    (!quotient.is_zero() || value.is_zero()).then_some(quotient)
}

/// Equal magnitudes; the approximate form to 13 digits.
impl PartialEq for Factor {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Self::Exact {
                    numerator: n1,
                    denominator: d1,
                    ten: t1,
                    pi: p1,
                },
                Self::Exact {
                    numerator: n2,
                    denominator: d2,
                    ten: t2,
                    pi: p2,
                },
            ) => {
                // 1/4 and 25/100 differ in form when tens were taken out: compare by quotient.
                (n1, d1, t1, p1) == (n2, d2, t2, p2) || (p1 == p2 && self.is_one_with(*other))
            }
            _ => (self.to_f64() / other.to_f64() - 1.0).abs() < 1e-13,
        }
    }
}

impl Factor {
    fn is_one_with(self, other: Self) -> bool {
        let Self::Exact {
            numerator,
            denominator,
            ten,
            pi,
        } = self.multiply(other.reciprocal())
        else {
            return false;
        };
        let power = 10u128.checked_pow(ten.unsigned_abs());
        let sides = match power {
            Some(power) if ten >= 0 => (numerator.checked_mul(power), Some(denominator)),
            Some(power) => (Some(numerator), denominator.checked_mul(power)),
            None => return false,
        };
        pi == 0 && sides.0.is_some() && sides.0 == sides.1
    }
}

fn greatest_common_divisor(a: u128, b: u128) -> u128 {
    let (mut a, mut b) = (a, b);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}
