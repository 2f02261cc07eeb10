//! Dimensions: base units with exponents, and their canonical code.

use std::fmt;

use crate::atoms::ATOMS;

/// What a unit measures: base units, and arbitrary units that convert to nothing else, each with
/// its exponent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Dimension(Vec<(u16, i32)>);

impl Dimension {
    /// The dimension of one base unit or arbitrary unit.
    pub(crate) fn of(atom: u16) -> Self {
        Self(vec![(atom, 1)])
    }

    /// Whether this is a pure number.
    #[must_use]
    pub fn is_one(&self) -> bool {
        self.0.is_empty()
    }

    /// The product with another dimension raised to a power.
    pub(crate) fn multiply(&mut self, other: &Self, exponent: i32) {
        for (atom, power) in &other.0 {
            let power = power.saturating_mul(exponent);
            match self.0.binary_search_by_key(atom, |entry| entry.0) {
                Ok(at) => {
                    self.0[at].1 = self.0[at].1.saturating_add(power);
                    if self.0[at].1 == 0 {
                        self.0.remove(at);
                    }
                }
                Err(at) if power != 0 => self.0.insert(at, (*atom, power)),
                Err(_) => {}
            }
        }
    }

    pub(crate) fn power(&self, exponent: i32) -> Self {
        let mut result = Self::default();
        result.multiply(self, exponent);
        result
    }
}

/// The canonical code: symbols in alphabetical order, `g.m-1.s-2`, or `1`.
impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_one() {
            return f.write_str("1");
        }
        for (index, (atom, exponent)) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(".")?;
            }
            f.write_str(ATOMS[usize::from(*atom)].code)?;
            if *exponent != 1 {
                write!(f, "{exponent}")?;
            }
        }
        Ok(())
    }
}
