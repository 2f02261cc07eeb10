//! Quantities in canonical UCUM units.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use mt_ucum::Unit;

use crate::query::{CanonicalRange, Range};

/// Units remembered by each thread; measurements use few, and others only cost their parsing.
const CACHED_UNITS: usize = 1024;

/// A unit with the code of its base units.
type Known = Option<Arc<(Unit, Arc<str>)>>;

thread_local! {
    static UNITS: RefCell<HashMap<Box<str>, Known>> = RefCell::new(HashMap::new());
}

/// `range` of values in the UCUM unit `code` in base units; `None` when the code is not UCUM.
///
/// Results are rounded to twelve digits, so that 5.4 mg and 0.0054 g meet whatever the order of
/// their multiplications.
#[must_use]
pub fn canonical_range(code: &str, range: Range<f64>) -> Option<CanonicalRange> {
    let known = unit(code)?;
    let (unit, canonical) = known.as_ref();
    let convert = |value: f64| {
        if value.is_finite() {
            round(unit.canonical_f64(value))
        } else {
            value
        }
    };
    let lo = convert(range.lo);
    let hi = if range.hi == range.lo {
        lo
    } else {
        convert(range.hi)
    };
    Some(CanonicalRange {
        range: Range { lo, hi },
        unit: Arc::clone(canonical),
    })
}

fn unit(code: &str) -> Known {
    UNITS.with_borrow_mut(|units| {
        if let Some(known) = units.get(code) {
            return known.clone();
        }
        let known = Unit::parse(code).ok().map(|unit| {
            let canonical = Arc::from(unit.canonical_code());
            Arc::new((unit, canonical))
        });
        if units.len() >= CACHED_UNITS {
            units.clear();
        }
        units.insert(code.into(), known.clone());
        known
    })
}

fn round(value: f64) -> f64 {
    format!("{value:.11e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(code: &str, value: f64) -> Option<(f64, String)> {
        let canonical = canonical_range(code, Range::point(value))?;
        Some((canonical.range.lo, canonical.unit.to_string()))
    }

    #[test]
    fn the_same_amount_is_the_same_in_any_unit() {
        for (left, right) in [
            (("mg", 5.4), ("g", 0.0054)),
            (("mm[Hg]", 120.0), ("kPa", 15.998_64)),
            (("Cel", 37.0), ("K", 310.15)),
            (("/min", 60.0), ("/s", 1.0)),
        ] {
            assert_eq!(point(left.0, left.1), point(right.0, right.1), "{left:?}");
            assert!(point(left.0, left.1).is_some());
        }
        assert_ne!(point("mg", 1.0), point("mL", 1.0));
        assert_eq!(point("no unit", 1.0), None);
    }

    #[test]
    fn open_ends_stay_open() {
        let open = Range {
            lo: f64::NEG_INFINITY,
            hi: 5.0,
        };
        let open = canonical_range("mg", open).map(|canonical| canonical.range);
        assert_eq!(open.map(|range| range.lo), Some(f64::NEG_INFINITY));
    }
}
