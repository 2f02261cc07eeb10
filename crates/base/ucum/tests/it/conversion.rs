//! Known conversions.

use std::str::FromStr;

use mt_ucum::{ConversionError, Unit};
use rust_decimal::Decimal;

fn convert(value: &str, from: &str, to: &str) -> Result<Decimal, ConversionError> {
    let unit = |code| Unit::parse(code).expect("a valid code");
    unit(from).convert(Decimal::from_str(value).expect("a decimal"), &unit(to))
}

#[test]
fn ratio_units_convert_exactly() {
    for (value, from, to, expected) in [
        ("4000.0", "mg", "g", "4"),
        ("1", "[in_i]", "cm", "2.54"),
        ("12", "[in_i]", "[ft_i]", "1"),
        ("1", "[lb_av]", "g", "453.59237"),
        ("1", "wk", "d", "7"),
        ("1", "a", "d", "365.25"),
        ("120", "mm[Hg]", "kPa", "15.99864"),
        ("1", "L", "dm3", "1"),
        ("5.5", "mmol/L", "umol/mL", "5.5"),
        ("1", "kg.m/s2", "N", "1"),
        ("180", "deg", "[pi].rad", "1"),
        ("1", "10*3/uL", "10*9/L", "1"),
        ("1", "[gal_us]", "L", "3.785411784"),
        ("1", "U", "umol/min", "1"),
        ("72", "km/h", "m/s", "20"),
        ("1", "kat", "U", "60000000"),
        ("1", "mol", "10*23", "6.02214076"),
        ("3", "{a}", "{b}", "3"),
        ("50", "%", "1", "0.5"),
        ("2", "[IU]", "[iU]", "2"),
        ("1", "m[H2O]", "Pa", "9806.65"),
    ] {
        let expected = Decimal::from_str(expected).unwrap();
        assert_eq!(convert(value, from, to), Ok(expected), "{value} {from}");
    }
}

#[test]
fn temperatures_convert_exactly() {
    for (value, from, to, expected) in [
        ("37", "Cel", "[degF]", "98.6"),
        ("98.6", "[degF]", "Cel", "37"),
        ("-40", "Cel", "[degF]", "-40"),
        ("0", "Cel", "K", "273.15"),
        ("80", "[degRe]", "Cel", "100"),
        ("1000", "mCel", "Cel", "1"),
        ("671.67", "[degR]", "[degF]", "212"),
    ] {
        let expected = Decimal::from_str(expected).unwrap();
        let found = convert(value, from, to).map(|v| v.round_dp(20));
        assert_eq!(found, Ok(expected), "{value} {from}");
    }
}

#[test]
fn logarithmic_scales_convert_to_floating_point_precision() {
    for (value, from, to, expected) in [
        ("7.4", "[pH]", "nmol/L", 39.810_717_055_349_73),
        ("10", "dB", "B", 1.0),
        ("20", "dB[V]", "V", 10.0),
        ("3", "B", "1", 1000.0),
        ("2", "[hp'_X]", "1", 0.01),
        ("100", "[p'diop]", "deg", 45.0),
        ("3", "bit_s", "1", 8.0),
    ] {
        let found = convert(value, from, to).map(|v| v.to_string().parse::<f64>().unwrap());
        let found = found.unwrap_or(f64::NAN);
        assert!(
            (found / expected - 1.0).abs() < 1e-9,
            "{value} {from} is {found}"
        );
    }
}

#[test]
fn what_measures_something_else_does_not_convert() {
    for (from, to) in [
        ("kg", "m"),
        ("[iU]", "mg"),
        ("[iU]", "[arb'U]"),
        ("m", "m2"),
        ("rad", "1"),
    ] {
        let result = convert("1", from, to);
        assert!(
            matches!(result, Err(ConversionError::DifferentDimensions { .. })),
            "{from}"
        );
    }
    assert_eq!(
        convert("1", "Cel/s", "K/s"),
        Err(ConversionError::SpecialInProduct)
    );
}

#[test]
fn canonical_forms_are_those_of_the_base_units() {
    for (code, canonical) in [
        ("N", "g.m.s-2"),
        ("mg/dL", "g.m-3"),
        ("V", "C-1.g.m2.s-2"),
        ("{x}", "1"),
        ("k[iU]/L", "[iU].m-3"),
        ("[degF]", "K"),
        ("m/m", "1"),
    ] {
        assert_eq!(
            Unit::parse(code).unwrap().canonical_code(),
            canonical,
            "{code}"
        );
    }
    let milligram = Unit::parse("mg/dL").unwrap();
    assert_eq!(
        milligram.canonical_value(Decimal::from(90)),
        Some(Decimal::from(900))
    );
    assert!((milligram.canonical_f64(90.0) - 900.0).abs() < 1e-9);
    let mole = Unit::parse("mol/L").unwrap();
    assert!((mole.canonical_f64(140.0) / 8.430_997_064e28 - 1.0).abs() < 1e-12);
}

#[test]
fn units_that_mean_the_same_are_equal() {
    let unit = |code| Unit::parse(code).unwrap();
    assert_eq!(unit("L"), unit("dm3"));
    assert_eq!(unit("Hz"), unit("/s"));
    assert_eq!(unit("[qt_us]"), unit("[gal_us]/4"));
    assert_ne!(unit("Hz"), unit("kHz"));
    assert_ne!(unit("Cel"), unit("K"));
}
