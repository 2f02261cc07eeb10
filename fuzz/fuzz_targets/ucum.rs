//! UCUM: any code is refused or converts to itself.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mt_ucum::Unit;
use rust_decimal::Decimal;

fuzz_target!(|code: &str| {
    let Ok(unit) = Unit::parse(code) else { return };
    let _ = unit.canonical_value(Decimal::MAX);
    let _ = unit.canonical_f64(1.0);
    if let Ok(same) = unit.convert(Decimal::ONE, &unit) {
        assert_eq!(same, Decimal::ONE);
    }
});
