//! What people may enter as the code of a problem.

use mt_fhir::Node;
use mt_kernel::{ErrorKind, Fault};

use super::items;

/// Systems whose codes are written as ICD-10 writes them (<https://terminology.hl7.org/ICD.html>).
const ICD_10: &[&str] = &[
    "http://hl7.org/fhir/sid/icd-10-cm",
    "http://hl7.org/fhir/sid/icd-10",
];

/// Refuses a new ICD-10 code of a Condition that is not written as one; codes of other systems are left alone.
///
/// # Errors
/// [`ErrorKind::Invalid`] with the place.
pub(crate) fn check_codes(condition: Node<'_>, old: Option<Node<'_>>) -> Result<(), Fault> {
    let before: Vec<&str> = old.map(codes).unwrap_or_default();
    let wrong = |code: &&str| !is_icd_10(code) && !before.contains(code);
    if codes(condition).iter().any(wrong) {
        let message = "an ICD-10 code is a letter, a digit and one more sign, then a point with one to four more: E11.9";
        return Err(Fault::new(ErrorKind::Invalid, message).at("Condition.code.coding"));
    }
    Ok(())
}

fn codes(condition: Node<'_>) -> Vec<&str> {
    let codings = condition.get("code").into_iter();
    codings
        .flat_map(|code| items(code, "coding"))
        .filter(|coding| {
            coding
                .str("system")
                .is_some_and(|one| ICD_10.contains(&one))
        })
        .map(|coding| coding.str("code").unwrap_or_default())
        .collect()
}

/// `A00`, `E11.9`, `C7A.00`, `S52.521A`, `U07.1`: a category, then up to four signs behind a point.
fn is_icd_10(code: &str) -> bool {
    let (category, rest) = match code.split_once('.') {
        Some((category, rest)) => (category, Some(rest)),
        None => (code, None),
    };
    let [letter, digit, third] = category.as_bytes() else {
        return false;
    };
    let sign = |byte: &u8| byte.is_ascii_digit() || byte.is_ascii_uppercase();
    letter.is_ascii_uppercase()
        && digit.is_ascii_digit()
        && (third.is_ascii_digit() || matches!(third, b'A' | b'B'))
        && rest.is_none_or(|rest| (1..=4).contains(&rest.len()) && rest.as_bytes().iter().all(sign))
}

#[cfg(test)]
mod tests {
    use mt_fhir::Doc;
    use mt_fhir::json::Limits;

    use super::*;

    fn condition(system: &str, code: &str) -> Doc {
        let text = format!(r#"{{"code":{{"coding":[{{"system":"{system}","code":"{code}"}}]}}}}"#);
        Doc::parse(text, &Limits::default()).unwrap()
    }

    #[test]
    fn an_icd_10_code_is_written_as_one() {
        for (code, good) in [
            ("I10", true),
            ("E11.9", true),
            ("C7A.00", true),
            ("M1A.9XX0", true),
            ("S52.521A", true),
            // Provisional codes of new diseases begin with U.
            ("U07.1", true),
            ("", false),
            ("E119", false),
            ("e11.9", false),
            ("E11.", false),
            ("E11.99999", false),
            ("E1", false),
            ("EE1.9", false),
            ("E1C.9", false),
            ("E11.9 ", false),
            ("Ä11.9", false),
            ("diabetes", false),
            ("73211009", false),
        ] {
            for system in ICD_10 {
                let judged = check_codes(condition(system, code).root(), None);
                assert_eq!(judged.is_ok(), good, "{code}");
            }
        }
    }

    #[test]
    fn codes_of_other_systems_and_those_that_stood_there_are_left_alone() {
        for (system, code) in [
            ("http://snomed.info/sct", "73211009"),
            ("http://hl7.org/fhir/sid/icd-9-cm", "250.00"),
            ("http://hl7.org/fhir/sid/icd-10-gm", "F32.9"),
            ("urn:local", "sugar"),
        ] {
            assert!(check_codes(condition(system, code).root(), None).is_ok());
        }
        let odd = condition(ICD_10[0], "E119");
        assert!(check_codes(odd.root(), Some(odd.root())).is_ok());
        let other = condition(ICD_10[0], "E118");
        assert!(check_codes(other.root(), Some(odd.root())).is_err());
        let said = Doc::parse(r#"{"code":{"text":"sugar"}}"#, &Limits::default()).unwrap();
        assert!(check_codes(said.root(), None).is_ok());
    }
}
