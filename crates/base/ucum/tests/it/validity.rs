//! Which codes are units.

use mt_ucum::{Unit, UnitErrorKind, validate};

#[test]
fn codes_of_laboratories_and_prescriptions_are_valid() {
    for code in [
        "mg/dL",
        "10*3/uL",
        "10*9/L",
        "mmol/L",
        "mm[Hg]",
        "%",
        "/min",
        "{score}",
        "1",
        "kg/m2",
        "[lb_av]",
        "[in_i]",
        "Cel",
        "[degF]",
        "mL/min/{1.73_m2}",
        "ug/kg/h",
        "[iU]/L",
        "m[iU]/mL",
        "10^3/ul",
        "/100{WBC}",
        "g%",
        "cm[H2O]",
        "dB",
        "B[10.nV]",
        "m/s2",
        "kg.m/s2",
        "4.[pi].10*-7.N/A2",
        "(kg.m)/(s2)",
        "{tablet}/d",
        "U/L",
        "umol/min/g{Hb}",
        "cal_[15]",
        "[m/s2/Hz^(1/2)]",
        "10*",
        "10*-3",
        "m-1",
        "a_j",
        "mo",
        "''",
        "[Amb'a'1'U]",
        "daL",
        "dar",
        "KiBy",
        "ng/mL{FEU}",
        "2.mg",
        "/[HPF]",
        "k[iU]/L",
        "pmol/h/mg{prot}",
        "m+2",
    ] {
        assert_eq!(validate(code), Ok(()), "{code}");
    }
}

#[test]
fn what_is_no_unit_is_refused_with_its_place() {
    let unknown = |symbol: &str| UnitErrorKind::UnknownSymbol(symbol.into());
    let cases = [
        ("", 0, UnitErrorKind::Empty),
        ("mgg", 0, unknown("mgg")),
        ("mg/foo", 3, unknown("foo")),
        ("xyz", 0, unknown("xyz")),
        ("k[in_i]", 0, UnitErrorKind::NotMetric("[in_i]".into())),
        ("mg/", 3, UnitErrorKind::Expected("a unit")),
        ("mg..dL", 3, UnitErrorKind::UnexpectedCharacter('.')),
        ("m-", 2, UnitErrorKind::Expected("an exponent")),
        ("(mg", 0, UnitErrorKind::Unclosed('(')),
        ("mg{x", 2, UnitErrorKind::Unclosed('{')),
        ("mm[Hg", 2, UnitErrorKind::Unclosed('[')),
        ("mg dL", 2, UnitErrorKind::UnexpectedCharacter(' ')),
        ("mg)", 2, UnitErrorKind::UnexpectedCharacter(')')),
        ("µg", 0, UnitErrorKind::UnexpectedCharacter('µ')),
        ("m99999", 1, UnitErrorKind::NumberTooLarge),
        ("0.m", 0, UnitErrorKind::NumberTooLarge),
        ("{é}", 1, UnitErrorKind::UnexpectedCharacter('é')),
    ];
    for (code, position, kind) in cases {
        let error = Unit::parse(code).expect_err(code);
        assert_eq!((error.position, error.kind), (position, kind), "{code}");
    }
}

#[test]
fn nesting_and_length_are_limited() {
    let deep = format!("{}m{}", "(".repeat(17), ")".repeat(17));
    assert_eq!(
        Unit::parse(&deep).map(|_| ()).unwrap_err().kind,
        UnitErrorKind::TooComplex
    );
    let long = vec!["m"; 300].join(".");
    assert_eq!(
        Unit::parse(&long).map(|_| ()).unwrap_err().kind,
        UnitErrorKind::TooComplex
    );
    assert!(validate(&format!("{}m{}", "(".repeat(16), ")".repeat(16))).is_ok());
}

#[test]
fn mutated_codes_never_panic() {
    let seeds = [
        "4.[pi].10*-7.N/A2",
        "mL/min/{1.73_m2}",
        "(kg.m)/(s2)",
        "B[10.nV]",
        "10*3/uL",
        "m9999.km-9999",
    ];
    let mut state = 0x9E37_79B9_7F4A_7C15u64;
    for round in 0..20_000 {
        let mut bytes = seeds[round % seeds.len()].as_bytes().to_vec();
        for _ in 0..1 + round % 4 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let at = (state >> 33) as usize % bytes.len();
            bytes[at] = b"m/.()[]{}0123456789*^-+ kg\xc3%'"[(state >> 20) as usize % 29];
        }
        if let Ok(unit) = Unit::parse(&String::from_utf8_lossy(&bytes)) {
            let _ = unit.canonical_value(rust_decimal::Decimal::MAX);
            let _ = unit.convert(rust_decimal::Decimal::ONE, &unit);
            let canonical = unit.canonical_code();
            // Exponents may grow beyond the four digits that the parser reads.
            let is_valid =
                validate(&canonical).is_ok() || canonical.contains(|c: char| c.is_ascii_digit());
            assert!(is_valid, "{canonical}");
        }
    }
}
