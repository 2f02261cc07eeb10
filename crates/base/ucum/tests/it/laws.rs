//! Laws that hold for every unit.

use mt_ucum::Unit;
use proptest::prelude::*;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

const ATOMS: [&str; 24] = [
    "m", "g", "s", "L", "mol", "[in_i]", "[lb_av]", "h", "Pa", "mm[Hg]", "J", "cal", "[iU]", "rad",
    "deg", "%", "K", "C", "cd", "U", "kat", "[gal_us]", "bar", "1",
];

fn code() -> impl Strategy<Value = String> {
    let component = (0..ATOMS.len(), -3i32..4).prop_map(|(atom, exponent)| match exponent {
        0 | 1 => ATOMS[atom].to_owned(),
        _ if ATOMS[atom] == "1" => "1".to_owned(),
        _ => format!("{}{exponent}", ATOMS[atom]),
    });
    (
        component.clone(),
        prop::collection::vec((any::<bool>(), component), 0..3),
    )
        .prop_map(|(first, rest)| {
            rest.into_iter().fold(first, |code, (divide, next)| {
                format!("{code}{}{next}", if divide { '/' } else { '.' })
            })
        })
}

fn value() -> impl Strategy<Value = Decimal> {
    (1i64..1_000_000_000, 0u32..6).prop_map(|(digits, scale)| Decimal::new(digits, scale))
}

proptest! {
    #[test]
    fn converting_there_and_back_gives_the_value(from in code(), factor in 1u32..1000, value in value()) {
        let unit = Unit::parse(&from).unwrap();
        let other = Unit::parse(&format!("{factor}.({from})")).unwrap();
        let there = unit.convert(value, &other).unwrap();
        let back = other.convert(there, &unit).unwrap();
        let error = (back / value - Decimal::ONE).abs();
        prop_assert!(error < Decimal::new(1, 12), "{from}: {value} became {back}");
    }

    #[test]
    fn decimal_and_floating_point_conversion_agree(from in code(), value in value()) {
        let unit = Unit::parse(&from).unwrap();
        let base = Unit::parse(&unit.canonical_code()).unwrap();
        if let Some(exact) = unit.canonical_value(value).filter(|v| *v > Decimal::new(1, 12)) {
            let float = unit.canonical_f64(value.to_f64().unwrap());
            prop_assert!((float / exact.to_f64().unwrap() - 1.0).abs() < 1e-9, "{from}");
            prop_assert_eq!(unit.convert(value, &base), Ok(exact));
        }
    }

    #[test]
    fn commensurability_is_an_equivalence(a in code(), b in code(), c in code()) {
        let [a, b, c] = [a, b, c].map(|code| Unit::parse(&code).unwrap());
        prop_assert!(a.is_commensurable(&a));
        prop_assert_eq!(a.is_commensurable(&b), b.is_commensurable(&a));
        prop_assert!(!(a.is_commensurable(&b) && b.is_commensurable(&c)) || a.is_commensurable(&c));
        prop_assert_eq!(a.is_commensurable(&b), a.canonical_code() == b.canonical_code());
    }

    #[test]
    fn any_text_is_a_unit_or_an_error(text in "\\PC{0,40}") {
        let _ = Unit::parse(&text);
    }
}
