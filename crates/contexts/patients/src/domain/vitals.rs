//! Vital signs: the range that a living patient can have.

use mt_fhir::Node;
use mt_kernel::{ErrorKind, Fault};
use mt_ucum::Unit;
use rust_decimal::Decimal;

/// What one vital sign may be.
struct Range {
    /// LOINC codes.
    codes: &'static [&'static str],
    name: &'static str,
    /// Unit of the limits (UCUM).
    unit: &'static str,
    least: i64,
    most: i64,
}

const RANGES: &[Range] = &[
    range(&["8480-6"], "the systolic pressure", "mm[Hg]", 50, 300),
    range(&["8462-4"], "the diastolic pressure", "mm[Hg]", 30, 200),
    range(&["8867-4"], "the heart rate", "/min", 30, 250),
    range(&["8310-5", "8331-1"], "the temperature", "[degF]", 90, 110),
    range(&["9279-1"], "the respiratory rate", "/min", 5, 60),
    range(
        &["59408-5", "2708-6"],
        "the oxygen saturation",
        "%",
        50,
        100,
    ),
    range(&["29463-7"], "the weight", "[lb_av]", 1, 1500),
    range(&["8302-2"], "the height", "[in_i]", 10, 120),
];

const fn range(
    codes: &'static [&'static str],
    name: &'static str,
    unit: &'static str,
    least: i64,
    most: i64,
) -> Range {
    Range {
        codes,
        name,
        unit,
        least,
        most,
    }
}

const LOINC: &str = "http://loinc.org";
const UCUM: &str = "http://unitsofmeasure.org";

/// Refuses an Observation of a vital sign that cannot be.
///
/// # Errors
/// [`ErrorKind::Invalid`] with the place.
pub fn check_vitals(observation: Node<'_>) -> Result<(), Fault> {
    if matches!(
        observation.str("status"),
        Some("cancelled" | "entered-in-error")
    ) {
        return Ok(());
    }
    check(observation, "Observation.value")?;
    let components = observation.get("component").into_iter();
    let mut components = components.flat_map(Node::children).enumerate();
    components.try_for_each(|(at, one)| check(one, &format!("Observation.component[{at}].value")))
}

/// Checks the value of an Observation or of one of its components.
fn check(node: Node<'_>, place: &str) -> Result<(), Fault> {
    let Some(range) = node.get("code").and_then(range_of) else {
        return Ok(());
    };
    let Some(quantity) = node.get("valueQuantity") else {
        return Ok(());
    };
    let refuse = |message: String| Err(Fault::new(ErrorKind::Invalid, message).at(place));
    let value = quantity.get("value").and_then(|value| value.number_text());
    let Some(value) = value.and_then(|text| {
        Decimal::from_scientific(text)
            .or_else(|_| text.parse())
            .ok()
    }) else {
        return Ok(());
    };
    let code = quantity
        .str("code")
        .filter(|_| quantity.str("system") == Some(UCUM));
    let (Some(unit), Ok(own)) = (
        code.and_then(|code| Unit::parse(code).ok()),
        Unit::parse(range.unit),
    ) else {
        return refuse(format!("{} needs a UCUM unit", range.name));
    };
    let Ok(converted) = unit.convert(value, &own) else {
        return refuse(format!("{} is not measured in this unit", range.name));
    };
    if converted < Decimal::from(range.least) || converted > Decimal::from(range.most) {
        let (name, unit) = (range.name, range.unit);
        let (least, most) = (range.least, range.most);
        return refuse(format!("{name} must be between {least} and {most} {unit}"));
    }
    Ok(())
}

fn range_of(code: Node<'_>) -> Option<&'static Range> {
    let codings = code.get("coding").into_iter().flat_map(Node::children);
    let mut loinc = codings.filter(|coding| coding.str("system") == Some(LOINC));
    loinc.find_map(|coding| {
        let code = coding.str("code")?;
        RANGES.iter().find(|range| range.codes.contains(&code))
    })
}

#[cfg(test)]
mod tests {
    use mt_fhir::Doc;
    use mt_fhir::json::Limits;

    use super::*;

    fn verdict(code: &str, value: &str, unit: &str) -> bool {
        let value =
            format!(r#""valueQuantity":{{"value":{value},"system":"{UCUM}","code":"{unit}"}}"#);
        let code = format!(r#""code":{{"coding":[{{"system":"{LOINC}","code":"{code}"}}]}}"#);
        let whole = format!(r#"{{"resourceType":"Observation","status":"final",{code},{value}}}"#);
        let part = format!(
            r#"{{"resourceType":"Observation","status":"final","component":[{{{code},{value}}}]}}"#
        );
        let verdicts = [whole, part].map(|text| {
            let doc = Doc::parse(text, &Limits::default()).unwrap();
            check_vitals(doc.root()).is_ok()
        });
        assert_eq!(
            verdicts[0], verdicts[1],
            "a component is judged like a value"
        );
        verdicts[0]
    }

    #[test]
    fn what_a_living_patient_can_have_is_taken_and_all_else_refused() {
        for (code, value, unit, good) in [
            ("8480-6", "300", "mm[Hg]", true),
            ("8480-6", "301", "mm[Hg]", false),
            ("8480-6", "300.0001", "mm[Hg]", false),
            ("8480-6", "3.01e2", "mm[Hg]", false),
            ("8480-6", "16", "kPa", true),
            ("8480-6", "41", "kPa", false),
            ("8462-4", "29", "mm[Hg]", false),
            ("8867-4", "72", "/min", true),
            ("8867-4", "72", "{beats}/min", true),
            ("8867-4", "251", "/min", false),
            ("8310-5", "89", "[degF]", false),
            ("8310-5", "90", "[degF]", true),
            ("8310-5", "37.2", "Cel", true),
            ("8310-5", "31.6", "Cel", false),
            ("9279-1", "61", "/min", false),
            ("2708-6", "49", "%", false),
            ("2708-6", "100", "%", true),
            ("29463-7", "70", "kg", true),
            ("29463-7", "681", "kg", false),
            ("8302-2", "1.8", "m", true),
            ("8302-2", "25", "cm", false),
        ] {
            assert_eq!(verdict(code, value, unit), good, "{code} {value} {unit}");
        }
    }

    #[test]
    fn what_is_measured_in_another_dimension_or_not_at_all_is_refused() {
        assert!(!verdict("8480-6", "120", "kg"));
        assert!(!verdict("8480-6", "120", "mmHg"));
        assert!(verdict("2339-0", "9999", "mg/dL"), "no vital sign");
    }
}
