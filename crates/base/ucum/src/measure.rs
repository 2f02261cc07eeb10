//! A unit resolved to base units.

use rust_decimal::Decimal;

use crate::canonical::Dimension;
use crate::factor::Factor;
use crate::special::Special;

/// Factor, dimension and, for special units, the scale in between.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Measure {
    /// Base units in one unit; for a special unit, in one step of its proper unit.
    pub(crate) factor: Factor,
    pub(crate) dimension: Dimension,
    pub(crate) special: Option<Special>,
    /// For a special unit: its prefix and numeric factors.
    pub(crate) scale: Factor,
    /// A special unit is part of a product: valid to write, without meaning for conversion.
    pub(crate) is_mixed: bool,
}

impl Default for Measure {
    fn default() -> Self {
        Self::number(Factor::ONE)
    }
}

impl Measure {
    /// A pure number.
    pub(crate) fn number(factor: Factor) -> Self {
        Self {
            factor,
            dimension: Dimension::default(),
            special: None,
            scale: Factor::ONE,
            is_mixed: false,
        }
    }

    /// This measure with a prefix.
    pub(crate) fn prefixed(mut self, prefix: Factor) -> Self {
        if self.special.is_some() {
            self.scale = self.scale.multiply(prefix);
        } else {
            self.factor = self.factor.multiply(prefix);
        }
        self
    }

    pub(crate) fn power(self, exponent: i32) -> Self {
        if exponent == 1 {
            return self;
        }
        Self {
            factor: self.factor.power(exponent),
            dimension: self.dimension.power(exponent),
            scale: Factor::ONE,
            is_mixed: self.is_mixed || self.special.is_some(),
            special: None,
        }
    }

    pub(crate) fn multiply(self, other: Self) -> Self {
        // A bare number before or after a special unit scales it: `0.1.B` is a decibel.
        let is_number = |m: &Self| m.special.is_none() && m.dimension.is_one() && !m.is_mixed;
        if is_number(&self) {
            return other.prefixed(self.factor);
        }
        if is_number(&other) {
            return self.prefixed(other.factor);
        }
        let mut dimension = self.dimension;
        dimension.multiply(&other.dimension, 1);
        Self {
            factor: self.factor.multiply(other.factor),
            dimension,
            scale: Factor::ONE,
            is_mixed: self.is_mixed
                || other.is_mixed
                || self.special.is_some()
                || other.special.is_some(),
            special: None,
        }
    }

    /// The factor between two ratio units.
    pub(crate) fn ratio(&self, to: &Self) -> Option<Factor> {
        if self.special.is_some() || to.special.is_some() {
            return None;
        }
        Some(self.factor.multiply(to.factor.reciprocal()))
    }

    /// Decimal conversion, where the scales allow it.
    pub(crate) fn convert(&self, value: Decimal, to: &Self) -> Option<Decimal> {
        if self == to {
            return Some(value);
        }
        if let Some(ratio) = self.ratio(to) {
            return ratio.apply(value);
        }
        let base = self.to_base_exact(value)?;
        let proper = to.factor.reciprocal().apply(base)?;
        match to.special {
            None => Some(proper),
            Some(special) => {
                let value = proper.checked_sub(special.offset()?)?;
                to.scale.reciprocal().apply(value)
            }
        }
    }

    /// The value in base units, for ratio units and linear scales.
    pub(crate) fn to_base_exact(&self, value: Decimal) -> Option<Decimal> {
        let proper = match self.special {
            None => value,
            Some(special) => self.scale.apply(value)?.checked_add(special.offset()?)?,
        };
        self.factor.apply(proper)
    }

    pub(crate) fn to_base(&self, value: f64) -> f64 {
        let proper = match self.special {
            None => value,
            Some(special) => special.to_proper(value * self.scale.to_f64()),
        };
        proper * self.factor.to_f64()
    }

    pub(crate) fn of_base(&self, value: f64) -> f64 {
        let proper = value / self.factor.to_f64();
        match self.special {
            None => proper,
            Some(special) => special.of_proper(proper) / self.scale.to_f64(),
        }
    }
}
