#![doc = include_str!("../README.md")]

mod atoms;
mod canonical;
mod error;
mod factor;
mod measure;
mod parse;
mod special;

pub use canonical::Dimension;
pub use error::{ConversionError, UnitError, UnitErrorKind};

use measure::Measure;
use rust_decimal::Decimal;
use rust_decimal::prelude::{FromPrimitive, ToPrimitive};

/// A UCUM unit, resolved down to base units.
#[derive(Clone, Debug)]
pub struct Unit {
    code: Box<str>,
    measure: Measure,
}

impl Unit {
    /// Reads a case-sensitive UCUM code such as `mg/dL`, `10*3/uL` or `mm[Hg]`.
    ///
    /// # Errors
    /// [`UnitError`] with the byte offset and the symbol that is wrong.
    pub fn parse(code: &str) -> Result<Self, UnitError> {
        Ok(Self {
            measure: parse::parse(code)?,
            code: code.into(),
        })
    }

    /// The code as it was written.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// What the unit measures: base units with exponents. Units of equal dimension convert.
    #[must_use]
    pub fn dimension(&self) -> &Dimension {
        &self.measure.dimension
    }

    /// Whether values in the two units can be converted into each other.
    #[must_use]
    pub fn is_commensurable(&self, other: &Self) -> bool {
        self.measure.dimension == other.measure.dimension
    }

    /// Whether the unit is on a scale of its own (`Cel`, `[pH]`, `dB`), not a multiple of others.
    #[must_use]
    pub fn is_special(&self) -> bool {
        self.measure.special.is_some()
    }

    /// `value`, given in this unit, in the unit `to`.
    ///
    /// Exact up to 28 digits where both units are rational multiples of base units or linear scales
    /// (temperatures); logarithmic and trigonometric scales go through `f64`.
    ///
    /// # Errors
    /// When the units measure different things, when a special unit is part of a product, and when
    /// the result exceeds the range of [`Decimal`].
    pub fn convert(&self, value: Decimal, to: &Self) -> Result<Decimal, ConversionError> {
        self.check_convertible(to)?;
        self.measure
            .convert(value, &to.measure)
            .or_else(|| {
                let value = to.measure.of_base(self.measure.to_base(value.to_f64()?));
                Decimal::from_f64(value)
            })
            .ok_or(ConversionError::OutOfRange)
    }

    /// As [`Unit::convert`], in floating point throughout and without its limit of range.
    ///
    /// # Errors
    /// When the units measure different things, or a special unit is part of a product.
    pub fn convert_f64(&self, value: f64, to: &Self) -> Result<f64, ConversionError> {
        self.check_convertible(to)?;
        match self.measure.ratio(&to.measure) {
            Some(ratio) => Ok(value * ratio.to_f64()),
            None => Ok(to.measure.of_base(self.measure.to_base(value))),
        }
    }

    /// The code of the base units, `g.m-1.s-2`: equal for all commensurable units.
    #[must_use]
    pub fn canonical_code(&self) -> String {
        self.measure.dimension.to_string()
    }

    /// `value` in [`Unit::canonical_code`]; `None` when it exceeds the range of [`Decimal`] (a mole is
    /// 6.02214076e23) or when a special unit is part of a product.
    #[must_use]
    pub fn canonical_value(&self, value: Decimal) -> Option<Decimal> {
        if self.measure.is_mixed {
            return None;
        }
        self.measure.to_base_exact(value)
    }

    /// `value` in [`Unit::canonical_code`], for indexing and range comparison.
    ///
    /// Monotonic in `value`, so that the bounds of a range stay bounds.
    #[must_use]
    pub fn canonical_f64(&self, value: f64) -> f64 {
        self.measure.to_base(value)
    }

    fn check_convertible(&self, to: &Self) -> Result<(), ConversionError> {
        if self.measure.is_mixed || to.measure.is_mixed {
            return Err(ConversionError::SpecialInProduct);
        }
        if !self.is_commensurable(to) {
            return Err(ConversionError::DifferentDimensions {
                from: self.canonical_code().into(),
                to: to.canonical_code().into(),
            });
        }
        Ok(())
    }
}

/// Units are equal when a value means the same in both: `L` and `dm3`.
impl PartialEq for Unit {
    fn eq(&self, other: &Self) -> bool {
        self.measure == other.measure
    }
}

/// Checks a code.
///
/// # Errors
/// As [`Unit::parse`].
pub fn validate(code: &str) -> Result<(), UnitError> {
    Unit::parse(code).map(|_| ())
}
