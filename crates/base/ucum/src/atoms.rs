//! The unit symbols and prefixes of UCUM, each unit resolved to base units once per process.

use std::sync::LazyLock;

use crate::canonical::Dimension;
use crate::factor::Factor;
use crate::measure::Measure;
use crate::parse;
use crate::special::Special;

include!(concat!(env!("OUT_DIR"), "/table.rs"));

/// A unit symbol as the essence defines it.
pub(crate) struct Atom {
    pub(crate) code: &'static str,
    /// Takes prefixes.
    pub(crate) is_metric: bool,
    /// Defined by a procedure, so that it converts to nothing else.
    is_arbitrary: bool,
    /// The number before `unit`; empty for a base unit.
    value: &'static str,
    unit: &'static str,
    /// Name of the function of a special unit, or empty.
    function: &'static str,
}

static MEASURES: LazyLock<Vec<Measure>> = LazyLock::new(|| {
    let mut measures = vec![None; ATOMS.len()];
    for index in 0..ATOMS.len() {
        resolve(index, &mut measures);
    }
    measures
        .into_iter()
        .map(Option::unwrap_or_default)
        .collect()
});

/// The symbol called `code`.
pub(crate) fn find(code: &str) -> Option<usize> {
    ATOMS.binary_search_by(|atom| atom.code.cmp(code)).ok()
}

/// A resolved symbol.
pub(crate) fn measure(index: usize) -> Measure {
    MEASURES[index].clone()
}

/// Resolves a definition and, first, those that it builds upon. The essence has no cycles.
fn resolve(index: usize, measures: &mut Vec<Option<Measure>>) -> Measure {
    if let Some(measure) = &measures[index] {
        return measure.clone();
    }
    let atom = &ATOMS[index];
    let own_dimension = || Dimension::of(u16::try_from(index).unwrap_or(u16::MAX));
    let measure = if atom.code == "[pi]" {
        Measure::number(Factor::PI)
    } else if atom.value.is_empty() || (atom.is_arbitrary && atom.unit == "1") {
        Measure {
            dimension: own_dimension(),
            ..Measure::default()
        }
    } else {
        let mut measure =
            parse::parse_with(atom.unit, &mut |part| resolve(part, measures)).unwrap_or_default();
        let value = Factor::decimal(atom.value).unwrap_or(Factor::ONE);
        measure.factor = value.multiply(measure.factor);
        measure.special = Special::from_name(atom.function);
        measure
    };
    measures[index] = Some(measure.clone());
    measure
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_definition_resolves() {
        assert!(ATOMS.is_sorted_by_key(|atom| atom.code));
        for (index, atom) in ATOMS.iter().enumerate() {
            assert_eq!(find(atom.code), Some(index), "{}", atom.code);
            if !atom.unit.is_empty() {
                let unit = parse::parse(atom.unit);
                assert!(unit.is_ok(), "{} = {}", atom.code, atom.unit);
            }
            let known = atom.function.is_empty() || Special::from_name(atom.function).is_some();
            assert!(known, "{}", atom.function);
            let has_value = Factor::decimal(atom.value).is_some() || atom.code == "[pi]";
            assert!(atom.value.is_empty() || has_value, "{}", atom.code);
        }
        assert_eq!((ATOMS.len(), PREFIXES.len()), (312, 24));
    }
}
