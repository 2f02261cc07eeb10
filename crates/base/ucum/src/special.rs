//! Special units: scales that are a function of a proper unit (UCUM §21–22).

use rust_decimal::Decimal;

/// The functions of UCUM's special units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Special {
    Celsius,
    Fahrenheit,
    Reaumur,
    /// −log₁₀, in mol/L.
    Ph,
    NaturalLog,
    Log10,
    Log10Twice,
    Log2,
    Tangent100,
    SquareRoot,
    /// Homeopathic potency to this base.
    Potency(u32),
}

impl Special {
    /// The function by the name that the essence gives it.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "Cel" => Self::Celsius,
            "degF" => Self::Fahrenheit,
            "degRe" => Self::Reaumur,
            "pH" => Self::Ph,
            "ln" => Self::NaturalLog,
            "lg" => Self::Log10,
            "lgTimes2" => Self::Log10Twice,
            "ld" => Self::Log2,
            "tanTimes100" | "100tan" => Self::Tangent100,
            "sqrt" => Self::SquareRoot,
            "hpX" => Self::Potency(10),
            "hpC" => Self::Potency(100),
            "hpM" => Self::Potency(1_000),
            "hpQ" => Self::Potency(50_000),
            _ => return None,
        })
    }

    /// For a linear scale: what its zero is in the proper unit.
    pub(crate) fn offset(self) -> Option<Decimal> {
        Some(match self {
            Self::Celsius => Decimal::new(27_315, 2),
            Self::Fahrenheit => Decimal::new(45_967, 2),
            Self::Reaumur => Decimal::new(21_852, 2),
            _ => return None,
        })
    }

    /// From the scale to its proper unit.
    pub(crate) fn to_proper(self, value: f64) -> f64 {
        match self {
            Self::Celsius => value + 273.15,
            Self::Fahrenheit => value + 459.67,
            Self::Reaumur => value + 218.52,
            Self::Ph => 10f64.powf(-value),
            Self::NaturalLog => value.exp(),
            Self::Log10 => 10f64.powf(value),
            Self::Log10Twice => 10f64.powf(value / 2.0),
            Self::Log2 => value.exp2(),
            Self::Tangent100 => (value / 100.0).atan(),
            Self::SquareRoot => value * value,
            Self::Potency(base) => f64::from(base).powf(-value),
        }
    }

    /// From the proper unit to the scale.
    pub(crate) fn of_proper(self, value: f64) -> f64 {
        match self {
            Self::Celsius => value - 273.15,
            Self::Fahrenheit => value - 459.67,
            Self::Reaumur => value - 218.52,
            Self::Ph => -value.log10(),
            Self::NaturalLog => value.ln(),
            Self::Log10 => value.log10(),
            Self::Log10Twice => 2.0 * value.log10(),
            Self::Log2 => value.log2(),
            Self::Tangent100 => value.tan() * 100.0,
            Self::SquareRoot => value.sqrt(),
            Self::Potency(base) => -value.ln() / f64::from(base).ln(),
        }
    }
}
